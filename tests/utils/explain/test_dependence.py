"""Partial dependence: by hand, by scikit-learn, and for every kind of column."""

import numpy as np
import pandas as pd
import pytest
from sklearn.inspection import partial_dependence as of_sklearn
from sklearn.tree import DecisionTreeRegressor

from tests.utils.explain.games import Recorder, two_outputs
from utils.explain import partial_dependence


def test_by_hand():
    """f = x0 x1 with x1 = 1, 3: everybody at x0 = v scores 2 v on average."""
    rows = np.array([[0.0, 1], [10, 3]])
    found = partial_dependence(lambda x: x[:, 0] * x[:, 1], rows, 0)
    assert found.values.tolist() == [0, 10]
    assert found.predictions.tolist() == [[0, 20]]
    assert found.share.tolist() == [0.5, 0.5]
    assert (found.feature, found.kind) == (0, "numerical")


EIGHT = np.array([[v] for v in (0.0, 1, 2, 3, 3.5, 7, 9.5, 10)])


def test_the_grid_goes_from_the_smallest_to_the_largest_value():
    """0, 2.5, ..., 10: each row belongs to the nearest; 0 and 1 to 0, and 9.5 and 10 to 10."""
    found = partial_dependence(lambda x: x[:, 0], EIGHT, 0, 5)
    np.testing.assert_allclose(found.values, [0, 2.5, 5, 7.5, 10])
    np.testing.assert_allclose(found.predictions, [found.values])
    np.testing.assert_allclose(found.share, np.array([2, 3, 0, 1, 2]) / 8)


def test_the_most_frequent_value_is_asked_where_it_is_the_smallest():
    priors = np.r_[np.zeros(70), np.arange(1, 31)][:, None]
    found = partial_dependence(lambda x: x[:, 0], priors, 0, 10)
    assert (found.values[0], found.values[-1], len(found.values)) == (0, 30, 10)
    assert found.share[0] == 0.71


def test_middles_of_buckets_as_clarify():
    """From 0 to 10 in five: middles 1, 3, ..., 9; a value on an edge is in the next bucket."""
    found = partial_dependence(lambda x: x[:, 0], EIGHT, 0, 5, ends=False)
    np.testing.assert_allclose(found.values, [1, 3, 5, 7, 9])
    np.testing.assert_allclose(found.share, np.array([2, 3, 0, 1, 2]) / 8)


def test_the_guide_s_own_grid():
    """Ages from 19 to 75 in twenty buckets: the guide shows 20.4, 23.2, 26.0, ..., 73.6."""
    ages = np.arange(19.0, 76)[:, None]
    found = partial_dependence(lambda x: x[:, 0], ages, 0, 20, ends=False)
    np.testing.assert_allclose(found.values[[0, 1, 2, -1]], [20.4, 23.2, 26.0, 73.6])


@pytest.mark.parametrize("ends", [True, False])
def test_few_distinct_values_are_asked_themselves(ends):
    rows = np.array([[v] for v in (0.0, 0, 0, 1, 7)])
    found = partial_dependence(lambda x: x[:, 0], rows, 0, 3, ends=ends)
    assert (found.values.tolist(), found.share.tolist()) == ([0, 1, 7], [0.6, 0.2, 0.2])


@pytest.mark.parametrize("batch", [7, 32_768])
def test_scikit_learn_agrees(batch):
    random = np.random.default_rng(0)
    rows = random.integers(0, 9, (60, 4)).astype(float)
    tree = DecisionTreeRegressor(random_state=0).fit(rows, rows[:, 1] * rows[:, 2])
    right = of_sklearn(tree, rows, [1], method="brute", kind="average")
    found = partial_dependence(tree.predict, rows, 1, batch=batch)
    np.testing.assert_allclose(found.values, right["grid_values"][0])
    np.testing.assert_allclose(found.predictions, right["average"], atol=1e-12)


def test_several_outputs():
    rows = np.random.default_rng(0).normal(size=(30, 4))
    found = partial_dependence(two_outputs, rows, 2, 6)
    assert found.predictions.shape == (2, 6)
    np.testing.assert_allclose(found.predictions.sum(axis=0), 1)


@pytest.mark.parametrize("dtype", ["category", "str", object])
def test_texts(dtype):
    rows = pd.DataFrame({"sex": ["m", "f", "m", "m"], "age": [1, 2, 3, 4]})
    rows["sex"] = rows["sex"].astype(dtype)
    model = Recorder(lambda x: x["age"] * np.where(x["sex"] == "m", 2, 1))
    found = partial_dependence(model, rows, "sex")
    assert (found.feature, found.kind) == ("sex", "categorical")
    assert found.values.tolist() == ["f", "m"]
    assert found.predictions.tolist() == [[2.5, 5.0]]
    assert found.share.tolist() == [0.25, 0.75]
    assert all((frame.dtypes == rows.dtypes).all() for frame in model.asked)


def test_a_number_in_a_frame_of_texts():
    rows = pd.DataFrame({"sex": ["m", "f"], "age": [10, 30]})
    found = partial_dependence(lambda x: x["age"] + (x["sex"] == "m"), rows, "age")
    assert found.values.tolist() == [10, 30]
    assert found.predictions.tolist() == [[10.5, 30.5]]


def test_unused_categories_are_not_asked():
    kind = pd.CategoricalDtype(["low", "middle", "high"], ordered=True)
    rows = pd.DataFrame({"level": pd.Series(["high", "low"], dtype=kind)})
    found = partial_dependence(lambda x: x["level"].cat.codes, rows, "level")
    assert found.values.tolist() == ["low", "high"]


def test_truth_values():
    found = partial_dependence(lambda x: x[:, 0], np.array([[True], [False]]), 0)
    assert found.kind == "categorical"
    assert found.predictions.tolist() == [[0, 1]]


def test_whole_numbers_with_many_values():
    rows = np.arange(100)[:, None]
    found = partial_dependence(lambda x: x[:, 0], rows, 0, 4)
    np.testing.assert_allclose(found.predictions, [[0, 33, 66, 99]])


def test_one_value():
    found = partial_dependence(lambda x: x[:, 0], np.full((3, 1), 5.0), 0)
    assert (found.values.tolist(), found.share.tolist()) == ([5], [1])


def test_calls_are_not_too_large():
    model = Recorder(lambda x: x[:, 0])
    rows = np.random.default_rng(0).normal(size=(100, 2))
    partial_dependence(model, rows, 0, 10, batch=64)
    assert max(map(len, model.asked)) == 64
    assert model.rows == 1000
