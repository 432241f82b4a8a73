"""One table from every kind of frame: the same counts, whatever the library behind it."""

import shutil
import sys

import numpy as np
import pandas as pd
import pytest

from tests.utils.bias.frames import loans
from utils.bias import ArgumentError, bias_report
from utils.bias.counts import Column
from utils.bias.passes import CHUNK, count
from utils.datasets import load_compas

COLUMNS = [
    Column("sex", "sex"),
    Column("label", "approved"),
    Column("stratum", "branch"),
]


def tally(table) -> dict:
    lists = list(table.columns.values())
    return {
        tuple(values[code] for values, code in zip(lists, codes, strict=True)): n
        for codes, n in zip(table.codes.T.tolist(), table.n.tolist(), strict=True)
    }


def expected(frame, names):
    return frame.groupby(names, dropna=False).size().to_dict()


def kinds(frame, folder):
    """The same rows in every kind of frame that the course promises."""
    import dask.dataframe
    import duckdb
    import polars
    import pyarrow

    path = folder / "rows.parquet"
    frame.to_parquet(path, row_group_size=5)
    yield "pandas", frame
    yield "pandas categories", frame.astype({"sex": "category", "branch": "category"})
    yield "polars", polars.from_pandas(frame)
    yield "polars lazy", polars.from_pandas(frame).lazy()
    yield "pyarrow", pyarrow.Table.from_pandas(frame)
    yield "duckdb", duckdb.from_df(frame)
    yield "dask", dask.dataframe.from_pandas(frame, npartitions=3)
    yield "parquet", path
    yield "parquet as text", str(path)


def test_every_kind_of_frame_gives_the_same_table(tmp_path):
    frame = loans()
    wanted = expected(frame, ["sex", "approved", "branch"])
    for kind, native in kinds(frame, tmp_path):
        assert tally(count(native, COLUMNS)) == wanted, kind


def test_every_kind_of_frame_gives_the_same_report(tmp_path):
    frame = loans()
    found = {}
    for kind, native in kinds(frame, tmp_path):
        report = bias_report(
            native, "sex", "approved", facet_values=["w"], label_values=[1],
            predicted_label="predicted", group_variable="branch", features=["income"],
        )  # fmt: skip
        found[kind] = report.frame.drop(columns=["reason"]).to_dict()
    first = found.pop("pandas")
    for kind, other in found.items():
        assert str(other) == str(first), kind


@pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java")
def test_spark_gives_the_same_report(monkeypatch):
    monkeypatch.setenv(
        "PYSPARK_PYTHON", sys.executable
    )  # not whatever the path has first
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]").config(
        "spark.ui.enabled", "false"
    )
    spark = builder.config("spark.sql.shuffle.partitions", "2").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    try:
        native = spark.createDataFrame(loans().to_dict("records"))
        options = {
            "facet_values": ["w"],
            "label_values": [1],
            "predicted_label": "predicted",
        }
        there = bias_report(
            native, "sex", "approved", metrics=["DPL", "DI", "RD"], **options
        )
        here = bias_report(
            loans(), "sex", "approved", metrics=["DPL", "DI", "RD"], **options
        )
        assert there.frame["value"].tolist() == here.frame["value"].tolist()
    finally:
        spark.stop()


def test_a_threshold_is_an_exclusive_lower_bound(tmp_path):
    column = [Column("income", "income", threshold=3)]
    for kind, native in kinds(loans(), tmp_path):
        assert tally(count(native, column)) == {(True,): 5, (False,): 7}, kind


def test_missing_values_have_a_place_of_their_own(tmp_path):
    frame = loans().astype({"approved": "float"})
    frame.loc[[0, 3, 9], "sex"] = None
    frame.loc[[1], "approved"] = np.nan
    table = count(frame, [Column("sex", "sex"), Column("label", "approved")])
    assert table.marginal("sex")[None] == 3
    assert table.marginal("label")[None] == 1
    frame.to_parquet(tmp_path / "rows.parquet", row_group_size=4)
    again = count(
        tmp_path / "rows.parquet", [Column("sex", "sex"), Column("label", "approved")]
    )
    assert tally(again) == tally(table)


def test_categories_with_missing_values():
    frame = loans().astype({"sex": "category"})
    frame.loc[[0], "sex"] = None
    assert count(frame, [Column("sex", "sex")]).marginal("sex") == {
        None: 1,
        "m": 7,
        "w": 4,
    }


def test_a_threshold_leaves_missing_values_missing():
    frame = loans().astype({"income": "float"})
    frame.loc[[0, 1], "income"] = np.nan
    table = count(frame, [Column("income", "income", threshold=3)])
    assert tally(table) == {(None,): 2, (True,): 3, (False,): 7}


def test_not_a_number_is_missing_in_every_library(tmp_path):
    import polars
    import pyarrow
    import pyarrow.parquet

    arrow = pyarrow.table({"x": [1.0, float("nan"), 5.0, None]})
    pyarrow.parquet.write_table(arrow, tmp_path / "rows.parquet")
    frames = [arrow, arrow.to_pandas(), polars.from_arrow(arrow)]
    frames += [polars.from_arrow(arrow).lazy(), tmp_path / "rows.parquet"]
    for frame in frames:
        cut = count(frame, [Column("x", "x", threshold=3)])
        assert tally(cut) == {(False,): 1, (True,): 1, (None,): 2}, type(frame)
        assert count(frame, [Column("x", "x")]).marginal("x")[None] == 2, type(frame)


def test_more_combinations_than_rows_are_counted_all_the_same():
    random = np.random.default_rng(0)
    frame = pd.DataFrame({c: random.integers(0, 250, 400) for c in "abcd"})
    table = count(frame, [Column(c, c) for c in "abcd"])
    assert tally(table) == expected(frame, list("abcd"))


@pytest.mark.parametrize("rows", [CHUNK - 1, CHUNK, CHUNK + 1])
@pytest.mark.parametrize(
    "sizes", [(2, 2, 2), (1, 256), (256, 1), (256, 2), (256, 256), (300, 200)]
)
def test_nothing_is_lost_between_chunks(rows, sizes):
    random = np.random.default_rng(1)
    data = {f"c{i}": random.integers(0, size, rows) for i, size in enumerate(sizes)}
    for i, size in enumerate(sizes):
        data[f"c{i}"][:size] = np.arange(size)
    frame = pd.DataFrame(data)
    table = count(frame, [Column(c, c) for c in frame])
    assert table.n.sum() == rows
    assert tally(table) == expected(frame, list(frame))


def test_one_column_in_two_parts():
    table = count(
        loans(), [Column("facet", "income", threshold=3), Column("group", "income")]
    )
    assert tally(table)[True, 5] == 2
    assert tally(table)[False, 3] == 2


def test_dense_marginal():
    table = count(loans(), COLUMNS)
    assert table.dense(["sex", "label"]).sum() == 12
    assert table.marginal("sex") == {"m": 8, "w": 4}


def test_unknown_column_is_told_the_nearest():
    with pytest.raises(
        ArgumentError, match=r"no column 'aproved'; did you mean 'approved'\?"
    ):
        count(loans(), [Column("label", "aproved")])


def test_unknown_column_of_a_file(tmp_path):
    loans().to_parquet(tmp_path / "rows.parquet")
    with pytest.raises(ArgumentError, match=r"no column 'Sex'; did you mean 'sex'\?"):
        count(tmp_path / "rows.parquet", [Column("facet", "Sex")])


def test_missing_file(tmp_path):
    with pytest.raises(ArgumentError, match="there is no such file"):
        count(tmp_path / "rows.parquet", COLUMNS)


@pytest.mark.parametrize("thing", [[1, 2], {"sex": ["m"]}, 3])
def test_not_a_frame(thing):
    with pytest.raises(ArgumentError, match="give a pandas, polars, pyarrow"):
        count(thing, COLUMNS)


def test_a_threshold_needs_numbers(tmp_path):
    loans().to_parquet(tmp_path / "rows.parquet")
    for native in (loans(), tmp_path / "rows.parquet"):
        with pytest.raises(
            ArgumentError, match="2 is a threshold and column 'sex' holds"
        ):
            count(native, [Column("sex", "sex", threshold=2)])


def test_a_folder_of_files_is_one_frame(tmp_path):
    frame = load_compas()
    for part, rows in frame.groupby(np.arange(len(frame)) % 3):
        rows.to_parquet(tmp_path / f"{part}.parquet")
    columns = [Column("race", "race"), Column("label", "two_year_recid")]
    assert tally(count(tmp_path, columns)) == tally(count(frame, columns))
