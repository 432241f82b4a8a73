"""What makes a value a Shapley value, for models drawn at random."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.utils.explain.games import people
from utils.explain import exact_shapley, kernel_shap

seeds = st.integers(0, 10_000)
# exact, and Kernel SHAP with a sample: of the 30 coalitions of five features it takes 20
methods = st.sampled_from(
    [exact_shapley, lambda *given: kernel_shap(*given, n_samples=20)]
)
quick = settings(max_examples=40, deadline=None, derandomize=True)


def model_of(seed):
    """A small network with random weights."""
    random = np.random.default_rng(seed)
    first, second = random.normal(size=(5, 8)), random.normal(size=8)
    return lambda x: np.tanh(x @ first) @ second


@given(seeds, methods)
@quick
def test_additive(seed, method):
    rows, others = people(seed=seed)
    model = model_of(seed)
    found = method(model, rows, others)
    total = found.base_values + found.values.sum(axis=1)
    np.testing.assert_allclose(total, model(rows), atol=1e-10)
    np.testing.assert_allclose(found.base_values, model(others).mean(), atol=1e-10)


@given(seeds)
@quick
def test_dummy(seed):
    """A feature that the model does not look at gets nothing."""
    rows, others = people(seed=seed)
    model, f = model_of(seed), seed % 5

    def blind(x):
        seen = x.copy()
        seen[:, f] = 0
        return model(seen)

    found = exact_shapley(blind, rows, others)
    np.testing.assert_allclose(found.values[:, f], 0, atol=1e-10)


@given(seeds)
@quick
def test_symmetric(seed):
    """Two features that the model adds up, with the same values, get the same."""
    rows, others = people(seed=seed)
    rows[:, 1], others[:, 1] = rows[:, 0], others[:, 0]
    model = model_of(seed)

    def fair(x):
        swapped = x[:, [1, 0, 2, 3, 4]]
        return model(x) + model(swapped)

    found = exact_shapley(fair, rows, others)
    np.testing.assert_allclose(found.values[:, 0], found.values[:, 1], atol=1e-10)


@given(seeds, st.floats(-5, 5), methods)
@quick
def test_linear(seed, factor, method):
    """The values of a weighted sum of models are the weighted sum of their values."""
    rows, others = people(seed=seed)
    first, second = model_of(seed), model_of(seed + 1)
    both = method(lambda x: first(x) + factor * second(x), rows, others).values
    apart = (
        method(first, rows, others).values
        + factor * method(second, rows, others).values
    )
    np.testing.assert_allclose(both, apart, atol=1e-9)


@given(seeds, methods)
@quick
def test_the_mean_over_baseline_rows(seed, method):
    rows, others = people(seed=seed)
    model = model_of(seed)
    together = method(model, rows, others).values
    one_by_one = [method(model, rows, row).values for row in others]
    np.testing.assert_allclose(together, np.mean(one_by_one, axis=0), atol=1e-10)


@given(seeds)
@quick
def test_order_of_features_does_not_matter(seed):
    rows, others = people(seed=seed)
    model = model_of(seed)
    order = np.random.default_rng(seed).permutation(5)
    back = np.argsort(order)
    plain = exact_shapley(model, rows, others).values
    mixed = exact_shapley(lambda x: model(x[:, back]), rows[:, order], others[:, order])
    np.testing.assert_allclose(mixed.values, plain[:, order], atol=1e-10)
