"""Metrics by hand and against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_score, recall_score, roc_auc_score

from utils.cloud.images.linear_learner.hyperparameters import parse
from utils.cloud.images.linear_learner.metrics import evaluate, published, roc_auc


def test_binary_by_hand():
    """Answers 0.9, 0.6, 0.6, 0.1 for yes, yes, no, no; a yes from 0.5 up."""
    settings = parse({"predictor_type": "binary_classifier"})
    scores = np.log([[9], [1.5], [1.5], [1 / 9]])
    found = evaluate(scores, np.array([1, 1, 0, 0.0]), settings, 0.5)
    assert list(found) == [
        "binary_classification_cross_entropy_objective",
        "binary_classification_accuracy",
        "binary_f_1.000",
        "precision",
        "recall",
        "roc_auc_score",
    ]
    assert list(found.values()) == pytest.approx(
        [-np.log([0.9, 0.6, 0.4, 0.9]).mean(), 3 / 4, 0.8, 2 / 3, 1, 3.5 / 4]
    )


def test_nobody_is_a_yes():
    settings = parse({"predictor_type": "binary_classifier"})
    found = evaluate(np.zeros((2, 1)), np.zeros(2), settings, 0.9)
    assert found["precision"] == found["recall"] == found["binary_f_1.000"] == 0
    assert np.isnan(found["roc_auc_score"])


def test_multiclass():
    settings = parse(
        {
            "predictor_type": "multiclass_classifier",
            "num_classes": "4",
            "accuracy_top_k": "2",
        }
    )
    random = np.random.default_rng(0)
    labels = random.integers(0, 3, 200)
    scores = random.normal(size=(200, 4)) + 2 * np.eye(4)[labels]
    found = evaluate(scores, labels.astype(float), settings, 0.5)
    said, classes = scores.argmax(axis=1), {"labels": [0, 1, 2], "average": "macro"}
    assert found["multiclass_accuracy"] == pytest.approx((said == labels).mean())
    place = (np.argsort(-scores, axis=1) == labels[:, None]).argmax(axis=1)
    assert found["multiclass_top_k_accuracy_2"] == pytest.approx((place < 2).mean())
    assert found["dcg"] == pytest.approx((1 / np.log2(place + 2)).mean())
    assert found["macro_recall"] == pytest.approx(recall_score(labels, said, **classes))
    assert found["macro_precision"] == pytest.approx(
        precision_score(labels, said, **classes)
    )
    assert found["macro_f_1.000"] == pytest.approx(f1_score(labels, said, **classes))


def test_regression_by_hand():
    settings = parse({"predictor_type": "regressor"})
    found = evaluate(np.array([[1.0], [5]]), np.array([2.0, 2]), settings, 0.5)
    assert found == {"mse_objective": 5, "mse": 5, "absolute_loss": 2}


def test_roc_auc_with_ties():
    random = np.random.default_rng(0)
    answers, yes = random.integers(0, 9, 300) / 9, random.random(300) < 0.3
    assert roc_auc(answers, yes) == pytest.approx(roc_auc_score(yes, answers))


def test_class_weights_count_in_the_objective():
    settings = parse({"predictor_type": "binary_classifier"})
    scores, labels = np.log([[3.0], [3.0]]), np.array([1.0, 0])
    found = evaluate(scores, labels, settings, 0.5, np.array([1, 3]))
    expected = -(3 * np.log(0.75) + np.log(0.25)) / 4
    assert next(iter(found.values())) == pytest.approx(expected)


def test_published_names():
    names = ("binary_f_1.000", "macro_f_2.000", "multiclass_top_k_accuracy_3")
    assert [published(n) for n in (*names, "mse_objective", "mse")] == [
        "binary_f_beta", "macro_f_beta", "multiclass_top_k_accuracy", "objective_loss", "mse",
    ]  # fmt: skip
