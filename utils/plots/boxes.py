"""What calls what: boxes and arrows."""

import matplotlib.pyplot as plt
import numpy as np

from utils.plots.canvas import axes


def what_calls_what(boxes, arrows, *, people=(), ax=None):
    """What calls what? Boxes with a name in each, arrows between them with what passes.

    Parameters
    ----------
    boxes : dict of str to (float, float)
        Name → centre; a box is 2 wide and 1 high. A name may have several lines.
    arrows : list of (str, str, str)
        From, to, and the words at the arrow's middle, which may be empty.
    people : collection of str
        Names of boxes that stand for people; drawn in orange with a thick edge.

    Raises
    ------
    ValueError
        If an arrow begins or ends at a name that has no box.
    """
    strangers = {end for arrow in arrows for end in arrow[:2]} - set(boxes)
    if strangers:
        raise ValueError(f"arrows: no box is named {sorted(strangers)}")
    x, y = np.transpose(list(boxes.values()))
    ax = axes(ax, (max(x) - min(x) + 2.4, max(y) - min(y) + 1.4))
    patches = {}
    for name, (x_box, y_box) in boxes.items():
        look = ("#FBE3B5", 2.2) if name in people else ("#E3EEF7", 1)
        patches[name] = plt.Rectangle(
            (x_box - 1, y_box - 0.5), 2, 1, facecolor=look[0], edgecolor="black", lw=look[1]
        )  # fmt: skip
        ax.add_patch(patches[name])
        ax.text(x_box, y_box, name, ha="center", va="center", fontsize=9.5)
    for start, end, words in arrows:
        tips = {
            "patchA": patches[start],
            "patchB": patches[end],
            "shrinkA": 0,
            "shrinkB": 0,
        }
        style = {"arrowstyle": "-|>", "color": "black", **tips}
        ax.annotate("", boxes[end], boxes[start], arrowprops=style, zorder=3)
        middle = np.mean([boxes[start], boxes[end]], axis=0)
        back = {"facecolor": "white", "edgecolor": "none", "pad": 1}
        ax.text(
            *middle, words, ha="center", va="center", fontsize=8.5, bbox=back, zorder=4
        )
    ax.set(xlim=(min(x) - 1.2, max(x) + 1.2), ylim=(min(y) - 0.7, max(y) + 0.7))
    ax.set(aspect="equal")
    ax.axis("off")
    return ax
