"""Real photographs of faces: scikit-image's small set, and files in the format of MIT's course."""

from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from skimage.data import lfw_subset

FACES_SIZE = 64
# MIT's file holds some 110,000 images; what is read at once stays below this
MAX_BYTES = 2**31


class ImageFileError(ValueError):
    """A file is not in the format in which it was to be read."""


@dataclass(frozen=True)
class Images:
    """Images with their labels.

    Attributes
    ----------
    images : numpy.ndarray of uint8
        (n, height, width) if grey, (n, height, width, 3) if RGB.
    labels : numpy.ndarray of int, shape (n,)
        0 or 1; the loader says of what.
    source : str
        Where they are from, to be written under every figure.
    """

    images: np.ndarray
    labels: np.ndarray
    source: str

    def __len__(self) -> int:
        return len(self.labels)

    def floats(self) -> np.ndarray:
        """The images as float32 in [0, 1], with an axis of channels: (n, height, width, 1 or 3)."""
        images = self.images if self.images.ndim == 4 else self.images[..., None]
        return images.astype(np.float32) / 255


def load_real_faces() -> Images:
    """A hundred real faces and a hundred pieces of background, from scikit-image itself.

    Returns
    -------
    Images
        ``images`` (200, 25, 25), uint8, grey; ``labels`` 1 is a face. The faces come first.

    Notes
    -----
    People in news photographs, who were not asked; who they are is not recorded here, nor how they
    are spread over groups. Read the datasheet (``real_faces.md``) before you say anything about
    people with them.

    References
    ----------
    Huang, Mattar, Lee and Learned-Miller (2012), "Learning to align from scratch".
    """
    shares = lfw_subset()
    images = (shares * 255).round().astype(np.uint8)
    return Images(images, np.repeat([1, 0], 100), "LFW, subset of scikit-image")


def load_face_file(path, *, n: int | None = None, seed: int = 0) -> Images:
    """Faces and other images from a file in the format of MIT 6.S191's ``train_face.h5``.

    Parameters
    ----------
    path : str or path-like
        An HDF5 file with ``images``, uint8 (n, 64, 64, 3), channels blue, green, red, and
        ``labels`` (n, 1), 1 for a face and 0 for none.
    n : int, optional
        So many, drawn at random without replacement; all if left out.
    seed : int
        Same seed, same images.

    Returns
    -------
    Images
        ``images`` (n, 64, 64, 3), uint8, with the channels turned to red, green, blue; ``labels``
        1 is a face; ``source`` the file's name.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ImageFileError
        If it is no HDF5 file, a table is missing or of another shape or type, a label is neither 0
        nor 1, or a class is empty.
    ValueError
        If `n` is no number of images in the file.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is not there; give a file as MIT's train_face.h5"
        )
    try:
        with h5py.File(path, "r") as file:
            tables = [_table(file, name, path) for name in ("images", "labels")]
            return _draw(*tables, n, seed, path)
    except OSError as error:
        raise ImageFileError(f"{path} cannot be read as HDF5 ({error})") from error


def _table(file, name: str, path: Path):
    table = file.get(name)
    if not isinstance(table, h5py.Dataset):
        raise ImageFileError(f"{path} has no table {name!r}; it has {sorted(file)}")
    return table


def _draw(images, labels, n, seed: int, path: Path) -> Images:
    wanted = (FACES_SIZE, FACES_SIZE, 3)
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1:] != wanted:
        raise ImageFileError(
            f"{path}: images is {images.dtype} {images.shape}; uint8 (n, 64, 64, 3) is needed"
        )
    if (
        labels.shape not in {(len(images), 1), (len(images),)}
        or labels.dtype.kind not in "biuf"
    ):
        raise ImageFileError(
            f"{path}: labels is {labels.dtype} {labels.shape}; numbers {(len(images), 1)} needed"
        )
    total = len(images)
    if n is not None and (
        isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= total
    ):
        raise ValueError(
            f"n is {n!r}; use a whole number from 1 to {total}, or None for all"
        )
    bytes_asked = (n or total) * FACES_SIZE**2 * 3
    if bytes_asked > MAX_BYTES or labels.nbytes > MAX_BYTES:
        raise ImageFileError(f"{path} has {total:,} images; give n to draw fewer")
    flags = np.asarray(labels[...]).ravel()
    if not np.isin(flags, (0, 1)).all():
        raise ImageFileError(
            f"{path}: labels has values besides 0 (no face) and 1 (face)"
        )
    chosen = slice(None) if n is None else _some(total, n, seed)
    pictures, flags = images[chosen], flags[chosen].astype(np.int64)
    if len(set(flags)) != 2:
        raise ImageFileError(
            f"{path}: {'no faces' if 1 not in flags else 'nothing but faces'} among the "
            f"{len(flags)} images; both are needed"
        )
    return Images(np.ascontiguousarray(pictures[..., ::-1]), flags, path.name)


def _some(total: int, n: int, seed: int) -> np.ndarray:
    """Which rows; in rising order, as HDF5 wants them."""
    return np.sort(np.random.default_rng(seed).permutation(total)[:n])
