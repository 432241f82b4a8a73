"""Who is drawn: the attributes of each person, as a table, and the chances of the drawing.

Skin tone, and presentation, decide hair and features as follows, and nothing else does:

- tone: hair colour and iris colour. With darker skin both are mostly dark;
- presentation: hair style, beard, brows, lips, jaw, width of the head, and slightly how often
  glasses and hats are worn.

Every chance is drawn whatever the tone, so that one seed with other tones gives the same people in
another skin.
"""

import numpy as np
import pandas as pd

from utils.vision.simulator.backgrounds import chance

GROUPS = ("LF", "LM", "DF", "DM")
PRESENTATIONS = ("feminine", "masculine")
TONES = 10
LIGHTEST_DARKER = 6

# The Monk Skin Tone Scale's ten published colours, tone 1 to 10 (skintone.google)
MONK_SCALE = (
    *("#f6ede4", "#f3e7db", "#f7ead0", "#eadaba", "#d7bd96"),
    *("#a07e56", "#825c43", "#604134", "#3a312a", "#292420"),
)

# share among lighter skin, share among darker skin, colour
HAIR_COLOURS = {
    "black": (0.13, 0.62, (0.06, 0.05, 0.05)),
    "dark brown": (0.22, 0.28, (0.13, 0.09, 0.07)),
    "brown": (0.25, 0.06, (0.25, 0.16, 0.10)),
    "light brown": (0.16, 0.01, (0.42, 0.28, 0.16)),
    "blond": (0.16, 0.01, (0.72, 0.56, 0.33)),
    "red": (0.08, 0.02, (0.55, 0.25, 0.12)),
    # by age, see below
    "grey": (0.0, 0.0, (0.70, 0.70, 0.70)),
}
IRISES = {
    "brown": (0.2, 0.5, (0.18, 0.10, 0.06)),
    "hazel": (0.2, 0.0, (0.30, 0.20, 0.10)),
    "blue": (0.2, 0.0, (0.25, 0.40, 0.55)),
    "green": (0.2, 0.0, (0.30, 0.42, 0.25)),
    "black": (0.2, 0.5, (0.10, 0.07, 0.06)),
}
# share among feminine, share among masculine
HAIR_STYLES = {
    "none": (0.01, 0.17),
    "short": (0.07, 0.62),
    "bob": (0.22, 0.04),
    "long": (0.40, 0.04),
    "curly": (0.18, 0.10),
    "tied": (0.12, 0.03),
}


def _rgb(code):
    return [int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)]


MONK_RGB = np.array([_rgb(code) for code in MONK_SCALE])


def skin_colours(tones, shift):
    """Colours (3, n) of tones 1 to 10, moved by `shift` steps along the scale."""
    place = np.clip(np.asarray(tones) - 1 + shift, 0, TONES - 1)
    steps = np.arange(TONES)
    return np.stack([np.interp(place, steps, channel) for channel in MONK_RGB.T])


def skin_names(tones):
    """`"lighter"` for tones 1 to 5, `"darker"` for 6 to 10, `""` for 0 (no skin)."""
    tones = np.asarray(tones)
    names = np.where(tones < LIGHTEST_DARKER, "lighter", "darker")
    return np.where(tones == 0, "", names)


def group_names(tones, presentation):
    """`"LF"`, `"LM"`, `"DF"` or `"DM"`: lighter or darker, feminine or masculine."""
    dark = 2 * (np.asarray(tones) >= LIGHTEST_DARKER)
    return np.array(GROUPS)[dark + (np.asarray(presentation) == "masculine")]


def exact_share(rng, share, strata):
    """A mask with a share of rows, rounded over all, and within one row of it in each stratum."""
    order = np.lexsort((rng.random(len(strata)), strata))
    steps = np.floor(np.arange(len(strata) + 1) * share + 0.5)
    mask = np.empty(len(strata), bool)
    mask[order] = np.diff(steps) > 0
    return mask


def balanced_tones(rng, dark, strata):
    """Tones 1 to 5, or 6 to 10 where `dark`, each as often as the others to within one."""
    tones = np.empty(len(dark), np.int64)
    for skin, first in ((False, 1), (True, LIGHTEST_DARKER)):
        rows = np.flatnonzero(dark == skin)
        order = rows[np.lexsort((rng.random(len(rows)), strata[rows]))]
        half = rng.permutation(TONES // 2)
        tones[order] = first + half[np.arange(len(rows)) % len(half)]
    return tones


def who(rng, n, lighter_share=0.5, feminine_share=0.5, tones=None, presentation=None):
    """Tones and presentations of n people: those given, or exact shares in random order."""
    feminine = None if presentation is None else np.asarray(presentation) == "feminine"
    if tones is None:
        strata = np.zeros(n, int) if feminine is None else feminine.astype(int)
        tones = balanced_tones(rng, ~exact_share(rng, lighter_share, strata), strata)
    if feminine is None:
        feminine = exact_share(rng, feminine_share, np.asarray(tones))
    return np.array(tones, np.int64), np.where(feminine, *PRESENTATIONS)


def _choose(chance, shares, second):
    """One of a dict's names for each chance, by its first share, or its second where `second`."""
    edges = np.cumsum([entry[:2] for entry in shares.values()], axis=0)
    columns = edges[:-1, np.asarray(second).astype(int)]
    return np.array(list(shares))[(chance >= columns).sum(axis=0)]


def people(rng, tones, presentation):
    """The attributes of people of these tones and presentations, one row each.

    Returns
    -------
    pandas.DataFrame
        `face` (1), `kind`, `tone`, `skin`, `presentation`, `group`; `hair`, `hair_colour`, `iris`
        by name; 0 or 1: `glasses`, `hat`; from 0 to 1: `age`, `beard`, `mouth` (how open);
        `smile` from -0.4 to 1; `yaw` (-1: to the left), `pitch` (1: down), each from -1 to 1,
        `roll` in radians; `scale`, `x`, `y` place the head; `light` (-: from the left),
        `light_height` (+: from above), `gain` and `warmth` of the picture; `brow`, `lip`, `jaw`
        and `width` of the head.
    """
    n, feminine = len(tones), np.asarray(presentation) == "feminine"
    return pd.DataFrame(
        {
            "face": np.ones(n, np.int64),
            "kind": np.full(n, "face"),
            "tone": tones,
            "skin": skin_names(tones),
            "presentation": presentation,
            "group": group_names(tones, presentation),
            **_looks(rng, n, np.asarray(tones) >= LIGHTEST_DARKER, feminine),
            **_features(rng, n, feminine),
            **_situation(rng, n),
        }
    )


def _looks(rng, n, dark, feminine):
    age = rng.random(n)
    hair_colour = _choose(rng.random(n), HAIR_COLOURS, dark)
    grey = (age > 0.75) & (rng.random(n) < 0.7)
    return {
        "age": age,
        "hair": _choose(rng.random(n), HAIR_STYLES, ~feminine),
        "hair_colour": np.where(grey, "grey", hair_colour),
        "iris": _choose(rng.random(n), IRISES, dark),
        "glasses": (rng.random(n) < np.where(feminine, 0.15, 0.20)).astype(np.int64),
        "hat": (rng.random(n) < np.where(feminine, 0.08, 0.10)).astype(np.int64),
    }


def _features(rng, n, feminine):
    def between(feminine_range, masculine_range):
        low, high = np.where(
            feminine, *np.array([feminine_range, masculine_range])[:, :, None]
        )
        return low + (high - low) * rng.random(n)

    beard = np.where(rng.random(n) < 0.45, between((0, 0), (0.3, 1)), 0)
    open_mouth = rng.random(n) < 0.35
    return {
        "beard": beard,
        "brow": between((0.5, 1.0), (0.9, 1.6)),
        "lip": between((0.5, 1.2), (0.0, 0.3)),
        "jaw": between((0.22, 0.45), (0.02, 0.28)),
        "width": between((0.50, 0.60), (0.54, 0.66)),
        "smile": rng.uniform(-0.4, 1, n),
        "mouth": open_mouth * rng.uniform(0.2, 1, n),
    }


def _situation(rng, n):
    return {
        "yaw": rng.normal(0, 0.45, n).clip(-1, 1),
        "pitch": rng.normal(0, 0.40, n).clip(-1, 1),
        "roll": rng.normal(0, 0.16, n).clip(-0.5, 0.5),
        "scale": rng.uniform(0.85, 1.25, n),
        "x": rng.normal(0, 0.06, n),
        "y": rng.normal(0, 0.06, n),
        "light": rng.normal(0, 0.6, n),
        "light_height": rng.normal(0.4, 0.4, n),
        "gain": rng.uniform(0.72, 1.18, n),
        "warmth": rng.normal(0.02, 0.05, n),
    }


def draw_details(rng, n):
    """Chances of a drawing that no table names: colours of clothes, eyelids, textures."""
    cloth = rng.uniform(0.05, 0.95, (3, n))
    return {
        "tone_shift": rng.uniform(-0.35, 0.35, n),
        "hair_brightness": rng.uniform(0.75, 1.25, n),
        **{name: chance(rng, n) for name in ("cloud", "grain", "strands")},
        "cloth": 0.5 * cloth + 0.5 * cloth.mean(axis=0),
        "hat_colour": rng.uniform(0.05, 0.9, (3, n)),
        "frame_colour": rng.uniform(0, 0.25, (3, n)),
        "lens": rng.uniform(0.15, 0.20, n),
        "blush": rng.uniform(0, 0.25, n),
        "eyelid": rng.uniform(0.045, 0.095, n),
        "gaze": rng.normal(0, 0.018, n),
        "nostrils": rng.uniform(0.07, 0.12, n),
        "hairline": rng.uniform(-0.08, 0.08, n),
        "parting": rng.choice([-1.0, 1.0], n),
    }


def numbers(table, details):
    """All that the renderer needs, as numbers: a dict of arrays (n,), colours (3, n)."""
    columns = table.select_dtypes("number")
    styles, colours = list(HAIR_STYLES), {k: v[2] for k, v in HAIR_COLOURS.items()}
    hair = np.array([colours[name] for name in table["hair_colour"]]).reshape(-1, 3).T
    iris = np.array([IRISES[name][2] for name in table["iris"]]).reshape(-1, 3).T
    # the brows of the blond are light brown
    brow = np.where(
        table["hair_colour"] == "blond", np.array([colours["light brown"]]).T, hair
    )
    return {
        **{name: columns[name].to_numpy() for name in columns},
        **details,
        "hair": np.array([styles.index(name) for name in table["hair"]]),
        "skin_colour": skin_colours(table["tone"], details["tone_shift"]),
        "hair_tint": hair * details["hair_brightness"],
        "brow_tint": brow,
        "iris_tint": iris,
    }


def brush(drawn, rows):
    """The rows of `drawn` as the renderer takes them: float32, (m, 1, 1) or (3, m, 1, 1)."""
    return {
        k: np.asarray(v[..., rows], np.float32)[..., None, None]
        for k, v in drawn.items()
    }
