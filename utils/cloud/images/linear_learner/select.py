"""Choose among models and epochs, and set the threshold between no and yes."""

from types import SimpleNamespace

import numpy as np

SLACK = 1e-12


def neutral(loss: str) -> float:
    """Where no and yes meet if nothing is calibrated: a probability of ½, or a score of 0."""
    return 0.5 if loss == "logistic" else 0.0


def criterion(settings: SimpleNamespace) -> str:
    """What decides between binary classifiers, as the log names it (``sampled_accuracy``)."""
    return f"sampled_{settings.binary_classifier_model_selection_criteria}"


def calibrate(
    answers: np.ndarray, labels: np.ndarray, settings: SimpleNamespace
) -> tuple[np.ndarray, np.ndarray]:
    """The threshold that serves the selection criterion best, for each model.

    A row is a yes if its answer is at least the threshold.

    Parameters
    ----------
    answers : ndarray, shape (rows, models)
        Probabilities under logistic loss, scores under hinge loss.
    labels : ndarray, shape (rows,)
        0 or 1.
    settings : SimpleNamespace
        ``binary_classifier_model_selection_criteria``, ``target_recall``, ``target_precision``,
        ``f_beta`` and ``loss``.

    Returns
    -------
    thresholds, values : ndarray, shape (models,)
        Halfway between two answers; among equally good ones the nearest to `neutral`. The value
        is the criterion's at that threshold: with ``precision_at_target_recall`` the precision,
        with ``recall_at_target_precision`` the recall, zero where no threshold reaches the target.
    """
    rows = len(labels)
    order = np.argsort(-answers, axis=0, kind="stable")
    sorted_answers = np.take_along_axis(answers, order, axis=0)
    yes = np.zeros((rows + 1, answers.shape[1]))
    yes[1:] = np.cumsum(labels[order], axis=0)
    said_yes = np.arange(rows + 1)[:, None]
    values = _values(yes, said_yes, labels, settings)
    # rows with the same answer cannot be told apart
    values[1:-1][sorted_answers[:-1] == sorted_answers[1:]] = -np.inf
    thresholds = _between(sorted_answers)
    distance = np.abs(thresholds - neutral(settings.loss))
    distance[values < values.max(axis=0)] = np.inf
    best = distance.argmin(axis=0), np.arange(answers.shape[1])
    return thresholds[best], np.maximum(values[best], 0.0)


def _values(yes, said_yes, labels, settings) -> np.ndarray:
    """The criterion for the top 0, 1, …, all rows said yes; −1 to 0: misses the target."""
    positives = labels.sum()
    precision = yes / np.maximum(said_yes, 1)
    recall = yes / max(positives, 1)
    name = settings.binary_classifier_model_selection_criteria
    if name == "precision_at_target_recall":
        reached = recall >= settings.target_recall - SLACK
        return np.where(reached, precision, recall - 1 - SLACK)
    if name == "recall_at_target_precision":
        reached = (precision >= settings.target_precision - SLACK) & (said_yes > 0)
        return np.where(reached, recall, precision - 1 - SLACK)
    if name == "f_beta":
        beta = settings.f_beta**2
        return (1 + beta) * yes / np.maximum(said_yes + beta * positives, SLACK)
    right_no = (len(labels) - positives) - (said_yes - yes)
    return (yes + right_no) / len(labels)


def _between(answers: np.ndarray) -> np.ndarray:
    """Thresholds that let the top 0, 1, …, all rows through."""
    thresholds = np.empty((len(answers) + 1, answers.shape[1]))
    thresholds[0] = np.nextafter(answers[0], np.inf)
    thresholds[1:-1] = (answers[:-1] + answers[1:]) / 2
    # two neighbours so near that nothing lies between them
    tight = thresholds[1:-1] <= answers[1:]
    thresholds[1:-1][tight] = answers[:-1][tight]
    thresholds[-1] = answers[-1]
    return thresholds


def best_model(values: np.ndarray, losses: np.ndarray) -> int:
    """The model with the largest value; equal ones are told apart by the smaller loss.

    Models whose loss is not a number come last.
    """
    lost = ~np.isfinite(losses)
    return int(np.lexsort((losses, np.where(lost, np.inf, -values), lost))[0])


class EarlyStopping:
    """Whether an epoch was the best so far, and whether to go on.

    Parameters
    ----------
    patience : int
        Epochs without improvement after which training ends.
    tolerance : float
        The share of the best value by which another one must be better to count as improvement.
    """

    def __init__(self, patience: int, tolerance: float):
        self.patience, self.tolerance = patience, tolerance
        self.best = self.reference = None
        self.bad = 0

    def update(self, value: float, loss: float) -> bool:
        """Whether this epoch has the best model so far. Larger values are better."""
        if self.reference is None or self._improves(value):
            self.reference, self.bad = value, 0
        else:
            self.bad += 1
        better = self.best is None or (value, -loss) > self.best
        if better:
            self.best = (value, -loss)
        return better

    def _improves(self, value: float) -> bool:
        gain = value - self.reference
        return gain > 0 and gain >= self.tolerance * abs(self.reference)

    @property
    def over(self) -> bool:
        """Whether training should end."""
        return self.bad >= self.patience
