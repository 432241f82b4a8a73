"""A stack of pictures to paint on, in the coordinates of the face that each shows.

A canvas holds *m* pictures of one size. Pixels are stored plane by plane, (3, m, height, width), so
that a cover of shape (m, height, width) and a colour of shape (3, m, 1, 1) broadcast as they are.
Coordinates: the head's middle is (0, 0), *x* to the right, *y* down, and 1 is half the picture's
width at scale 1.
"""

from dataclasses import dataclass

import numpy as np

SIZE = 64
# about one pixel: how far an edge takes to go from nothing to full cover
EDGE = 1 / 24
ACROSS = ((np.arange(SIZE, dtype=np.float32) - (SIZE - 1) / 2) / (SIZE / 2))[None, :]
DOWN = ACROSS.T


@dataclass
class Canvas:
    """Pictures under the brush, and per pixel what the brush needs to know.

    Attributes
    ----------
    pixels : ndarray of float32, shape (3, m, height, width)
    x, y : ndarray of float32, shape (m, height, width)
        Coordinates of each pixel, from the head's middle or from that of a feature.
    drawn : dict of str to ndarray of float32, shape (n, 1, 1), colours (3, n, 1, 1)
        What is to be drawn in each of the whole pictures; `canvas[name]` is what belongs to these.
    layers : dict of str to ndarray, shape (n, 64, 64) or (3, n, 64, 64)
        What is known of each pixel of the whole pictures: the cover of the head, the colour of the
        skin there, textures; `canvas.layer(name)` is what belongs to these pixels.
    rows : ndarray of int, optional
        Which of the whole pictures these are; None for all.
    at : tuple, optional
        Where these pixels lie in the whole pictures; None for all.
    """

    pixels: np.ndarray
    x: np.ndarray
    y: np.ndarray
    drawn: dict
    layers: dict
    rows: np.ndarray | None = None
    at: tuple | None = None

    def __getitem__(self, name):
        drawn = self.drawn[name]
        return drawn if self.rows is None else drawn[..., self.rows, :, :]

    def layer(self, name):
        """What is known of these pixels."""
        layer = self.layers[name]
        return layer if self.at is None else layer[(..., *self.at)]

    def paint(self, cover, colour):
        """Lay `colour` over the pictures, from not at all (`cover` 0) to wholly (1)."""
        change = colour - self.pixels
        change *= cover
        self.pixels += change

    def pictures(self, which) -> "Canvas":
        """The pictures named by a mask of shape (m, 1, 1), whole."""
        rows = np.flatnonzero(which)
        return self._cut(rows, (rows, slice(None), slice(None)))

    def window(self, x, y, size, which=None) -> "Canvas":
        """A square of `size` pixels around (x, y) in each picture, its coordinates from there."""
        rows = np.arange(len(self.x)) if which is None else np.flatnonzero(which)
        x, y = x[rows], y[rows]
        placing = {name: self[name][rows] for name in PLACING}
        columns, lines = (_span(middle, size) for middle in to_picture(x, y, placing))
        at = rows[:, None, None], lines[:, :, None], columns[:, None, :]
        part = self._cut(rows, at)
        part.x -= x
        part.y -= y
        return part

    def paste(self, part: "Canvas"):
        """Put a part that was cut out of the whole pictures back into its place."""
        self.pixels[(slice(None), *part.at)] = part.pixels

    def _cut(self, rows, at):
        pixels = self.pixels[(slice(None), *at)]
        return Canvas(pixels, self.x[at], self.y[at], self.drawn, self.layers, rows, at)


# what places a head in its picture
PLACING = "x", "y", "roll", "scale"


def to_face(drawn):
    """Coordinates of every pixel of the picture, from the head's middle."""
    cos, sin = np.cos(drawn["roll"]), np.sin(drawn["roll"])
    right, down = ACROSS - drawn["x"], DOWN - drawn["y"]
    x = (right * cos + down * sin) / drawn["scale"]
    y = (down * cos - right * sin) / drawn["scale"]
    return x, y


def to_picture(x, y, drawn):
    """The inverse of `to_face`: where a point of the face lies, in pixels (column, row)."""
    cos, sin = np.cos(drawn["roll"]), np.sin(drawn["roll"])
    right = drawn["x"] + drawn["scale"] * (x * cos - y * sin)
    down = drawn["y"] + drawn["scale"] * (x * sin + y * cos)
    return (np.ravel(c) * (SIZE / 2) + (SIZE - 1) / 2 for c in (right, down))


def _span(middle, size):
    """`size` neighbouring pixels around each middle that all lie within the picture."""
    first = np.clip(np.rint(middle - (size - 1) / 2), 0, SIZE - size).astype(np.intp)
    return first[:, None] + np.arange(size)


def soft(distance, edge=EDGE):
    """Cover of a shape from the distance to its outline: 1 inside (negative), 0 outside."""
    cover = distance * np.float32(-1 / edge)
    cover += np.float32(0.5)
    return np.clip(cover, 0, 1, out=cover)


def ellipse(x, y, width, height, edge=EDGE):
    """Cover of an ellipse around the origin, from its half axes."""
    distance = np.sqrt((x / width) ** 2 + (y / height) ** 2)
    distance -= 1
    distance *= np.minimum(width, height)
    return soft(distance, edge)
