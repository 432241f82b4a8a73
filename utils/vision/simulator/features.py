"""Eyes, brows, nose, mouth, beard, glasses and lines of age, each painted in a small window.

Whatever is darker or lighter than the skin is so by a factor of the skin's own colour: the darker
the skin, the smaller the contrast, as in photographs. A feature may be moved (`mouth_right`,
`mouth_down`) or left out (`mouth_on` 0); that is how faces are misassembled.
"""

import numpy as np

from utils.vision.simulator.canvas import ellipse, soft

MOVABLE = ("left_eye", "right_eye", "nose", "mouth")
EYE_WINDOW, NOSE_WINDOW, MOUTH_WINDOW, BRIDGE_WINDOW = 24, 20, 24, 12


def _rgb(*colour):
    return np.array(colour, np.float32)[:, None, None, None]


WHITE_OF_EYE = _rgb(0.92, 0.88, 0.84)
LIPS, LIPSTICK = _rgb(0.80, 0.55, 0.55), _rgb(0.66, 0.16, 0.20)


def turn(canvas):
    """How far the face's middle has moved sideways with the head's turn."""
    return 0.20 * canvas["yaw"]


def _nod(canvas):
    return 0.08 * canvas["pitch"]


def _squeeze(canvas):
    """Features of a turned head are nearer to each other."""
    return 1 - 0.18 * np.abs(canvas["yaw"])


def _place(canvas, feature, x, y):
    return x + canvas[f"{feature}_right"], y + canvas[f"{feature}_down"]


def _eye_places(canvas, apart=0.235, lower=0.0):
    for feature, side in (("left_eye", -1), ("right_eye", 1)):
        x = turn(canvas) + side * apart * _squeeze(canvas)
        yield feature, side, *_place(canvas, feature, x, _nod(canvas) - 0.10 + lower)


def _brightness(canvas):
    return canvas["skin_colour"].mean(axis=0)


def paint_eyes(canvas):
    for feature, side, x, y in _eye_places(canvas):
        part = canvas.window(x, y, EYE_WINDOW)
        seen = part.layer("head") * part[f"{feature}_on"]
        _paint_eyeball(part, seen)
        _paint_brow(part, seen, side)
        canvas.paste(part)


def _paint_eyeball(part, seen):
    x, y, skin, lid = part.x, part.y, part.layer("skin"), part["eyelid"]
    part.paint(0.45 * seen * ellipse(x, y + 0.03, 0.19, 0.15, edge=0.16), skin * 0.72)
    ball = seen * ellipse(x, y, 0.125 * _squeeze(part), lid)
    part.paint(ball, WHITE_OF_EYE * (0.55 + 0.45 * _brightness(part)))
    gaze = x - part["gaze"]
    part.paint(ball * ellipse(gaze, y, 0.068, 0.072), part["iris_tint"])
    part.paint(ball * ellipse(gaze, y, 0.032, 0.034), np.float32(0.02))
    fold = np.abs(y + lid * (1 - 0.5 * (x / 0.13) ** 2)) - 0.018
    part.paint(0.8 * seen * soft(fold) * (np.abs(x) < 0.14), skin * 0.35)


def _paint_brow(part, seen, side):
    x, y = part.x, part.y
    brow = np.abs(y + 0.155 - 1.4 * x**2 + 0.03 * side * x) - 0.028 * part["brow"]
    ends = np.clip((0.17 - np.abs(x)) / 0.05, 0, 1)
    part.paint(0.85 * seen * soft(brow) * ends, part["brow_tint"] * 0.9)


def paint_nose(canvas):
    """Its shadow on the side away from the light, its ridge, its tip and its nostrils."""
    x, y = _place(canvas, "nose", 1.25 * turn(canvas), 0.14 + _nod(canvas))
    part = canvas.window(x, y, NOSE_WINDOW)
    x, y, skin, wide = part.x, part.y, part.layer("skin"), part["nostrils"]
    seen = part.layer("head") * part["nose_on"]
    away = np.where(part["light"] > 0, np.float32(-0.05), np.float32(0.05))
    length = (y > -0.22) & (y < 0.06)
    part.paint(0.35 * seen * soft(np.abs(x - away) - 0.02, 0.08) * length, skin * 0.62)
    part.paint(0.30 * seen * ellipse(x, y + 0.06, 0.035, 0.17, edge=0.08), skin * 1.25)
    ends = np.clip((wide - np.abs(x)) / 0.03, 0, 1)
    tip = soft(np.abs(y - 0.085 + 1.6 * x**2) - 0.014)
    part.paint(0.5 * seen * tip * ends, skin * 0.45)
    nostrils = ellipse(np.abs(x) - 0.55 * wide, y - 0.07, 0.028, 0.02)
    part.paint(0.65 * seen * nostrils, skin * 0.3)
    canvas.paste(part)


def _mouth_place(canvas):
    x, y = 0.9 * turn(canvas), 0.40 + 0.8 * _nod(canvas)
    return _place(canvas, "mouth", x, y)


def paint_mouth(canvas):
    """Lips bent by the smile, and between them a line, teeth or darkness."""
    part = canvas.window(*_mouth_place(canvas), MOUTH_WINDOW)
    skin, smile, lip = part.layer("skin"), part["smile"], part["lip"]
    wide = (0.17 + 0.05 * np.clip(smile, 0, 1)) * _squeeze(part)
    taper = 1 - np.clip(np.abs(part.x) / wide, 0, 1) ** 2
    line = np.abs(part.y - smile * (0.04 - 1.7 * part.x**2))
    gap = 0.055 * part["mouth"]
    seen = part.layer("head") * part["mouth_on"] * (taper > 0)
    painted = LIPSTICK * (0.5 + 0.5 * _brightness(part))
    colour = skin * LIPS * (1 - 0.5 * lip) + painted * (0.5 * lip)
    lips = 0.045 + 0.02 * np.clip(lip, 0, 1) + gap
    part.paint(seen * soft(line - lips * taper), colour)
    is_open = gap > 0.01
    within = np.where(smile > 0.2, np.float32(0.88), skin * 0.25)
    part.paint(seen * soft(line - gap * taper) * is_open, within)
    part.paint(0.8 * seen * soft(line - 0.010 * taper) * ~is_open, skin * 0.30)
    canvas.paste(part)


def paint_beard(canvas):
    """Chin, cheeks and moustache, in the colour of the hair; the lips stay free."""
    part = canvas.pictures(canvas["beard"])
    grain, head = part.layer("grain"), part.layer("head")
    x, y = _mouth_place(part)
    x, y = part.x - x, part.y - y
    cheek = np.clip(1 - 1.25 * part.layer("side"), 0, 1)
    chin = soft(0.16 + 0.28 * cheek - part.y + 0.03 * grain, edge=0.08)
    chin *= np.clip(1.4 - 3 * np.exp(-((x / 0.16) ** 2) - (y / 0.07) ** 2), 0, 1)
    moustache = soft(np.maximum(np.abs(y + 0.085) - 0.035, np.abs(x) - 0.19))
    dense = np.clip(part["beard"] * (0.8 + 0.15 * grain), 0, 1)
    cover = dense * np.maximum(chin, moustache) * head * part["mouth_on"]
    part.paint(cover, part["hair_tint"] * (1 + 0.15 * part.layer("strands")))
    canvas.paste(part)


def paint_age(canvas):
    """Lines beside the mouth and on the forehead, bags under the eyes, of the older half."""
    older = canvas["age"] > 0.5
    part = canvas.pictures(older)
    x, y, skin = part.x - turn(part), part.y, part.layer("skin")
    depth = 1.6 * (part["age"] - 0.5) * part.layer("head")
    fold = np.abs(np.abs(x) - 0.17 - 0.35 * (y - 0.15)) - 0.012
    beside = soft(fold) * ((y > 0.15) & (y < 0.45)) * part["mouth_on"]
    part.paint(0.45 * depth * beside, skin * 0.62)
    for line in (-0.47, -0.39):
        furrow = np.abs(y - line - 0.12 * part.x**2 - _nod(part)) - 0.010
        part.paint(0.40 * depth * soft(furrow) * (np.abs(x) < 0.28), skin * 0.65)
    canvas.paste(part)
    for feature, _, x, y in _eye_places(canvas):
        part = canvas.window(x, y, EYE_WINDOW, older)
        depth = 1.3 * (part["age"] - 0.45) * part[f"{feature}_on"] * part.layer("head")
        bag = soft(np.abs(part.y - 0.11 + 0.6 * part.x**2) - 0.012)
        part.paint(
            0.5 * depth * bag * (np.abs(part.x) < 0.13), part.layer("skin") * 0.6
        )
        canvas.paste(part)


def paint_glasses(canvas):
    """Two round lenses and the bridge between them; they move with the eyes."""
    worn = canvas["glasses"]
    for feature, _, x, y in _eye_places(canvas, apart=0.235 * 1.05, lower=0.01):
        part = canvas.window(x, y, EYE_WINDOW, worn)
        from_middle = np.sqrt(part.x**2 + (1.15 * part.y) ** 2) - part["lens"]
        frame = soft(np.abs(from_middle) - 0.022)
        part.paint(part[f"{feature}_on"] * frame, part["frame_colour"])
        part.paint(0.12 * part[f"{feature}_on"] * soft(from_middle), np.float32(1))
        canvas.paste(part)
    middle = turn(canvas), _nod(canvas) - 0.10
    part = canvas.window(*middle, BRIDGE_WINDOW, worn)
    bridge = soft(np.maximum(np.abs(part.y) - 0.02, np.abs(part.x) - 0.07))
    both = part["left_eye_on"] * part["right_eye_on"]
    part.paint(both * bridge, part["frame_colour"])
    canvas.paste(part)
