"""Metrics by hand: worked examples, ranges, symmetries, and what they cannot answer."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.bias import Counts, EmptyFacetError, NotApplicableError, metrics
from utils.bias.errors import BiasError

# TP, FP, FN, TN: a has 40 rows, 24 favourable labels; d has 20 rows, 8 favourable labels
HAND = Counts.of(a=(20, 6, 4, 10), d=(5, 2, 3, 10))
BY_HAND = {
    "CI": (40 - 20) / 60,
    "DPL": 24 / 40 - 8 / 20,
    "KL": 0.6 * np.log(0.6 / 0.4) + 0.4 * np.log(0.4 / 0.6),
    "JS": (
        0.6 * np.log(0.6 / 0.5)
        + 0.4 * np.log(0.4 / 0.5)
        + 0.4 * np.log(0.4 / 0.5)
        + 0.6 * np.log(0.6 / 0.5)
    )
    / 2,
    "LP": np.sqrt(2 * 0.2**2),
    "TVD": 0.2,
    "KS": 0.2,
    "DPPL": 26 / 40 - 7 / 20,
    "DI": (7 / 20) / (26 / 40),
    "DCA": 24 / 26 - 8 / 7,
    "DCR": 12 / 13 - 16 / 14,
    "RD": 20 / 24 - 5 / 8,
    "SD": 10 / 12 - 10 / 16,
    "AD": 30 / 40 - 15 / 20,
    "TE": 3 / 2 - 4 / 6,
    "DAR": 20 / 26 - 5 / 7,
    "DRR": 10 / 13 - 10 / 14,
    "GE": ((45 + 4 * 8) / (61 / 60) ** 2 / 60 - 1) / 2,
}


@pytest.mark.parametrize("key", BY_HAND)
def test_by_hand(key):
    assert metrics.REGISTRY[key].function(HAND) == pytest.approx(
        BY_HAND[key], abs=1e-14
    )


def test_the_registry_knows_all_of_clarifys_metrics():
    pre = {"CI", "DPL", "KL", "JS", "LP", "TVD", "KS", "CDDL"}
    post = {"DPPL", "DI", "DCA", "DCR", "RD", "SD", "AD", "TE", "DAR", "DRR"}
    assert set(metrics.by_stage("pre_training")) == pre
    assert set(metrics.by_stage("post_training")) == post | {"CDDPL", "FT", "GE"}


def test_an_unknown_stage():
    with pytest.raises(BiasError, match="stage is 'during'; use \"pre_training\""):
        metrics.by_stage("during")


def test_kullback_leibler_of_the_guides_example():
    counts = Counts.of(a=(8, 0, 0, 2), d=(3, 0, 0, 7))
    assert metrics.kullback_leibler(counts) == pytest.approx(0.534, abs=5e-4)


def test_specificity_difference_of_the_guides_example():
    a, d = (0, 1, 0, 2), (0, 5, 0, 18)  # TNR 2/3 and 18/23
    assert metrics.specificity_difference(Counts.of(a, d)) == pytest.approx(
        0.1159, abs=5e-5
    )


def test_treatment_equality_in_both_forms():
    counts = Counts.of(a=(1, 6, 8, 1), d=(1, 2, 5, 1))
    assert metrics.treatment_equality(counts) == pytest.approx(5 / 2 - 8 / 6)
    assert metrics.treatment_equality(counts, form="guide") == pytest.approx(0.35)


def test_treatment_equality_in_an_unknown_form():
    with pytest.raises(BiasError, match='form is \'docs\'; use "library" or "guide"'):
        metrics.treatment_equality(HAND, form="docs")


@pytest.mark.parametrize(
    "a, expected",
    [((1, 0, 9, 0), 4.5), ((0, 2, 8, 0), 2.0), ((0, 5, 5, 0), 0.5)],
)
def test_generalized_entropy_has_no_upper_bound(a, expected):
    n = np.array(a) // 2 if all(x % 2 == 0 for x in a) else None
    counts = (
        Counts.of(a=tuple(n), d=tuple(np.array(a) - n))
        if n is not None
        else Counts.of(a=a, d=a)
    )
    assert metrics.generalized_entropy(counts) == pytest.approx(expected)


def test_generalized_entropy_when_everybody_is_a_false_negative():
    with pytest.raises(NotApplicableError, match="every row is a false negative"):
        metrics.generalized_entropy(Counts.of(a=(0, 0, 3, 0), d=(0, 0, 2, 0)))


def one_sided(convention):
    """Half of a has the favourable label, nobody of d."""
    return Counts(
        np.array([[[5], [5]], [[10], [0]]])[..., None],
        np.array([False, True]),
        convention=convention,
    )


TRUTH = {"KL": np.inf, "JS": 0.2158, "LP": 0.7071, "TVD": 0.5, "KS": 0.5}
SMCLARIFY = {"KL": -0.3466, "JS": 0.0425, "LP": 0.5, "TVD": 0.25, "KS": 0.5}


@pytest.mark.parametrize(
    "convention, expected", [("standard", TRUTH), ("smclarify", SMCLARIFY)]
)
@pytest.mark.parametrize("key", TRUTH)
def test_a_label_value_that_one_facet_lacks(key, convention, expected):
    value = metrics.REGISTRY[key].function(one_sided(convention))
    assert value == pytest.approx(expected[key], abs=5e-5)


def test_conditional_disparity_of_the_guides_college():
    """100 applicants, 46 accepted; women have 60 % of the rejections, 50 % of the acceptances."""
    n = np.array([[[20], [25]], [[30], [25]]])[..., None]
    counts = Counts(n, np.array([False, True]), has_strata=True)
    value = metrics.conditional_demographic_disparity_in_labels(counts)
    assert value == pytest.approx(0.6 - 0.5)


def test_conditional_disparity_can_reverse():
    """Within each department women are accepted as often or more often, overall less often."""
    n = np.zeros((2, 2, 1, 2), int)
    n[0, :, 0, 0], n[1, :, 0, 0] = (20, 80), (1, 9)  # easy department: mostly men
    n[0, :, 0, 1], n[1, :, 0, 1] = (9, 1), (80, 20)  # hard department: mostly women
    counts = Counts(n, np.array([False, True]), has_strata=True)
    assert metrics.difference_in_label_proportions(counts) > 0.4
    assert metrics.conditional_demographic_disparity_in_labels(counts) < 0


def test_conditional_disparity_without_strata():
    with pytest.raises(
        NotApplicableError, match="Group variable is empty or not provided"
    ):
        metrics.conditional_demographic_disparity_in_labels(HAND)


def test_conditional_disparity_with_one_kind_of_label():
    n = np.array([[[3], [0]], [[2], [0]]])[..., None]
    counts = Counts(n, np.array([False, True]), has_strata=True)
    with pytest.raises(NotApplicableError, match="there are no favourable labels"):
        metrics.conditional_demographic_disparity_in_labels(counts)


@pytest.mark.parametrize("facet", ["a", "d"])
@pytest.mark.parametrize("key", sorted(set(metrics.REGISTRY) - {"FT"}))
def test_an_empty_facet_is_named(key, facet):
    full = {"a": (1, 1, 1, 1), "d": (1, 1, 1, 1), facet: (0, 0, 0, 0)}
    with pytest.raises(EmptyFacetError, match=f"facet {facet} has no rows"):
        metrics.REGISTRY[key].function(Counts.of(**full))


def test_predictions_are_needed_after_training():
    counts = Counts(np.ones((2, 2, 1, 1), int), np.array([False, True]))
    with pytest.raises(NotApplicableError, match="no predicted label"):
        metrics.disparate_impact(counts)


@pytest.mark.parametrize(
    "a, b, expected", [(0, 0, 0), (3, 0, np.inf), (-3, 0, -np.inf), (3, 2, 1.5)]
)
def test_division_rule(a, b, expected):
    assert metrics.divide(a, b) == expected


def test_two_equal_infinities_differ_by_nothing():
    counts = Counts.of(a=(1, 0, 2, 3), d=(4, 0, 5, 6))  # FN/FP infinite in both
    assert metrics.treatment_equality(counts) == 0


cells = st.tuples(*[st.integers(0, 30)] * 4).filter(any)
NO_SIGN = ("FT", "GE", "KL", "DI", "CDDL", "CDDPL")
SIGNED = [key for key in metrics.REGISTRY if key not in NO_SIGN]
SYMMETRIC = {"JS", "LP", "TVD", "KS"}


@given(a=cells, d=cells)
@pytest.mark.parametrize("key", SIGNED)
def test_swapping_the_facets_turns_the_sign(key, a, d):
    function = metrics.REGISTRY[key].function
    there, back = function(Counts.of(a, d)), function(Counts.of(d, a))
    assert back == pytest.approx(there if key in SYMMETRIC else -there)


@given(a=cells, d=cells)
@pytest.mark.parametrize(
    "key, low, high",
    [
        ("CI", -1, 1),
        ("DPL", -1, 1),
        ("JS", 0, np.log(2)),
        ("LP", 0, np.sqrt(2)),
        ("TVD", 0, 1),
        ("KS", 0, 1),
        ("KL", 0, np.inf),
        ("DPPL", -1, 1),
        ("DI", 0, np.inf),
        ("RD", -1, 1),
        ("SD", -1, 1),
        ("AD", -1, 1),
        ("DAR", -1, 1),
        ("DRR", -1, 1),
    ],
)
def test_ranges_are_as_documented(key, low, high, a, d):
    value = metrics.REGISTRY[key].function(Counts.of(a, d))
    assert low - 1e-12 <= value <= high + 1e-12


@given(a=cells, scale=st.integers(1, 5))
@pytest.mark.parametrize(
    "key", sorted(set(metrics.REGISTRY) - {"FT", "CI", "GE", "CDDL", "CDDPL"})
)
def test_equal_distributions_are_at_parity(key, a, scale):
    metric = metrics.REGISTRY[key]
    value = metric.function(Counts.of(a, tuple(scale * x for x in a)))
    no_prediction = key == "DI" and a[0] + a[1] == 0
    assert value == pytest.approx(0 if no_prediction else metric.parity, abs=1e-12)


@given(a=cells, d=cells)
def test_total_variation_is_the_gap_for_two_labels(a, d):
    counts = Counts.of(a, d)
    gap = metrics.difference_in_label_proportions(counts)
    assert metrics.total_variation_distance(counts) == pytest.approx(abs(gap))


@pytest.mark.parametrize("key", sorted(set(metrics.REGISTRY) - {"FT", "CDDL", "CDDPL"}))
def test_replicates_are_computed_side_by_side(key):
    other = Counts.of(a=(3, 4, 5, 6), d=(1, 2, 3, 4))
    both = Counts(
        np.stack([HAND.n, other.n]), HAND.favourable, HAND.predicted_favourable
    )
    function = metrics.REGISTRY[key].function
    assert function(both).tolist() == [function(HAND), function(other)]
