"""Pictures: the same order and colours everywhere, told apart by colour-blind readers."""

from itertools import combinations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

mpl.use("Agg")

import matplotlib.pyplot as plt
from colorspacious import cspace_convert, deltaE

from utils import plots
from utils.datasets import load_adult, load_compas, load_force, load_stops
from utils.policing import make_grid

RACES = [
    "Black",
    "East African",
    "Native American",
    "Latino",
    "Asian",
    "White",
    "Other",
    "Unknown",
]
FACES = ["LF", "LM", "DF", "DM"]


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def seen(colour, deficiency=None):
    """sRGB of a colour as somebody with a colour vision deficiency sees it."""
    rgb = np.array(mpl.colors.to_rgb(colour))
    if deficiency:
        space = {"name": "sRGB1+CVD", "cvd_type": deficiency, "severity": 100}
        rgb = np.clip(cspace_convert(rgb, space, "sRGB1"), 0, 1)
    return rgb


@pytest.mark.parametrize(
    "deficiency", [None, "deuteranomaly", "protanomaly", "tritanomaly"]
)
@pytest.mark.parametrize("groups", [RACES, ["Female", "Male"], FACES])
def test_colours_differ_for_every_eye(groups, deficiency):
    pairs = combinations([plots.colour_of(g) for g in groups], 2)
    closest = min(
        deltaE(seen(a, deficiency), seen(b, deficiency), input_space="sRGB1")
        for a, b in pairs
    )
    assert closest > 8  # about 1 is just noticeable side by side


def test_one_group_under_two_names_has_one_colour():
    assert plots.colour_of("African-American") == plots.colour_of("Black")
    assert plots.colour_of("Caucasian") == plots.colour_of("White")


def test_order_does_not_depend_on_the_data():
    given = ["White", "Unknown", "Latino", "Black"]
    assert (
        plots.in_order(given)
        == plots.in_order(given[::-1])
        == ["Black", "Latino", "White", "Unknown"]
    )


def test_unknown_groups_follow_in_their_order():
    assert plots.in_order(["North", "White", "South"]) == ["White", "North", "South"]


@pytest.mark.parametrize(
    "column",
    [
        load_stops()["race"],
        load_compas()["race"],
        load_adult()["race"],
        load_stops()["gender"],
    ],
)
def test_every_group_of_the_data_has_its_colour(column):
    for group in column.cat.categories:
        assert plots.SAME_GROUP.get(group, group) in plots.COLOURS


def test_force_groups_have_colours_or_a_place():
    groups = list(load_force()["race"].cat.categories)
    assert sorted(plots.in_order(groups)) == sorted(groups)


@pytest.fixture
def rates():
    columns = {
        "rate": [20, 10.0],
        "low": [18, 8.0],
        "high": [22, 13.0],
        "n": [1000, 300],
    }
    return pd.DataFrame(columns, index=["White", "Black"])


def test_who_draws_groups_in_order_with_sizes_and_intervals(rates):
    ax = plots.who(rates, label="stops per 1,000 residents")
    assert [t.get_text() for t in ax.get_yticklabels()] == ["Black", "White"]
    assert [t.get_text().strip() for t in ax.texts] == ["n = 300", "n = 1,000"]
    assert ax.patches[0].get_width() == 10
    assert list(ax.lines[0].get_xdata()) == [8, 13]
    assert ax.get_xlabel() == "stops per 1,000 residents"


def test_how_far_apart_draws_parity(rates):
    table = pd.DataFrame(
        {"value": [1.5], "low": [1.2], "high": [1.9]}, index=["Black to White"]
    )
    ax = plots.how_far_apart(table, label="ratio", parity=1)
    assert list(ax.lines[0].get_xdata()) == [1, 1]


def test_when_has_monday_on_top_and_every_hour():
    times = pd.Series(
        pd.to_datetime(["2017-01-02 00:10", "2017-01-02 00:50", "2017-01-08 23:00"])
    )
    ax = plots.when(times)
    counts = ax.collections[0].get_array().reshape(7, 24)
    assert (counts[0, 0], counts[6, 23], counts.sum()) == (2, 1, 3)
    assert ax.get_ylim()[0] > ax.get_ylim()[1]


@pytest.fixture
def small():
    latitude, longitude = (
        np.array([44.90, 44.95, 44.95]),
        np.array([-93.30, -93.25, -93.20]),
    )
    grid = make_grid(latitude, longitude, cell_km=0.5)
    return grid, grid.density(latitude, longitude)


def test_where_draws_only_the_city(small):
    grid, density = small
    names = pd.DataFrame({"latitude": [44.9], "longitude": [-93.3]}, index=["Here"])
    ax = plots.where(grid, density, marked=density > density.mean(), names=names)
    drawn = ax.collections[0].get_array()
    assert (np.ma.getmaskarray(drawn).reshape(grid.inside.shape) == ~grid.inside).all()
    assert ax.texts[0].get_text() == "Here"


def test_outline_runs_around_the_marked_cells(small):
    grid, density = small
    marked = np.zeros(density.shape, bool)
    marked[3, 4] = True
    ax = plots.where(grid, density, marked=marked)
    corners = {
        (round(x, 6), round(y, 6)) for line in ax.lines for x, y in line.get_xydata()
    }
    assert corners == {(2.0, 1.5), (2.5, 1.5), (2.0, 2.0), (2.5, 2.0)}


def test_interactive_map_needs_no_network(small):
    grid, density = small
    places = pd.DataFrame(
        {"latitude": [44.9], "longitude": [-93.3], "text": ["Here: 3 stops"]}
    )
    page = plots.where_interactive(grid, density, places).get_root().render()
    assert "Here: 3 stops" in page
    assert 'src="http' not in page
    assert 'href="http' not in page
    assert "data:text/javascript;base64," in page


def test_over_time_draws_the_band():
    runs = {"naive": np.tile(np.linspace(0, 1, 101), (3, 1))}
    ax = plots.over_time(runs, truth=0.5, label="share")
    edges = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert (edges.min(), edges.max()) == (pytest.approx(0.05), pytest.approx(0.95))


def test_how_much_is_caught_labels_each_curve():
    ax = plots.how_much_is_caught(
        {"map": ([0, 0.1], [0, 0.4]), "random": ([0, 0.1], [0, 0.1])}
    )
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["map", "random"]


def test_by_score_draws_a_line_a_group():
    table = pd.DataFrame(
        {
            "group": ["Caucasian", "African-American"] * 2,
            "score": [1, 1, 2, 2],
            "rate": [0.2, 0.2, 0.3, 0.4],
            "low": [0.1, 0.1, 0.2, 0.3],
            "high": [0.3, 0.3, 0.4, 0.5],
        }
    )
    ax = plots.by_score(table, label="re-arrested")
    labels = [t.get_text() for t in ax.get_legend().get_texts()]
    assert labels == ["African-American", "Caucasian"]


def test_a_drawing_holds_every_box_and_every_word():
    boxes = {"sender": (0, 0), "store": (4, 0), "reader": (4, 3)}
    arrows = [("sender", "store", "a file"), ("store", "reader", "")]
    ax = plots.what_calls_what(boxes, arrows, people=["reader"])
    assert {t.get_text() for t in ax.texts} >= {*boxes, "a file"}
    drawn = {(p.get_x() + 1, p.get_y() + 0.5): p.get_linewidth() for p in ax.patches}
    assert drawn == {(0, 0): 1, (4, 0): 1, (4, 3): 2.2}
    assert ax.get_xlim()[0] < -1 and ax.get_xlim()[1] > 5, "a box is cut off"


def test_an_arrow_needs_a_box_at_both_ends():
    with pytest.raises(ValueError, match="no box is named"):
        plots.what_calls_what({"sender": (0, 0)}, [("sender", "nobody", "")])


def test_pictures_come_row_by_row_with_their_captions():
    grey = np.zeros((5, 8, 8), np.uint8)
    figure = plots.what_they_look_like(grey, titles=list("abcde"), columns=3)
    assert [ax.get_title() for ax in figure.axes] == ["a", "b", "c", "d", "e", ""]
    shown = figure.axes[0].images[0]
    assert (shown.norm.vmin, shown.norm.vmax) == (0, 255)


def test_pictures_outside_the_range_are_cut_off_not_stretched():
    dim = np.full((1, 4, 4, 1), 0.25)
    dim[0, 0, 0] = 9
    shown = plots.what_they_look_like(dim).axes[0].images[0]
    assert shown.norm.vmax == 1
    assert shown.get_array().max() == 1


@pytest.mark.parametrize(
    ("images", "titles", "message"),
    [
        (np.zeros((0, 8, 8)), None, "at least one picture"),
        (np.zeros((8, 8)), None, "at least one picture"),
        (np.zeros((2, 8, 8)), ["one"], "1 titles for 2 images"),
    ],
)
def test_pictures_that_cannot_be_shown(images, titles, message):
    with pytest.raises(ValueError, match=message):
        plots.what_they_look_like(images, titles=titles)
