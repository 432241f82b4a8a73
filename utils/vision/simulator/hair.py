"""Hair behind and in front of the head, hats."""

import numpy as np

from utils.vision.simulator.attributes import HAIR_STYLES
from utils.vision.simulator.canvas import soft

STYLE = {name: number for number, name in enumerate(HAIR_STYLES)}
TOP = 0.74


def _is(canvas, *styles):
    """1 where the hair is of one of these styles, else 0."""
    worn = canvas["hair"]
    return np.isin(worn, [STYLE[name] for name in styles]).astype(worn.dtype)


def _colour(canvas, brightness=1.0):
    """Hair has strands, curls have none; both have patches of light."""
    curly = _is(canvas, "curly")
    waves = (0.06 + 0.14 * curly) * canvas.layer("grain")
    waves += (0.10 - 0.10 * curly) * canvas.layer("strands")
    waves += 1
    return (brightness * canvas["hair_tint"]) * waves


def _wobble(canvas):
    """Unevenness of the outline: more with curls."""
    return (0.03 + 0.03 * _is(canvas, "curly")) * canvas.layer("grain")


def paint_back(canvas):
    """What hangs or stands behind the head."""
    for style, length, wider in (("long", 0.95, 0.16), ("bob", 0.42, 0.14)):
        part = canvas.pictures(_is(canvas, style))
        x, y, width = np.abs(part.x), part.y, part["width"]
        above = np.sqrt((x / (width + wider + 0.04)) ** 2 + ((y + 0.1) / 0.80) ** 2)
        ends = np.where(y < -0.1, 0.8 * (above - 1), y - length)
        outline = np.maximum(x - width - wider, ends) + _wobble(part)
        part.paint(soft(outline), _colour(part, 0.8))
        canvas.paste(part)
    part = canvas.pictures(_is(canvas, "curly"))
    around = np.sqrt(
        (part.x / (part["width"] + 0.30)) ** 2 + ((part.y + 0.28) / 0.78) ** 2
    )
    part.paint(soft(0.6 * (around - 1) + 1.6 * _wobble(part)), _colour(part, 0.85))
    canvas.paste(part)
    part = canvas.pictures(_is(canvas, "tied"))
    bun = np.sqrt((part.x + 0.12 * part["parting"]) ** 2 + (part.y + 0.84) ** 2) - 0.24
    part.paint(soft(bun + _wobble(part)), _colour(part, 0.8))
    canvas.paste(part)


def paint_front(canvas):
    """The cap of hair above the hairline, and strands that fall beside the face."""
    part = canvas.pictures(1 - _is(canvas, "none"))
    x, y, width = part.x, part.y, part["width"]
    line = part["hairline"] - 0.42 + _wobble(part)
    line = line + _is(part, "bob", "long", "curly") * 0.35 * (np.abs(x) / width) ** 3
    line += _is(part, "short", "bob") * 0.18 * x * part["parting"]
    around = np.sqrt((x / (width + 0.06)) ** 2 + ((y + 0.03) / (TOP + 0.07)) ** 2)
    around = 0.6 * (around - 1) + 0.5 * _wobble(part)
    part.paint(soft(np.maximum(around, y - line)), _colour(part))
    canvas.paste(part)
    part = canvas.pictures(_is(canvas, "bob", "long"))
    beside = np.abs(np.abs(part.x) - part["width"] - 0.02) - 0.08 - _wobble(part)
    length = 0.42 + 0.53 * _is(part, "long")
    falling = np.maximum(beside, np.maximum(-0.5 - part.y, part.y - length))
    part.paint(soft(falling), _colour(part, 0.95))
    canvas.paste(part)


def paint_hat(canvas):
    """A cap or a headscarf's upper part, in one colour, lighter in the middle."""
    part = canvas.pictures(canvas["hat"])
    x, y, width = part.x, part.y, part["width"]
    around = np.sqrt((x / (width + 0.12)) ** 2 + ((y + 0.10) / (TOP + 0.10)) ** 2)
    outline = np.maximum(0.6 * (around - 1), y + 0.36)
    part.paint(soft(outline), part["hat_colour"] * (1.05 - 0.35 * np.abs(x)))
    part.paint(soft(np.maximum(outline, -0.46 - y)), part["hat_colour"] * 0.8)
    canvas.paste(part)
