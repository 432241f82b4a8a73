"""The count is exact, the time is near, the probe is short."""

import time

import numpy as np
import pytest

from tests.utils.explain.games import Recorder, curved, people
from utils.explain import cost, exact_shapley, kernel_shap

WIDE = np.random.default_rng(0).normal(size=(5, 13))


def wide(x):
    return x.sum(axis=1)


@pytest.mark.parametrize(
    "options", [{}, {"n_samples": 30}, {"features": [0, 1, 2]}, {"batch": 10}]
)
@pytest.mark.parametrize("baseline", [WIDE[:1], WIDE[2:]])
def test_the_count_of_kernel_shap(baseline, options):
    model = Recorder(wide)
    kernel_shap(model, WIDE, baseline, **options)
    assert cost(None, WIDE, baseline, **options).evaluations == model.rows


@pytest.mark.parametrize("link", ["identity", "logit"])
@pytest.mark.parametrize("features", [None, [0, 3]])
def test_the_count_of_exact_shapley(link, features):
    rows, others = people()
    model = Recorder(lambda x: 1 / (1 + np.exp(-curved(x))))
    exact_shapley(model, rows, others, features=features, link=link)
    found = cost(None, rows, others, features=features, link=link, method="exact")
    assert found.evaluations == model.rows


def test_clarifys_count_is_the_most():
    """Baseline rows times samples for each row, and once the rows and the baseline."""
    found = cost(None, WIDE, WIDE[:1] + 1)
    assert found.evaluations == 5 * (2 * 13 + 2**11) + 5 + 1
    assert (found.most_varying, found.exact, found.seconds) == (13, False, None)


def test_too_many_features_for_exact_are_counted():
    found = cost(None, np.ones((1, 60)), np.zeros((1, 60)), method="exact")
    assert found.evaluations == 2**60
    assert found.exact


def test_the_time_of_a_slow_model():
    """A millisecond a call and ten microseconds a row."""

    def slow(x):
        time.sleep(0.001 + 1e-5 * len(x))
        return x.sum(axis=1)

    found = cost(slow, WIDE, WIDE[:2], probe_seconds=0.3)
    right = found.evaluations * 1e-5
    assert right / 3 < found.seconds < 20 * right  # a busy machine oversleeps


def test_the_probe_is_short():
    """A model of a second a hundred rows: never asked for the thousands that the job takes."""

    def crawling(x):
        time.sleep(0.01 * len(x))
        return x.sum(axis=1)

    found = cost(crawling, WIDE, WIDE, probe_seconds=0.2)
    assert found.probed < 50
    right = 0.01 * found.evaluations
    assert right / 2 < found.seconds < 10 * right


def test_in_words():
    assert str(cost(None, WIDE[:1], WIDE[1:2])) == (
        "2,076 evaluations; up to 13 features vary, with a sampling error"
    )
    found = cost(wide, WIDE[:1, :3], WIDE[1:2, :3])
    assert str(found).startswith("8 evaluations, about ")
    assert str(found).endswith("in the model; up to 3 features vary, exact")


def test_one_slow_moment_does_not_make_it_days():
    """The second call of a quick model is slow, as when the machine is busy."""
    calls = []

    def hiccup(x):
        calls.append(len(x))
        time.sleep(0.3 if len(calls) == 2 else 0)
        return x.sum(axis=1)

    assert cost(hiccup, WIDE, WIDE[:2], probe_seconds=0.2).seconds < 60


def test_an_odd_number_of_samples_costs_what_is_counted():
    asked = []

    def counted(x):
        asked.append(len(x))
        return x.sum(axis=1)

    rows, base = np.arange(1.0, 8)[None], np.zeros((1, 7))
    kernel_shap(counted, rows, base, n_samples=15, progress=False)
    assert sum(asked) == cost(None, rows, base, n_samples=15).evaluations
