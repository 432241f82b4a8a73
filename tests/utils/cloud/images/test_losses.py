"""Each loss by hand at one point, and its slope against finite differences everywhere."""

from types import SimpleNamespace

import numpy as np
import pytest

from utils.cloud.images.linear_learner.losses import LOSSES, answer, sigmoid

SETTINGS = SimpleNamespace(
    margin=1.5, loss_insensitivity=0.3, quantile=0.8, huber_delta=0.7
)
CLASSES = ("logistic", "hinge_loss")
BY_HAND = {
    # label 1, score 0.5
    "logistic": np.log1p(np.exp(-0.5)),
    "hinge_loss": 1.0,
    # label 2, score 0.5
    "squared_loss": 2.25,
    "absolute_loss": 1.5,
    "eps_insensitive_squared_loss": 1.2**2,
    "eps_insensitive_absolute_loss": 1.2,
    "quantile_loss": 0.8 * 1.5,
    "huber_loss": 0.7 * (1.5 - 0.35),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_by_hand(name):
    label = np.array([1.0 if name in CLASSES else 2.0])
    loss, _ = LOSSES[name](np.array([[0.5]]), label, SETTINGS)
    assert loss[0, 0] == pytest.approx(BY_HAND[name])


def test_quantile_loss_of_too_much():
    loss, slope = LOSSES["quantile_loss"](np.array([[3.0]]), np.array([2.0]), SETTINGS)
    assert loss[0, 0] == pytest.approx(0.2) and slope[0, 0] == pytest.approx(0.2)


def test_softmax_by_hand():
    scores = np.log([[[0.2, 0.3, 0.5]]])
    loss, slope = LOSSES["softmax_loss"](scores, np.array([2]), SETTINGS)
    assert loss[0, 0] == pytest.approx(-np.log(0.5))
    assert slope[0, 0] == pytest.approx([0.2, 0.3, -0.5])


@pytest.mark.parametrize("name", LOSSES)
def test_slope(name):
    random = np.random.default_rng(0)
    rows, models, classes = 40, 3, 4
    labels = random.normal(size=rows)
    shape = (rows, models)
    if name in CLASSES:
        labels = random.integers(0, 2, rows).astype(float)
    if name == "softmax_loss":
        labels, shape = random.integers(0, classes, rows), (rows, models, classes)
    scores = random.normal(size=shape) * 2
    _, slope = LOSSES[name](scores, labels, SETTINGS)
    step = 1e-6
    for index in np.ndindex(shape[1:]):
        moved = np.zeros(shape[1:])
        moved[index] = step
        up, _ = LOSSES[name](scores + moved, labels, SETTINGS)
        down, _ = LOSSES[name](scores - moved, labels, SETTINGS)
        expected = ((up - down) / (2 * step))[:, index[0]]
        np.testing.assert_allclose(slope[:, *index], expected, atol=1e-6)


@pytest.mark.parametrize("name", ["logistic", "softmax_loss"])
def test_huge_scores_do_not_overflow(name):
    scores = np.array([[-1e4, 1e4]])
    scores = scores[:, None] if name == "softmax_loss" else scores
    with np.errstate(all="raise", under="ignore"):
        loss, slope = LOSSES[name](scores, np.array([1]), SETTINGS)
        assert np.isfinite(loss).all() and np.isfinite(slope).all()


def test_answers():
    scores = np.array([[0.0, np.log(3)]])
    np.testing.assert_allclose(sigmoid(scores), [[0.5, 0.75]])
    np.testing.assert_allclose(answer(scores, "logistic"), [[0.5, 0.75]])
    np.testing.assert_allclose(answer(scores, "softmax_loss"), [[0.25, 0.75]])
    assert answer(scores, "hinge_loss") is scores
