"""What every picture needs: a pair of axes and the mark of an interval."""

import matplotlib.pyplot as plt


def axes(ax, size):
    """`ax`, or the axes of a new figure of this size in inches."""
    return ax if ax is not None else plt.subplots(figsize=size, layout="constrained")[1]


def interval(ax, low, high, y):
    """Draw an interval at height `y`: a line with its two ends marked."""
    ax.plot([low, high], [y, y], color="black", linewidth=1.6)
    ax.plot([low, high], [y, y], "|", color="black", markersize=8)
