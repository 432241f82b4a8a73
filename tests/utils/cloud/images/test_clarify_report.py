"""The report as a page: structure, accessibility, what it says."""

import itertools
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from tests.utils.cloud.images.clarify_jobs import PEOPLE, bias_config, run
from utils.bias import drawings
from utils.cloud.images.clarify import pictures
from utils.explain import PartialDependence

VOID = {
    "meta",
    "br",
    "hr",
    "img",
    "line",
    "rect",
    "circle",
    "polygon",
    "polyline",
    "link",
}


class Page(HTMLParser):
    """Headings, pictures with their words, links, tables, and whether every tag is closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.headings, self.ids, self.links = [], [], [], []
        self.pictures, self.tables, self.words, self.heads = [], 0, [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append([int(tag[1]), ""])
        if tag == "svg":
            self.pictures.append((attrs.get("role"), []))
        if tag == "th":
            self.heads.append(attrs.get("scope"))
        self.ids += [value for name, value in attrs.items() if name == "id"]
        self.links += [value for name, value in attrs.items() if name == "href"]
        assert "src" not in attrs, "a report stands alone"

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, text):
        if self.open and re.fullmatch("h[1-6]", self.open[-1]):
            self.headings[-1][1] += text
        if self.open[-2:] == ["svg", "title"]:
            self.pictures[-1][1].append(text)
        if not {"style", "title"} & set(self.open):
            self.words.append(text)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    frame = PEOPLE.assign(sex=PEOPLE["sex"].replace("f", '<b>"f"</b>'))
    facets = [
        {"name_or_index": "sex", "value_or_threshold": ['<b>"f"</b>']},
        {"name_or_index": "age", "value_or_threshold": [40]},
        {"name_or_index": "group", "value_or_threshold": ["z"]},
    ]
    output = run(
        tmp_path_factory.mktemp("report"),
        bias_config(facet=facets, group_variable=None),
        {"people.csv": frame},
    )
    return Page((output / "report.html").read_text(encoding="utf-8"))


def test_headings_go_down_step_by_step(page):
    levels = [level for level, _ in page.headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))
    titles = [title for _, title in page.headings]
    for expected in (
        "What was asked",
        "Who is in the data",
        "Gaps in the data",
        "Limits",
    ):
        assert expected in titles


def test_every_picture_has_words(page):
    assert len(page.pictures) > 20
    for role, words in page.pictures:
        assert role == "img"
        assert words
        assert words[0]
    told = [words[0] for _, words in page.pictures]
    assert any(re.match(r'DPL of sex = <b>"f"</b>: 0\.292, interval', t) for t in told)


def test_links_lead_somewhere_inside(page):
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))


def test_table_heads_say_what_they_head(page):
    assert set(page.heads) <= {"col", "row", "rowgroup"}


def test_names_from_the_data_are_escaped(page):
    assert 'sex = <b>"f"</b>' in " ".join(page.words)


def test_what_has_no_value_is_told(page):
    text = " ".join(page.words)
    assert "group = z was asked for and nothing can be compared" in text
    assert "CDDL, CDDPL: Group variable is empty or not provided" in text
    assert "a facet has 8 rows, fewer than 30" in text


def contrast(first: str, second: str) -> float:
    """WCAG's ratio of two colours."""

    def light(colour):
        parts = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        parts = np.where(
            parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4
        )
        return parts @ [0.2126, 0.7152, 0.0722]

    low, high = sorted((light(first), light(second)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colour", [*pictures.COLOURS, pictures.INK, pictures.QUIET])
def test_colours_stand_out_on_white(colour):
    assert contrast(colour, "#ffffff") >= 4.5


def test_gap_without_value_and_beyond_the_scale():
    assert drawings.gap("DPL", np.nan, np.nan, np.nan, 0) == ""
    assert "polygon" in drawings.gap("TE", np.inf, np.nan, np.nan, 0)
    assert "polygon" not in drawings.gap("DI", 1.2, 1.1, 1.3, 1)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("numerical", np.array([1.0, 2.0, 4.0])),
        ("categorical", np.array(list("abcdefg"))),
    ],
)
def test_curve_says_what_it_shows(kind, values):
    scores = np.linspace(0.2, 0.6, len(values))[None]
    share = np.full(len(values), 1 / len(values))
    found = PartialDependence("age", kind, values, scores, share)
    text = pictures.curve(found, ["label0"])
    assert f"from 0.2 at {'1' if kind == 'numerical' else 'a'} to 0.6" in text
    assert text.count("<circle") == len(values)
    assert ("polyline" in text) == (kind == "numerical")


def test_constant_curve():
    found = PartialDependence(
        "x", "numerical", np.array([1.0]), np.array([[0.5]]), np.array([1.0])
    )
    assert "nan" not in pictures.curve(found, ["label0"])


# facet, predicted and real: mistakes about both kinds of people, and many of them
MISTAKES = [("d", 0, 1, 60), ("d", 1, 1, 40), ("d", 0, 0, 90), ("d", 1, 0, 10)]
MISTAKES += [("a", 0, 1, 10), ("a", 1, 1, 90), ("a", 0, 0, 50), ("a", 1, 0, 50)]


def test_in_short_names_mistakes_about_both_kinds_of_people(tmp_path):
    """A gap among those who deserve the favourable answer is not hidden by a larger one."""
    lines = [f"{f},{p},{y}" for f, p, y, n in MISTAKES for _ in range(n)]
    facet = [{"name_or_index": "who", "value_or_threshold": ["d"]}]
    config = bias_config(facet=facet, group_variable=None)
    text = "\n".join(["who,predicted,label", *lines]).encode()
    page = (run(tmp_path, config, {"p.csv": text}) / "report.html").read_text()
    short = page[page.index('id="short"') : page.index('id="who"')]
    assert "RD, a gap of 50 percentage points" in short
    assert "SD, a gap of 40 percentage points" in short
    assert "who: the rest (a)" in page
    assert "who = d, with everybody else" in page


def test_in_short_says_that_there_is_nothing_sure(tmp_path):
    page = (run(tmp_path, bias_config(), {"p.csv": PEOPLE}) / "report.html").read_text()
    assert "No gap in shares was found that chance alone could not have made" in page
