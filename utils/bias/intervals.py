"""Intervals without a second pass over the rows: the bootstrap on the counts.

Drawing rows with replacement is the same as drawing the cells of their count table from a
multinomial distribution, so a thousand resamples of a hundred million rows are one small draw.
"""

import numpy as np

from utils.bias.counts import Counts
from utils.bias.errors import ArgumentError

REPLICATES = 1000


def resample(counts: Counts, replicates: int = REPLICATES, seed: int = 0) -> Counts:
    """Draw the table again and again, as if its rows had been drawn with replacement.

    Parameters
    ----------
    counts : Counts
        Without replicate axes.
    replicates : int
        How many draws.
    seed : int
        Same seed, same draws.

    Returns
    -------
    Counts
        ``n`` has shape (replicates, 2, labels, predictions, strata).
    """
    total = int(counts.n.sum())
    shares = counts.n.ravel() / total
    drawn = np.random.default_rng(seed).multinomial(total, shares, size=replicates)
    return Counts(
        drawn.reshape(replicates, *counts.n.shape),
        counts.favourable,
        counts.predicted_favourable,
        counts.has_strata,
        counts.convention,
    )


def percentile_interval(values, level: float = 0.95) -> tuple[float, float]:
    """The middle `level` of bootstrap values; those that have no value (NaN) are left out.

    Parameters
    ----------
    values : array-like of float, shape (replicates,)
    level : float
        Between 0 and 1.

    Returns
    -------
    (float, float)
        NaN, NaN where fewer than nine in ten replicates have a value.
    """
    check_level(level)
    values = np.asarray(values, float)
    known = np.sort(values[~np.isnan(values)])
    if known.size < 0.9 * values.size or known.size == 0:
        return np.nan, np.nan
    # "inverted_cdf" takes a value that was drawn and never averages with an infinity
    low, high = np.quantile(
        known, [(1 - level) / 2, (1 + level) / 2], method="inverted_cdf"
    )
    return float(low), float(high)


def check_level(level) -> None:
    """Raise unless `level` is a confidence level."""
    if isinstance(level, bool) or not 0 < level < 1:
        raise ArgumentError(
            f"interval is {level!r}; use a level between 0 and 1, as 0.95, or None"
        )
