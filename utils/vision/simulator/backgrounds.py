"""What lies behind a face: crops of photographs, and textures.

The photographs are those inside the scikit-image package; nothing is downloaded. Faces of the
people in them (the astronaut, the cameraman) are cut away. Training pictures see the left 60 % of
each photograph, test pictures the right 40 %, so that no texture is met twice.
"""

from functools import cache
from importlib.resources import files

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image

from utils.vision.simulator.canvas import ACROSS, DOWN, SIZE

# file, and the part of it that is used: first line, first column
PHOTOGRAPHS = (
    *((name, 0, 0) for name in ("chelsea.png", "coffee.png", "rocket.jpg", "ihc.png")),
    *((name, 0, 0) for name in ("brick.png", "grass.png", "gravel.png", "coins.png")),
    *((name, 0, 0) for name in ("retina.jpg", "text.png", "page.png", "moon.png")),
    *((name, 0, 0) for name in ("hubble_deep_field.jpg", "clock_motion.png")),
    ("motorcycle_left.png", 0, 0),
    # without a face
    ("astronaut.png", 230, 0),
    ("astronaut.png", 0, 300),
    ("camera.png", 200, 0),
)
HALVES = {"train": (0.0, 0.6), "test": (0.6, 1.0)}
CROP = "photo", "size", "x", "y", "mirror", "turn"
LONGEST_SIDE = 600
TEXTURES = 64
# cells across a picture: cloudy to grainy
GRAINS = (4, 8, 16), (8, 16, 32), (16, 32, 64), (3, 6, 12)
STRANDS = (10, 20, 40), (16, 32, 64)


def check_half(photos):
    """Raise `ValueError` unless `photos` names a half of the photographs."""
    if photos not in HALVES:
        raise ValueError(f"photos is {photos!r}; it must be one of {', '.join(HALVES)}")


@cache
def _photographs(half):
    """The photographs' halves, at most `LONGEST_SIDE` pixels wide."""
    folder, found = files("skimage") / "data", []
    for name, line, column in PHOTOGRAPHS:
        with (folder / name).open("rb") as file, Image.open(file) as picture:
            picture = picture.convert("RGB")
        picture = picture.crop((column, line, *picture.size))
        picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.BOX)
        left, right = (int(share * picture.width) for share in HALVES[half])
        found.append(picture.crop((left, 0, right, picture.height)))
    return found


def chance(rng, n):
    """Uniform numbers below 1 that stay below 1 as float32, so that they can choose from a list."""
    return rng.random(n, dtype=np.float32)


def draw_crops(rng, n):
    """Chances that choose a crop each: photograph, size, place, mirrored, turned."""
    return {f"crop_{k}": chance(rng, n) for k in CROP}


def crops(drawn, half):
    """Square crops of photographs, shape (3, m, 64, 64), in [0, 1]."""
    photographs = _photographs(half)
    # plain numbers, for a box that rounding does not push over the border
    chances = [np.ravel(drawn[f"crop_{k}"]).tolist() for k in CROP]
    out = np.empty((3, len(chances[0]), SIZE, SIZE), np.float32)
    for i, (photo, size, x, y, mirror, turn) in enumerate(zip(*chances, strict=True)):
        picture = photographs[int(photo * len(photographs))]
        side = (0.35 + 0.65 * size) * min(picture.size)
        left, top = x * (picture.width - side), y * (picture.height - side)
        box = left, top, left + side, top + side
        crop = np.asarray(
            picture.resize((SIZE, SIZE), Image.Resampling.BILINEAR, box=box)
        )
        crop = crop[:, ::-1] if mirror < 0.5 else crop
        out[:, i] = crop.transpose(2, 1, 0) if turn < 0.3 else crop.transpose(2, 0, 1)
    out /= 255
    return out


def _noise(rng, across, down):
    """Smooth noise twice as wide as a picture, from a random grid of that many cells."""
    grid = rng.standard_normal((down + 1, 2 * across + 1)).astype(np.float32)
    smooth = Image.fromarray(grid).resize((2 * SIZE, SIZE), Image.Resampling.BICUBIC)
    return np.asarray(smooth)


@cache
def _bank(kind):
    """Textures of mean 0 and standard deviation 1, as windows [texture, line, shift, column]."""
    rng = np.random.default_rng(0)
    bank = np.empty((TEXTURES, SIZE, 2 * SIZE), np.float32)
    for i in range(TEXTURES):
        if kind == "cloud":
            octaves = [_noise(rng, c, c) for c in GRAINS[i % len(GRAINS)]]
        else:
            octaves = [_noise(rng, c, 3) for c in STRANDS[i % len(STRANDS)]]
        texture = sum(o * 0.6**j for j, o in enumerate(octaves))
        bank[i] = (texture - texture.mean()) / texture.std()
    return sliding_window_view(bank, SIZE, axis=2)


def textures(which, kind="cloud"):
    """One texture for each chance in `which`, shape (m, 64, 64)."""
    bank = _bank(kind)
    place = np.ravel(which) * len(bank)
    texture = place.astype(np.intp)
    shift = ((place - texture) * (SIZE + 1)).astype(np.intp)
    return bank[texture, :, shift]


def draw_walls(rng, n):
    """Chances and colours of backgrounds: a third photographs, else a wall of colour and cloud."""
    colour = rng.uniform(0.05, 0.95, (3, n))
    return {
        "on_photo": rng.random(n) < 1 / 3,
        "wall": 0.5 * colour + 0.5 * colour.mean(axis=0),
        "wall_cloud": rng.uniform(0, 0.12, (3, n)),
        "wall_right": rng.normal(0, 0.15, n),
        "wall_down": rng.normal(0, 0.15, n),
        **draw_crops(rng, n),
    }


def backgrounds(drawn, cloud, half):
    """Pictures of nothing but a background, shape (3, m, 64, 64), in [0, 1]."""
    slope = ACROSS * drawn["wall_right"] + DOWN * drawn["wall_down"]
    pictures = drawn["wall_cloud"] * cloud
    pictures += drawn["wall"] + slope
    np.clip(pictures, 0, 1, out=pictures)
    on_photo = np.flatnonzero(drawn["on_photo"])
    if len(on_photo):
        chosen = {k: v[on_photo] for k, v in drawn.items() if k.startswith("crop_")}
        pictures[:, on_photo] = crops(chosen, half)
    return pictures
