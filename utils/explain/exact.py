"""Exact Shapley values: every coalition is asked."""

from collections.abc import Callable

import numpy as np

from utils.explain.coalitions import exact_plan, inner_count
from utils.explain.errors import ArgumentError
from utils.explain.games import Games
from utils.explain.job import Job
from utils.explain.model import BATCH

# 2^14 coalitions a row and baseline row: about where enumeration stops being worth its cost
MOST_VARYING = 14


def exact_shapley(
    predict: Callable,
    rows,
    baseline,
    features=None,
    link: str = "identity",
    *,
    progress: bool = True,
    batch: int = BATCH,
):
    """Shapley values by enumeration of all coalitions.

    Features that are equal in a row and a baseline row form no coalitions, so k features that
    differ cost 2^k − 2 evaluations.

    Parameters
    ----------
    predict : callable
        From rows to scores, shape (n,) or (n, outputs): it gets a data frame where `rows` is one,
        otherwise a matrix.
    rows : array-like or data frame, shape (rows, features)
        The rows to explain.
    baseline : array-like or data frame, shape (features,) or (baseline rows, features)
        What they are compared with; several rows are averaged.
    features : list of str or int, optional
        The features that share the credit, by name or position: all by default. The others stay as
        they are in each row, and get zero.
    link : {"identity", "logit"}
        In which unit the values add up: that of the scores, or log-odds.
    progress : bool
        A bar, for what takes longer than two seconds.
    batch : int
        Most rows in one call of `predict`; fewer where there are many columns.

    Returns
    -------
    shap.Explanation
        ``values`` of shape (rows, features), or (rows, features, outputs) where `predict` answers
        with several; ``base_values`` of shape (rows,) or (rows, outputs). Positive: the feature's
        value raises the score above the baseline's. Zero: it makes no difference, or is the
        baseline's own. ``base_values + values.sum(1)`` is the score, within rounding.

    Raises
    ------
    ArgumentError
        If the tables do not fit each other, a value is missing, or more than 14 features vary.
    ModelError
        If `predict` raises, or does not answer with one finite score a row.

    References
    ----------
    Shapley (1953), "A value for n-person games"; Štrumbelj and Kononenko (2014).
    """
    job = Job.of(predict, rows, baseline, features, link)
    check_varying(job.games)
    return job.run(exact_plan, inner_count, progress, batch)


def check_varying(games: Games) -> None:
    """Raise if a game has too many players to enumerate."""
    most = int(np.flatnonzero(games.sizes).max())
    if most > MOST_VARYING:
        raise ArgumentError(
            f"{most} features differ between some row and the baseline, which is 2^{most} "
            f"coalitions for it; exact_shapley enumerates up to {MOST_VARYING}: use kernel_shap, "
            "or name fewer in features"
        )
