"""How well a model does, in the names and the order of Linear Learner's log."""

from types import SimpleNamespace

import numpy as np

from utils.cloud.images.linear_learner.hyperparameters import BINARY, MULTI
from utils.cloud.images.linear_learner.losses import LOSSES, answer, objective

# What is minimised; the log marks these with <loss> and all others with <score>.
LOSS_NAMES = ("mse", "absolute_loss")


def evaluate(
    scores: np.ndarray,
    labels: np.ndarray,
    settings: SimpleNamespace,
    threshold: float,
    class_weights: np.ndarray | None = None,
) -> dict[str, float]:
    """All metrics of one model.

    Parameters
    ----------
    scores : ndarray, shape (rows, 1) or (rows, classes)
        Before the logistic function or softmax.
    labels : ndarray, shape (rows,)
        0/1, the class's number, or the target.
    settings : SimpleNamespace
        The hyperparameters.
    threshold : float
        An answer from here up is a yes (binary classifier only).
    class_weights : ndarray, shape (classes,), optional
        How much a row of a class counts in the objective.

    Returns
    -------
    dict
        Name → value, the objective first.
    """
    several = settings.predictor_type == MULTI
    values, _ = LOSSES[settings.loss](
        scores[:, None] if several else scores, labels, settings
    )
    weights = None if class_weights is None else class_weights[labels.astype(int)]
    found = {objective(settings): float(np.average(values[:, 0], weights=weights))}
    if settings.predictor_type == BINARY:
        answers = answer(scores[:, 0], settings.loss)
        return found | _binary(answers, labels, settings.f_beta, threshold)
    if several:
        return found | _multiclass(scores, labels, settings)
    error = scores[:, 0] - labels
    return found | {
        "mse": float((error**2).mean()),
        "absolute_loss": float(np.abs(error).mean()),
    }


def _binary(answers, labels, beta: float, threshold: float) -> dict[str, float]:
    said_yes, yes = answers >= threshold, labels == 1
    hits = float((said_yes & yes).sum())
    precision, recall = _ratio(hits, said_yes.sum()), _ratio(hits, yes.sum())
    return {
        "binary_classification_accuracy": float((said_yes == yes).mean()),
        f"binary_f_{beta:.3f}": _f_beta(precision, recall, beta),
        "precision": precision,
        "recall": recall,
        "roc_auc_score": roc_auc(answers, yes),
    }


def _multiclass(scores, labels, settings) -> dict[str, float]:
    classes = labels.astype(int)
    true = np.take_along_axis(scores, classes[:, None], axis=1)
    # the true class's place: 1 where no other class has a higher score
    place = 1 + (scores > true).sum(axis=1)
    said = scores.argmax(axis=1)
    hits = np.bincount(classes[said == classes], minlength=settings.num_classes)
    there = np.bincount(classes, minlength=settings.num_classes)
    chosen = np.bincount(said, minlength=settings.num_classes)
    seen = there > 0
    recall = hits[seen] / there[seen]
    precision = hits[seen] / np.maximum(chosen[seen], 1)
    beta = settings.f_beta
    both = [_f_beta(p, r, beta) for p, r in zip(precision, recall, strict=True)]
    k = min(settings.accuracy_top_k, settings.num_classes)
    return {
        "multiclass_accuracy": float((said == classes).mean()),
        f"multiclass_top_k_accuracy_{k}": float((place <= k).mean()),
        "dcg": float((1 / np.log2(1 + place)).mean()),
        "macro_recall": float(recall.mean()),
        "macro_precision": float(precision.mean()),
        f"macro_f_{beta:.3f}": float(np.mean(both)),
    }


def roc_auc(answers: np.ndarray, yes: np.ndarray) -> float:
    """The share of (yes, no) pairs that the answers put in the right order; ties count half.

    Not a number if there is no yes or no no.
    """
    _, inverse, counts = np.unique(answers, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    positives, negatives = yes.sum(), (~yes).sum()
    if not positives or not negatives:
        return float("nan")
    above = ranks[yes].sum() - positives * (positives + 1) / 2
    return float(above / (positives * negatives))


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else 0.0


def _f_beta(precision: float, recall: float, beta: float) -> float:
    return _ratio((1 + beta**2) * precision * recall, beta**2 * precision + recall)


def published(name: str) -> str:
    """A metric's name in the job's final metrics: ``binary_f_1.000`` is ``binary_f_beta``."""
    for start, plain in (
        ("binary_f_", "binary_f_beta"),
        ("macro_f_", "macro_f_beta"),
        ("multiclass_top_k_accuracy_", "multiclass_top_k_accuracy"),
    ):
        if name.startswith(start):
            return plain
    return "objective_loss" if name.endswith("_objective") else name
