"""A set of pictures with the table that says what each shows."""

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True, eq=False)
class FaceSet:
    """Pictures, and one row for each of them.

    Attributes
    ----------
    images : ndarray of uint8, shape (n, 64, 64, 3)
        Red, green, blue, from 0 to 255.
    table : pandas.DataFrame
        One row a picture: `face` (1 or 0), `kind` ("face", "photo", "skin", "scrambled",
        "misassembled"), `tone` (Monk scale 1 to 10; 0: no skin to be seen), `skin` ("lighter" for
        tones 1 to 5, "darker", "" for none), `presentation`, `group` ("LF", "LM", "DF", "DM", ""
        for what is no face) and the attributes listed in `attributes.people`.
    """

    images: np.ndarray
    table: pd.DataFrame

    def __post_init__(self):
        if self.images.ndim != 4 or self.images.dtype != np.uint8:
            found = f"{self.images.dtype} of shape {self.images.shape}"
            raise ValueError(
                f"images are {found}; they must be uint8, (n, height, width, 3)"
            )
        if len(self.images) != len(self.table):
            raise ValueError(
                f"{len(self.images)} images but {len(self.table)} rows; each image needs one row"
            )

    def __len__(self):
        return len(self.images)

    def subset(self, which) -> "FaceSet":
        """The pictures named by positions, or by a mask with one entry a picture, in that order."""
        which = np.asarray(which)
        if which.dtype == bool and which.shape != (len(self),):
            raise ValueError(
                f"the mask has shape {which.shape}; it needs one for each of {len(self)} images"
            )
        # an empty list is a list of no positions, not of no numbers
        which = which if which.size else np.zeros(0, np.intp)
        rows = np.arange(len(self))[which]
        return FaceSet(self.images[rows], self.table.iloc[rows].reset_index(drop=True))

    def floats(self):
        """The pictures as float32 from 0 to 1, as networks take them."""
        floats = self.images.astype(np.float32)
        floats /= 255
        return floats


def join(*sets: FaceSet) -> FaceSet:
    """Several sets as one, in the order given."""
    if not sets:
        raise ValueError("join() needs at least one set")
    return FaceSet(
        np.concatenate([one.images for one in sets]),
        pd.concat([one.table for one in sets], ignore_index=True),
    )


def contact_sheet(images, columns: int = 12, gap: int = 1):
    """Many pictures as one: row by row, white between them.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, height, width, 3) or (n, height, width)
        Or of floats from 0 to 1.
    columns : int
        Pictures in a row, at least 1.
    gap : int
        White pixels between two pictures.

    Returns
    -------
    ndarray of uint8, shape (sheet height, sheet width, 3) or (sheet height, sheet width)
    """
    images = np.asarray(images)
    if images.ndim not in (3, 4) or not len(images):
        raise ValueError(f"images have shape {images.shape}; give at least one picture")
    if columns < 1 or gap < 0:
        raise ValueError(
            f"columns is {columns} and gap {gap}; at least 1 and 0 are needed"
        )
    if images.dtype != np.uint8:
        images = np.rint(np.clip(images, 0, 1) * 255).astype(np.uint8)
    columns = min(columns, len(images))
    lines, (height, width) = -(-len(images) // columns), images.shape[1:3]
    size = lines * (height + gap) - gap, columns * (width + gap) - gap
    sheet = np.full(size + images.shape[3:], 255, np.uint8)
    for i, image in enumerate(images):
        top, left = i // columns * (height + gap), i % columns * (width + gap)
        sheet[top : top + height, left : left + width] = image
    return sheet
