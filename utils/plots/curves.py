"""What becomes of it, and how much is caught: lines over days and over shares."""

import numpy as np
from matplotlib.ticker import PercentFormatter

from utils.plots.canvas import axes
from utils.plots.groups import OTHER_COLOURS


def over_time(runs, *, truth=None, label, ax=None):
    """What becomes of it? The middle and the 5–95 % band of many runs, day by day.

    Parameters
    ----------
    runs : dict of str to numpy.ndarray, shape (days, runs)
    truth : float, optional
        Drawn as a dashed line.
    label : str
        What is drawn, with its unit.
    """
    ax = axes(ax, (8, 4))
    for position, (name, values) in enumerate(runs.items()):
        low, middle, high = np.percentile(values, [5, 50, 95], axis=1)
        colour = OTHER_COLOURS[(position + 1) % 2 if len(runs) == 2 else position]
        ax.fill_between(range(len(low)), low, high, color=colour, alpha=0.25)
        ax.plot(middle, color=colour, label=f"{name}: median and 5–95 %")
    if truth is not None:
        ax.axhline(
            truth,
            color="black",
            linestyle="--",
            linewidth=1,
            label=f"truth: {truth:.2f}",
        )
    ax.set(xlabel="day", ylabel=label, ylim=(0, 1))
    ax.legend(loc="upper right", fontsize=9)
    return ax


def how_much_is_caught(curves, ax=None):
    """How much is caught? Share of later events against the share of the city marked.

    Parameters
    ----------
    curves : dict of str to (shares of area, hit rates)
    """
    ax = axes(ax, (6, 4.5))
    for position, (name, (area, hits)) in enumerate(curves.items()):
        style = ["-", "--", "-.", ":"][position % 4]
        ax.plot(
            area, hits, style, color=OTHER_COLOURS[position], label=name, linewidth=2
        )
    ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.set(
        xlabel="share of the city marked",
        ylabel="share of later events inside",
        ylim=(0, 1),
    )
    ax.legend(fontsize=9)
    return ax
