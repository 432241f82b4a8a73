"""Six real data sets, small, typed, offline: one loader each, a datasheet each.

>>> from utils.datasets import load_stops
>>> load_stops().shape
(51920, 13)
"""

from utils.datasets.loaders import (
    DatasetError,
    datasheet,
    load_adult,
    load_compas,
    load_force,
    load_frisk,
    load_neighbourhoods,
    load_stops,
    names,
)

__all__ = [
    "DatasetError",
    "datasheet",
    "load_adult",
    "load_compas",
    "load_force",
    "load_frisk",
    "load_neighbourhoods",
    "load_stops",
    "names",
]
