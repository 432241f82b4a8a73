"""Simulated faces whose every attribute is known."""

import numbers
import operator

import numpy as np

from utils.vision.simulator import attributes
from utils.vision.simulator.backgrounds import check_half, draw_walls
from utils.vision.simulator.cache import cached
from utils.vision.simulator.camera import draw_camera, photograph
from utils.vision.simulator.canvas import SIZE
from utils.vision.simulator.face import draw_portraits
from utils.vision.simulator.face_sets import FaceSet
from utils.vision.simulator.features import MOVABLE

# pictures drawn at a time: few enough for the processor's cache
CHUNK = 24
WHO, PEOPLE, DETAILS, NOISE = range(4)


def simulate_faces(
    n,
    *,
    seed,
    lighter_share=0.5,
    feminine_share=0.5,
    tones=None,
    presentation=None,
    photos="train",
    cache=True,
) -> FaceSet:
    """Faces of people who do not exist, with known skin tone, presentation, age and pose.

    Parameters
    ----------
    n : int
        How many, 0 or more.
    seed : int
        The same call gives the same bytes on one machine. The same seed with other `tones` gives
        the same people in another skin, and with the hair and eyes that are frequent with it.
    lighter_share : float
        Share with Monk tones 1 to 5, from 0 to 1, rounded to whole people; the tones within are
        equally frequent. Not used when `tones` are given.
    feminine_share : float
        Share of feminine presentation, likewise, the same for each tone. Not used when
        `presentation` is given.
    tones : array-like of int, shape (n,), optional
        Each person's tone, 1 to 10.
    presentation : array-like of str, shape (n,), optional
        Each person's presentation, "feminine" or "masculine".
    photos : {"train", "test"}
        The half of the photographs that backgrounds are taken from.
    cache : bool
        Whether to keep the pictures in the user's cache folder, and to look there first.

    Returns
    -------
    FaceSet

    Raises
    ------
    ValueError
        If an argument is outside its range or of the wrong length.

    References
    ----------
    E. Monk, "The Monk Skin Tone Scale", 2019; skintone.google.
    """
    n, seed = check_whole("n", n), check_whole("seed", seed)
    check_half(photos)
    for name, share in (
        ("lighter_share", lighter_share),
        ("feminine_share", feminine_share),
    ):
        _check_share(name, share)
    tones = _check_tones(tones, n)
    presentation = _check_presentation(presentation, n)

    def draw():
        rng = stream(seed, photos, WHO)
        chosen = attributes.who(
            rng, n, lighter_share, feminine_share, tones, presentation
        )
        return _faces(seed, photos, *chosen)

    if not cache:
        return draw()
    asked = "faces", n, seed, lighter_share, feminine_share, tones, presentation, photos
    return cached(asked, draw)


def _faces(seed, photos, tones, presentation):
    table = attributes.people(stream(seed, photos, PEOPLE), tones, presentation)
    drawn = portrait_chances(stream(seed, photos, DETAILS), table)
    noise = stream(seed, photos, NOISE)
    images = np.empty((len(table), SIZE, SIZE, 3), np.uint8)
    for rows in chunks(len(table)):
        brush = attributes.brush(drawn, rows)
        images[rows] = photograph(draw_portraits(brush, photos), brush, noise)
    return FaceSet(images, table)


def portrait_chances(rng, table):
    """All numbers that portraits of these people are drawn from; every feature in its place."""
    n = len(table)
    details = attributes.draw_details(rng, n) | draw_walls(rng, n) | draw_camera(rng, n)
    for feature in MOVABLE:
        details[f"{feature}_right"] = details[f"{feature}_down"] = np.zeros(n)
        details[f"{feature}_on"] = np.ones(n)
    return attributes.numbers(table, details)


def stream(seed, photos, purpose):
    """A generator of its own for each purpose; pictures for training and test share none."""
    return np.random.default_rng([seed, photos == "test", purpose])


def chunks(n):
    """Slices of at most `CHUNK` rows."""
    return [slice(i, min(i + CHUNK, n)) for i in range(0, n, CHUNK)]


def check_whole(name, number):
    """The number as an int, or `ValueError` unless it is whole and not negative."""
    try:
        whole = operator.index(number)
    except TypeError:
        raise ValueError(f"{name} is {number!r}; it must be a whole number") from None
    if whole < 0:
        raise ValueError(f"{name} is {whole}; it must be 0 or more")
    return whole


def _check_share(name, share):
    if not isinstance(share, numbers.Real) or not 0 <= share <= 1:
        raise ValueError(
            f"{name} is {share!r}; a share lies from 0 to 1 (0.97 for 97 %)"
        )


def _check_length(name, values, n):
    if values.shape != (n,):
        raise ValueError(
            f"{name} has shape {values.shape}; it needs one entry for each of {n}"
        )


def _check_tones(tones, n):
    if tones is None:
        return None
    given = np.asarray(tones)
    _check_length("tones", given, n)
    wrong = [
        tone for tone in given.tolist() if tone not in range(1, attributes.TONES + 1)
    ]
    if wrong:
        raise ValueError(
            f"tones has {wrong[0]!r}; Monk tones are whole numbers from 1 to 10"
        )
    return given.astype(np.int64)


def _check_presentation(presentation, n):
    if presentation is None:
        return None
    given = np.asarray(presentation, dtype=object)
    _check_length("presentation", given, n)
    wrong = [word for word in given.tolist() if word not in attributes.PRESENTATIONS]
    if wrong:
        known = " or ".join(map(repr, attributes.PRESENTATIONS))
        raise ValueError(f"presentation has {wrong[0]!r}; it must be {known}")
    return given.astype(str)
