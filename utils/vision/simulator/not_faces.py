"""Pictures of no face: what tells them from faces is their structure, not their colour.

- photo: a crop of a photograph, every second one tinted with a skin tone;
- skin: skin without a face, alone or as a blob before a photograph, with spots;
- scrambled: a face cut into sixteen tiles in another order;
- misassembled: a head whose features are strewn, displaced, missing or upside down.
"""

import numpy as np

from utils.vision.simulator import attributes
from utils.vision.simulator.backgrounds import check_half, crops, textures
from utils.vision.simulator.cache import cached
from utils.vision.simulator.camera import photograph
from utils.vision.simulator.canvas import ACROSS, DOWN, SIZE
from utils.vision.simulator.face import draw_portraits
from utils.vision.simulator.face_sets import FaceSet
from utils.vision.simulator.faces import check_whole, chunks, portrait_chances, stream
from utils.vision.simulator.features import MOVABLE

SHARES = {"photo": 0.30, "skin": 0.20, "scrambled": 0.15, "misassembled": 0.35}
SPOTS, TILES = 4, 4
# streams other than those of the faces
KINDS, PEOPLE, DETAILS, MISTAKES, NOISE = range(10, 15)
STREWN, DISPLACED, MISSING, UPSIDE_DOWN = range(4)
# left or right, and up or down, of each feature in the faces that are displaced or upside down
DISPLACEMENT = {
    "left_eye": (0.22, 0.45),
    "right_eye": (0.05, -0.20),
    "nose": (-0.30, -0.30),
    "mouth": (0.0, -0.35),
}
FLIP = {"left_eye": 0.52, "right_eye": 0.52, "nose": -0.25, "mouth": -0.60}


def simulate_not_faces(n, *, seed, photos="train", cache=True) -> FaceSet:
    """Pictures of no face, their skin tones balanced over the ten of the scale.

    Parameters
    ----------
    n : int
        How many, 0 or more: 30 % photographs, 20 % skin, 15 % scrambled and 35 % misassembled
        faces, to within one.
    seed, photos, cache
        As for `simulate_faces`; the same seed gives other people than there.

    Returns
    -------
    FaceSet
        `group` is "" for all. Attributes of a person that the picture does not have are NaN, or "";
        `tone` is 0 where there is no skin.

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    n, seed = check_whole("n", n), check_whole("seed", seed)
    check_half(photos)
    if not cache:
        return _not_faces(n, seed, photos)
    return cached(("not-faces", n, seed, photos), lambda: _not_faces(n, seed, photos))


def _not_faces(n, seed, photos):
    kinds, tones = _kinds(stream(seed, photos, KINDS), n)
    table, drawn = _people(seed, photos, kinds, tones)
    images = np.empty((n, SIZE, SIZE, 3), np.uint8)
    noise = stream(seed, photos, NOISE)
    for kind, draw in DRAW.items():
        rows = np.flatnonzero(kinds == kind)
        for part in chunks(len(rows)):
            brush = attributes.brush(drawn, rows[part])
            images[rows[part]] = photograph(draw(brush, photos), brush, noise)
    return FaceSet(images, table)


def _kinds(rng, n):
    """A kind and a tone for each picture: exact shares, each tone equally often in each kind."""
    edges = np.rint(np.cumsum([0, *SHARES.values()]) * n).astype(int)
    kinds = np.repeat(list(SHARES), np.diff(edges))
    tones = np.concatenate([_tones(rng, count) for count in np.diff(edges)])
    # half of the photographs, which come first, are not tinted
    tones[edges[1] // 2 : edges[1]] = 0
    order = rng.permutation(n)
    return kinds[order], tones[order]


def _tones(rng, n):
    return rng.permutation(attributes.TONES)[np.arange(n) % attributes.TONES] + 1


def _people(seed, photos, kinds, tones):
    """The table, and the numbers to draw from; the table forgets what no picture shows."""
    n, rng = len(kinds), stream(seed, photos, PEOPLE)
    presentation = rng.permutation(np.resize(attributes.PRESENTATIONS, n))
    table = attributes.people(rng, tones, presentation)
    table["face"], table["kind"], table["group"] = 0, kinds, ""
    no_person = table["kind"].isin(["photo", "skin"])
    table["gain"] = table["gain"].mask(no_person, rng.uniform(0.6, 1.15, n))
    table["warmth"] = table["warmth"].mask(no_person, rng.normal(0, 0.05, n))
    drawn = portrait_chances(stream(seed, photos, DETAILS), table)
    mistakes = stream(seed, photos, MISTAKES)
    drawn |= _mistakes(mistakes, n) | _blobs(mistakes, n)
    for column in table.columns.difference(
        ["face", "kind", "tone", "skin", "gain", "warmth"]
    ):
        missing = {"i": 0, "f": np.nan}.get(table[column].dtype.kind, "")
        table.loc[no_person, column] = missing
    return table, drawn


def _mistakes(rng, n):
    """Where the features of misassembled faces are, in one of four ways of being wrong."""
    way = rng.integers(0, 4, n)
    found = {}
    for feature in MOVABLE:
        is_eye = feature.endswith("eye")
        across, down = (0.5 if is_eye else 0.4), (0.4 if feature == "nose" else 0.5)
        slip = 0.05 * is_eye * rng.uniform(-1, 1, (2, n))
        right, lower = DISPLACEMENT[feature]
        slip += np.where(way == DISPLACED, [[right], [lower]], 0)
        slip += np.where(way == UPSIDE_DOWN, [[0], [FLIP[feature]]], 0)
        strewn = rng.uniform(-1, 1, (2, n)) * [[across], [down]]
        place = np.where(way == STREWN, strewn, slip)
        found[f"{feature}_right"], found[f"{feature}_down"] = place
        found[f"{feature}_on"] = rng.random(n) < np.where(way == MISSING, 0.25, 0.92)
    # two eyes and a mouth would be a face
    whole = found["left_eye_on"] & found["right_eye_on"] & (way == MISSING)
    found["mouth_on"] &= ~whole
    return found


def _blobs(rng, n):
    found = {
        "contrast": rng.uniform(0.15, 0.32, n),
        "blob_before_photo": rng.random(n) < 0.8,
        "blob_texture": rng.uniform(0.05, 0.3, n),
        "blob_right": rng.normal(0, 0.2, n),
        "blob_down": rng.normal(0, 0.2, n),
        "blob_width": rng.uniform(0.35, 0.9, n),
        "blob_height": rng.uniform(0.35, 0.9, n),
        # a rhombus, an ellipse, a rounded rectangle
        "blob_shape": rng.choice([1.0, 2.0, 6.0], n),
    }
    for spot in range(SPOTS):
        found |= {
            f"spot_{spot}_{k}": rng.uniform(-0.7, 0.7, n) for k in ("right", "down")
        }
        found |= {
            f"spot_{spot}_{k}": rng.uniform(0.05, 0.3, n) for k in ("width", "height")
        }
        found[f"spot_{spot}_on"] = rng.random(n) < 0.6
        found[f"spot_{spot}_brightness"] = rng.uniform(0.2, 1.2, n)
    found["tiles"] = rng.random((TILES**2, n)).argsort(axis=0)
    return found


def _photo(drawn, half):
    pixels = crops(drawn, half)
    tinted = np.flatnonzero(drawn["tone"])
    grey = pixels[:, tinted].mean(axis=0)
    grey /= grey.mean(axis=(1, 2), keepdims=True) + 0.05
    pixels[:, tinted] = drawn["skin_colour"][:, tinted] * (0.45 + 0.5 * grey)
    return _raise_contrast(pixels, drawn["contrast"])


def _skin(drawn, half):
    cloud = textures(drawn["cloud"])
    pixels = drawn["skin_colour"] * (1 + drawn["blob_texture"] * cloud)
    np.clip(pixels, 0, 1, out=pixels)
    across = np.abs(ACROSS - drawn["blob_right"]) / drawn["blob_width"]
    down = np.abs(DOWN - drawn["blob_down"]) / drawn["blob_height"]
    shape = drawn["blob_shape"]
    blob = np.clip(6 * (1 - across**shape - down**shape) + 0.5, 0, 1)
    outside = (1 - blob) * drawn["blob_before_photo"]
    pixels += outside * (crops(drawn, half) - pixels)
    for spot in range(SPOTS):
        s = {
            k: drawn[f"spot_{spot}_{k}"]
            for k in ("right", "down", "width", "height", "on")
        }
        inside = 1 - ((ACROSS - s["right"]) / s["width"]) ** 2
        inside = inside - ((DOWN - s["down"]) / s["height"]) ** 2
        colour = drawn["skin_colour"] * drawn[f"spot_{spot}_brightness"]
        pixels += s["on"] * np.clip(2 * inside, 0, 1) * (colour - pixels)
    return _raise_contrast(pixels, drawn["contrast"])


def _raise_contrast(pixels, contrast):
    """Stretch flat pictures, at most fourfold: pictures of faces are rich in contrast."""
    middle = pixels.mean(axis=(2, 3), keepdims=True)
    spread = np.sqrt(((pixels - middle) ** 2).mean(axis=(0, 2, 3)))[:, None, None]
    pixels -= middle
    pixels *= np.clip(contrast / np.maximum(spread, 0.01), 1, 4)
    pixels += middle
    return np.clip(pixels, 0, 1, out=pixels)


def _scrambled(drawn, half):
    pixels, side = draw_portraits(drawn, half), SIZE // TILES
    m = pixels.shape[1]
    tiles = pixels.reshape(3, m, TILES, side, TILES, side).swapaxes(3, 4)
    tiles = tiles.reshape(3, m, TILES**2, side, side)
    order = drawn["tiles"][..., 0, 0].T.astype(np.intp)
    tiles = tiles[:, np.arange(m)[:, None], order]
    tiles = tiles.reshape(3, m, TILES, TILES, side, side).swapaxes(3, 4)
    return np.ascontiguousarray(tiles.reshape(3, m, SIZE, SIZE))


DRAW = {
    "photo": _photo,
    "skin": _skin,
    "scrambled": _scrambled,
    "misassembled": draw_portraits,
}
