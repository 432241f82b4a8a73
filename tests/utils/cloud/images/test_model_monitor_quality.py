"""The containers of Model Monitor, on files: quality of data and of predictions."""

import json

import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tests.utils.cloud.images.monitor_jobs import (
    event,
    folders,
    monitoring,
    output,
    write,
)
from utils.cloud.images import ClientError
from utils.cloud.images.model_monitor import columns, process, quality

AGES = [30, 41, 28, 55, 36, 47, 60, 23, 39, 44]
COOKS = "age,job\n" + "".join(f"{age},cook\n" for age in AGES)


@pytest.fixture
def container(tmp_path):
    return folders(tmp_path)


def baseline(container, tmp_path, text=COOKS):
    """Statistics and constraints of ten ages and one job, in the folder of the baseline."""
    made = container(dataset_format='{"csv": {"header": true}}')
    (made.root / "processing/input/data/rows.csv").write_text(text)
    process(made)
    for name in ("statistics", "constraints"):
        folder = made.root / "processing" / "baseline" / name
        folder.mkdir(parents=True)
        (folder / f"{name}.json").write_text(json.dumps(output(made, f"{name}.json")))
    (made.root / "processing/input/data/rows.csv").unlink()
    places = {
        n: f"/opt/ml/processing/baseline/{n}" for n in ("statistics", "constraints")
    }
    return {f"baseline_{name}": place for name, place in places.items()}


def violations(container):
    found = output(container, "constraint_violations.json")["violations"]
    return {
        (v["feature_name"], v["constraint_check_type"]): v["description"] for v in found
    }


def test_baseline_by_hand(container, tmp_path):
    baseline(container, tmp_path)
    made = container()
    statistics = output(made, "statistics.json")
    assert statistics["dataset"]["item_count"] == 10
    age, job = statistics["features"]
    assert (age["name"], age["inferred_type"]) == ("age", "Integral")
    numbers = age["numerical_statistics"]
    assert numbers["common"] == {"num_present": 10, "num_missing": 0}
    assert numbers["sum"] == sum(AGES)
    assert (numbers["min"], numbers["max"], numbers["mean"]) == (23, 60, 40.3)
    assert sum(b["count"] for b in numbers["distribution"]["kll"]["buckets"]) == 10
    assert job["string_statistics"]["distinct_count"] == 1
    constraints = output(made, "constraints.json")["features"]
    assert constraints[0] == {
        "name": "age",
        "inferred_type": "Integral",
        "completeness": 1.0,
        "num_constraints": {"is_non_negative": True},
    }
    assert constraints[1]["string_constraints"] == {"domains": ["cook"]}
    message = (made.root / "output" / "message").read_text()
    assert "nothing to compare with was given" in message


def test_the_same_data_violate_nothing(container, tmp_path):
    given = baseline(container, tmp_path)
    made = monitoring(container, **given)
    write(made, *(event(i, f"{age},cook") for i, age in enumerate(AGES)))
    process(made)
    assert not violations(made)
    assert output(made, "statistics.json")["dataset"]["item_count"] == 10


def test_a_broken_column(container, tmp_path):
    """Texts where ages were, an empty cell, a job that nobody had: too few rows for a drift."""
    given = baseline(container, tmp_path)
    made = monitoring(container, **given)
    rows = ["young,cook", ",cook", *(f"{a},pilot" for a in AGES[:8])]
    write(made, *(event(i, row) for i, row in enumerate(rows)))
    process(made)
    found = violations(made)
    assert set(found) == {
        ("age", "data_type_check"),
        ("age", "completeness_check"),
        ("job", "categorical_values_check"),
    }
    assert "Only 88.89% of data is Integral" in found["age", "data_type_check"]
    assert "Value: 0.9 " in found["age", "completeness_check"]
    assert "unknown: ['pilot']" in found["job", "categorical_values_check"]
    message = (made.root / "output" / "message").read_text()
    assert message.startswith(
        "CompletedWithViolations: Job completed successfully with 3 viol"
    )


def test_older_people_have_drifted_but_a_few_tell_nothing(container, tmp_path):
    text = "age\n" + "".join(f"{a}\n" for a in AGES * 20)
    given = baseline(container, tmp_path, text)
    made = monitoring(container, **given)
    older = [age + 30 for age in AGES * 20]
    write(made, *(event(i, str(age)) for i, age in enumerate(older)))
    process(made)
    (key,) = violations(made)
    assert key == ("age", "baseline_drift_check")
    write(made, event(0, "70"), event(1, "71"))
    process(made)
    assert not violations(made)


@pytest.mark.parametrize(
    "row, check, text",
    [
        # the baseline's first column is the model's answer, which is captured too
        ("30", "missing", "hired,age,job\n1,30,cook\n1,40,cook\n"),
        ("30,cook,7", "extra", COOKS),
    ],
)
def test_columns_that_come_and_go(container, tmp_path, row, check, text):
    made = monitoring(container, **baseline(container, tmp_path, text))
    write(made, event(0, row))
    process(made)
    found = violations(made)
    assert (f"{check.capitalize()} columns", f"{check}_column_check") in found


def test_the_answer_may_be_the_baselines_first_column(container, tmp_path):
    given = baseline(
        container, tmp_path, "hired,age\n" + "".join(f"1,{a}\n" for a in AGES)
    )
    made = monitoring(container, **given)
    write(made, *(event(i, str(age)) for i, age in enumerate(AGES)))
    process(made)
    assert not violations(made)
    assert [f["name"] for f in output(made, "statistics.json")["features"]] == [
        "hired",
        "age",
    ]


def test_kinds_of_columns():
    assert columns.kind_of(pd.Series(["1", "2", None])) == "Integral"
    assert columns.kind_of(pd.Series([1.5, 2])) == "Fractional"
    assert columns.kind_of(pd.Series(["1", "x"])) == "String"
    assert columns.kind_of(pd.Series([None, None])) == "Unknown"


def quality_baseline(container):
    made = container(
        analysis_type="MODEL_QUALITY",
        problem_type="BinaryClassification",
        dataset_format='{"csv": {"header": true}}',
        inference_attribute="said",
        probability_attribute="score",
        ground_truth_attribute="label",
    )
    rows = ["1,0.9,1", "1,0.8,1", "0,0.3,1", "1,0.7,0", "0,0.1,0", "0,0.2,0"]
    text = "said,score,label\n" + "\n".join(rows)
    (made.root / "processing/input/data/rows.csv").write_text(text)
    process(made)
    return made


def test_model_quality_by_hand(container):
    made = quality_baseline(container)
    metrics = output(made, "statistics.json")["binary_classification_metrics"]
    assert metrics["confusion_matrix"] == {"0": {"0": 2, "1": 1}, "1": {"0": 1, "1": 2}}
    for name in ("recall", "precision", "accuracy", "f1"):
        assert metrics[name] == {
            "value": pytest.approx(2 / 3),
            "standard_deviation": "NaN",
        }
    expected = roc_auc_score([1, 1, 1, 0, 0, 0], [0.9, 0.8, 0.3, 0.7, 0.1, 0.2])
    assert metrics["auc"]["value"] == pytest.approx(expected)
    rules = output(made, "constraints.json")["binary_classification_constraints"]
    assert rules["recall"]["comparison_operator"] == "LessThanThreshold"
    assert rules["false_positive_rate"]["comparison_operator"] == "GreaterThanThreshold"
    assert not any("constant" in name for name in rules)


def test_worse_predictions_violate(container):
    made = quality_baseline(container)
    folder = made.root / "processing" / "baseline"
    folder.mkdir()
    (folder / "constraints.json").write_text(
        json.dumps(output(made, "constraints.json"))
    )
    (made.root / "processing/input/data/rows.csv").unlink()
    made = monitoring(
        container,
        analysis_type="MODEL_QUALITY",
        problem_type="BinaryClassification",
        inference_attribute="0",
        baseline_constraints="/opt/ml/processing/baseline/constraints.json",
    )
    write(
        made, *(event(i, "7", said, truth=str(i % 2)) for i, said in enumerate("1111"))
    )
    with pytest.raises(ClientError, match="no metric 'auc'"):
        process(made)
    rules = output(made, "constraints.json")
    rules["binary_classification_constraints"].pop("auc", None)
    stored = json.loads((folder / "constraints.json").read_text())
    stored["binary_classification_constraints"].pop("auc")
    (folder / "constraints.json").write_text(json.dumps(stored))
    process(made)
    found = output(made, "constraint_violations.json")["violations"]
    by_metric = {v["metric_name"]: v for v in found}
    assert by_metric["accuracy"]["constraint_check_type"] == "LessThanThreshold"
    assert by_metric["accuracy"]["description"].startswith(
        "Metric accuracy with 0.5 +/- NaN was"
    )
    assert "false_positive_rate" in by_metric
    assert "recall" not in by_metric  # everybody is said to be positive


def test_other_problems():
    label, said = pd.Series([1.0, 2, 4]).to_numpy(), pd.Series([1.0, 3, 4]).to_numpy()
    found = quality.regression(label, said)
    assert found["mae"] == pytest.approx(1 / 3)
    assert found["rmse"] == pytest.approx((1 / 3) ** 0.5)
    assert found["r2"] == pytest.approx(1 - 1 / 4.6666667)
    several = quality.multiclass(
        pd.Series(list("aabc")).to_numpy(), pd.Series(list("abbc")).to_numpy()
    )
    assert several["accuracy"] == 0.75
    assert several["weighted_recall"] == pytest.approx(0.5 * 0.5 + 0.25 + 0.25)
    with pytest.raises(ClientError, match="two classes; found"):
        quality.binary(pd.Series([0, 1, 2]).to_numpy(), pd.Series([0, 1, 2]).to_numpy())
