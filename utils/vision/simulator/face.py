"""A person in front of a background: shoulders, head, and the order in which all is painted."""

import numpy as np

from utils.vision.simulator import features, hair
from utils.vision.simulator.backgrounds import backgrounds, textures
from utils.vision.simulator.canvas import Canvas, ellipse, soft, to_face

HEIGHT = 0.74
# how much darker a shadow makes red, green and blue: shadows on skin are warm
SHADOW = np.array([0.88, 1.076, 1.184], np.float32)[:, None, None, None]
BLUSH = np.array([1.05, 0.75, 0.72], np.float32)[:, None, None, None]


def draw_portraits(drawn, half):
    """Pictures of the people described by `drawn`, shape (3, m, 64, 64), before the camera."""
    canvas = _empty(drawn, half)
    hair.paint_back(canvas)
    _paint_shoulders(canvas)
    _paint_head(canvas)
    features.paint_beard(canvas)
    features.paint_eyes(canvas)
    features.paint_nose(canvas)
    features.paint_mouth(canvas)
    features.paint_age(canvas)
    hair.paint_front(canvas)
    hair.paint_hat(canvas)
    features.paint_glasses(canvas)
    return canvas.pixels


def _empty(drawn, half):
    cloud = textures(drawn["cloud"])
    pixels = backgrounds(drawn, cloud, half)
    layers = {
        "cloud": cloud,
        "grain": textures(drawn["grain"]),
        "strands": textures(drawn["strands"], "strand"),
    }
    return Canvas(pixels, *to_face(drawn), drawn, layers)


def _paint_shoulders(canvas):
    x, y, width = canvas.x, canvas.y, canvas["width"]
    neck = np.maximum(np.abs(x) - 0.55 * width, np.maximum(0.3 - y, y - 1.05))
    canvas.paint(soft(neck), canvas["skin_colour"] * 0.78)
    canvas.paint(ellipse(x, y - 1.30, 0.95, 0.42), canvas["cloth"])
    ears = ellipse(
        np.abs(x - 0.05 * canvas["yaw"]) - width - 0.01, y - 0.02, 0.09, 0.16
    )
    canvas.paint(ears, canvas["skin_colour"] * 0.85)


def _paint_head(canvas):
    """The head, lit from one side; leaves its cover and its skin as layers for the features."""
    x, y = canvas.x, canvas.y
    width = canvas["width"] * (1 - canvas["jaw"] * np.clip(y + 0.05, 0, 1))
    across, down = x / width, y / HEIGHT
    square = across**2 + down**2
    cover = soft((np.sqrt(square) - 1) * canvas["width"])
    light, height = canvas["light"], canvas["light_height"]
    towards = np.sqrt(np.clip(1 - square, 0, None))
    lit = across * light - down * height + towards
    lit /= np.sqrt(light**2 + height**2 + 1)
    shade = 0.62 + 0.42 * np.clip(lit, 0, 1) + 0.02 * canvas.layer("cloud")
    skin = canvas["skin_colour"] * (1 - SHADOW * (1 - shade))
    cheeks = ellipse(
        np.abs(x - features.turn(canvas)) - 0.30, y - 0.20, 0.16, 0.12, edge=0.25
    )
    skin *= 1 + cheeks * (canvas["blush"] * canvas["lip"]) * (BLUSH - 1)
    canvas.paint(cover, skin)
    canvas.layers |= {"head": cover, "skin": skin, "side": np.abs(across)}
