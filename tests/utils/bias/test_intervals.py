"""Intervals: the bootstrap on the counts is the bootstrap of the rows."""

import numpy as np
import pytest

from utils.bias import BiasError, Counts, metrics
from utils.bias.intervals import check_level, percentile_interval, resample

COUNTS = Counts.of(a=(40, 20, 15, 50), d=(20, 12, 18, 40))


def test_replicates_keep_the_number_of_rows():
    drawn = resample(COUNTS, replicates=50)
    assert drawn.n.shape == (50, *COUNTS.n.shape)
    assert (drawn.n.sum(axis=(1, 2, 3, 4)) == COUNTS.n.sum()).all()


def test_same_as_drawing_rows():
    rows = np.repeat(np.arange(COUNTS.n.size), COUNTS.n.ravel())
    random = np.random.default_rng(0)
    by_rows = []
    for _ in range(1500):
        n = np.bincount(random.choice(rows, rows.size), minlength=COUNTS.n.size)
        one = Counts(
            n.reshape(COUNTS.n.shape), COUNTS.favourable, COUNTS.predicted_favourable
        )
        by_rows.append(metrics.recall_difference(one))
    by_counts = metrics.recall_difference(resample(COUNTS, 1500))
    for q in (0.025, 0.5, 0.975):
        assert np.quantile(by_counts, q) == pytest.approx(
            np.quantile(by_rows, q), abs=0.02
        )


def test_percentile_interval_takes_the_middle():
    assert percentile_interval(np.arange(1000), 0.9) == (49, 949)


def test_infinities_are_ends_and_not_averages():
    low, high = percentile_interval([1.0] * 50 + [np.inf] * 50, 0.9)
    assert (low, high) == (1.0, np.inf)


def test_no_interval_where_most_replicates_have_no_value():
    assert np.isnan(percentile_interval([1.0] * 5 + [np.nan] * 5)).all()


@pytest.mark.parametrize("level", [0, 1, 95, -0.5, True])
def test_a_level_is_a_level(level):
    with pytest.raises(BiasError, match="use a level between 0 and 1"):
        check_level(level)


def test_coverage_of_the_recall_difference():
    """In 400 data sets the 95 % interval holds the truth about as often as it says."""
    truth = (0.8 - 0.6,)
    random = np.random.default_rng(3)
    cells = np.array(
        [0.15, 0.10, 0.08, 0.32, 0.05, 0.05, 0.10, 0.15]
    )  # a: TN FP FN TP; d
    held = 0
    for seed in range(400):
        n = random.multinomial(600, cells).reshape(2, 2, 2, 1)
        counts = Counts(n, np.array([False, True]), np.array([False, True]))
        values = metrics.recall_difference(resample(counts, 300, seed))
        low, high = percentile_interval(values)
        held += low <= truth[0] <= high
    assert 0.92 <= held / 400 <= 0.975
