"""Where and when: events on the city's grid and in the week."""

import base64
from importlib.resources import files

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from utils.plots.canvas import axes

DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def when(times, ax=None):
    """When? Events by hour of the day and day of the week.

    Parameters
    ----------
    times : pandas.Series of datetime
        Local time of each event.
    """
    ax = axes(ax, (9, 3.2))
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
    ax = axes(ax, (6.4, 8.4))
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
