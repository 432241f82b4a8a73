"""The model gets the same kind of table as was given, with the same types."""

import numpy as np
import pandas as pd
import pytest

from tests.utils.explain.games import Recorder, brute_force
from utils.explain import exact_shapley, kernel_shap


def people():
    """Four people and one to compare with, of mixed types."""
    frame = pd.DataFrame(
        {
            "age": [39, 50, 38, 28, 30],
            "sex": pd.Categorical(["Male", "Male", "Female", "Female", "Male"]),
            "country": ["Cuba", "India", "Cuba", "Peru", "Peru"],
            "hours": [40.0, 13, 40, 60, 35],
            "citizen": [True, False, True, True, False],
        }
    )
    return frame[:4], frame[4:]


def score(frame):
    """Older and longer hours is more; men get twice as much."""
    base = frame["age"] / 10 + frame["hours"] / 20 * frame["citizen"]
    bonus = frame["country"].map({"Cuba": 1.0, "India": 2.0, "Peru": 4.0})
    return base * np.where(frame["sex"] == "Male", 2, 1) + bonus


def as_numbers(frame):
    """The same people as a matrix, and the model of it."""
    sexes, countries = ["Female", "Male"], ["Cuba", "India", "Peru"]
    matrix = frame.assign(
        sex=[sexes.index(s) for s in frame["sex"]],
        country=[countries.index(c) for c in frame["country"]],
    ).to_numpy(float)

    def model(x):
        base = x[:, 0] / 10 + x[:, 3] / 20 * x[:, 4]
        return base * (1 + x[:, 1]) + 2.0 ** x[:, 2]

    return matrix, model


@pytest.mark.parametrize("method", [exact_shapley, kernel_shap])
def test_mixed_types(method):
    rows, baseline = people()
    matrix, model = as_numbers(pd.concat([rows, baseline]))
    found = method(score, rows, baseline)
    right = brute_force(model, matrix[:4], matrix[4:])
    np.testing.assert_allclose(found.values, right, atol=1e-10)
    assert found.feature_names == ["age", "sex", "country", "hours", "citizen"]
    assert found.data.tolist() == rows.to_numpy().tolist()


def test_the_model_gets_frames_with_the_types_of_the_rows():
    rows, baseline = people()
    model = Recorder(score)
    exact_shapley(model, rows, baseline)
    assert len(model.asked) > 2
    for frame in model.asked:
        pd.testing.assert_series_equal(frame.dtypes, rows.dtypes)
        assert frame.index.equals(pd.RangeIndex(len(frame)))


def test_a_frame_of_one_number_type():
    rows = pd.DataFrame({"a": [1.0, 2], "b": [3.0, 4]}, index=[7, 9])
    model = Recorder(lambda x: x["a"] * x["b"])
    found = exact_shapley(model, rows, rows[:1])
    assert found.values[1].tolist() == [3.5, 1.5]
    assert all(list(frame) == ["a", "b"] for frame in model.asked)


def test_columns_of_the_baseline_in_another_order():
    rows, baseline = people()
    found = exact_shapley(score, rows, baseline[baseline.columns[::-1]])
    right = exact_shapley(score, rows, baseline)
    np.testing.assert_array_equal(found.values, right.values)


@pytest.mark.parametrize(
    "form",
    [lambda b: b.iloc[0], lambda b: b.to_numpy(), lambda b: b.iloc[0].tolist()],
    ids=["series", "matrix", "list"],
)
def test_forms_of_a_baseline(form):
    rows, baseline = people()
    found = exact_shapley(score, rows, form(baseline))
    right = exact_shapley(score, rows, baseline)
    np.testing.assert_array_equal(found.values, right.values)


def test_a_mean_as_the_baseline_of_whole_numbers():
    rows = pd.DataFrame({"a": [1, 2], "b": [3, 4]})
    found = exact_shapley(lambda x: x["a"] + x["b"], rows, rows.mean())
    np.testing.assert_allclose(found.values, [[-0.5, -0.5], [0.5, 0.5]])


def test_whole_numbers_and_a_fraction():
    rows = np.array([[1, 2]])
    found = exact_shapley(lambda x: x.sum(axis=1), rows, [[0.5, 0.5]])
    np.testing.assert_allclose(found.values, [[0.5, 1.5]])


@pytest.mark.parametrize(
    "dtype", [bool, np.int8, np.uint16, int, np.float16, np.float32, float]
)
def test_numbers_of_any_width(dtype):
    rows = np.array([[1, 0, 1, 1]], dtype)
    model = Recorder(lambda x: x.astype(float) @ [1, 2, 4, 8])
    found = exact_shapley(model, rows, np.zeros((1, 4), dtype))
    np.testing.assert_allclose(found.values, [[1, 0, 4, 8]])
    assert {asked.dtype for asked in model.asked} == {np.dtype(dtype)}


@pytest.mark.parametrize("dtype", [object, str])
def test_matrices_of_texts(dtype):
    rows = np.array([["Male", "Cuba", "yes"]], dtype)
    baseline = np.array([["Female", "Cuba", "no"]], dtype)
    model = Recorder(lambda x: (x[:, 0] == "Male") * 1.0 + (x[:, 2] == "yes") * 2)
    found = exact_shapley(model, rows, baseline)
    assert found.values.tolist() == [[1.0, 0.0, 2.0]]
    assert model.rows == 2 + 2
    assert all(asked.dtype.kind == np.dtype(dtype).kind for asked in model.asked)


def test_lists_of_numbers_and_texts_keep_their_numbers():
    found = exact_shapley(
        lambda x: x[:, 1] * np.where(x[:, 0] == "m", 2, 1), [["m", 3]], ["f", 1]
    )
    assert found.values.tolist() == [[2.0, 3.0]]


def test_a_pipeline_with_an_encoder():
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    rows, baseline = people()
    encoder = make_column_transformer(
        (OneHotEncoder(), ["sex", "country"]), remainder="passthrough"
    )
    model = make_pipeline(encoder, LogisticRegression()).fit(rows, [1, 0, 1, 0])
    found = exact_shapley(model.predict_proba, rows, baseline, link="logit")
    chance = model.predict_proba(rows)
    total = found.base_values + found.values.sum(axis=1)
    np.testing.assert_allclose(total, np.log(chance / (1 - chance)), atol=1e-9)


def test_features_by_name():
    rows, baseline = people()
    found = exact_shapley(score, rows, baseline, features=["sex", "age"])
    assert not found.values[:, 2:].any()
    total = found.base_values + found.values.sum(axis=1)
    np.testing.assert_allclose(total, score(rows), atol=1e-12)


def test_the_rows_stay_as_they_were():
    rows, baseline = people()
    before, base_before = rows.copy(), baseline.copy()
    exact_shapley(score, rows, baseline)
    pd.testing.assert_frame_equal(rows, before)
    pd.testing.assert_frame_equal(baseline, base_before)
