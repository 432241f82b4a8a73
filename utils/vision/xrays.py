"""Chest radiographs: PneumoniaMNIST where its file is at hand, and otherwise simulated ones.

The simulated ones are drawings by formula of what a radiograph shows. They are good for learning
how a network is trained and judged; nothing about lungs, patients or medicine follows from them
(datasheet: ``xrays.md``).
"""

import functools
import hashlib
import math
import os
import tempfile
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from utils.vision.real import ImageFileError, Images

URL = "https://zenodo.org/records/10519652/files/pneumoniamnist.npz?download=1"
MD5 = "28209eda62fecd6e6a2d98b1501bb15f"
FILE = Path("~/.medmnist/pneumoniamnist.npz")
PATIENCE, MAX_DOWNLOAD, MAX_UNPACKED = 15, 2**25, 2**31
PARTS = ("train", "test")

SIZE = 96
# so many at once: enough for NumPy to be quick, few enough for the processor's cache
BLOCK = 16


def load_xrays(
    file=None,
    *,
    n: int = 1000,
    seed: int = 0,
    part: str = "train",
    download: bool = False,
) -> Images:
    """Chest radiographs, with pneumonia or without.

    PneumoniaMNIST is read if `file` names it, if it lies in ``~/.medmnist`` (where the package
    ``medmnist`` puts it), or if `download` fetches it there. Otherwise the images are simulated;
    write their ``source`` under every figure.

    Parameters
    ----------
    file : str or path-like, optional
        In MedMNIST's format, as ``pneumoniamnist.npz`` or ``pneumoniamnist_64.npz``.
    n : int
        How many. Of a file, at most as many as the part has, drawn without replacement.
    seed : int
        Same seed, same images.
    part : {"train", "test"}
        Never the same images in both.
    download : bool
        Fetch the file (4 MB, from Zenodo) if it is not there.

    Returns
    -------
    Images
        Grey, (n, 28, 28) from ``pneumoniamnist.npz``, else (n, 96, 96); label 1 is pneumonia;
        ``source`` is "PneumoniaMNIST" or "simulated radiographs".

    Raises
    ------
    FileNotFoundError, ImageFileError
        If `file` is not there; if a file, found or fetched, is not in the format.
    ConnectionError, ValueError
        If `download` does not succeed; if `n` or `part` is none.
    """
    _check(n, part)
    if file is None:
        file = FILE.expanduser()
        if not file.exists() and download:
            _fetch(file)
        if not file.exists():
            return simulate_xrays(n, seed=seed, part=part)
    images, labels = _read(Path(file), part)
    chosen = np.random.default_rng(seed).permutation(len(labels))[:n]
    return Images(images[chosen], labels[chosen], "PneumoniaMNIST")


def _check(n, part) -> None:
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise ValueError(f"n is {n!r}; use a whole number from 1 up")
    if part not in PARTS:
        raise ValueError(f"part is {part!r}; use 'train' or 'test'")


def _read(file: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """One part of a file in MedMNIST's format, checked."""
    names = f"{part}_images", f"{part}_labels"
    try:
        with zipfile.ZipFile(file) as archive:
            if sum(member.file_size for member in archive.infolist()) > MAX_UNPACKED:
                raise ImageFileError(
                    f"{file} unpacks to more than {MAX_UNPACKED:,} bytes"
                )
        with np.load(file, allow_pickle=False) as arrays:
            images, labels = (arrays[name] for name in names)
    except FileNotFoundError:
        raise
    except ImageFileError:
        raise
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ImageFileError(
            f"{file} is no file of MedMNIST with {names[0]} and {names[1]} ({error})"
        ) from error
    square = images.ndim == 3 and images.shape[1] == images.shape[2]
    if images.dtype != np.uint8 or not square or images.size == 0:
        raise ImageFileError(
            f"{file}: {names[0]} is {images.dtype} {images.shape}; uint8 (n, size, size) is needed"
        )
    if labels.shape not in {(len(images),), (len(images), 1)}:
        raise ImageFileError(
            f"{file}: {names[1]} has shape {labels.shape}; {(len(images), 1)} is needed"
        )
    labels = labels.ravel()
    if not np.isin(labels, (0, 1)).all():
        raise ImageFileError(
            f"{file}: {names[1]} has values besides 0 (normal) and 1 (pneumonia)"
        )
    return images, labels.astype(np.int64)


def _fetch(file: Path) -> None:
    """Download PneumoniaMNIST; the file is there whole and as published, or not at all."""
    advice = (
        f"put the file there by hand ({file}), or use simulated images: download=False"
    )
    try:
        with urllib.request.urlopen(URL, timeout=PATIENCE) as answer:
            data = answer.read(MAX_DOWNLOAD)
    except (OSError, urllib.error.URLError) as error:
        raise ConnectionError(
            f"{URL} could not be fetched ({error}); {advice}"
        ) from error
    found = hashlib.md5(data, usedforsecurity=False).hexdigest()
    if found != MD5:
        raise ConnectionError(
            f"{URL} gave something else than PneumoniaMNIST (MD5 {found} not {MD5}); {advice}"
        )
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as aside:
        aside.write(data)
    os.replace(aside.name, file)


def simulate_xrays(n: int, *, seed: int = 0, part: str = "train") -> Images:
    """Chest radiographs drawn by formula, half of them with opacities as in pneumonia.

    Build, position, ribs, heart, vessels, exposure, contrast, sharpness and grain vary from image
    to image. Haze without disease is as frequent in both halves, and the exposure is independent of
    the label, so that brightness alone tells nearly nothing.

    Parameters
    ----------
    n : int
        How many; half of them (rounded down) with label 1.
    seed : int
        Same seed, same images.
    part : {"train", "test"}
        Two streams of chance that never meet.

    Returns
    -------
    Images
        ``images`` (n, 96, 96), uint8, grey; ``labels``; ``source`` "simulated radiographs".

    Raises
    ------
    ValueError
        If `n` or `part` is none.
    """
    _check(n, part)
    rng = np.random.default_rng([seed, PARTS.index(part), 96])
    labels = rng.permutation(np.arange(n) % 2)
    # the products of matrices are small: threads would only wait for each other
    with threadpool_limits(1, "blas"):
        films = [_films(labels[k : k + BLOCK], rng) for k in range(0, n, BLOCK)]
    return Images(np.concatenate(films), labels, "simulated radiographs")


class _Chance:
    """Random numbers for a block of images, one each, in the shape to multiply images with."""

    def __init__(self, rng, count: int):
        self.rng, self.count = rng, count

    def between(self, low: float, high: float) -> np.ndarray:
        return self.rng.uniform(low, high, (self.count, 1, 1)).astype(np.float32)

    def around(self, middle: float, spread: float) -> np.ndarray:
        draws = self.rng.standard_normal((self.count, 1, 1)).clip(-2.5, 2.5)
        return (middle + spread * draws).astype(np.float32)

    def sometimes(self, share: float) -> np.ndarray:
        return (self.rng.random((self.count, 1, 1)) < share).astype(np.float32)

    def clouds(self, cells: int) -> np.ndarray:
        """Smooth noise, mean 0 and spread about 1, with so many cells across the image."""
        knots = self.rng.standard_normal((self.count, cells + 3, cells + 3))
        weights = _spline(cells)
        return weights @ knots.astype(np.float32) @ weights.T / 0.45


@functools.cache
def _spline(cells: int) -> np.ndarray:
    """Weights (SIZE, cells + 3) of the knots of a smooth curve (cubic B-spline) at each pixel."""
    at = (np.arange(SIZE) + 0.5) / SIZE * cells
    first = np.minimum(at.astype(int), cells - 1)
    t = at - first
    parts = [
        (1 - t) ** 3,
        3 * t**3 - 6 * t**2 + 4,
        -3 * t**3 + 3 * t**2 + 3 * t + 1,
        t**3,
    ]
    weights = np.zeros((SIZE, cells + 3), np.float32)
    for k, part in enumerate(parts):
        weights[np.arange(SIZE), first + k] = part / 6
    return weights


def _films(sick: np.ndarray, rng) -> np.ndarray:
    """A block of radiographs; `sick` (count,) says which have pneumonia."""
    chance = _Chance(rng, len(sick))
    x, y = _positions(chance)
    lungs, depth, below = _lungs(x, y, chance)
    body = _sigmoid(
        (0.98 + 0.12 * y - np.abs(x) ** 1.6 - 0.55 * (y < -0.7) * (y + 0.7) ** 2) / 0.04
    )
    vessels = _vessels(x, y, chance)
    sick = sick[:, None, None].astype(np.float32)
    opacity = _opacity(lungs, vessels, x, y, sick, chance)

    tissue = chance.between(0.40, 0.52) + 0.10 * x**2
    density = tissue * (1 - lungs) + (0.15 + 0.02 * chance.clouds(3)) * lungs
    middle, heart = _middle(x, y, chance)
    # what lies behind the heart or the diaphragm hardly shows
    density += middle + np.maximum(np.maximum(heart, opacity), 0.20 * below)
    density += chance.between(0.05, 0.10) * vessels * lungs
    density += _bones(x, y, depth, chance)
    return _develop(density * body, chance)


def _positions(chance: _Chance) -> tuple[np.ndarray, np.ndarray]:
    """Where each pixel lies in the chest: x to the image's right, y downwards, both about ±1."""
    line = np.linspace(-1, 1, SIZE, dtype=np.float32)
    x, y = line[None, None, :], line[None, :, None]
    turn = chance.around(0, 0.025)
    x, y = x + turn * y, y - turn * x
    x = (x - chance.around(0, 0.04)) / chance.between(0.90, 1.06)
    y = (y - chance.around(0, 0.04)) / chance.between(0.92, 1.08)
    return x + 0.012 * chance.clouds(4), y + 0.012 * chance.clouds(4)


def _lungs(x, y, chance: _Chance):
    """How far a pixel is lung (0 to 1), how deep inside the rib cage it lies, what is below."""
    lungs, below = 0, 0
    apex, base = chance.around(-0.80, 0.03), chance.around(0.58, 0.06)
    width = chance.between(0.72, 0.80)
    outer = width * (0.62 + 0.38 * np.clip((y + 0.9) / 0.9, 0, 1) ** 0.7)
    for side, heart, lift in ((-1, 0.10, -0.07), (1, 0.24, 0)):
        u = side * x
        bulge = heart * np.exp(-(((y - 0.38) / 0.30) ** 2))
        inner = 0.13 + bulge * chance.between(0.8, 1.15)
        # the diaphragm is a dome: high in the middle, deep at the chest wall
        floor = (
            base + lift + chance.between(0.8, 1.2) * np.clip(u - 0.38, -0.3, None) ** 2
        )
        roof = apex + 1.3 * (u - 0.34) ** 2
        inside = np.minimum(
            np.minimum(u - inner, outer - u), np.minimum(y - roof, floor - y)
        )
        lungs = lungs + _sigmoid(inside / 0.022)
        below = below + _sigmoid((y - floor) / 0.025) * (u > 0)
    return lungs, outer - np.abs(x), below


def _vessels(x, y, chance: _Chance) -> np.ndarray:
    """Branching lines, dense beside the heart and fading outwards."""
    lines = np.exp(-((chance.clouds(9) / 0.28) ** 2))
    twigs = np.exp(-((chance.clouds(18) / 0.35) ** 2))
    from_hilum = (np.abs(x) - 0.18) ** 2 + (y - 0.02) ** 2 * 0.8
    near = np.exp(-from_hilum / 0.05)
    return (lines + 0.6 * twigs) * np.exp(-from_hilum / 0.22) + 0.5 * near


def _middle(x, y, chance: _Chance) -> tuple[np.ndarray, np.ndarray]:
    """Spine and windpipe; heart and great vessels."""
    spine = _sigmoid((0.105 - np.abs(x)) / 0.025)
    discs = np.cos(2 * np.pi * (y * chance.between(5.2, 6.0) + chance.between(0, 1)))
    windpipe = _sigmoid((0.045 - np.abs(x - 0.01)) / 0.012) * _sigmoid(
        (-0.30 - y) / 0.05
    )
    size = chance.between(0.85, 1.15)
    # leaning to the image's right, wider below than above
    across = (x - 0.12 - 0.22 * (y - 0.3)) / (0.24 + 0.16 * (y - 0.2))
    heart = across**2 + ((y - 0.40) / 0.42) ** 2
    arch = ((x - 0.10) / 0.12) ** 2 + ((y + 0.22) / 0.22) ** 2
    shadow = _sigmoid((size - heart) / 0.14)
    shadow = np.maximum(shadow, 0.6 * _sigmoid((1 - arch) / 0.3))
    dense = 0.13 * spine * (1 - 0.5 * shadow) + 0.03 * spine * discs - 0.10 * windpipe
    return dense, chance.between(0.14, 0.22) * shadow


def _bones(x, y, depth, chance: _Chance) -> np.ndarray:
    """Ribs behind (clear, falling outwards) and in front (faint, rising outwards), collar bones."""
    out, count = np.abs(x), chance.between(4.6, 5.4)
    behind = (y - 0.32 * out + 0.30 * out**2) * count + chance.between(0, 1)
    front = (y + 0.55 * out - 0.45 * out**2) * 0.9 * count + chance.between(0, 1)
    cage = _sigmoid((depth + 0.05) / 0.02) * _sigmoid((0.80 - y) / 0.1)
    cage = cage * _sigmoid((out - 0.09) / 0.03) * _sigmoid((y + 0.86) / 0.03)
    ribs = _band(behind, 0.35) + 0.45 * _band(front, 0.45) * _sigmoid(
        (out - 0.28) / 0.05
    )
    tilt = chance.around(0.22, 0.06)
    line = y + 0.66 + tilt * (out - 0.5) - 0.25 * (out - 0.45) ** 2
    collar = np.exp(-((line / 0.035) ** 2)) * _sigmoid((out - 0.10) / 0.03)
    strength = chance.between(0.06, 0.12)
    return strength * ribs * cage + chance.between(0.06, 0.13) * collar * (out < 0.95)


def _band(phase, width: float) -> np.ndarray:
    """1 on bands around whole numbers of `phase`, with brighter edges, 0 between."""
    wave = np.cos(2 * np.pi * phase) - math.cos(math.pi * width)
    return _sigmoid(wave / 0.15) * (0.75 + 0.5 * np.exp(-((wave - 0.25) ** 2) / 0.05))


def _opacity(lungs, vessels, x, y, sick, chance: _Chance) -> np.ndarray:
    """Haze in some of all, and patches of filled lung (up to three) in the sick."""
    haze = chance.sometimes(0.5) * chance.between(0.02, 0.08)
    cloudy = haze * np.clip(0.7 + 0.6 * chance.clouds(2), 0, 2)
    patches = 0
    for k in range(3):
        there = 1 if k == 0 else chance.sometimes(0.45)
        side = 2 * chance.sometimes(0.5) - 1
        across, down = side * chance.between(0.30, 0.58), chance.between(-0.35, 0.50)
        wide, high = chance.between(0.13, 0.27), chance.between(0.13, 0.27)
        spot = np.exp(-(((x - across) / wide) ** 2) - ((y - down) / high) ** 2)
        patches = patches + there * chance.between(0.18, 0.36) * spot
    # patchy, with the branching lines of air that stays in the airways
    texture = np.clip(1 + 0.35 * chance.clouds(10) + 0.25 * chance.clouds(24), 0.2, 2)
    filled = np.minimum(patches * texture, 0.42) - 0.04 * vessels * (patches > 0.08)
    return (cloudy + sick * np.clip(filled, 0, None)) * lungs


def _develop(density, chance: _Chance) -> np.ndarray:
    """What the film shows: exposure, contrast, sharpness, scatter and grain; as uint8."""
    soft, veil = _blur(density, 1.1), _blur(density, 9)
    share, scatter = chance.between(0.1, 0.9), chance.between(0.05, 0.30)
    film = (1 - share) * density + share * soft
    film = (1 - scatter) * film + scatter * veil
    film = film * chance.between(1.00, 1.45) + chance.around(0, 0.04)
    film = np.clip(film, 0, 1.2) ** chance.between(0.75, 1.25)
    grain = _blur(chance.rng.standard_normal(film.shape, np.float32), 0.5)
    film += chance.between(0.013, 0.048) * grain
    return (film.clip(0, 1) * 255 + 0.5).astype(np.uint8)


def _blur(images, sigma: float) -> np.ndarray:
    weights = _bell(sigma)
    return weights @ images @ weights.T


@functools.cache
def _bell(sigma: float) -> np.ndarray:
    """Weights (SIZE, SIZE) of a Gaussian blur along one axis."""
    apart = np.subtract.outer(np.arange(SIZE), np.arange(SIZE))
    weights = np.exp(-0.5 * (apart / sigma) ** 2)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def _sigmoid(z) -> np.ndarray:
    """From 0 to 1; one half at 0."""
    return 0.5 + 0.5 * np.tanh(0.5 * z)
