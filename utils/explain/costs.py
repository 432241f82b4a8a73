"""What an explanation will cost, before it is run."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from utils.explain.coalitions import inner_count, sample_count
from utils.explain.errors import ArgumentError
from utils.explain.job import Job
from utils.explain.kernel import check_samples
from utils.explain.model import BATCH, Model

STEP = 8


@dataclass(frozen=True)
class Cost:
    """An explanation's cost.

    Attributes
    ----------
    evaluations : int
        Rows that the model will be asked for.
    most_varying : int
        The largest number of features in which a row differs from the baseline.
    exact : bool
        Whether all coalitions are asked, so that the values have no sampling error.
    seconds : float or None
        Time inside the model, from the probe; None without a model.
    probed : int
        Rows that the probe asked for.
    """

    evaluations: int
    most_varying: int
    exact: bool
    seconds: float | None
    probed: int

    def __str__(self) -> str:
        kind = "exact" if self.exact else "with a sampling error"
        took = (
            ""
            if self.seconds is None
            else f", about {_span(self.seconds)} in the model"
        )
        return (
            f"{self.evaluations:,} evaluations{took}; "
            f"up to {self.most_varying} features vary, {kind}"
        )


def cost(
    predict: Callable | None,
    rows,
    baseline,
    n_samples: int | None = None,
    features=None,
    link: str = "identity",
    *,
    method: str = "kernel",
    probe_seconds: float = 1.0,
    batch: int = BATCH,
) -> Cost:
    """What `kernel_shap` or `exact_shapley` would cost with these arguments.

    The evaluations are counted from the data, not estimated. The time is: the model is asked for
    more and more rows until about `probe_seconds` are spent.

    Parameters
    ----------
    predict : callable or None
        The model; None counts without asking anything.
    rows, baseline, n_samples, features, link, batch
        As for `kernel_shap`.
    method : {"kernel", "exact"}
    probe_seconds : float
        About how long the probe may take (a model may take longer for its first answer).

    Returns
    -------
    Cost

    Raises
    ------
    ArgumentError, ModelError
        As `kernel_shap`. Too many features for `exact_shapley` is no error here: the count says it.
    """
    if method not in ("kernel", "exact"):
        raise ArgumentError(f"method is {method!r}; use 'kernel' or 'exact'")
    job = Job.of(predict, rows, baseline, features, link)
    width = job.games.table.rows.shape[1]
    if method == "kernel":
        check_samples(job.games, n_samples)

    def inner(k):
        if method == "exact":
            return inner_count(k)
        return sample_count(width, n_samples, k)

    evaluations = job.games.evaluations(inner)
    most = int(np.flatnonzero(job.games.sizes).max())
    exact = inner(most) == inner_count(most)
    if predict is None:
        return Cost(evaluations, most, exact, None, 0)
    model = Model(predict, job.games.table, batch)
    seconds = _estimate(model, evaluations, probe_seconds)
    return Cost(evaluations, most, exact, seconds, model.evaluations)


def _estimate(model: Model, evaluations: int, limit: float) -> float:
    """Seconds inside the model: so much a call and so much a row."""
    pool = model.table.rows
    largest = min(model.batch, evaluations)
    # the first answer is slow in many models (a trace, a warm-up) and is not counted
    model(pool[:1], keep=True)
    spent, size, timed = 0.0, 1, []
    while True:
        codes = pool[np.arange(size) % len(pool)]
        timed.append((size, _fastest(model, codes, 3 if size == 1 else 1)))
        spent += timed[-1][1]
        if size == largest or spent + STEP * timed[-1][1] > limit:
            break
        size = min(STEP * size, largest)
    (n, t), (fewer, less) = timed[-1], timed[-2] if len(timed) > 1 else (0, 0.0)
    a_row = (t - less) / (n - fewer) if t > less else t / n
    a_call = max(0.0, t - n * a_row)
    return -(-evaluations // model.batch) * a_call + evaluations * a_row


def _fastest(model: Model, codes, times: int) -> float:
    """Seconds of the quickest call: one row's price must not be that of a busy moment."""
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        model(codes)
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def _span(seconds: float) -> str:
    """A time as a person says it."""
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    shown = f"{seconds:.0f}" if seconds >= 10 else f"{seconds:.1g}"
    return f"{shown} second" if shown == "1" else f"{shown} seconds"
