"""The flip test: what would the nearest people of the other facet have been given?"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from utils.bias.errors import BiasError, EmptyFacetError, NotApplicableError
from utils.bias.intervals import percentile_interval

NEIGHBOURS, FEW = (
    5,
    10,
)  # one neighbour where facet a has fewer than ten rows, as in smclarify


@dataclass(frozen=True)
class FlipTest:
    """How facet *d*'s predictions compare with those of its nearest neighbours in *a*.

    Attributes
    ----------
    gained, lost, same : int
        Rows of *d* predicted favourably where their neighbours were not; the other way round;
        alike.
    """

    gained: int
    lost: int
    same: int

    @property
    def value(self) -> float:
        """(gained − lost) / n_d, in [-1, 1]. Negative: *d* lost by not being in *a*."""
        return (self.gained - self.lost) / (self.gained + self.lost + self.same)

    def interval(self, level: float = 0.95, replicates: int = 1000, seed: int = 0):
        """Percentile interval from resampling the rows of *d*; the neighbours stay as they are."""
        flips = np.array([self.gained, self.lost, self.same])
        drawn = np.random.default_rng(seed).multinomial(
            flips.sum(), flips / flips.sum(), size=replicates
        )
        return percentile_interval((drawn[:, 0] - drawn[:, 1]) / flips.sum(), level)


def flip_test(features, in_d, predicted, neighbours: int | None = None) -> FlipTest:
    """Flip Test (FT).

    For each row of *d* the *k* nearest rows of *a* (Euclidean) vote on its prediction; a flip is a
    vote that differs from the row's own prediction.

    Parameters
    ----------
    features : array-like, shape (rows, features)
        Numbers. They are not scaled: bring them to one scale if they are not on one.
    in_d : array-like of bool, shape (rows,)
        Whether the row belongs to facet *d*.
    predicted : array-like of bool, shape (rows,)
        Whether its prediction is favourable.
    neighbours : int, optional
        5 by default, or 1 where *a* has fewer than ten rows, as in smclarify.

    Returns
    -------
    FlipTest

    Raises
    ------
    EmptyFacetError
        If either facet has no rows.
    NotApplicableError
        If a feature is missing or not a number.

    Notes
    -----
    Ties are decided by a stated rule, not by the order of the rows: every row of *a* that is as
    near as the *k*-th nearest votes too, and an even vote is no flip. Equal rows are looked up
    once.

    References
    ----------
    Amazon SageMaker Developer Guide, "Flip Test (FT)"; Black, Yeom and Fredrikson (2020).
    """
    if neighbours is not None and (isinstance(neighbours, bool) or neighbours < 1):
        raise BiasError(f"neighbours is {neighbours!r}; use a whole number from 1 up")
    features, in_d = np.asarray(features), np.asarray(in_d, bool)
    predicted = np.asarray(predicted, bool)
    if features.ndim != 2 or not len(features) == len(in_d) == len(predicted):
        raise BiasError(
            f"features has shape {features.shape}, in_d {in_d.shape}, predicted {predicted.shape}; "
            "give rows by features and as many flags"
        )
    if features.dtype.kind not in "biuf" or not np.isfinite(features).all():
        raise NotApplicableError("the flip test needs finite numbers in every feature")
    if not in_d.any() or in_d.all():
        raise EmptyFacetError(f"facet {'a' if in_d.all() else 'd'} has no rows")
    k = neighbours or (NEIGHBOURS if (~in_d).sum() >= FEW else 1)
    known, weight, yes = _distinct(features[~in_d], predicted[~in_d])
    asked, n, own_yes = _distinct(features[in_d], predicted[in_d])
    share = _votes(known, weight, yes, asked, k)
    own_no = n - own_yes
    gained, lost = own_yes[share < 0.5].sum(), own_no[share > 0.5].sum()
    return FlipTest(int(gained), int(lost), int(n.sum() - gained - lost))


def _distinct(rows, predicted):
    """Distinct rows, how many of each, and how many of those are predicted favourably."""
    rows = np.ascontiguousarray(rows, dtype=float) + 0.0  # -0.0 is 0.0
    # rows as opaque bytes sort several times faster than rows as rows
    opaque = rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).ravel()
    _, first, inverse = np.unique(opaque, return_index=True, return_inverse=True)
    n = np.bincount(inverse)
    yes = np.bincount(inverse, weights=predicted, minlength=len(n)).astype(int)
    return rows[first], n, yes


def _votes(known, weight, yes, asked, k: int) -> np.ndarray:
    """Share of favourable votes among the k nearest rows and those tied with the k-th."""
    tree = cKDTree(known)
    most = min(k + 1, len(known))
    distance, near = tree.query(asked, k=most, workers=-1)
    distance, near = distance.reshape(-1, most), near.reshape(-1, most)
    reached = np.cumsum(weight[near], axis=1) >= min(k, weight.sum())
    radius = distance[np.arange(len(asked)), reached.argmax(axis=1)]
    inside = distance <= radius[:, None]
    share = (yes[near] * inside).sum(axis=1) / (weight[near] * inside).sum(axis=1)
    # where even the last one fetched is tied, there may be more of them further on
    for row in np.flatnonzero(inside.all(axis=1) & (most < len(known))):
        tied = tree.query_ball_point(asked[row], radius[row] * (1 + 1e-12))
        share[row] = yes[tied].sum() / weight[tied].sum()
    return share
