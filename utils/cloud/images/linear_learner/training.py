"""A training job of Linear Learner: read, normalise, train, choose, write.

Two habits of AWS's log are kept, as two logs of real jobs show them. The ``#quality_metric`` lines
of an epoch are those of model 0, not of the best one, whose loss stands in its ``#metrics`` lines
and at the end. And a regressor's training loss is that of the normalised label, its validation loss
that of the label as it came. In the final metrics ``train:objective_loss`` and
``validation:objective_loss`` are therefore model 0's last ones; with ``:final`` appended it is the
best model's.
"""

import json
import time
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from utils.cloud.images import formats, options
from utils.cloud.images.container import AlgorithmError, ClientError, Container
from utils.cloud.images.linear_learner import artefact, hyperparameters, metrics, select
from utils.cloud.images.linear_learner.hyperparameters import BINARY, MULTI
from utils.cloud.images.linear_learner.losses import LOSSES, answer, objective
from utils.cloud.images.linear_learner.optimise import SEED, Fleet, epochs
from utils.cloud.images.log import Log

# Rows on which the models are compared after each epoch ("sampled" in the log).
SAMPLE = 10_000
CALMER = "try a smaller learning_rate or normalize_data true"


@dataclass(frozen=True)
class Data:
    """A channel: features (rows, features), labels (rows,)."""

    features: np.ndarray
    labels: np.ndarray

    def sample(self, rows: int, seed: int = SEED) -> "Data":
        """At most so many rows, drawn without replacement."""
        if len(self.labels) <= rows:
            return self
        drawn = np.random.default_rng(seed).choice(
            len(self.labels), rows, replace=False
        )
        return Data(self.features[drawn], self.labels[drawn])


@dataclass(frozen=True)
class Scaler:
    """Means and spreads of the features and of the label; 0 and 1 where not asked for."""

    mean: np.ndarray
    spread: np.ndarray
    label_mean: float
    label_spread: float

    @classmethod
    def of(cls, data: Data, settings: SimpleNamespace) -> "Scaler":
        """Measured on at most ``num_point_for_scaler`` rows."""
        sample = data.sample(settings.num_point_for_scaler)
        X, y = sample.features, sample.labels
        width = X.shape[1]
        spread = X.std(axis=0) if settings.normalize_data else np.ones(width)
        label_spread = float(y.std()) if settings.normalize_label else 1.0
        return cls(
            X.mean(axis=0) if settings.unbias_data else np.zeros(width),
            # a constant feature stays as it is
            np.where(spread > 0, spread, 1.0),
            float(y.mean()) if settings.unbias_label else 0.0,
            label_spread or 1.0,
        )

    def apply(self, data: Data) -> Data:
        """The data on the scale on which the models learn."""
        return Data(
            (data.features - self.mean) / self.spread,
            (data.labels - self.label_mean) / self.label_spread,
        )

    def fold(self, weights: np.ndarray, bias: np.ndarray):
        """Weights and bias for raw data, from those for normalised data, as float32."""
        raw = weights / self.spread[:, None] * self.label_spread
        shifted = bias * self.label_spread + self.label_mean - self.mean @ raw
        # what is too large for float32 becomes infinite, and is refused when it is to be saved
        with np.errstate(over="ignore", invalid="ignore"):
            return raw.astype(np.float32), shifted.astype(np.float32)


def train(container: Container) -> None:
    """Run a training job.

    Reads the channels ``train``, ``validation`` and ``test`` (the last two optional), prints
    AWS's log, reports the metrics and writes ``model_algo-1``.

    Raises
    ------
    ClientError
        If a hyperparameter or the data are at fault.
    AlgorithmError
        If all models run away.
    """
    given = container.hyperparameters
    log = Log("Linear Learner")
    log.configuration(options.defaults(hyperparameters.TABLE), given)
    settings = hyperparameters.parse(given)
    data = {
        channel: _read(container, channel, settings)
        for channel in ("train", "validation", "test")
        if channel == "train" or channel in container.channels
    }
    Job(container, settings, data, log).run()
    log.flush()


def _read(container: Container, channel: str, settings: SimpleNamespace) -> Data:
    features, labels = formats.read_channel(container, channel, labelled=True)
    width = features.shape[1]
    if settings.feature_dim == "auto":
        settings.feature_dim = width
    if width != settings.feature_dim:
        raise ClientError(
            f"the channel {channel!r} has {width} features in a row beside the label; "
            f"the hyperparameter 'feature_dim' is {settings.feature_dim}"
        )
    classes = {BINARY: 2, MULTI: settings.num_classes}.get(settings.predictor_type)
    if classes:
        wrong = ~np.isin(labels, np.arange(classes))
        if wrong.any():
            row = int(wrong.argmax())
            raise ClientError(
                f"the channel {channel!r}, row {row + 1}: the label is {labels[row]:g}; with "
                f"predictor_type {settings.predictor_type!r} it must be a whole number from 0 to "
                f"{classes - 1}"
            )
    return Data(features, labels)


def class_weights(labels: np.ndarray, settings: SimpleNamespace, models: int):
    """Weights by class: with which a row pulls, and with which it counts in the loss.

    Parameters
    ----------
    labels : ndarray, shape (rows,)
        The training labels.
    settings : SimpleNamespace
        ``positive_example_weight_mult`` (binary) and ``balance_multiclass_weights``.
    models : int
        How many models.

    Returns
    -------
    (learn, count) or None
        Shapes (classes, models) and (classes,). None: every row weighs 1. "balanced" gives both
        classes the same total; "auto" spreads the models over 1, the root of that weight and that
        weight, and lets the selection criterion decide.
    """
    if settings.predictor_type == MULTI and settings.balance_multiclass_weights:
        there = np.bincount(labels.astype(int), minlength=settings.num_classes)
        count = len(labels) / (settings.num_classes * np.maximum(there, 1))
        return np.repeat(count[:, None], models, axis=1), count
    weight = settings.positive_example_weight_mult
    if settings.predictor_type != BINARY or weight == 1:
        return None
    balanced = max((labels == 0).sum(), 1) / max((labels == 1).sum(), 1)
    learn = np.ones((2, models))
    count = np.ones(2)
    if weight == "auto":
        tried = np.array([balanced, 1.0, np.sqrt(balanced)])
        learn[1] = tried[np.arange(models) % 3]
    else:
        learn[1] = count[1] = balanced if weight == "balanced" else weight
    return learn, count


class Job:
    """One training job, from the data to the model file."""

    def __init__(self, container: Container, settings, data: dict[str, Data], log: Log):
        self.container, self.settings, self.log = container, settings, log
        self.data, self.validation = data["train"], data.get("validation")
        self.test = data.get("test")
        self.scaler = Scaler.of(self.data, settings)
        self.fleet = Fleet.of(settings)
        self.outputs = settings.num_classes if settings.predictor_type == MULTI else 1
        self.weights = class_weights(self.data.labels, settings, len(self.fleet))
        self.objective = objective(settings)
        self.shown: dict[str, float] = {}
        self.by_loss = (
            settings.predictor_type != BINARY
            or self.validation is None
            or settings.binary_classifier_model_selection_criteria == "loss_function"
        )

    def run(self) -> None:
        """Train until the epochs are over or nothing improves, then finish."""
        rows = len(self.data.labels)
        if self.settings.mini_batch_size > rows:
            self.log.warn(
                f"mini_batch_size {self.settings.mini_batch_size} is bigger than the training "
                f"data; effective batch size is {rows}"
            )
        normal = self.scaler.apply(self.data)
        states = epochs(
            normal.features, normal.labels, self.settings, self.fleet,
            self.outputs, self.weights,
        )  # fmt: skip
        self._follow(states)
        self._finish()

    def _follow(self, states) -> None:
        """Take the models epoch by epoch; keep the best one seen."""
        self.best = None
        stopping = select.EarlyStopping(
            self.settings.early_stopping_patience,
            self.settings.early_stopping_tolerance,
        )
        checked = None
        if self.validation is not None:
            checked = self.scaler.apply(self.validation).features
        start = time.time()
        for epoch, state in enumerate(states):
            self._losses(epoch, "train", state.losses, start)
            losses, scores = state.losses, None
            if checked is not None:
                scores = self._unscale(state.scores(checked))
                losses = self._validation_losses(scores)
                self._losses(epoch, "validation", losses, start)
            if not np.isfinite(losses).any():
                raise AlgorithmError(
                    f"epoch {epoch}: the loss of every model ran away; {CALMER}"
                )
            self._judge(epoch, state, losses, scores, stopping)
            self._progress(epoch, time.time() - start)
            start = time.time()
            self.log.flush()
            if stopping.over:
                self.log.info("Early stop condition met. Stopping training.")
                self.log.info(
                    "#progress_metric: host=algo-1, completed 100 % of epochs"
                )
                break

    def _losses(self, epoch: int, channel: str, losses: np.ndarray, start: float):
        """Every model's loss as #metrics; as #quality_metric that of model 0, as on AWS."""
        for model, loss in enumerate(losses):
            name = f"{channel}_{self.objective}"
            self.log.metrics(start, {name: float(loss)}, epoch=epoch, model=model)
        shown = float(losses[0])
        self.log.quality(f"{channel} {self.objective}", shown, "loss", epoch)
        self.shown[channel] = shown

    def _judge(self, epoch: int, state, losses, scores, stopping) -> None:
        """Compare the models by the criterion; keep and save the best one so far."""
        thresholds = np.full(len(losses), select.neutral(self.settings.loss))
        values, name = -losses, self.objective
        if not self.by_loss:
            thresholds, values = self._calibrate(scores)
            name = select.criterion(self.settings)
        model = select.best_model(values, losses)
        value = float(values[model])
        self.log.info(
            f"#early_stopping_criteria_metric: host=algo-1, epoch={epoch}, criteria={name}, "
            f"value={abs(value) if self.by_loss else value}"
        )
        if stopping.update(value, float(losses[model])):
            self.log.info(f"Epoch {epoch}: Loss improved. Updating best model")
            self.best = model, *state.one(model)
            self.log.info(f"Saving model for epoch: {epoch}")
            self._save(float(thresholds[model]))

    def _calibrate(self, scores: np.ndarray):
        """Threshold and criterion of every model on a sample of the validation rows."""
        rows = len(scores)
        drawn = Data(np.arange(rows)[:, None], self.validation.labels).sample(SAMPLE)
        sampled = scores[drawn.features[:, 0]]
        answers = answer(sampled, self.settings.loss)
        return select.calibrate(answers, drawn.labels, self.settings)

    def _unscale(self, scores: np.ndarray) -> np.ndarray:
        return scores * self.scaler.label_spread + self.scaler.label_mean

    def _validation_losses(self, scores: np.ndarray) -> np.ndarray:
        labels = self.validation.labels
        with np.errstate(over="ignore", invalid="ignore"):
            values, _ = LOSSES[self.settings.loss](scores, labels, self.settings)
        weights = None
        if self.weights is not None:
            weights = self.weights[1][labels.astype(int)]
        return np.average(values, axis=0, weights=weights)

    def _progress(self, epoch: int, seconds: float) -> None:
        done = 100 * (epoch + 1) // self.settings.epochs
        self.log.info(f"#progress_metric: host=algo-1, completed {done} % of epochs")
        rate = len(self.data.labels) / max(seconds, 1e-9)
        self.log.info(
            f"#throughput_metric: host=algo-1, train throughput={rate} records/second"
        )

    def _model(self, threshold: float) -> artefact.Model:
        _, weights, bias = self.best
        kind = self.settings.predictor_type
        if kind != BINARY:
            threshold = 0.5
        return artefact.Model(
            *self.scaler.fold(weights, bias), kind, self.settings.loss, threshold
        )

    def _save(self, threshold: float) -> artefact.Model:
        model = self._model(threshold)
        if not (np.isfinite(model.weights).all() and np.isfinite(model.bias).all()):
            raise AlgorithmError(f"the model's weights ran away; {CALMER}")
        counts = None
        if self.settings.predictor_type == MULTI and self.weights is not None:
            counts = self.weights[1].tolist()
        artefact.save(self.container.model_dir, model, self.settings, counts)
        return model

    def _finish(self) -> None:
        """Set the threshold on all calibration rows, evaluate, write."""
        name = "validation" if self.validation is not None else "train"
        data = self.validation or self.data
        threshold = select.neutral(self.settings.loss)
        criterion = self.settings.binary_classifier_model_selection_criteria
        if self.settings.predictor_type == BINARY and criterion != "loss_function":
            rows = self.settings.num_calibration_samples
            sample = data.sample(len(data.labels) if rows == "auto" else rows)
            scores = self._model(threshold).scores(sample.features)
            answers = answer(scores, self.settings.loss)
            threshold = float(
                select.calibrate(answers, sample.labels, self.settings)[0][0]
            )
        model = self._save(threshold)
        for channel, loss in self.shown.items():
            if np.isfinite(loss):
                self.container.report(f"{channel}:objective_loss", loss)
        self._scores(name, data, model)
        chosen = self.fleet.describe(self.best[0], self.settings)
        self.log.info(f"Best model found for hyperparameters: {json.dumps(chosen)}")
        path = self.container.model_dir / artefact.FILE
        self.log.info(f'Saved checkpoint to "{path}"')
        if self.test is None:
            self.log.info("Test data is not provided.")
        else:
            self._scores("test", self.test, model)

    def _scores(self, channel: str, data: Data, model: artefact.Model) -> None:
        """Print and report the model's metrics on a channel."""
        found = metrics.evaluate(
            model.scores(data.features), data.labels, self.settings, model.threshold,
            None if self.weights is None else self.weights[1],
        )  # fmt: skip
        for name, value in found.items():
            self.log.info(f"#{channel}_score (algo-1) : {(name, value)}")
        for name, value in found.items():
            is_loss = name == self.objective or name in metrics.LOSS_NAMES
            self.log.quality(f"{channel} {name}", value, "loss" if is_loss else "score")
            published = metrics.published(name)
            if name == self.objective and channel != "test":
                published += ":final"
            if np.isfinite(value):
                self.container.report(f"{channel}:{published}", value)
