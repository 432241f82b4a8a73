"""Keras on TensorFlow, imported once and quietly.

>>> from utils.backend import keras, tf

The import takes some seconds. TensorFlow writes lines to the process's error stream before it has
read its own setting for silence; they go to a file that is thrown away, and are shown after all if
the import fails.
"""

import os
import sys
import tempfile

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def _import_quietly():
    sys.stderr.flush()
    errors = os.dup(2)
    with tempfile.TemporaryFile() as aside:
        os.dup2(aside.fileno(), 2)
        try:
            import keras
            import tensorflow
        except BaseException:
            aside.seek(0)
            os.write(errors, aside.read())
            raise
        finally:
            os.dup2(errors, 2)
            os.close(errors)
    return keras, tensorflow


keras, tf = _import_quietly()
