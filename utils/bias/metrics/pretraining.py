"""The eight metrics that need no model."""

import numpy as np

from utils.bias.counts import Counts
from utils.bias.errors import NotApplicableError
from utils.bias.metrics.registry import (
    DISTANCE,
    LABELS,
    PRE_TRAINING,
    WHO,
    WITHIN,
    conditional_disparity,
    metric,
    of_a_and_d,
)


@metric("CI", PRE_TRAINING, WHO)
def class_imbalance(counts: Counts):
    r"""Class Imbalance (CI).

    .. math:: \mathrm{CI} = \frac{n_a - n_d}{n_a + n_d}

    Returns
    -------
    float
        In [-1, 1]. Zero: as many rows of each facet. Positive: *d* has fewer rows. It does not look
        at the labels.

    Raises
    ------
    EmptyFacetError
        If either facet has no rows.

    References
    ----------
    Amazon SageMaker Developer Guide, "Class Imbalance (CI)".
    """
    a, d = of_a_and_d(counts.size)
    return (a - d) / (a + d)


@metric("DPL", PRE_TRAINING, LABELS)
def difference_in_label_proportions(counts: Counts):
    r"""Difference in Positive Proportions in Labels (DPL).

    .. math:: \mathrm{DPL} = q_a - q_d

    Returns
    -------
    float
        In [-1, 1], a difference of shares. Zero: equal shares. Positive: *d* gets the favourable
        label less often.

    Raises
    ------
    EmptyFacetError
        If either facet has no rows.

    References
    ----------
    Amazon SageMaker Developer Guide, "Difference in Proportions of Labels (DPL)".
    """
    a, d = of_a_and_d(counts.positive / counts.size)
    return a - d


@metric("KL", PRE_TRAINING, DISTANCE, worse="none", unit="nats")
def kullback_leibler(counts: Counts):
    r"""Kullback-Leibler Divergence (KL).

    .. math:: \mathrm{KL} = \sum_y P_a(y) \ln \frac{P_a(y)}{P_d(y)}

    Returns
    -------
    float
        In [0, inf], nats. Zero: equal distributions. Infinite where *d* lacks a label value that
        *a* has. Not symmetric. ``convention="smclarify"`` drops label values that one facet
        lacks, as smclarify 0.5 does, and can then even be negative.

    References
    ----------
    Amazon SageMaker Developer Guide, "Kullback-Leibler Divergence (KL)".
    """
    a, d = _distributions(counts)
    return _kl(a, d)


@metric("JS", PRE_TRAINING, DISTANCE, worse="none", unit="nats")
def jensen_shannon(counts: Counts):
    r"""Jensen-Shannon Divergence (JS).

    .. math:: \mathrm{JS} = \tfrac12 [\mathrm{KL}(P_a \| P) + \mathrm{KL}(P_d \| P)],
        \quad P = \tfrac12 (P_a + P_d)

    Returns
    -------
    float
        In [0, ln 2], nats. Zero: equal distributions; ln 2: nothing in common.
        ``convention="smclarify"`` drops label values that one facet lacks.

    References
    ----------
    Amazon SageMaker Developer Guide, "Jensen-Shannon Divergence (JS)".
    """
    a, d = _distributions(counts)
    middle = (a + d) / 2
    return (_kl(a, middle) + _kl(d, middle)) / 2


@metric("LP", PRE_TRAINING, DISTANCE, worse="none", unit="distance of shares")
def lp_norm(counts: Counts):
    r"""L-p Norm (LP).

    .. math:: \mathrm{LP} = \Bigl(\sum_y |P_a(y) - P_d(y)|^2\Bigr)^{1/2}

    Returns
    -------
    float
        In [0, sqrt 2]; Clarify fixes p = 2. Zero: equal distributions.
        ``convention="smclarify"`` drops label values that one facet lacks.

    References
    ----------
    Amazon SageMaker Developer Guide, "L-p Norm (LP)".
    """
    a, d = _distributions(counts)
    return np.sqrt(((a - d) ** 2).sum(axis=-1))


@metric("TVD", PRE_TRAINING, DISTANCE, worse="none", unit="distance of shares")
def total_variation_distance(counts: Counts):
    r"""Total Variation Distance (TVD).

    .. math:: \mathrm{TVD} = \tfrac12 \sum_y |P_a(y) - P_d(y)|

    Returns
    -------
    float
        In [0, 1]: the share of labels that would have to change. Zero: equal distributions.
        ``convention="smclarify"`` drops label values that one facet lacks.

    References
    ----------
    Amazon SageMaker Developer Guide, "Total Variation Distance (TVD)".
    """
    a, d = _distributions(counts)
    return abs(a - d).sum(axis=-1) / 2


@metric("KS", PRE_TRAINING, DISTANCE, worse="none", unit="difference of shares")
def kolmogorov_smirnov(counts: Counts):
    r"""Kolmogorov-Smirnov Distance (KS).

    .. math:: \mathrm{KS} = \max_y |P_a(y) - P_d(y)|

    Returns
    -------
    float
        In [0, 1]. Zero: equal distributions. Clarify's form takes the largest difference of shares,
        not of cumulated shares. ``convention="smclarify"`` drops label values that one facet lacks.

    References
    ----------
    Amazon SageMaker Developer Guide, "Kolmogorov-Smirnov (KS)".
    """
    a, d = _distributions(counts)
    return abs(a - d).max(axis=-1)


@metric("CDDL", PRE_TRAINING, WITHIN)
def conditional_demographic_disparity_in_labels(counts: Counts):
    r"""Conditional Demographic Disparity in Labels (CDDL).

    .. math:: \mathrm{CDD} = \frac1n \sum_i n_i \Bigl(
        \frac{n_{d,i}^{(0)}}{n_i^{(0)}} - \frac{n_{d,i}^{(1)}}{n_i^{(1)}}\Bigr)

    over the strata *i* of the group variable; a term with an empty denominator is 0.

    Returns
    -------
    float
        In [-1, 1]. Zero: *d* has the same share of the unfavourable as of the favourable labels.
        Positive: its share of the unfavourable ones is the larger.

    Raises
    ------
    NotApplicableError
        If there is no group variable, or only one kind of label.

    References
    ----------
    Amazon SageMaker Developer Guide, "Conditional Demographic Disparity (CDD)".
    """
    return conditional_disparity(counts, predicted=False)


def _distributions(counts: Counts):
    """Label distributions of *a* and *d*, shape (..., labels) each."""
    by_label = counts.by_label
    if (
        counts.convention == "smclarify"
    ):  # it collapses the labels and drops what one facet lacks
        yes = by_label[..., counts.favourable].sum(axis=-1)
        by_label = np.stack([by_label.sum(axis=-1) - yes, yes], axis=-1)
    shares = by_label / counts.size[..., None]
    if counts.convention == "smclarify":
        both = (by_label > 0).all(axis=-2)
        if not both.any():
            raise NotApplicableError("the facets have no label value in common")
        shares = np.where(both[..., None, :], shares, 0.0)
    return shares[..., 0, :], shares[..., 1, :]


def _kl(p, q):
    terms = np.where(p > 0, p * np.log(np.where(p > 0, p, 1) / q), 0.0)
    return terms.sum(axis=-1)
