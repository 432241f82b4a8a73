"""The losses that Linear Learner minimises: value and slope at a score.

Every loss takes ``scores`` of shape (rows, models) — (rows, models, classes) for softmax — and
``labels`` of shape (rows,), and returns the loss of each row and model and its derivative by the
score. Where a loss has a kink, the slope is zero or that of one side.
"""

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np


def sigmoid(scores: np.ndarray) -> np.ndarray:
    """The logistic function, without overflow: a score → a probability."""
    return 0.5 * (1 + np.tanh(0.5 * scores))


def softmax(scores: np.ndarray) -> np.ndarray:
    """Scores → probabilities along the last axis."""
    power = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return power / power.sum(axis=-1, keepdims=True)


def logistic(scores, labels, settings=None):
    """Cross-entropy of a yes/no label: log(1 + exp(−s)) for a yes, log(1 + exp(s)) for a no."""
    labels = labels[:, None]
    # one power serves both, and never overflows; logaddexp takes twice as long
    power = np.exp(-np.abs(scores))
    loss = np.maximum(scores, 0) - labels * scores + np.log1p(power)
    return loss, np.where(scores >= 0, 1.0, power) / (1 + power) - labels


def softmax_loss(scores, labels, settings=None):
    """Cross-entropy of a class: −log of the probability given to the true one."""
    shifted = scores - scores.max(axis=-1, keepdims=True)
    power = np.exp(shifted)
    total = power.sum(axis=-1, keepdims=True)
    true = np.asarray(labels, int)[:, None, None]
    loss = np.log(total) - np.take_along_axis(shifted, true, axis=-1)
    slope = power / total
    np.put_along_axis(
        slope, true, np.take_along_axis(slope, true, axis=-1) - 1, axis=-1
    )
    return loss[..., 0], slope


def hinge_loss(scores, labels, settings):
    """max(0, margin − s) for a yes, max(0, margin + s) for a no."""
    sign = 2 * labels[:, None] - 1
    short = settings.margin - sign * scores
    return np.maximum(short, 0), -sign * (short > 0)


def squared_loss(scores, labels, settings=None):
    """The squared error."""
    error = scores - labels[:, None]
    return error**2, 2 * error


def absolute_loss(scores, labels, settings=None):
    """The absolute error."""
    error = scores - labels[:, None]
    return np.abs(error), np.sign(error)


def eps_insensitive_squared_loss(scores, labels, settings):
    """The square of the error's part beyond `loss_insensitivity`."""
    error = scores - labels[:, None]
    beyond = np.maximum(np.abs(error) - settings.loss_insensitivity, 0)
    return beyond**2, 2 * beyond * np.sign(error)


def eps_insensitive_absolute_loss(scores, labels, settings):
    """The error's part beyond `loss_insensitivity`."""
    error = scores - labels[:, None]
    beyond = np.maximum(np.abs(error) - settings.loss_insensitivity, 0)
    return beyond, np.sign(error) * (beyond > 0)


def quantile_loss(scores, labels, settings):
    """`quantile` × what the score lacks, 1 − `quantile` × what it has too much."""
    lack = labels[:, None] - scores
    loss = np.maximum(settings.quantile * lack, (settings.quantile - 1) * lack)
    return loss, (lack < 0) - settings.quantile * (lack != 0)


def huber_loss(scores, labels, settings):
    """Half the squared error up to `huber_delta`, a straight line beyond."""
    error, delta = scores - labels[:, None], settings.huber_delta
    size = np.abs(error)
    loss = np.where(size <= delta, error**2 / 2, delta * (size - delta / 2))
    return loss, np.clip(error, -delta, delta)


LOSSES: dict[str, Callable] = {
    function.__name__: function
    for function in (
        logistic,
        softmax_loss,
        hinge_loss,
        squared_loss,
        absolute_loss,
        eps_insensitive_squared_loss,
        eps_insensitive_absolute_loss,
        quantile_loss,
        huber_loss,
    )
}
OBJECTIVES = {
    "logistic": "binary_classification_cross_entropy_objective",
    "softmax_loss": "multiclass_cross_entropy_objective",
    "squared_loss": "mse_objective",
}


def objective(settings: SimpleNamespace) -> str:
    """What the log calls the loss.

    The three in `OBJECTIVES` stand in logs of real jobs; the others are named in their manner.
    """
    return OBJECTIVES.get(settings.loss, f"{settings.loss}_objective")


def answer(scores: np.ndarray, loss: str) -> np.ndarray:
    """What a model answers: a probability under logistic and softmax loss, else the score."""
    if loss == "logistic":
        return sigmoid(scores)
    return softmax(scores) if loss == "softmax_loss" else scores
