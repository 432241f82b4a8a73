"""The training loop: minibatches, and many models side by side.

The weights of all models lie in one array of shape (features, models, outputs), so that a batch is
scored by one matrix product and 32 models cost little more than one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from utils.cloud.images.linear_learner.losses import LOSSES

# A fixed seed: the same data and hyperparameters give the same model.
SEED = 20231130
MODELS = 32
# Rates tried where learning_rate is "auto"; the first one also where there is a single model.
RATES = {
    "adam": (0.05, 0.1, 0.02, 0.005),
    "rmsprop": (0.02, 0.05, 0.01, 0.002),
    "sgd": (0.1, 0.3, 0.03, 0.01),
}
L1 = (0.0, 1e-3)
WD = (0.0, 1e-5, 1e-4, 1e-2)


@dataclass(frozen=True)
class Fleet:
    """What the models differ in: one number a model, each of shape (models,)."""

    learning_rate: np.ndarray
    l1: np.ndarray
    wd: np.ndarray

    @classmethod
    def of(cls, settings: SimpleNamespace) -> "Fleet":
        """The models that the hyperparameters ask for; a value given is kept by all of them.

        The grid is ours (AWS does not publish its own): blocks of four models share a rate and
        an l1 and differ in wd, so that model 0 is the plain one.
        """
        number = MODELS if settings.num_models == "auto" else settings.num_models
        model = np.arange(number)
        rates = np.array(RATES[settings.optimizer])[(model // 4) % 4]
        l1, wd = np.array(L1)[(model // 16) % 2], np.array(WD)[model % 4]

        def chosen(given, grid):
            return grid if given == "auto" else np.full(number, float(given))

        return cls(
            chosen(settings.learning_rate, rates),
            chosen(settings.l1, l1),
            chosen(settings.wd, wd),
        )

    def __len__(self):
        return len(self.wd)

    def describe(self, model: int, settings: SimpleNamespace) -> dict:
        """One model's hyperparameters, as the log prints those of the best one."""
        text = {
            "optimizer": settings.optimizer,
            "learning_rate": float(self.learning_rate[model]),
            "l1": float(self.l1[model]),
            "wd": float(self.wd[model]),
        }
        if settings.use_lr_scheduler:
            names = ("step", "factor", "minimum_lr")
            text |= {
                f"lr_scheduler_{n}": getattr(settings, f"lr_scheduler_{n}")
                for n in names
            }
        return text


@dataclass
class State:
    """The models after an epoch, and their mean losses while they learnt in it.

    Attributes
    ----------
    weights : ndarray, shape (features, models, outputs)
    bias : ndarray, shape (models, outputs)
    losses : ndarray, shape (models,)
        Not a number for a model that has run away.
    """

    weights: np.ndarray
    bias: np.ndarray
    losses: np.ndarray

    def scores(self, features: np.ndarray) -> np.ndarray:
        """Scores of all models, shape (rows, models), or (rows, models, outputs) if several."""
        return _scores(features, self.weights, self.bias)

    def one(self, model: int) -> tuple[np.ndarray, np.ndarray]:
        """A copy of one model: weights (features, outputs) and bias (outputs,)."""
        return self.weights[:, model].copy(), self.bias[model].copy()


def epochs(
    features: np.ndarray,
    labels: np.ndarray,
    settings: SimpleNamespace,
    fleet: Fleet,
    outputs: int = 1,
    weights: tuple[np.ndarray, np.ndarray] | None = None,
) -> Iterator[State]:
    """Train, one state an epoch; whoever asks for no more stops the training.

    Parameters
    ----------
    features : ndarray, shape (rows, features)
        Already normalised.
    labels : ndarray, shape (rows,)
        0/1, the class's number, or the normalised target.
    settings, fleet : SimpleNamespace, Fleet
        The hyperparameters and the models.
    outputs : int
        Scores of a row: the number of classes under softmax loss, otherwise 1.
    weights : (learn, count), optional
        Weights by class, shapes (classes, models) and (classes,): with which a row pulls at each
        model, and with which it counts in the loss that is printed.

    Notes
    -----
    Rows are shuffled before each epoch; the last batch of an epoch may be smaller.
    """
    random = np.random.default_rng(SEED)
    loss = LOSSES[settings.loss]
    W, b = _first(random, features.shape[1], len(fleet), outputs, settings)
    step = OPTIMISERS[settings.optimizer](settings)
    done = 0
    for _ in range(settings.epochs):
        order = random.permutation(len(features))
        total, count = np.zeros(len(fleet)), 0.0
        for start in range(0, len(order), settings.mini_batch_size):
            rows = order[start : start + settings.mini_batch_size]
            X, y = features[rows], labels[rows]
            with np.errstate(over="ignore", invalid="ignore"):
                values, slopes = loss(_scores(X, W, b), y, settings)
                pull, counts = _row_weights(y, weights)
                total += values.T @ counts
                count += counts.sum()
                gradient = _gradient(X, slopes, pull)
                _regularise(gradient, W, b, fleet, settings)
                rate = fleet.learning_rate * _decay(done, fleet, settings)
                step(W, b, gradient, rate)
            done += 1
        losses = total / count if count else np.full(len(fleet), np.nan)
        yield State(W, b, losses)


def _scores(X, W, b):
    scores = (X @ W.reshape(len(W), -1)).reshape(len(X), *W.shape[1:]) + b
    return scores[..., 0] if W.shape[2] == 1 else scores


def _first(random, width: int, models: int, outputs: int, settings):
    """The weights before the first step."""
    shape = (width, models, outputs)
    if settings.init_method == "uniform":
        W = random.uniform(-settings.init_scale, settings.init_scale, shape)
    else:
        W = random.normal(0, settings.init_sigma, shape)
    bias = settings.init_bias if settings.use_bias else 0.0
    return W, np.full((models, outputs), bias)


def _row_weights(y, weights):
    """How strongly each row pulls, (rows, models) or (rows, 1), and counts, (rows,)."""
    if weights is None:
        ones = np.ones(len(y))
        return ones[:, None], ones
    learn, count = weights
    classes = y.astype(int)
    return learn[classes], count[classes]


def _gradient(X, slopes, pull):
    """The weighted mean of the rows' gradients: for the weights and for the bias."""
    if slopes.ndim == 2:
        slopes = slopes[..., None]
    slopes = slopes * (pull / pull.sum(axis=0))[..., None]
    flat = slopes.reshape(len(X), -1)
    return (X.T @ flat).reshape(X.shape[1], *slopes.shape[1:]), slopes.sum(axis=0)


def _regularise(gradient, W, b, fleet: Fleet, settings) -> None:
    """Add the pull towards zero: l1 × sign, wd × weight; on the bias only bias_wd_mult × wd."""
    of_weights, of_bias = gradient
    of_weights += fleet.l1[:, None] * np.sign(W) + fleet.wd[:, None] * W
    if settings.use_bias:
        of_bias += (settings.bias_wd_mult * fleet.wd)[:, None] * b
    else:
        of_bias[:] = 0


def _decay(done: int, fleet: Fleet, settings):
    """The factor on the learning rate after `done` batches."""
    if not settings.use_lr_scheduler:
        return 1.0
    factor = settings.lr_scheduler_factor ** (done // settings.lr_scheduler_step)
    floor = settings.lr_scheduler_minimum_lr / fleet.learning_rate
    # a rate that was chosen below the minimum stays as it is
    return np.maximum(factor, np.minimum(floor, 1.0))


class Sgd:
    """Gradient descent, with momentum if asked for: v ← momentum · v − rate · gradient."""

    def __init__(self, settings):
        self.settings, self.memory = settings, None

    def __call__(self, W, b, gradient, rate) -> None:
        """Move weights and bias in place. `rate` has one number a model."""
        if self.memory is None:
            self.memory = [self.start(part) for part in gradient]
        rates = (rate[:, None], rate[:, None] * self.settings.bias_lr_mult)
        self.begin()
        for part, slope, memory, speed in zip(
            (W, b), gradient, self.memory, rates, strict=True
        ):
            part -= speed * self.direction(slope, memory)

    def start(self, slope):
        """What is remembered from step to step."""
        return np.zeros_like(slope)

    def begin(self) -> None:
        """Called once before each step."""

    def direction(self, slope, velocity):
        """Where to go, before the learning rate."""
        velocity *= self.settings.momentum
        velocity += slope
        return velocity


class RmsProp(Sgd):
    """The gradient over the root of its running mean square, which forgets by a tenth a step."""

    def direction(self, slope, square):
        """Where to go, before the learning rate."""
        square *= 0.9
        square += 0.1 * slope**2
        return slope / (np.sqrt(square) + 1e-8)


class Adam(Sgd):
    """Running means of the gradient and of its square, both corrected for their start at zero.

    References
    ----------
    Kingma and Ba, "Adam: A Method for Stochastic Optimization" (2015), algorithm 1.
    """

    steps = 0

    def start(self, slope):
        """The two running means."""
        return np.zeros_like(slope), np.zeros_like(slope)

    def begin(self) -> None:
        """Count the step."""
        self.steps += 1

    def direction(self, slope, means):
        """Where to go, before the learning rate."""
        mean, square = means
        first, second = self.settings.beta_1, self.settings.beta_2
        mean += (1 - first) * (slope - mean)
        square += (1 - second) * (slope**2 - square)
        root = np.sqrt(square / (1 - second**self.steps)) + 1e-8
        return mean / (1 - first**self.steps) / root


OPTIMISERS = {"sgd": Sgd, "adam": Adam, "rmsprop": RmsProp}
