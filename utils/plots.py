"""One picture a question. Groups always come in the same order and colour (colour-blind safe).

Every helper draws on `ax` (a new figure when None) and returns it; none of them computes what it
shows, so that the numbers can be read in the notebook.
"""

import base64
from importlib.resources import files

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.ticker import PercentFormatter

# Okabe and Ito's palette for the groups, Tol's for the sexes; data sets name one group differently.
COLOURS = {
    "Black": "#0072B2",
    "East African": "#56B4E9",
    "Native American": "#009E73",
    "Latino": "#E69F00",
    "Asian": "#CC79A7",
    "White": "#D55E00",
    "Other": "#BBBBBB",
    "Unknown": "#4D4D4D",
    "Female": "#882255",
    "Male": "#44AA99",
}
SAME_GROUP = {
    "African-American": "Black",
    "Black or East African": "Black",
    "Amer-Indian-Eskimo": "Native American",
    "Asian-Pac-Islander": "Asian",
    "Hispanic": "Latino",
    "Caucasian": "White",
    "not Black": "Other",
}
OTHER_COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def colour_of(group, position: int = 0) -> str:
    """Colour of a group; one that the course does not know takes the colour of its position.

    Crossed groups, such as ``"Asian, Female"``, take the colour of the first part.
    """
    first = str(group).split(", ")[0]
    return COLOURS.get(
        SAME_GROUP.get(first, first), OTHER_COLOURS[position % len(OTHER_COLOURS)]
    )


def in_order(groups) -> list:
    """Put groups into the course's order; unknown ones follow in the order given."""
    known = list(COLOURS)
    rank = {group: SAME_GROUP.get(group, group) for group in groups}
    return sorted(
        rank, key=lambda g: known.index(rank[g]) if rank[g] in known else len(known)
    )


def when(times, ax=None):
    """When? Events by hour of the day and day of the week.

    Parameters
    ----------
    times : pandas.Series of datetime
        Local time of each event.
    """
    ax = _axes(ax, (9, 3.2))
    counts = pd.crosstab(times.dt.day_of_week, times.dt.hour)
    counts = counts.reindex(index=range(7), columns=range(24), fill_value=0)
    image = ax.pcolormesh(
        counts.to_numpy(), cmap="cividis", edgecolors="white", linewidth=0.4
    )
    ax.figure.colorbar(image, ax=ax, label="events")
    ax.set(
        yticks=np.arange(7) + 0.5,
        yticklabels=DAYS,
        xlabel="hour of the day (local time)",
    )
    ax.set(xticks=np.arange(0, 24, 3) + 0.5, xticklabels=range(0, 24, 3))
    ax.invert_yaxis()
    return ax


def where(
    grid, values, *, marked=None, river=None, names=None, label="per km²", ax=None
):
    """Where? A map of a grid without map tiles: the city is what the data know of it.

    Parameters
    ----------
    grid : utils.policing.Grid
    values : numpy.ndarray, shape (rows, columns)
        Drawn inside the city, light for high.
    marked : numpy.ndarray of bool, optional
        Cells outlined in white, such as the hot spots.
    river : numpy.ndarray of bool, optional
        Cells of one bank; its border is drawn as a blue line.
    names : pandas.DataFrame, optional
        Columns ``latitude`` and ``longitude``, index the names to write there.
    label : str
        Of the colour bar, with its unit.
    """
    ax = _axes(ax, (6.4, 8.4))
    north, east = grid.km_per_degree
    x = (np.arange(grid.columns) + 0.5) * grid.cell_km
    y = (np.arange(grid.rows) + 0.5) * grid.cell_km
    shown = np.where(grid.inside, values, np.nan)
    image = ax.pcolormesh(x, y, shown, cmap="cividis", shading="nearest")
    ax.figure.colorbar(image, ax=ax, label=label, shrink=0.6)
    if marked is not None:
        _outline(ax, grid, marked, "white", 1.4)
    if river is not None:
        bank = np.where(grid.inside, river, np.nan)
        ax.contour(x, y, bank, levels=[0.5], colors="#7FD4FF", linewidths=2.5)
    for name, place in (names if names is not None else pd.DataFrame()).iterrows():
        at = (
            (place["longitude"] - grid.west) * east,
            (place["latitude"] - grid.south) * north,
        )
        box = {"facecolor": "black", "alpha": 0.45, "edgecolor": "none", "pad": 1}
        ax.text(
            *at, name, color="white", fontsize=7, ha="center", va="center", bbox=box
        )
    ax.set(aspect="equal", xlabel="km eastwards", ylabel="km northwards")
    return ax


def where_interactive(grid, values, places):
    """Where? The same map to zoom and point at (folium), drawn without tiles and without a network.

    Parameters
    ----------
    grid : utils.policing.Grid
    values : numpy.ndarray, shape (rows, columns)
        Drawn inside the city, light for high.
    places : pandas.DataFrame
        Columns ``latitude``, ``longitude`` and ``text``, what to show under the pointer.

    Returns
    -------
    folium.Map
    """
    import folium  # 0.4 s, and only one lesson draws such a map

    north, east = grid.km_per_degree
    top = grid.south + grid.rows * grid.cell_km / north
    right = grid.west + grid.columns * grid.cell_km / east
    centre = (grid.south + top) / 2, (grid.west + right) / 2
    chart = folium.Map(tiles=None, location=centre, zoom_start=11, height=480)
    # folium links to servers; the same files are put into the page instead
    leaflet = files("js_lib_leaflet") / "static" / "js_lib_leaflet"
    chart.default_js = [
        ("leaflet", _data_uri(leaflet / "leaflet.js", "text/javascript"))
    ]
    chart.default_css = [
        ("leaflet_css", _data_uri(leaflet / "leaflet.css", "text/css"))
    ]
    colours = plt.colormaps["cividis"](values / values[grid.inside].max())
    colours[..., 3] = grid.inside
    colours = (255 * colours).round().astype(np.uint8)
    bounds = [(grid.south, grid.west), (top, right)]
    folium.raster_layers.ImageOverlay(colours, bounds, origin="lower").add_to(chart)
    for place in places.itertuples():
        at = place.latitude, place.longitude
        dot = {
            "radius": 4,
            "color": "white",
            "weight": 1,
            "fill": True,
            "fill_color": "#0072B2",
        }
        folium.CircleMarker(at, **dot, fill_opacity=1, tooltip=place.text).add_to(chart)
    return chart


def who(table, *, label, ax=None):
    """Who? A rate for each group with its interval and the group's size.

    Parameters
    ----------
    table : pandas.DataFrame
        A row a group; columns ``rate``, ``low``, ``high`` (same unit) and ``n`` (rows counted).
    label : str
        The rate's name and unit.
    """
    ax = _axes(ax, (7, 0.6 * len(table) + 1.2))
    for y, group in enumerate(in_order(table.index)):
        row = table.loc[group]
        ax.barh(y, row["rate"], color=colour_of(group, y), alpha=0.85)
        _interval(ax, row["low"], row["high"], y)
        ax.text(row["high"], y, f"  n = {row['n']:,.0f}", va="center", fontsize=9)
    ax.set(yticks=range(len(table)), yticklabels=in_order(table.index), xlabel=label)
    ax.set_xlim(0, 1.25 * table["high"].max())
    ax.invert_yaxis()
    return ax


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
    ax = _axes(ax, (7, 0.5 * len(table) + 1.2))
    ax.axvline(parity, color="#4D4D4D", linestyle="--", linewidth=1)
    for y, row in enumerate(table.itertuples()):
        _interval(ax, row.low, row.high, y)
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
    ax = _axes(None, (8, 0.42 * (len(rows) + rows["asks"].nunique()) + 1))
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
        _interval(ax, row.low - shift, row.high - shift, y)
    ax.plot(row.value - shift, y, "o", color="black")


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
    ax = _axes(ax, (8, 4))
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
    ax = _axes(ax, (6, 4.5))
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


def by_score(table, *, label, ax=None):
    """Does a score mean the same? The outcome's rate by score, a line a group, with intervals.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``group``, ``score``, ``rate``, ``low``, ``high`` (shares, 0 to 1).
    label : str
        The outcome.
    """
    ax = _axes(ax, (7, 4.2))
    for position, group in enumerate(in_order(table["group"].unique())):
        rows = table[table["group"] == group]
        x = rows["score"] + 0.12 * (position - 0.5)
        errors = [rows["rate"] - rows["low"], rows["high"] - rows["rate"]]
        ax.errorbar(
            x, rows["rate"], errors, marker="os^D"[position % 4], capsize=3, label=group,
            color=colour_of(group, position),
        )  # fmt: skip
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.set(
        xlabel="score",
        ylabel=label,
        ylim=(0, 1),
        xticks=sorted(table["score"].unique()),
    )
    ax.legend(fontsize=9)
    return ax


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
    ax = _axes(ax, (max(x) - min(x) + 2.4, max(y) - min(y) + 1.4))
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


def _axes(ax, size):
    return ax if ax is not None else plt.subplots(figsize=size, layout="constrained")[1]


def _interval(ax, low, high, y):
    ax.plot([low, high], [y, y], color="black", linewidth=1.6)
    ax.plot([low, high], [y, y], "|", color="black", markersize=8)


def _outline(ax, grid, marked, colour, width):
    """Draw the border of the marked cells along the cells' edges."""
    padded = np.pad(np.asarray(marked, bool), 1)
    for axis in (0, 1):
        row, column = np.nonzero(np.diff(padded.astype(int), axis=axis))
        dy, dx = (0, 1) if axis == 0 else (1, 0)
        start = np.stack([column - (axis == 0), row - (axis == 1)]) * grid.cell_km
        step = np.array([[dx], [dy]]) * grid.cell_km
        ends = np.stack([start, start + step], axis=-1)
        ax.plot(
            ends[0].T, ends[1].T, color=colour, linewidth=width, solid_capstyle="round"
        )


def _data_uri(path, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
