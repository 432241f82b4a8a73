"""The flip test: six people by hand, ties by the stated rule, smclarify where there are none."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from smclarify.bias.metrics.posttraining import FT

from utils.bias import BiasError, EmptyFacetError, NotApplicableError, flip_test


def people():
    """Three of a at 0, 10, 20 (yes, no, no); three of d at 1, 11, 19 (no, yes, no)."""
    place = np.array([[0.0], [10], [20], [1], [11], [19]])
    return place, np.array([0, 0, 0, 1, 1, 1]), np.array([1, 0, 0, 0, 1, 0])


def test_by_hand():
    flips = flip_test(*people())
    assert (flips.gained, flips.lost, flips.same) == (1, 1, 1)
    assert flips.value == 0


def test_the_sign():
    place, in_d, _ = people()
    assert flip_test(place, in_d, [1, 1, 1, 0, 0, 0]).value == -1
    assert flip_test(place, in_d, [0, 0, 0, 1, 1, 1]).value == 1


def test_all_that_are_as_near_vote():
    """Five yes at distance 1, six no at distance 1 as well: no wins, whatever the order."""
    for order in (0, 1):
        votes = [1] * 5 + [0] * 6 if order else [0] * 6 + [1] * 5
        place = np.array([[1.0]] * 11 + [[0.0]])
        flips = flip_test(place, [0] * 11 + [1], [*votes, 1])
        assert flips.gained == 1


def test_an_even_vote_is_no_flip():
    place = np.array([[1.0]] * 10 + [[0.0]] * 2)
    flips = flip_test(place, [0] * 10 + [1, 1], [1] * 5 + [0] * 5 + [1, 0])
    assert flips.same == 2


def test_order_of_the_rows_does_not_matter():
    random = np.random.default_rng(0)
    X, in_d = random.integers(0, 4, (300, 3)), random.random(300) < 0.4
    predicted = random.random(300) < 0.5
    order = random.permutation(300)
    assert flip_test(X, in_d, predicted) == flip_test(
        X[order], in_d[order], predicted[order]
    )


def brute_force(X, in_d, predicted):
    """The rule, written out."""
    a, yes = X[~in_d], predicted[~in_d]
    k = 5 if len(a) >= 10 else 1
    total = 0
    for row, own in zip(X[in_d], predicted[in_d], strict=True):
        distance = ((a - row) ** 2).sum(axis=1)
        share = yes[distance <= np.sort(distance)[min(k, len(a)) - 1]].mean()
        total += int(own and share < 0.5) - int(not own and share > 0.5)
    return total / in_d.sum()


@given(st.integers(0, 10_000))
@settings(max_examples=150, deadline=None)
def test_ties_follow_the_rule(seed):
    random = np.random.default_rng(seed)
    rows = random.integers(4, 60)
    X = random.integers(0, 4, (rows, 2)).astype(float)
    in_d = random.random(rows) < 0.5
    in_d[:2] = True, False
    predicted = random.random(rows) < 0.5
    assert flip_test(X, in_d, predicted).value == pytest.approx(
        brute_force(X, in_d, predicted)
    )


@given(st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_smclarify_agrees_where_nothing_is_tied(seed):
    random = np.random.default_rng(seed)
    rows = random.integers(12, 80)
    frame = pd.DataFrame(random.normal(size=(rows, 3)))
    in_d = pd.Series(random.random(rows) < 0.4)
    in_d[:2] = True, False
    predicted = pd.Series(random.random(rows) < 0.5)
    mine = flip_test(frame, in_d, predicted).value
    assert mine == pytest.approx(FT(frame, in_d, predicted), abs=1e-12)


def test_interval_holds_the_value():
    random = np.random.default_rng(1)
    X, in_d = random.normal(size=(500, 3)), random.random(500) < 0.5
    flips = flip_test(X, in_d, (X[:, 0] + 0.4 * ~in_d) > 0)
    low, high = flips.interval()
    assert low <= flips.value <= high < 0


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_missing_numbers_are_a_reason(bad):
    place, in_d, predicted = people()
    place[0, 0] = bad
    with pytest.raises(NotApplicableError, match="finite numbers in every feature"):
        flip_test(place, in_d, predicted)


def test_texts_are_a_reason():
    with pytest.raises(NotApplicableError, match="finite numbers"):
        flip_test(np.array([["x"], ["y"]]), [0, 1], [0, 1])


@pytest.mark.parametrize("in_d, facet", [([1] * 6, "a"), ([0] * 6, "d")])
def test_an_empty_facet(in_d, facet):
    place, _, predicted = people()
    with pytest.raises(EmptyFacetError, match=f"facet {facet} has no rows"):
        flip_test(place, in_d, predicted)


def test_shapes_that_do_not_fit():
    place, in_d, predicted = people()
    with pytest.raises(BiasError, match=r"features has shape \(5, 1\)"):
        flip_test(place[:5], in_d, predicted)


@pytest.mark.parametrize("neighbours", [0, -1, True])
def test_neighbours_are_counted_from_one(neighbours):
    with pytest.raises(BiasError, match="use a whole number from 1 up"):
        flip_test(*people(), neighbours=neighbours)
