"""Metrics of predictions against labels, under the names of SageMaker's model quality monitor."""

import numpy as np
from scipy.stats import rankdata

from utils.cloud.images.container import ClientError


def binary(label, predicted, score=None) -> dict:
    """Binary classification; the greater of the two labels is the positive one.

    Parameters
    ----------
    label, predicted : ndarray, shape (rows,)
    score : ndarray of float, shape (rows,), optional
        For the area under the ROC curve.

    Returns
    -------
    dict
        Numbers in [0, 1], 0 for a share of nobody, and ``confusion_matrix``: label → prediction
        → rows.

    Raises
    ------
    ClientError
        If there are more than two classes.
    """
    classes = sorted(set(label.tolist()) | set(predicted.tolist()))
    if len(classes) > 2:
        raise ClientError(f"a binary problem has two classes; found {classes[:5]}")
    positive = classes[-1]
    yes, said = label == positive, predicted == positive
    tp, fp = int((yes & said).sum()), int((~yes & said).sum())
    fn, tn = int((yes & ~said).sum()), int((~yes & ~said).sum())
    found = {"confusion_matrix": _confusion(label, predicted, classes)}
    recall, precision = _share(tp, tp + fn), _share(tp, tp + fp)
    found |= {
        "recall": recall,
        "precision": precision,
        "accuracy": _share(tp + tn, len(label)),
        "recall_best_constant_classifier": 1.0 if yes.any() else 0.0,
        "precision_best_constant_classifier": float(yes.mean()),
        "accuracy_best_constant_classifier": float(max(yes.mean(), 1 - yes.mean())),
        "true_positive_rate": recall,
        "true_negative_rate": _share(tn, tn + fp),
        "false_positive_rate": _share(fp, tn + fp),
        "false_negative_rate": _share(fn, tp + fn),
    }
    for name, beta in (("f0_5", 0.5), ("f1", 1.0), ("f2", 2.0)):
        below = beta**2 * precision + recall
        found[name] = (1 + beta**2) * precision * recall / below if below else 0.0
    if score is not None and yes.any() and not yes.all():
        ranks = rankdata(score)
        n1, n0 = int(yes.sum()), int((~yes).sum())
        found["auc"] = float((ranks[yes].sum() - n1 * (n1 + 1) / 2) / (n1 * n0))
    return found


def multiclass(label, predicted, score=None) -> dict:
    """Multiclass classification: recall, precision and F weighted by the labels' shares."""
    classes = sorted(set(label.tolist()) | set(predicted.tolist()), key=str)
    weights, recalls, precisions = [], [], []
    for one in classes:
        yes, said = label == one, predicted == one
        weights.append(yes.mean())
        recalls.append(_share((yes & said).sum(), yes.sum()))
        precisions.append(_share((yes & said).sum(), said.sum()))
    recalls, precisions = np.array(recalls), np.array(precisions)
    together = precisions + recalls
    f1 = np.where(
        together > 0, 2 * precisions * recalls / np.where(together > 0, together, 1), 0
    )
    return {
        "confusion_matrix": _confusion(label, predicted, classes),
        "accuracy": float((label == predicted).mean()),
        "weighted_recall": float(recalls @ weights),
        "weighted_precision": float(precisions @ weights),
        "weighted_f1": float(f1 @ weights),
    }


def regression(label, predicted, score=None) -> dict:
    """Regression: errors in the label's unit (mse: its square), and r2."""
    try:
        label, predicted = label.astype(float), predicted.astype(float)
    except ValueError as error:
        raise ClientError(
            f"a regression's labels and predictions are numbers: {error}"
        ) from None
    error = predicted - label
    spread = ((label - label.mean()) ** 2).sum()
    mse = float((error**2).mean())
    return {
        "mae": float(np.abs(error).mean()),
        "mse": mse,
        "rmse": mse**0.5,
        "r2": float(1 - (error**2).sum() / spread) if spread else 0.0,
    }


def _share(part, whole) -> float:
    return float(part / whole) if whole else 0.0


def _confusion(label, predicted, classes) -> dict:
    return {
        str(a): {str(b): int(((label == a) & (predicted == b)).sum()) for b in classes}
        for a in classes
    }
