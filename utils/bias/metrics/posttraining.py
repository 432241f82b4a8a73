"""The thirteen metrics of predictions, one of which (the flip test) needs the rows."""

import numpy as np

from utils.bias.counts import Counts
from utils.bias.errors import BiasError, NotApplicableError
from utils.bias.flip import flip_test
from utils.bias.metrics.registry import (
    ALIKE,
    CHOSEN,
    DESERVING,
    ERRORS,
    POST_TRAINING,
    REGISTRY,
    TRUST,
    WITHIN,
    Metric,
    conditional_disparity,
    divide,
    metric,
    minus,
    of_a_and_d,
)

# the one metric that needs the rows and not only their counts
REGISTRY["FT"] = Metric(
    "FT", POST_TRAINING, ALIKE, flip_test, worse="a", unit="share of facet d"
)


@metric("DPPL", POST_TRAINING, CHOSEN)
def difference_in_predicted_label_proportions(counts: Counts):
    r"""Difference in Positive Proportions in Predicted Labels (DPPL).

    .. math:: \mathrm{DPPL} = q'_a - q'_d

    Returns
    -------
    float
        In [-1, 1], a difference of shares. Zero: equal shares (demographic parity). Positive: *d*
        gets the favourable prediction less often.

    References
    ----------
    Amazon SageMaker Developer Guide, "Difference in Positive Proportions in Predicted Labels".
    """
    a, d = of_a_and_d(counts.predicted_positive / counts.size)
    return a - d


@metric("DI", POST_TRAINING, CHOSEN, parity=1.0, worse="a", unit="ratio of shares")
def disparate_impact(counts: Counts):
    r"""Disparate Impact (DI).

    .. math:: \mathrm{DI} = q'_d / q'_a

    Returns
    -------
    float
        In [0, inf]. One: equal shares. Below one: *d* gets the favourable prediction less often;
        US practice takes 0.8 as a warning.

    References
    ----------
    Amazon SageMaker Developer Guide, "Disparate Impact (DI)".
    """
    a, d = of_a_and_d(counts.predicted_positive / counts.size)
    return divide(d, a)


@metric("DCA", POST_TRAINING, DESERVING, worse="a", unit="difference of ratios")
def difference_in_conditional_acceptance(counts: Counts):
    r"""Difference in Conditional Acceptance (DCA).

    .. math:: \mathrm{DCA} = c_a - c_d, \quad c = n^{(1)} / n'^{(1)}

    Returns
    -------
    float
        Any. Zero: as many favourable labels per favourable prediction. Positive: *a* has more of
        them, so that the model is more generous to *d*, measured by the labels. (The guide reads a
        positive value as possible bias against *d*; with :math:`c = n^{(1)} / n'^{(1)}` it is a
        negative one.)

    References
    ----------
    Amazon SageMaker Developer Guide, "Difference in Conditional Acceptance (DCAcc)".
    """
    a, d = of_a_and_d(divide(counts.positive, counts.predicted_positive))
    return minus(a, d)


@metric("DCR", POST_TRAINING, DESERVING, worse="a", unit="difference of ratios")
def difference_in_conditional_rejection(counts: Counts):
    r"""Difference in Conditional Rejection (DCR).

    .. math:: \mathrm{DCR} = r_d - r_a, \quad r = n^{(0)} / n'^{(0)}

    Returns
    -------
    float
        Any. Zero: as many unfavourable labels per unfavourable prediction. Positive: *d* has more
        of them, so that the model rejects *d* less often, measured by the labels.

    References
    ----------
    Amazon SageMaker Developer Guide, "Difference in Conditional Rejection (DCR)".
    """
    negative = counts.size - counts.positive
    a, d = of_a_and_d(divide(negative, counts.size - counts.predicted_positive))
    return minus(d, a)


@metric("RD", POST_TRAINING, ERRORS)
def recall_difference(counts: Counts):
    r"""Recall Difference (RD).

    .. math:: \mathrm{RD} = \mathrm{TPR}_a - \mathrm{TPR}_d

    Returns
    -------
    float
        In [-1, 1]. Zero: equal opportunity. Positive: of those with the favourable label, fewer of
        *d* are recognised. RD = 0 and SD = 0 together are *equalized odds*.

    References
    ----------
    Amazon SageMaker Developer Guide, "Recall Difference (RD)".
    """
    tp, _, fn, _ = counts.confusion()
    a, d = of_a_and_d(divide(tp, tp + fn))
    return a - d


@metric("SD", POST_TRAINING, ERRORS, worse="d")
def specificity_difference(counts: Counts):
    r"""Specificity Difference (SD).

    .. math:: \mathrm{SD} = \mathrm{TNR}_d - \mathrm{TNR}_a

    Returns
    -------
    float
        In [-1, 1]. Zero: equal false positive rates. Positive: of those with the unfavourable
        label, fewer of *d* than of *a* are given the favourable prediction by mistake.

    References
    ----------
    Amazon SageMaker Developer Guide, "Specificity Difference (SD)".
    """
    _, fp, _, tn = counts.confusion()
    a, d = of_a_and_d(divide(tn, tn + fp))
    return d - a


@metric("AD", POST_TRAINING, ERRORS)
def accuracy_difference(counts: Counts):
    r"""Accuracy Difference (AD).

    .. math:: \mathrm{AD} = \mathrm{ACC}_a - \mathrm{ACC}_d

    Returns
    -------
    float
        In [-1, 1]. Zero: equally often right. Positive: less often right for *d*.

    References
    ----------
    Amazon SageMaker Developer Guide, "Accuracy Difference (AD)".
    """
    tp, _, _, tn = counts.confusion()
    a, d = of_a_and_d((tp + tn) / counts.size)
    return a - d


@metric("TE", POST_TRAINING, ERRORS, unit="difference of ratios")
def treatment_equality(counts: Counts, form: str = "library"):
    r"""Treatment Equality (TE).

    .. math:: \mathrm{TE} = \frac{FN_d}{FP_d} - \frac{FN_a}{FP_a}

    Parameters
    ----------
    form : {"library", "guide"}
        Clarify's library and its guide differ. The guide's form is
        :math:`FP_a / FN_a - FP_d / FN_d`.

    Returns
    -------
    float
        Any, possibly infinite. Zero: mistakes against and in favour stand in the same ratio.
        Positive: mistakes about *d* are more often to its disadvantage.

    References
    ----------
    smclarify 0.5, ``posttraining.TE``; Amazon SageMaker Developer Guide, "Treatment Equality (TE)".
    """
    _, fp, fn, _ = counts.confusion()
    if form == "guide":
        a, d = of_a_and_d(divide(fp, fn))
        return minus(a, d)
    if form != "library":
        raise BiasError(f'form is {form!r}; use "library" or "guide"')
    a, d = of_a_and_d(divide(fn, fp))
    return minus(d, a)


@metric("DAR", POST_TRAINING, TRUST)
def difference_in_acceptance_rates(counts: Counts):
    r"""Difference in Acceptance Rates (DAR).

    .. math:: \mathrm{DAR} = \mathrm{PPV}_a - \mathrm{PPV}_d

    Returns
    -------
    float
        In [-1, 1], a difference of precisions. Zero: a favourable prediction is as often right.
        Positive: less often right for *d*. DAR = DRR = 0 is predictive parity; the guide calls it
        equalized odds, which is RD = SD = 0.

    References
    ----------
    Amazon SageMaker Developer Guide, "Difference in Acceptance Rates (DAR)".
    """
    tp, fp, _, _ = counts.confusion()
    a, d = of_a_and_d(divide(tp, tp + fp))
    return a - d


@metric("DRR", POST_TRAINING, TRUST)
def difference_in_rejection_rates(counts: Counts):
    r"""Difference in Rejection Rates (DRR).

    .. math:: \mathrm{DRR} = \mathrm{NPV}_d - \mathrm{NPV}_a

    Returns
    -------
    float
        In [-1, 1]. Zero: an unfavourable prediction is as often right, TN / (TN + FN). Positive:
        more often right for *d*.

    References
    ----------
    Amazon SageMaker Developer Guide, "Difference in Rejection Rates (DRR)".
    """
    _, _, fn, tn = counts.confusion()
    a, d = of_a_and_d(divide(tn, tn + fn))
    return d - a


@metric("CDDPL", POST_TRAINING, WITHIN)
def conditional_demographic_disparity_in_predicted_labels(counts: Counts):
    r"""Conditional Demographic Disparity in Predicted Labels (CDDPL).

    As CDDL, on predictions.

    Returns
    -------
    float
        In [-1, 1]. Zero: *d* has the same share of the unfavourable as of the favourable
        predictions. Positive: its share of the unfavourable ones is the larger.

    Raises
    ------
    NotApplicableError
        If there is no group variable, or only one kind of prediction.

    References
    ----------
    Amazon SageMaker Developer Guide, "Conditional Demographic Disparity in Predicted Labels".
    """
    return conditional_disparity(counts, predicted=True)


@metric("GE", POST_TRAINING, ALIKE, worse="none", unit="index")
def generalized_entropy(counts: Counts):
    r"""Generalized Entropy (GE).

    .. math:: \mathrm{GE} = \frac{1}{2n} \sum_i \Bigl[\Bigl(\frac{b_i}{\bar b}\Bigr)^2 - 1\Bigr],
        \quad b = y' - y + 1

    Returns
    -------
    float
        At least 0. Zero: everybody has the same benefit. Nothing to do with the facet. The guide
        gives [0, 0.5]; in fact there is no upper bound: 9 false negatives and 1 true positive make
        4.5.

    Raises
    ------
    NotApplicableError
        If every row is a false negative.

    References
    ----------
    Amazon SageMaker Developer Guide, "Generalized Entropy (GE)"; Speicher et al. (2018).
    """
    _, fp, fn, _ = (part.sum(axis=-1) for part in counts.confusion())
    n = counts.size.sum(axis=-1)
    total = n + fp - fn
    if np.all(total == 0):
        raise NotApplicableError(
            "every row is a false negative, so that nobody has a benefit"
        )
    # b is 0 for a false negative, 1 where the prediction is right, 2 for a false positive
    squares = (n - fp - fn) + 4 * fp
    return (squares * n / np.where(total == 0, np.nan, total) ** 2 - 1) / 2
