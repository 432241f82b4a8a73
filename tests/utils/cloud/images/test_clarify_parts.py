"""The baseline that is made from the data, and the reading of a model's answers."""

import json

import numpy as np
import pandas as pd
import pytest

from utils.cloud.images.clarify import baseline, data, explanations, pictures, records
from utils.cloud.images.clarify.config import Config
from utils.cloud.images.clarify.records import AnswerError, Reading
from utils.cloud.images.clarify.samples import enough

CSV, LINES, JSON = "text/csv", "application/jsonlines", "application/json"


def three_groups():
    """Three kinds of people, twenty of each."""
    random = np.random.default_rng(0)
    parts = [
        pd.DataFrame(
            {
                "age": random.normal(age, 1, 20).round().astype(int),
                "income": random.normal(income, 0.1, 20),
                "town": town,
            }
        )
        for age, income, town in ((20, 1.0, "a"), (50, 5.0, "b"), (80, 2.0, "a"))
    ]
    return pd.concat(parts, ignore_index=True)


def test_baseline_finds_the_groups_and_keeps_the_types():
    found = baseline.make(three_groups())
    assert 3 <= len(found) <= 5
    nearest = [int(np.abs(found["age"] - age).min()) for age in (20, 50, 80)]
    assert max(nearest) <= 2
    assert found["age"].dtype.kind == "i"
    assert set(found["town"]) == {"a", "b"}


def test_baseline_of_so_many_clusters():
    rows = three_groups()
    one = baseline.make(rows, clusters=1)
    assert one["income"].item() == pytest.approx(rows["income"].mean())
    assert one["town"].item() == "a"
    assert len(baseline.make(rows, clusters=3)) == 3
    assert len(baseline.make(rows.head(2), clusters=9)) <= 2


def test_baseline_of_numbers_alone_of_categories_alone_of_one_row():
    rows = three_groups()
    assert len(baseline.make(rows[["income"]])) >= 2
    assert set(baseline.make(rows[["town"]])["town"]) <= {"a", "b"}
    assert baseline.make(rows.head(1)).equals(rows.head(1))
    same = pd.concat([rows.head(1)] * 5, ignore_index=True)
    assert len(baseline.make(same)) == 1


def test_a_few_strange_rows_make_no_centre():
    rows = pd.DataFrame({"gain": [0.0] * 97 + [99_999.0] * 3})
    assert baseline.make(rows)["gain"].tolist() == [0.0]


def test_same_seed_same_baseline():
    rows = three_groups()
    assert baseline.make(rows, 2, seed=3).equals(baseline.make(rows, 2, seed=3))


FRAME = pd.DataFrame({"A": [0, 3], "B": ["x, y", "z"]})


def test_bodies():
    assert records.body(FRAME, CSV) == '0,"x, y"\n3,z'
    lines = records.body(FRAME, LINES, '{"features": $features}')
    assert [json.loads(line)["features"] for line in lines.splitlines()] == [
        [0, "x, y"],
        [3, "z"],
    ]
    pairs = records.body(FRAME, JSON, "$records", "$features_kvp")
    assert json.loads(pairs) == [{"A": 0, "B": "x, y"}, {"A": 3, "B": "z"}]
    by_name = records.body(
        FRAME, JSON, "$records", '{"first": "${A}", "second": "${B}"}'
    )
    assert json.loads(by_name)[1] == {"first": 3, "second": "z"}
    named = records.body(
        FRAME, JSON, '{"instances": $records}', '{"v": $features, "n": $feature_names}'
    )
    assert json.loads(named)["instances"][0] == {"v": [0, "x, y"], "n": ["A", "B"]}
    one = records.body(FRAME.head(1), JSON, "$record", "$features_kvp")
    assert json.loads(one) == {"A": 0, "B": "x, y"}
    assert records.at_once(JSON, "$record") == 1
    assert records.at_once(JSON, "$records") is None


SCORES = [
    (Reading(), "0.2\n0.8", CSV, [0.2, 0.8]),
    (Reading(), "0.2,0.8", CSV, [0.2, 0.8]),
    (Reading(label=0, probability=1), "1,0.7\n0,0.1", CSV, [0.7, 0.1]),
    (Reading(label=0), "3.5,x\n2.5,y", CSV, [3.5, 2.5]),
    (Reading(), "0.2,0.8\n0.6,0.4", CSV, [[0.2, 0.8], [0.6, 0.4]]),
    (
        Reading(probability=1),
        'a,"[0.2, 0.8]"\nb,"[0.6, 0.4]"',
        CSV,
        [[0.2, 0.8], [0.6, 0.4]],
    ),
    (Reading(probability="p"), '{"p": 0.5}\n{"p": 1}', LINES, [0.5, 1]),
    (Reading(probability="p[*].s"), '{"p": [{"s": 0.5}, {"s": 1}]}', JSON, [0.5, 1]),
]


@pytest.mark.parametrize(("reading", "text", "kind", "expected"), SCORES)
def test_scores(reading, text, kind, expected):
    assert reading.scores(text, kind, 2).tolist() == expected


LABELS = [
    (Reading(), "0.2\n0.8", CSV, [0, 1]),
    (Reading(), "0.5\n0.51", CSV, [0, 1]),
    (Reading(threshold=None), "0.2\n0.8", CSV, [0.2, 0.8]),
    (Reading(headers=("yes",)), "0.2\n0.8", CSV, ["not yes", "yes"]),
    (Reading(headers=("no", "yes")), "0.2\n0.8", CSV, ["no", "yes"]),
    (Reading(headers=("cat", "dog")), "0.2,0.8\n0.6,0.4", CSV, ["dog", "cat"]),
    (Reading(label=0, probability=1), "yes,0.7\nno,0.1", CSV, ["yes", "no"]),
    (
        Reading(label="p", threshold=0.6, explicit=True),
        '{"p": 0.5}\n{"p": 0.7}',
        LINES,
        [0, 1],
    ),
    (
        Reading(label="l", probability="p"),
        '{"l": ["cat", "dog"], "p": [0.1, 0.9]}\n{"l": ["cat", "dog"], "p": [0.9, 0.1]}',
        LINES,
        ["dog", "cat"],
    ),
]


@pytest.mark.parametrize(("reading", "text", "kind", "expected"), LABELS)
def test_labels(reading, text, kind, expected):
    assert reading.labels(text, kind, 2) == expected


FAULTS = [
    (Reading(), "0.2\n0.8\n0.1", CSV, "asked for 2 rows and answered with 3 records"),
    (Reading(label=3), "1\n2", CSV, "label is 3, and a record is"),
    (Reading(label="x"), '{"p": 1}\n{"p": 1}', LINES, "label 'x' finds nothing"),
    (Reading(), "yes\nno", CSV, "says 'yes', which is no score"),
    (
        Reading(headers=("a", "b", "c")),
        "1,2\n3,4",
        CSV,
        "2 scores a row and there are 3 labels",
    ),
    (Reading(label="l"), "{'l'", JSON, "it is not JSON"),
    (Reading(label="l"), '{"l": [1]}', JSON, "finds 1 values for 2 rows"),
    (Reading(label="l"), "nonsense", LINES, "it is not JSON Lines"),
]


@pytest.mark.parametrize(("reading", "text", "kind", "message"), FAULTS)
def test_answers_without_a_prediction(reading, text, kind, message):
    with pytest.raises(AnswerError, match=message):
        reading.labels(text, kind, 2)


def test_scores_that_are_no_numbers():
    with pytest.raises(AnswerError, match="say where the probability stands"):
        Reading(label=0).scores("yes\nno", CSV, 2)


def test_enough_samples():
    rows, base = np.arange(12.0).reshape(2, 6), np.zeros(6)
    assert enough(None, rows, base) is None
    assert enough(5, rows, base) == 12
    assert enough(50, rows, base) == 50
    assert enough(1, rows[:1, :2], base[:2]) == 1


class Softmax:
    """A black box with three classes."""

    def scores(self, rows):
        odds = np.exp(np.column_stack([rows["a"], rows["b"], 0 * rows["a"]]) / 10)
        return odds / odds.sum(axis=1, keepdims=True)


def test_explanations_of_three_classes(tmp_path):
    rows = pd.DataFrame({"a": [1.5, 2.0, 3.0], "b": [4.0, 0.0, 1.0]})
    (tmp_path / "in").mkdir()
    rows.to_csv(tmp_path / "in/rows.csv", index=False)
    given = {"endpoint_name": "e", "label_headers": ["cat", "dog", "cow"]}
    config = Config.of(
        {
            "dataset_type": CSV,
            "methods": {
                "shap": {"baseline": [[0, 0]], "agg_method": "median"},
                "pdp": {},
            },
            "predictor": given,
        }
    )
    found = data.read(config, tmp_path / "in", tmp_path / "parquet")
    frame, complete = explanations.rows_of(found)
    base = explanations.given_baseline(config, found, None, tmp_path / "base")
    model = Softmax()
    shap = explanations.shap_values(config, found, model, frame, complete, base)
    assert list(shap.to_clarify()) == ["cat", "dog", "cow"]
    assert list(shap.local())[:2] == ["a_cat", "b_cat"]
    assert shap.expected == pytest.approx([1 / 3] * 3)
    totals = shap.expected + shap.values.sum(axis=1)
    np.testing.assert_allclose(totals, model.scores(rows), atol=1e-9)
    features = explanations.dependent(config, None, shap)
    (first, _) = explanations.curves(config, model, frame, features)
    assert len(explanations.pdp_to_clarify(first)["model_predictions"]) == 3
    assert "one line each for cat, dog, cow" in pictures.curve(first, shap.outputs)
