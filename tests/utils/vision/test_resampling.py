"""Rare faces are drawn more often: shares by hand, the product, its collapse, the temper."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.vision.resampling import (
    effective_sample_size,
    latent_shares,
    resampling_weights,
)

# nine faces near 0 and one at 1: two bins hold 9 and 1 of 10
LONELY = np.array([0.0] * 9 + [1.0])[:, None]


def many_latents(faces=2000, latents=32):
    return np.random.default_rng(0).normal(size=(faces, latents))


def test_shares_by_hand():
    codes = np.array([[0.0, 5], [0.1, 5], [0.9, 5], [1.0, 5]])
    shares = latent_shares(codes, bins=4)
    np.testing.assert_array_equal(shares[:, 0], [0.5, 0.5, 0.5, 0.5])
    np.testing.assert_array_equal(shares[:, 1], 1)  # a latent that never varies


def test_the_largest_value_lies_in_the_last_bin():
    shares = latent_shares(np.array([[0.0], [1], [2], [3]]), bins=2)
    np.testing.assert_array_equal(shares[:, 0], [0.5, 0.5, 0.5, 0.5])


def test_weights_by_hand():
    weights = resampling_weights(LONELY, alpha=0.1, bins=2, effective_share=None)
    common, rare = 1 / (0.9 + 0.1), 1 / (0.1 + 0.1)
    np.testing.assert_allclose(weights[-1], rare / (9 * common + rare))
    np.testing.assert_allclose(weights[0], common / (9 * common + rare))


def test_two_latents_multiply():
    both = np.hstack([LONELY, LONELY])
    weights = resampling_weights(both, alpha=0.1, bins=2, effective_share=None)
    np.testing.assert_allclose(weights[-1] / weights[0], 5.0**2)


def test_max_takes_the_rarest_latent_and_not_the_product():
    codes = np.hstack([LONELY, np.zeros_like(LONELY)])
    weights = resampling_weights(codes, alpha=0.1, bins=2, combine="max")
    alone = resampling_weights(LONELY, alpha=0.1, bins=2, combine="max")
    assert weights[-1] > weights[0]
    # the constant latent gives each face a tenth, more than the 5/14 ... 1/14 of the common ones
    np.testing.assert_allclose(weights[0], 0.1 / (9 * 0.1 + 5 / 14))
    np.testing.assert_allclose(alone[0], 1 / 14)


def test_neighbours_see_what_histograms_cannot():
    """On a line y = x one face lies off it: each of its values is common, the pair is not."""
    along = np.repeat(np.linspace(-1, 1, 100), 5)
    line = np.stack([along, along], axis=1) + 1e-3 * many_latents(500, 2)
    codes = np.vstack([line, [0.5, -0.5]])
    histograms = resampling_weights(codes, effective_share=None)
    neighbours = resampling_weights(codes, effective_share=None, combine="neighbours")
    assert histograms[-1] < 1.2 / len(codes)
    assert neighbours[-1] > 100 / len(codes)


def test_faces_that_are_all_alike_are_drawn_alike():
    weights = resampling_weights(np.ones((30, 2)), combine="neighbours")
    np.testing.assert_allclose(weights, 1 / 30)
    np.testing.assert_array_equal(
        resampling_weights([[1.0, 2]], combine="neighbours"), [1]
    )


def test_a_large_alpha_draws_all_alike():
    weights = resampling_weights(LONELY, alpha=1e6, bins=2, effective_share=None)
    np.testing.assert_allclose(weights, 0.1, rtol=1e-5)


def test_the_plain_product_collapses_and_the_temper_does_not():
    codes = many_latents()
    plain = resampling_weights(codes, alpha=0.001, effective_share=None)
    tempered = resampling_weights(codes, alpha=0.001, effective_share=0.1)
    assert effective_sample_size(plain) < 10
    assert effective_sample_size(tempered) == pytest.approx(200, rel=0.01)


def test_the_temper_keeps_who_is_rarer():
    codes = many_latents(200, 8)
    plain = resampling_weights(codes, effective_share=None)
    tempered = resampling_weights(codes, effective_share=0.9)
    np.testing.assert_array_equal(np.argsort(plain), np.argsort(tempered))


def test_no_temper_where_the_product_is_mild():
    np.testing.assert_allclose(
        resampling_weights(LONELY, bins=2, effective_share=0.1),
        resampling_weights(LONELY, bins=2, effective_share=None),
    )


def test_effective_sample_size_counts_faces():
    assert effective_sample_size(np.full(8, 1 / 8)) == 8
    assert effective_sample_size(np.array([1.0, 0, 0])) == 1


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 1000),
    st.integers(2, 60),
    st.integers(1, 6),
    st.floats(0.001, 10),
    st.sampled_from(["product", "max", "neighbours"]),
)
def test_weights_are_probabilities(seed, faces, latents, alpha, combine):
    codes = np.random.default_rng(seed).normal(size=(faces, latents))
    weights = resampling_weights(codes, alpha=alpha, combine=combine)
    assert (weights >= 0).all()
    assert weights.sum() == pytest.approx(1)
    assert effective_sample_size(weights) >= min(0.1 * faces, 1) - 1e-6


@pytest.mark.parametrize("scale", [1e-3, 1, 1e6])
def test_the_unit_of_a_latent_does_not_matter(scale):
    codes = many_latents(100, 3)
    np.testing.assert_allclose(
        resampling_weights(codes * scale + 7), resampling_weights(codes), rtol=1e-6
    )


@pytest.mark.parametrize(
    ("codes", "options", "message"),
    [
        (np.zeros((0, 3)), {}, "shape"),
        (np.zeros(3), {}, "shape"),
        (np.array([[np.nan]]), {}, "diverge"),
        (LONELY, {"alpha": 0}, "alpha must be positive"),
        (LONELY, {"alpha": float("nan")}, "alpha must be positive"),
        (LONELY, {"bins": 0}, "bins must be at least 1"),
        (LONELY, {"effective_share": 0}, "effective_share must be in"),
        (LONELY, {"effective_share": 1.5}, "effective_share must be in"),
        (LONELY, {"combine": "sum"}, "combine must be"),
    ],
)
def test_refused(codes, options, message):
    with pytest.raises(ValueError, match=message):
        resampling_weights(codes, **options)
