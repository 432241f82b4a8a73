"""Exact values: a game by hand, Shapley's formula, shap's own enumeration."""

import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

from tests.utils.explain.games import (
    Recorder,
    brute_force,
    chance,
    curved,
    people,
    two_outputs,
)
from utils.explain import ArgumentError, exact_shapley
from utils.explain.model import logit


def test_two_features_by_hand():
    """f = x0 x1 from (1, 1) to (3, 5): 15 - 1 = 14; alone 2 and 4, last 10 and 12."""
    found = exact_shapley(lambda x: x[:, 0] * x[:, 1], [[3.0, 5]], [[1.0, 1]])
    assert found.values.tolist() == [[6.0, 8.0]]
    assert found.base_values.tolist() == [1.0]


@pytest.mark.parametrize("baseline", [1, 3])
@pytest.mark.parametrize("batch", [7, 32_768])
def test_shapleys_formula(baseline, batch):
    rows, others = people(baseline=baseline)
    found = exact_shapley(curved, rows, others, batch=batch)
    right = brute_force(curved, rows, others)
    np.testing.assert_allclose(found.values, right, atol=1e-10)


@pytest.mark.parametrize("baseline", [1, 3])
@pytest.mark.parametrize("batch", [7, 32_768])
def test_log_odds(baseline, batch):
    rows, others = people(baseline=baseline)
    found = exact_shapley(chance, rows, others, link="logit", batch=batch)
    right = brute_force(chance, rows, others, logit_of_one)
    np.testing.assert_allclose(found.values, right, atol=1e-10)
    total = found.base_values + found.values.sum(axis=1)
    np.testing.assert_allclose(total, logit(chance(rows)), atol=1e-12)


def logit_of_one(p):
    return np.log(p / (1 - p))


@pytest.mark.parametrize("link", ["identity", "logit"])
def test_shap_agrees(link):
    import shap

    rows, others = people(rows=4, features=7)
    peer = shap.ExactExplainer(
        chance,
        shap.maskers.Independent(others),
        link=getattr(shap.links, link),
        linearize_link=False,
    )(rows)
    found = exact_shapley(chance, rows, others, link=link)
    np.testing.assert_allclose(found.values, peer.values, atol=1e-10)
    np.testing.assert_allclose(found.base_values, peer.base_values, atol=1e-10)


def test_several_outputs():
    rows, others = people()
    both = exact_shapley(two_outputs, rows, others)
    one = exact_shapley(chance, rows, others)
    assert both.shape == (6, 5, 2)
    assert both.base_values.shape == (6, 2)
    np.testing.assert_allclose(both.values[..., 0], one.values, atol=1e-12)
    np.testing.assert_allclose(both.values.sum(axis=2), 0, atol=1e-12)


def test_one_column_of_scores_is_one_output():
    rows, others = people()
    column = exact_shapley(lambda x: chance(x)[:, None], rows, others)
    assert column.shape == (6, 5)
    assert column.base_values.shape == (6,)


def test_more_than_one_block_of_rows(monkeypatch):
    rows, others = people(rows=40)
    whole = exact_shapley(curved, rows, others)
    monkeypatch.setattr("utils.explain.games.CELLS", 64)
    parts = exact_shapley(curved, rows, others)
    np.testing.assert_allclose(parts.values, whole.values, atol=1e-12)


def test_equal_features_cost_nothing():
    """Three of five features differ: 2^3 - 2 mixtures, the row and the baseline row."""
    model = Recorder(curved)
    row = np.array([[1.0, 2, 3, 4, 5]])
    exact_shapley(model, row, [[0.0, 2, 0, 0, 5]])
    assert model.rows == 6 + 1 + 1
    mixtures = np.concatenate(model.asked[2:])
    assert len(np.unique(mixtures, axis=0)) == 6


def test_a_row_that_is_the_baseline_costs_nothing():
    model = Recorder(curved)
    found = exact_shapley(model, np.ones((1, 5)), np.ones((1, 5)))
    assert model.rows == 2
    assert not found.values.any()


def test_minus_zero_is_zero():
    model = Recorder(curved)
    exact_shapley(model, np.zeros((1, 5)), -np.zeros((1, 5)))
    assert model.rows == 2


def test_calls_are_few_and_never_too_large():
    model = Recorder(curved)
    random = np.random.default_rng(0)
    rows = random.normal(size=(50, 8))
    exact_shapley(model, rows, np.zeros((1, 8)), batch=1000)
    sizes = [len(asked) for asked in model.asked]
    assert max(sizes) <= 1000
    assert len(sizes) == 2 + np.ceil(50 / (1000 // 254))


def test_memory_does_not_grow_with_the_rows(monkeypatch):
    """But for the rows themselves, their codes and the result."""
    monkeypatch.setattr("utils.explain.games.CELLS", 2**14)

    def peak(n):
        rows = np.random.default_rng(0).normal(size=(n, 6))
        tracemalloc.start()
        exact_shapley(lambda x: x[:, 0], rows, np.zeros((20, 6)), batch=1024)
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top - 4 * rows.nbytes

    few, many = peak(500), peak(2000)
    assert many < few + 2**17


def test_chosen_features_share_the_credit():
    """x1 stays 5: with x1 held, f goes from 1 * 5 to 3 * 5."""
    rows, others = np.array([[3.0, 5, 2]]), np.array([[1.0, 1, 1]])
    model = Recorder(lambda x: x[:, 0] * x[:, 1] + x[:, 2])
    found = exact_shapley(model, rows, others, features=[0, 2])
    assert found.values.tolist() == [[10.0, 0.0, 1.0]]
    assert found.base_values.tolist() == [6.0]
    assert model.rows == 1 + 1 + 2


def test_chosen_features_are_the_game_with_the_others_fixed():
    rows, others = people()
    found = exact_shapley(curved, rows, others, features=[0, 1, 3])
    for i, row in enumerate(rows):
        fixed = others.copy()
        fixed[:, [2, 4]] = row[[2, 4]]
        right = brute_force(curved, rows[i : i + 1], fixed)
        np.testing.assert_allclose(found.values[i], right[0], atol=1e-10)
    total = found.base_values + found.values.sum(axis=1)
    np.testing.assert_allclose(total, curved(rows), atol=1e-12)


@pytest.mark.parametrize("value", [0.1, 1e300, -7.3])
def test_a_constant_model_is_exactly_zero(value, recwarn):
    rows, others = people()
    found = exact_shapley(lambda x: np.full(len(x), value), rows, others)
    assert not found.values.any()
    np.testing.assert_allclose(found.base_values, value)
    assert not recwarn.list


def test_a_model_that_changes_its_input():
    rows, others = people()

    def rude(x):
        answer = curved(x)
        x[:] = 99
        return answer

    found = exact_shapley(rude, rows, others)
    np.testing.assert_allclose(
        found.values, exact_shapley(curved, rows, others).values, atol=1e-12
    )


def test_a_model_that_answers_with_a_view():
    rows, others = people()
    found = exact_shapley(lambda x: x[:, 0], rows, others)
    np.testing.assert_allclose(
        found.values[:, 0], rows[:, 0] - others[:, 0].mean(), atol=1e-12
    )


def test_fourteen_features_vary_and_fifteen_are_too_many():
    ones, zeros = np.ones((1, 15)), np.zeros((1, 15))
    found = exact_shapley(lambda x: x.sum(axis=1), ones[:, :14], zeros[:, :14])
    np.testing.assert_allclose(found.values, 1, atol=1e-12)
    with pytest.raises(ArgumentError, match=r"15 features differ.*2\^15.*kernel_shap"):
        exact_shapley(lambda x: x.sum(axis=1), ones, zeros)


def test_many_features_of_which_few_vary():
    rows, others = np.zeros((1, 40)), np.zeros((1, 40))
    rows[0, [3, 30]] = 1
    found = exact_shapley(lambda x: x[:, 3] * x[:, 30], rows, others)
    assert found.values[0, [3, 30]].tolist() == [0.5, 0.5]


def test_the_package_does_not_import_shap():
    code = "import sys, utils.explain; print('shap' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.stdout.strip() == "False", run.stderr
