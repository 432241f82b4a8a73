"""Kernel SHAP: exact where it can be, its sampling error where not, its count and its weights."""

import math

import numpy as np
import pytest

from tests.utils.explain.games import Recorder, curved, people
from utils.explain import ArgumentError, exact_shapley, kernel_shap
from utils.explain.coalitions import (
    exact_plan,
    inner_count,
    kernel_plan,
    sample_count,
    sampled,
)

FEATURES = 12


def tangled(x):
    """Interactions of three, so that drawing in pairs does not make it exact."""
    return (
        x[:, 0] * x[:, 1] * x[:, 2]
        + np.maximum(x[:, 3:7].sum(axis=1), 0)
        + np.tanh(x[:, 5:].sum(axis=1))
    )


@pytest.fixture(scope="module")
def wide():
    """Three rows, two baseline rows and the exact values."""
    random = np.random.default_rng(1)
    rows, others = random.normal(size=(3, FEATURES)), random.normal(size=(2, FEATURES))
    return rows, others, exact_shapley(tangled, rows, others).values


def test_few_features_are_exact():
    rows, others = people()
    np.testing.assert_array_equal(
        kernel_shap(curved, rows, others).values,
        exact_shapley(curved, rows, others).values,
    )


def test_the_mean_of_many_seeds_is_right(wide):
    """Within four standard errors of the exact values, and they are small."""
    rows, others, exact = wide
    runs = np.array(
        [
            kernel_shap(tangled, rows, others, 300, seed=seed).values
            for seed in range(40)
        ]
    )
    error = runs.std(axis=0, ddof=1) / np.sqrt(len(runs))
    assert (np.abs(runs.mean(axis=0) - exact) <= 4 * error + 1e-12).all()
    assert error.max() < 0.01 * np.abs(exact).max()


def test_the_error_falls_with_the_samples(wide):
    rows, others, exact = wide

    def off(n):
        runs = [kernel_shap(tangled, rows, others, n, seed=s).values for s in range(10)]
        return np.sqrt(np.mean((np.array(runs) - exact) ** 2))

    errors = [off(n) for n in (40, 200, 1000, 4000)]
    assert errors[0] > 2 * errors[1] > 4 * errors[2] > 8 * errors[3] > 0


@pytest.mark.parametrize("n", [24, 25, 100, 2000, 4093])
def test_additive_however_few_samples(wide, n):
    rows, others, _ = wide
    found = kernel_shap(tangled, rows, others, n)
    total = found.base_values + found.values.sum(axis=1)
    np.testing.assert_allclose(total, tangled(rows), atol=1e-12)


def test_a_linear_model_is_exact_with_any_samples(wide):
    rows, others, _ = wide
    weight = np.arange(FEATURES) - 4.0
    found = kernel_shap(lambda x: x @ weight, rows, others, n_samples=24)
    right = weight * (rows - others.mean(axis=0))
    np.testing.assert_allclose(found.values, right, atol=1e-10)


def test_log_odds_add_up(wide):
    rows, others, _ = wide

    def chance(x):
        return 1 / (1 + np.exp(-tangled(x) / 4))

    found = kernel_shap(chance, rows, others, 500, link="logit", batch=64)
    exact = exact_shapley(chance, rows, others, link="logit")
    total = found.base_values + found.values.sum(axis=1)
    np.testing.assert_allclose(total, tangled(rows) / 4, atol=1e-12)
    np.testing.assert_allclose(found.values, exact.values, atol=0.02)


def test_small_batches_change_nothing(wide):
    rows, others, _ = wide
    whole = kernel_shap(tangled, rows, others, 300).values
    parts = kernel_shap(tangled, rows, others, 300, batch=50).values
    np.testing.assert_allclose(whole, parts, atol=1e-12)


def test_seeds(wide):
    rows, others, _ = wide
    first, again, other = (
        kernel_shap(tangled, rows, others, 300, seed=seed).values for seed in (1, 1, 2)
    )
    assert (first == again).all()
    assert (first != other).any()


@pytest.mark.parametrize(
    "features, n_samples, varying, right",
    [
        (10, None, 10, 1022),
        (20, None, 20, 2088),
        (20, 500, 20, 500),
        (20, 5000, 10, 1022),
        (20, None, 3, 6),
        (5, None, 1, 0),
    ],
)
def test_clarifys_count(features, n_samples, varying, right):
    assert sample_count(features, n_samples, varying) == right


def test_a_row_costs_n_samples_a_baseline_row(wide):
    rows, others, _ = wide
    model = Recorder(tangled)
    kernel_shap(model, rows, others, n_samples=100)
    assert model.rows == 3 * 2 * 100 + 3 + 2


def test_coalitions_are_shared_across_rows(wide):
    """The same cells come from the row in every row's mixtures."""
    rows, others, _ = wide
    model = Recorder(tangled)
    kernel_shap(model, rows, others[:1], n_samples=100)
    mixtures = np.concatenate(model.asked[2:]).reshape(100, 3, FEATURES)
    from_row = mixtures == rows
    assert (from_row == from_row[:, :1]).all()


@pytest.mark.parametrize("k, n", [(5, 20), (8, 100), (12, 2072), (12, 4092), (20, 999)])
def test_coalitions_are_different_and_within_the_budget(k, n):
    masks, weights = sampled(k, n, seed=0)
    assert n - 1 <= len(masks) <= n
    assert len(np.unique(masks, axis=0)) == len(masks)
    assert 0 < masks.sum(axis=1).min() <= masks.sum(axis=1).max() < k
    # complement pairs weigh the same, and all weigh what the kernel gives to all coalitions
    assert weights.sum() == pytest.approx(
        sum((k - 1) / (s * (k - s)) for s in range(1, k))
    )
    assert masks.T @ weights == pytest.approx(np.full(k, weights.sum() / 2), rel=1e-12)


def test_the_regression_through_all_coalitions_is_shapleys_formula():
    """The two operators meet: weighted least squares on all coalitions, written out."""
    k = 6
    plan = exact_plan(k)
    size = plan.masks.sum(axis=1)
    weight = [(k - 1) / (math.comb(k, s) * s * (k - s)) for s in size]
    worth = np.random.default_rng(0).normal(size=inner_count(k))
    gap = 1.7
    design = np.vstack([plan.masks, 1e7 * np.ones(k)]) * np.sqrt([*weight, 1])[:, None]
    aim = np.append(worth, 1e7 * gap) * np.sqrt([*weight, 1])
    right = np.linalg.lstsq(design, aim)[0]
    found = plan.from_values @ worth + plan.from_gap * gap
    np.testing.assert_allclose(found, right, atol=1e-6)


def test_sampled_sizes_follow_the_kernel():
    """With a budget for sizes 1 and 9 only, the rest is drawn by the kernel's weights."""
    k = 10
    drawn = [sampled(k, 80, seed) for seed in range(50)]
    for size in (2, 3, 4, 5):
        share = np.mean([w[m.sum(axis=1) == size].sum() for m, w in drawn])
        assert share == pytest.approx((k - 1) / (size * (k - size)), rel=0.15)


def test_too_few_samples(wide):
    rows, others, _ = wide
    with pytest.raises(
        ArgumentError, match=r"n_samples is 23, and 12 features.*at least 24"
    ):
        kernel_shap(tangled, rows, others, n_samples=23)


@pytest.mark.parametrize("n", [0, -5, 2.5, True, "many"])
def test_samples_are_counted(wide, n):
    rows, others, _ = wide
    with pytest.raises(ArgumentError, match=r"n_samples is .*; use a whole number"):
        kernel_shap(tangled, rows, others, n_samples=n)


@pytest.mark.parametrize("seed", [-1, 0.5, None])
def test_seeds_are_whole(wide, seed):
    rows, others, _ = wide
    with pytest.raises(ArgumentError, match=r"seed is .*; use a whole number"):
        kernel_shap(tangled, rows, others, seed=seed)


def test_forty_features():
    random = np.random.default_rng(0)
    rows, others = random.normal(size=(4, 40)), random.normal(size=(2, 40))
    found = kernel_shap(lambda x: x[:, 0] * x[:, 1] + x[:, 2], rows, others)
    assert kernel_plan(40, 2128, 0).masks.shape == (2128, 40)
    right = exact_shapley(
        lambda x: x[:, 0] * x[:, 1] + x[:, 2], rows[:, :3], others[:, :3]
    )
    np.testing.assert_allclose(found.values[:, :3], right.values, atol=1e-9)
    np.testing.assert_allclose(found.values[:, 3:], 0, atol=1e-9)
