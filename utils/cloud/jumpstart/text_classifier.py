"""A small text classifier: hashed pieces of words, weighted, under a softmax.

Its body (which pieces are rare, learnt from the first texts) stays when it is fine-tuned; its head
(a row of weights for each class) is learnt anew.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize

SIZE = 4096
ARRAYS, LABELS = "model.npz", "labels.json"
HASHED = HashingVectorizer(
    analyzer="char_wb", ngram_range=(2, 4), n_features=SIZE, alternate_sign=False
)


@dataclass(frozen=True)
class TextClassifier:
    """Rarity of each hashed piece, shape (SIZE,); weights (classes, SIZE); bias (classes,)."""

    rarity: np.ndarray
    weights: np.ndarray
    bias: np.ndarray
    labels: list

    def probabilities(self, texts: list[str]) -> np.ndarray:
        """A row for each text, a column for each class; rows sum to 1."""
        scores = features(texts, self.rarity) @ self.weights.T + self.bias
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)


def rarity_of(texts: list[str]) -> np.ndarray:
    """Inverse document frequency of each hashed piece, as scikit-learn smooths it."""
    found = (HASHED.transform(texts) > 0).sum(axis=0)
    return np.log((1 + len(texts)) / (1 + np.asarray(found).ravel())) + 1


def features(texts: list[str], rarity: np.ndarray):
    """Texts as sparse rows of length one."""
    return normalize(HASHED.transform(texts).multiply(rarity).tocsr())


def fit(
    texts: list[str], classes, labels: list, rarity, strength: float = 10.0
) -> TextClassifier:
    """Learn a head for the body `rarity`; a larger `strength` fits the texts more closely."""
    head = LogisticRegression(C=strength, max_iter=1000)
    head.fit(features(texts, rarity), classes)
    weights, bias = head.coef_, head.intercept_
    if len(labels) == 2:  # the softmax of -s/2 and s/2 is the logistic function of s
        weights, bias = np.vstack([-weights, weights]) / 2, np.r_[-bias, bias] / 2
    return TextClassifier(rarity, weights, bias, labels)


def save(folder: str | Path, model: TextClassifier) -> None:
    """Write the model without pickle: arrays, and labels as JSON."""
    arrays = {n: getattr(model, n) for n in ("rarity", "weights", "bias")}
    np.savez(Path(folder) / ARRAYS, **{n: a.astype("f4") for n, a in arrays.items()})
    (Path(folder) / LABELS).write_text(json.dumps(model.labels), encoding="utf-8")


def load(folder: str | Path) -> TextClassifier:
    """Read what `save` wrote."""
    with np.load(Path(folder) / ARRAYS, allow_pickle=False) as arrays:
        parts = {n: arrays[n].astype(float) for n in ("rarity", "weights", "bias")}
    labels = json.loads((Path(folder) / LABELS).read_text(encoding="utf-8"))
    return TextClassifier(**parts, labels=labels)
