"""How far apart: gaps with their intervals, against parity."""

import numpy as np

from utils.plots.canvas import axes, interval


def how_far_apart(table, *, label, parity: float = 0, ax=None):
    """How far apart? Gaps (or ratios) with their intervals, against parity.

    Parameters
    ----------
    table : pandas.DataFrame
        A row a gap; columns ``value``, ``low``, ``high``.
    label : str
        What the gap is, its unit and its direction.
    parity : float
        The value that means no difference: 0 for a difference, 1 for a ratio.
    """
    ax = axes(ax, (7, 0.5 * len(table) + 1.2))
    ax.axvline(parity, color="#4D4D4D", linestyle="--", linewidth=1)
    for y, row in enumerate(table.itertuples()):
        interval(ax, row.low, row.high, y)
        ax.plot(row.value, y, "o", color="black")
    ax.set(
        yticks=range(len(table)),
        yticklabels=table.index,
        xlabel=label,
        ylim=(-0.7, y + 0.7),
    )
    ax.invert_yaxis()
    return ax


def how_far_apart_all(report, facet=None, facet_value=None):
    """How far apart, by every metric? A report's gaps with intervals, grouped by what each asks.

    Parameters
    ----------
    report : utils.bias.BiasReport
    facet, facet_value : optional
        Which one, where the report has several; the first by default.

    Returns
    -------
    matplotlib.axes.Axes
        Ratios (parity 1) are drawn as value − 1, so that parity is one line; infinite values are
        written, not drawn.
    """
    rows = report.frame
    facet = facet if facet is not None else rows["facet"].iloc[0]
    rows = rows[rows["facet"] == facet]
    facet_value = str(
        facet_value if facet_value is not None else rows["facet_value"].iloc[0]
    )
    rows = rows[rows["facet_value"] == facet_value]
    ax = axes(None, (8, 0.42 * (len(rows) + rows["asks"].nunique()) + 1))
    ax.axvline(0, color="#4D4D4D", linestyle="--", linewidth=1)
    y, ticks = 0, []
    for asks, group in rows.groupby("asks", sort=False):
        ax.text(
            0.008,
            y,
            asks,
            transform=ax.get_yaxis_transform(),
            fontsize=9,
            weight="bold",
            va="center",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )
        y += 1
        for row in group.itertuples():
            shift = 1 if row.metric == "DI" else 0
            ticks.append((y, "DI − 1" if shift else row.metric))
            _one_gap(ax, y, row, shift)
            y += 1
    ax.set(
        ylim=(y, -0.8),
        xlabel="value (dashed: no difference)",
        title=f"{facet} = {facet_value}",
    )
    ax.set_yticks([at for at, _ in ticks], [name for _, name in ticks])
    return ax


def _one_gap(ax, y, row, shift):
    """A gap with its interval, or a word where there is none to draw."""
    if not np.isfinite(row.value):
        word = "not applicable" if np.isnan(row.value) else "infinite"
        ax.text(0.01, y, word, va="center", fontsize=8, color="#4D4D4D")
        return
    if np.isfinite(row.low) and np.isfinite(row.high):
        interval(ax, row.low - shift, row.high - shift, y)
    ax.plot(row.value - shift, y, "o", color="black")
