"""From light to picture: gain, white balance, uneven light, blur, noise."""

import numpy as np

from utils.vision.simulator.canvas import ACROSS, DOWN


def draw_camera(rng, n):
    """Chances of the camera, for pictures of anything."""
    return {
        "uneven_right": rng.normal(0, 0.12, n),
        "uneven_down": rng.normal(0, 0.12, n),
        "blurred": rng.random(n) < 0.45,
        "noise": rng.uniform(0.005, 0.03, n),
    }


def photograph(pixels, drawn, noise):
    """The picture a camera takes.

    Parameters
    ----------
    pixels : ndarray of float32, shape (3, m, 64, 64)
        Light. It is overwritten.
    drawn : dict
        `gain`, `warmth` and what `draw_camera` gives, shape (m, 1, 1) each.
    noise : numpy.random.Generator
        Drawn from picture by picture, so that the size of a chunk changes nothing.

    Returns
    -------
    ndarray of uint8, shape (m, 64, 64, 3)
    """
    gain, warmth = drawn["gain"], drawn["warmth"]
    uneven = 1 + ACROSS * drawn["uneven_right"] + DOWN * drawn["uneven_down"]
    pixels *= uneven * np.stack([gain * (1 + warmth), gain, gain * (1 - warmth)])
    blurred = np.flatnonzero(drawn["blurred"])
    pixels[:, blurred] = _blur(pixels[:, blurred])
    planes, count, *size = pixels.shape
    picture = noise.standard_normal((count, planes, *size), dtype=np.float32)
    picture *= drawn["noise"][:, None]
    picture += pixels.swapaxes(0, 1)
    picture *= 255
    np.clip(picture, 0, 255, out=picture)
    return np.moveaxis(picture.astype(np.uint8), 1, -1)


def _blur(pixels):
    """The mean with the neighbours, weighted 1 2 1, down and across; the border stays."""
    pixels = pixels.copy()
    for ahead, here, behind in (
        (pixels[:, :, 2:], pixels[:, :, 1:-1], pixels[:, :, :-2]),
        (pixels[..., 2:], pixels[..., 1:-1], pixels[..., :-2]),
    ):
        here[:] = 0.25 * ahead + 0.5 * here + 0.25 * behind
    return pixels
