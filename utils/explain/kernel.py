"""Kernel SHAP: a sample of the coalitions, and a weighted regression through their values."""

from collections.abc import Callable
from functools import cache

import numpy as np

from utils.explain.coalitions import inner_count, kernel_plan, sample_count
from utils.explain.errors import ArgumentError
from utils.explain.games import Games
from utils.explain.job import Job
from utils.explain.model import BATCH


def kernel_shap(
    predict: Callable,
    rows,
    baseline,
    n_samples: int | None = None,
    features=None,
    link: str = "identity",
    seed: int = 0,
    *,
    progress: bool = True,
    batch: int = BATCH,
):
    """Shapley values by Kernel SHAP: estimates, and exact ones where few features vary.

    A row costs at most ``n_samples`` evaluations for each baseline row. All rows in which as many
    features differ from the baseline share their coalitions and one factorised regression. Where
    the budget covers all coalitions (k ≤ 11 features by default) the values are exact.

    Parameters
    ----------
    predict, rows, baseline, features, link, progress, batch
        As for `exact_shapley`.
    n_samples : int, optional
        Coalitions for each row and baseline row; by Clarify's rule min(2 F + 2048, 2^k − 2) where
        not given, and never more than 2^k − 2. At least 2 k.
    seed : int
        Same seed, same coalitions. The values of another seed differ by the sampling error.

    Returns
    -------
    shap.Explanation
        As `exact_shapley`'s. The values add up to the score exactly, however few samples.

    Raises
    ------
    ArgumentError
        If the tables do not fit each other, a value is missing, or n_samples is too small.
    ModelError
        If `predict` raises, or does not answer with one finite score a row.

    References
    ----------
    Lundberg and Lee (2017), "A unified approach to interpreting model predictions"; Covert and Lee
    (2021) for drawing in pairs; Amazon SageMaker Developer Guide, "Configure and create an
    endpoint: synthetic data", for the count.
    """
    check_whole("seed", seed, 0)
    job = Job.of(predict, rows, baseline, features, link)
    check_samples(job.games, n_samples)
    width = job.games.table.rows.shape[1]

    @cache
    def plan_of(k):
        return kernel_plan(k, sample_count(width, n_samples, k), seed)

    def inner(k):
        return sample_count(width, n_samples, k)

    return job.run(plan_of, inner, progress, batch)


def check_samples(games: Games, n_samples) -> None:
    """Raise if the regression would not have an answer."""
    if n_samples is None:
        return
    check_whole("n_samples", n_samples, 1)
    most = int(np.flatnonzero(games.sizes).max())
    least = min(2 * most, inner_count(most))
    if n_samples < least:
        raise ArgumentError(
            f"n_samples is {n_samples}, and {most} features differ between some row and the "
            f"baseline; use at least {least}, or None for Clarify's rule"
        )


def check_whole(name: str, value, least: int) -> None:
    """Raise unless `value` is a whole number from `least` up."""
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, np.integer))
        or value < least
    ):
        raise ArgumentError(f"{name} is {value!r}; use a whole number from {least} up")
