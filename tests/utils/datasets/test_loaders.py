"""Each loader gives the rows, types and columns it promises, and nobody's name."""

import re

import pandas as pd
import pytest

from utils import datasets
from utils.datasets import loaders

LOADERS = {name: getattr(datasets, f"load_{name}") for name in datasets.names()}
ROWS = {
    "adult": 32_561,
    "compas": 7_214,
    "force": 12_925,
    "frisk": 12_347,
    "neighbourhoods": 84,
    "stops": 51_920,
}
each = pytest.mark.parametrize("name", sorted(LOADERS))


def test_every_data_set_has_a_loader():
    assert sorted(LOADERS) == sorted(ROWS)


@each
def test_rows(name):
    assert len(LOADERS[name]()) == ROWS[name]


@each
def test_columns_are_typed(name):
    frame = LOADERS[name]()
    untyped = [c for c in frame if frame[c].dtype == object]
    assert untyped == []


@each
def test_columns_are_named_in_the_loader_or_the_datasheet(name):
    told = (LOADERS[name].__doc__ or "") + datasets.datasheet(name)
    # a row such as | `pf_*` physical force | bool | `hands`, `wall` | names a family
    for stem, members in re.findall(
        r"^\| `(\w+_)\*`[^|]*\|[^|]*\|([^|]*)\|", told, re.MULTILINE
    ):
        told += "".join(
            f" `{stem}{member}`" for member in re.findall(r"`(\w+)`", members)
        )
    missing = [c for c in LOADERS[name]() if not re.search(rf"\b{c}\b", told)]
    assert missing == []


@each
def test_a_loader_gives_a_fresh_frame_each_time(name):
    first, copy = LOADERS[name](), LOADERS[name]().copy()
    del first[first.columns[0]]
    pd.testing.assert_frame_equal(LOADERS[name](), copy)


@each
def test_nobody_can_be_named(name):
    frame = LOADERS[name]()
    telling = {
        "id",
        "name",
        "first",
        "last",
        "dob",
        "idnum",
        "rownames",
        "index",
        "case_number",
    }
    assert not telling & {c.lower() for c in frame}
    assert not [
        c for c in frame if re.search(r"name|birth|^dob|_dob|case_n|_id$|^id", c)
    ]
    for column in frame.select_dtypes(include=["category", "string"]):
        values = frame[column].dropna().astype(str).unique()
        case_number = re.compile(r"\d{2}-\d{6}|\d{8}[A-Z]{2}\d+|\d{4}-\d{2}-\d{2}")
        assert not [v for v in values if case_number.search(v)], column
        assert len(values) < 0.1 * len(frame) or name == "neighbourhoods", (
            f"{column} tells rows apart"
        )


def test_files_are_small():
    files = list(loaders.FOLDER.glob("*.parquet"))
    assert len(files) == len(ROWS)
    assert sum(f.stat().st_size for f in files) < 4e6


def test_stops_run_from_midnight_to_midnight_in_local_time():
    time = datasets.load_stops()["time"]
    assert str(time.iloc[0]) == "2017-01-01 00:00:42"
    assert str(time.iloc[-1]) == "2017-12-31 23:52:35"
    assert time.is_monotonic_increasing


def test_stops_without_a_vehicle_computer_say_nothing_of_the_person():
    stops = datasets.load_stops()
    alone = stops[~stops["in_vehicle"]]
    person = [
        "citation",
        "person_search",
        "vehicle_search",
        "race_before",
        "race",
        "gender",
    ]
    assert len(alone) == 8_221
    assert alone[person].isna().all().all()


def test_propublicas_two_row_sets():
    assert len(datasets.load_compas()) == 7_214
    assert len(datasets.load_compas(filtered=True)) == 6_172


def test_propublicas_headline_rates():
    compas = datasets.load_compas()
    high = compas["score_text"].ne("Low")
    again = compas["two_year_recid"].eq(1)
    rates = {
        race: round(100 * high[~again & compas["race"].eq(race)].mean(), 2)
        for race in ("African-American", "Caucasian")
    }
    assert rates == {"African-American": 44.85, "Caucasian": 23.45}


def test_adult_splits():
    sizes = {
        split: len(datasets.load_adult(split)) for split in ("train", "test", "all")
    }
    assert sizes == {"train": 32_561, "test": 16_281, "all": 48_842}
    assert set(datasets.load_adult("all")["income"].unique()) == {"<=50K", ">50K"}


def test_adult_split_unknown():
    with pytest.raises(
        ValueError, match='split is \'tset\'; use "train", "test" or "all"'
    ):
        datasets.load_adult("tset")


def test_frisk_is_no_longer_one_hot():
    frisk = datasets.load_frisk()
    assert frisk["race"].value_counts().to_dict() == {
        "Black": 6_471,
        "not Black": 5_876,
    }
    assert frisk["sex"].value_counts().to_dict() == {"Male": 11_394, "Female": 953}
    assert frisk["weapon_found"].sum() == 1_289
    assert frisk["forceuse"].isna().sum() == 9_420


def test_unknown_data_set_is_told_the_nearest():
    with pytest.raises(
        datasets.DatasetError, match=r"no data set 'stop'.*Did you mean 'stops'"
    ):
        datasets.datasheet("stop")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The loaders look into a folder of their own."""
    (tmp_path / "manifest.json").write_bytes(
        (loaders.FOLDER / "manifest.json").read_bytes()
    )
    monkeypatch.setattr(loaders, "FOLDER", tmp_path)
    return tmp_path


def test_missing_file_names_the_repair(folder):
    with pytest.raises(
        datasets.DatasetError, match=r"stops.*missing.*datasets rebuild stops"
    ):
        datasets.load_stops()


@pytest.mark.parametrize("content", [b"", b"PAR1 and then nothing", b"\0" * 1000])
def test_damaged_file_names_the_repair(folder, content):
    (folder / "compas.parquet").write_bytes(content)
    with pytest.raises(
        datasets.DatasetError, match=r"compas.*damaged.*datasets rebuild compas"
    ):
        datasets.load_compas()


HEADINGS = [
    "In one line",
    "Source and licence",
    "Period and place",
    "How it was collected",
    "Columns",
    "What was dropped or changed, and why",
    "Who is in it",
    "Who is missing",
    "Known problems",
    "Must not be used for",
]


@each
def test_datasheet_has_its_parts(name):
    text = datasets.datasheet(name)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS
    assert re.search(r"\b[0-9a-f]{64}\b", text), "the source's hash"
