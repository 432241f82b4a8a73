"""The catalogue's two models: what they are made of, and the scripts that AWS would ship.

`inference.py`, `transfer_learning.py` and `text_classifier.py` go into source archives and run in
the containers, where nothing of this package is to be found: they import each other by plain name.
"""
