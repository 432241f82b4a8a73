"""Pictures drawn once are kept in the user's cache folder, until there are too many.

The folder is `platformdirs.user_cache_dir("debiasing-ai")`, or the one that the environment
variable DEBIASING_CACHE names. A file's name is the hash of what was asked for and of the
simulator's own source, so that a changed simulator never meets old pictures. Deleting the folder
is always safe.
"""

import hashlib
import importlib.metadata
import os
import tempfile
import time
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import platformdirs

from utils.vision.simulator.face_sets import FaceSet

LIMIT = 10**9
LIBRARIES = "numpy", "pillow", "scikit-image"
# what reading a damaged file raises
DAMAGED = OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile, zlib.error
# seconds after which an unfinished file has been left behind by a process that was killed
ABANDONED = 3600


def folder() -> Path:
    """Where pictures are kept."""
    chosen = os.environ.get("DEBIASING_CACHE") or platformdirs.user_cache_dir(
        "debiasing-ai"
    )
    return Path(chosen) / "faces"


def cached(asked, draw) -> FaceSet:
    """The set asked for: from its file if that is there and whole, else drawn and kept.

    Parameters
    ----------
    asked : tuple
        All arguments that decide what is drawn: numbers, strings, arrays, None.
    draw : callable
        Makes the set. A folder that cannot be written to is no error.
    """
    file = folder() / f"{_key(asked)}.npz"
    try:
        found = _read(file)
    except DAMAGED:
        found = draw()
        with suppress(OSError):
            _write(found, file)
    return found


def _key(asked):
    digest = hashlib.sha256()
    for argument in asked:
        digest.update(f"{np.asarray(argument).tolist()!r}\n".encode())
    digest.update(_source())
    return digest.hexdigest()[:32]


def _source():
    """Hash of the code that draws."""
    digest = hashlib.sha256()
    for name in LIBRARIES:
        digest.update(f"{name} {importlib.metadata.version(name)}\n".encode())
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.name.encode() + file.read_bytes())
    return digest.digest()


def _read(file):
    with np.load(file, allow_pickle=False) as stored:
        columns = {
            name[len("table_") :]: stored[name] for name in stored if name != "images"
        }
        found = FaceSet(stored["images"], pd.DataFrame(columns))
    # the least recently used file is the first to go
    with suppress(OSError):
        os.utime(file)
    return found


def _write(face_set, file):
    """Write whole or not at all: aside first, then moved into place."""
    table = face_set.table
    columns = {f"table_{name}": _plain(table[name]) for name in table.columns}
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, aside = tempfile.mkstemp(suffix=".part", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            np.savez(stream, images=face_set.images, **columns)
        _make_room(file.parent, os.path.getsize(aside))
        if os.path.getsize(aside) <= LIMIT:
            os.replace(aside, file)
    finally:
        with suppress(OSError):
            os.unlink(aside)


def _plain(column):
    values = column.to_numpy()
    return values if values.dtype.kind in "if" else values.astype(str)


def _make_room(kept_in, needed):
    """Remove the files that have not been used for longest until there is room."""
    files = []
    for file in [*kept_in.glob("*.npz"), *kept_in.glob("*.part")]:
        # another process may remove it first
        with suppress(OSError):
            files.append((file.stat().st_mtime, file.stat().st_size, file))
    finished = sorted(entry for entry in files if entry[2].suffix == ".npz")
    total = needed + sum(size for _, size, _ in finished)
    for _, size, file in finished:
        if total <= LIMIT:
            break
        total -= size
        file.unlink(missing_ok=True)
    for used, _, file in files:
        if file.suffix == ".part" and used < time.time() - ABANDONED:
            file.unlink(missing_ok=True)
