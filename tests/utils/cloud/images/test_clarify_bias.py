"""The bias part of the Clarify image, run in this process: numbers, reasons, formats."""

import json

import nbformat
import numpy as np
import pandas as pd
import pytest

from tests.utils.cloud.images.clarify_jobs import (
    PEOPLE,
    analysis,
    bias_config,
    metrics_of,
    run,
)
from utils.bias import bias_report
from utils.cloud.images import ClientError
from utils.datasets import load_compas


def compas(rows=600):
    """A cut of COMPAS with a prediction from its score."""
    frame = load_compas().sample(rows, random_state=1)
    columns = ["sex", "race", "age", "priors_count", "charge_degree", "two_year_recid"]
    return frame[columns].assign(predicted=(frame["decile_score"] > 4).astype(int))


def test_numbers_are_those_of_bias_report(tmp_path):
    frame = compas()
    facets = {"race": ["African-American"], "sex": ["Female"]}
    config = bias_config(
        label="two_year_recid",
        label_values_or_threshold=[0],
        facet=[
            {"name_or_index": k, "value_or_threshold": v} for k, v in facets.items()
        ],
        group_variable="charge_degree",
    )
    found = analysis(run(tmp_path, config, {"compas.csv": frame}))
    expected = bias_report(
        frame,
        list(facets),
        "two_year_recid",
        facet_values=facets,
        label_values=[0],
        predicted_label="predicted",
        group_variable="charge_degree",
    ).to_clarify()
    assert found == json.loads(json.dumps(expected))


def test_output_has_the_documented_shape(tmp_path):
    output = run(tmp_path, bias_config(), {"people.csv": PEOPLE})
    assert {f.name for f in output.iterdir()} == {
        "analysis.json",
        "report.html",
        "report.ipynb",
    }
    found = analysis(output)
    assert list(found) == [
        "version", "pre_training_bias_metrics", "post_training_bias_metrics",
    ]  # fmt: skip
    part = found["post_training_bias_metrics"]
    assert part["label"] == "label"
    assert part["label_value_or_threshold"] == "1"
    assert [e["value_or_threshold"] for e in part["facets"]["sex"]] == ["f"]
    names = list(metrics_of(found, "post", "sex"))
    assert names == sorted(names)
    assert len(names) == 13


def test_values_by_hand(tmp_path):
    found = analysis(run(tmp_path, bias_config(), {"people.csv": PEOPLE}))
    # 8 women, 3 with the label, 3 predicted; 12 men, 8 and 8
    assert metrics_of(found, "pre", "sex")["CI"]["value"] == pytest.approx(4 / 20)
    assert metrics_of(found, "pre", "sex")["DPL"]["value"] == pytest.approx(
        8 / 12 - 3 / 8
    )
    assert metrics_of(found, "post", "sex")["DI"]["value"] == pytest.approx(
        3 / 8 / (8 / 12)
    )


def test_only_what_is_asked_for(tmp_path):
    methods = {"pre_training_bias": {"methods": ["DPL", "CI"]}}
    found = analysis(
        run(tmp_path, bias_config(methods=methods), {"people.csv": PEOPLE})
    )
    assert "post_training_bias_metrics" not in found
    assert list(metrics_of(found, "pre", "sex")) == ["CI", "DPL"]


def test_metric_without_value_carries_its_reason(tmp_path):
    config = bias_config(group_variable=None)
    found = analysis(run(tmp_path, config, {"people.csv": PEOPLE}))
    metric = metrics_of(found, "pre", "sex")["CDDL"]
    assert metric["value"] is None
    assert metric["error"] == "Group variable is empty or not provided"


def test_model_that_predicts_nobody_does_not_fail_the_job(tmp_path):
    found = analysis(
        run(tmp_path, bias_config(), {"p.csv": PEOPLE.assign(predicted=0)})
    )
    assert metrics_of(found, "post", "sex")["DPPL"]["value"] == 0
    assert "error" in metrics_of(found, "post", "sex")["CDDPL"]


def test_facet_without_rows_does_not_fail_the_job(tmp_path, capsys):
    facets = [
        {"name_or_index": "sex", "value_or_threshold": ["F"]},
        {"name_or_index": "group", "value_or_threshold": ["x"]},
    ]
    config = bias_config(facet=facets, group_variable=None)
    output = run(tmp_path, config, {"people.csv": PEOPLE})
    metric = metrics_of(analysis(output), "pre", "sex")["DPL"]
    assert metric["value"] is None
    assert (
        "facet a or d has no rows: facet[0].value_or_threshold has 'F'"
        in metric["error"]
    )
    assert metrics_of(analysis(output), "pre", "group")["DPL"]["value"] is not None
    assert "WARNING: facet[0].value_or_threshold has 'F'" in capsys.readouterr().out
    assert "What could not be computed" in (output / "report.html").read_text()


def test_threshold_beyond_the_data_has_no_rows(tmp_path):
    facets = [{"name_or_index": "age", "value_or_threshold": [99]}]
    found = analysis(run(tmp_path, bias_config(facet=facets), {"people.csv": PEOPLE}))
    assert "highest value is 64" in metrics_of(found, "pre", "age")["CI"]["error"]


def test_threshold_of_a_continuous_facet(tmp_path, capsys):
    facets = [{"name_or_index": "age", "value_or_threshold": [40]}]
    found = analysis(run(tmp_path, bias_config(facet=facets), {"people.csv": PEOPLE}))
    entry = found["pre_training_bias_metrics"]["facets"]["age"][0]
    assert entry["value_or_threshold"] == "(40.0, 64.0]"
    assert "facet age: above 40, a threshold" in capsys.readouterr().out


def test_whole_numbers_with_few_values_are_categories_and_it_is_said(tmp_path, capsys):
    frame = pd.concat([PEOPLE.assign(age=PEOPLE["age"] // 20)] * 5)
    facets = [{"name_or_index": "age", "value_or_threshold": [2]}]
    run(tmp_path, bias_config(facet=facets), {"people.csv": frame})
    assert "2 as a value, not a threshold" in capsys.readouterr().out


def test_label_of_two_numbers_is_never_continuous(tmp_path):
    # twenty rows: by the share of distinct values alone, 0 and 1 would be continuous
    frame = PEOPLE.astype({"label": float})
    found = analysis(run(tmp_path, bias_config(), {"people.csv": frame}))
    assert found["pre_training_bias_metrics"]["label_value_or_threshold"] == "1"


def test_several_values_of_one_facet_and_each_value(tmp_path):
    facets = [
        {"name_or_index": "sex", "value_or_threshold": ["f"]},
        {"name_or_index": "sex"},
        {"name_or_index": 3},
    ]
    found = analysis(run(tmp_path, bias_config(facet=facets), {"people.csv": PEOPLE}))
    entries = found["pre_training_bias_metrics"]["facets"]
    assert [e["value_or_threshold"] for e in entries["group"]] == ["x", "y"]
    assert {e["value_or_threshold"] for e in entries["sex"]} == {"f", "m"}


def test_texts_stand_for_numbers(tmp_path):
    config = bias_config(label_values_or_threshold=["1"])
    found = analysis(run(tmp_path, config, {"people.csv": PEOPLE}))
    assert metrics_of(found, "pre", "sex")["DPL"]["value"] == pytest.approx(7 / 24)


@pytest.fixture
def expected(tmp_path):
    return analysis(run(tmp_path / "expected", bias_config(), {"people.csv": PEOPLE}))


def test_csv_without_header_and_in_two_files(tmp_path, expected):
    parts = {"a.csv": PEOPLE[:9], "b.csv": PEOPLE[9:]}
    files = {k: v.to_csv(index=False, header=False).encode() for k, v in parts.items()}
    config = bias_config(headers=list(PEOPLE))
    assert analysis(run(tmp_path, config, files)) == expected


def test_headers_and_a_header_in_the_file(tmp_path, expected):
    config = bias_config(headers=list(PEOPLE))
    assert analysis(run(tmp_path, config, {"people.csv": PEOPLE})) == expected


def test_parquet(tmp_path, expected):
    kinds = {"sex": "category", "group": "category"}
    PEOPLE.astype(kinds).to_parquet(tmp_path / "p")
    config = bias_config(dataset_type="application/x-parquet")
    assert (
        analysis(run(tmp_path, config, {"p": (tmp_path / "p").read_bytes()}))
        == expected
    )


def json_config(**changes):
    return bias_config(
        dataset_type="application/jsonlines",
        features="values",
        label="outcome",
        predicted_label="model.says",
        headers=[*PEOPLE.columns[:4], "label", "predicted"],
        **changes,
    )


def json_records():
    return [
        {"values": list(row[:4]), "outcome": row[4], "model": {"says": row[5]}}
        for row in PEOPLE.itertuples(index=False)
    ]


def test_json_lines(tmp_path, expected):
    lines = "\n".join(json.dumps(record) for record in json_records())
    assert (
        analysis(run(tmp_path, json_config(), {"p.jsonl": lines.encode()})) == expected
    )


def test_json(tmp_path, expected):
    document = json.dumps({"people": json_records()}).encode()
    config = json_config()
    config |= {
        "dataset_type": "application/json",
        "features": "people[*].values",
        "label": "people[*].outcome",
        "predicted_label": "people[*].model.says",
    }
    assert analysis(run(tmp_path, config, {"p.json": document})) == expected


def test_json_lines_in_chunks_of_several_types(tmp_path, monkeypatch):
    monkeypatch.setattr("utils.cloud.images.clarify.sources.CHUNK", 7)
    records = json_records()
    records[15]["values"][2] = 20.5
    records[3]["outcome"] = None
    lines = "\n".join(json.dumps(record) for record in records).encode()
    output = run(tmp_path / "fits", json_config(), {"p.jsonl": lines})
    assert "1 rows have no label" in (output / "report.html").read_text()
    records[15]["values"][2] = "half"
    lines = "\n".join(json.dumps(record) for record in records).encode()
    with pytest.raises(ClientError, match="several kinds"):
        run(tmp_path / "not", json_config(), {"p.jsonl": lines})


def test_decimals_and_text_after_whole_numbers(tmp_path, monkeypatch):
    monkeypatch.setattr("utils.cloud.images.clarify.sources.BLOCK", 200)
    frame = PEOPLE.astype({"hours": object, "group": object})
    frame.loc[18, "hours"] = 40.5
    frame["group"] = [*range(19), "last"]
    found = analysis(run(tmp_path, bias_config(), {"people.csv": frame}))
    assert metrics_of(found, "pre", "sex")["CDDL"]["value"] is not None


DATA_FAULTS = [
    ({"label": "lebel"}, "label: there is no column 'lebel'; did you mean 'label'?"),
    ({"label": 9}, "label: found 9; there are 6 columns, from 0 to 5"),
    (
        {"facet": [{"name_or_index": "sexe"}]},
        r"facet\[0\].name_or_index: there is no column",
    ),
    ({"facet": [{"name_or_index": "label"}]}, "'label' is the label; they must differ"),
    (
        {"facet": [{"name_or_index": "age"}]},
        "value_or_threshold: it is missing, and 'age'",
    ),
    ({"group_variable": "groop"}, "group_variable: there is no column 'groop'"),
    ({"excluded_columns": ["x"]}, r"excluded_columns\[0\]: there is no column 'x'"),
    (
        {"headers": ["a", "b"]},
        "headers: found 2 names .* the rows of people.csv have 6 columns",
    ),
    (
        {"label_values_or_threshold": ["yes"]},
        "found 'yes'; the column 'label' holds numbers",
    ),
    ({"label_values_or_threshold": [7]}, "label_values_or_threshold has 7"),
    ({"label_values_or_threshold": [0, 1]}, "names every value of 'label'"),
    ({"predicted_label": "group"}, "predicted_label does not match label"),
]


@pytest.mark.parametrize(("changes", "message"), DATA_FAULTS)
def test_what_only_the_data_can_tell_is_wrong(tmp_path, changes, message):
    with pytest.raises(ClientError, match=message):
        run(tmp_path, bias_config(**changes), {"people.csv": PEOPLE})


FILES = [
    ({}, {}, "there are no files"),
    ({}, {"a.csv": b""}, "there are no files"),
    ({}, {"a.csv": b"sex,age,hours,group,label,predicted\n"}, "it has no rows"),
    ({}, {"a.csv": b"sex,label\nf,1\nm\n"}, "there is no column|Expected 2 columns"),
    ({}, {"a.csv": b"1,2,3\n1,2,3\n"}, "the first line of a.csv holds numbers"),
    ({"dataset_type": "application/x-parquet"}, {"a": b"PAR"}, "a is not Parquet"),
]


@pytest.mark.parametrize(("changes", "files", "message"), FILES)
def test_files_that_cannot_be_read(tmp_path, changes, files, message):
    with pytest.raises(ClientError, match=message):
        run(tmp_path, bias_config(**changes), files)


JSON_FAULTS = [
    (b"{}", "features: 'values' finds nothing in p.jsonl, line 1"),
    (b'{"values": 3, "outcome": 1}', "it must find a list of values"),
    (b"nonsense", "p.jsonl, line 1 is not JSON"),
    (
        b'{"values": ["f", 25, 40, "x"], "model": {"says": 1}}',
        "label: 'outcome' finds nothing in any record",
    ),
    (
        b'{"values": ["f", 25], "outcome": 1, "model": {"says": 1}}',
        "headers: found 6 names; the records have 2 features and a label and a predicted label",
    ),
]


@pytest.mark.parametrize(("lines", "message"), JSON_FAULTS)
def test_records_that_do_not_fit(tmp_path, lines, message):
    with pytest.raises(ClientError, match=message):
        run(tmp_path, json_config(), {"p.jsonl": lines})


def test_flip_test_goes_by_the_same_columns_as_the_library(tmp_path):
    """Facets that are features: each is left out of its own test only."""
    frame = PEOPLE.assign(
        old=PEOPLE["age"].gt(45).astype(int), score=PEOPLE["hours"] / 7
    )
    facets = [
        {"name_or_index": "old", "value_or_threshold": [1]},
        {"name_or_index": "age", "value_or_threshold": [40]},
    ]
    config = bias_config(facet=facets, excluded_columns=["score"])
    found = analysis(run(tmp_path, config, {"people.csv": frame}))
    report = bias_report(
        frame.drop(columns="score"),
        ["old", "age"],
        "label",
        facet_values={"old": [1], "age": 40},
        label_values=[1],
        predicted_label="predicted",
        group_variable="group",
    )
    told = report.frame.set_index(["facet", "metric"])["counts"]
    assert told["old", "FT"].endswith("by age, hours")
    assert told["age", "FT"].endswith("by hours, old")
    assert found == report.to_clarify()


def test_flip_test_of_many_rows_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr("utils.cloud.images.clarify.measure.FLIPPED", 10)
    found = analysis(run(tmp_path, bias_config(), {"people.csv": PEOPLE}))
    metric = metrics_of(found, "post", "sex")["FT"]
    assert "left out above 10 rows" in metric["error"]
    assert metrics_of(found, "post", "sex")["AD"]["value"] is not None


def test_missing_values_are_counted(tmp_path):
    frame = PEOPLE.copy()
    frame.loc[:2, "sex"] = None
    output = run(tmp_path, bias_config(), {"people.csv": frame})
    assert "3 rows have no sex and are left out" in (output / "report.html").read_text()


def test_notebook_runs_alone(tmp_path):
    output = run(tmp_path, bias_config(), {"people.csv": PEOPLE})
    notebook = nbformat.read(output / "report.ipynb", nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    names: dict = {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            exec(cell.source, names)
    report = names["report"].set_index("metric")
    assert report["value"]["DPL"] == pytest.approx(7 / 24)
    assert np.isnan(float(report["value"]["TE"])) or report["value"]["TE"] is not None
