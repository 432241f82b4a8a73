"""Thresholds, criteria and early stopping on scores made by hand."""

import numpy as np
import pytest

from utils.cloud.images.linear_learner.hyperparameters import parse
from utils.cloud.images.linear_learner.select import (
    EarlyStopping,
    best_model,
    calibrate,
)

# From the highest answer down: yes, yes, no, yes, no, no, no, yes.
ANSWERS = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2])[:, None]
LABELS = np.array([1, 1, 0, 1, 0, 0, 0, 1.0])


def chosen(criterion, answers=ANSWERS, labels=LABELS, **more):
    given = {k: str(v) for k, v in more.items()}
    settings = parse(
        {
            "predictor_type": "binary_classifier",
            "binary_classifier_model_selection_criteria": criterion,
        }
        | given
    )
    (threshold,), (value,) = calibrate(answers, labels, settings)
    return pytest.approx(threshold), pytest.approx(value)


@pytest.mark.parametrize(
    "criterion, more, threshold, value",
    [
        # three of four yes found, one false alarm: 6 of 8 right
        ("accuracy", {}, 0.55, 6 / 8),
        # precision 3/4, recall 3/4
        ("f_beta", {}, 0.55, 3 / 4),
        # recall counts a hundredfold: everything is a yes
        ("f_beta", {"f_beta": 10}, 0.2, 101 * 4 / (8 + 400)),
        ("precision_at_target_recall", {"target_recall": 0.5}, 0.75, 1),
        ("precision_at_target_recall", {"target_recall": 0.75}, 0.55, 3 / 4),
        ("precision_at_target_recall", {"target_recall": 0.76}, 0.2, 4 / 8),
        ("recall_at_target_precision", {"target_precision": 0.75}, 0.55, 3 / 4),
        ("recall_at_target_precision", {"target_precision": 0.99}, 0.75, 2 / 4),
    ],
)
def test_criteria(criterion, more, threshold, value):
    assert chosen(criterion, **more) == (threshold, value)


def test_a_precision_out_of_reach():
    """The best precision there is, and a value of zero."""
    threshold, value = chosen(
        "recall_at_target_precision",
        labels=1 - LABELS,
        target_precision=0.9,
    )
    # four no among the lower six: the top seven hold 4 of the 7
    assert value == 0 and threshold == 0.25


def test_equal_answers_stay_together():
    answers = np.array([[0.9], [0.5], [0.5], [0.1]])
    threshold, value = chosen("accuracy", answers, np.array([1, 1, 0, 0.0]))
    assert value == 3 / 4
    # both cuts make one mistake: the one nearer to one half
    assert threshold in (0.3, 0.7)


def test_a_threshold_lies_between_neighbours_that_touch():
    """The next float above 0.5: nothing lies between, and a yes is at least the threshold."""
    high = np.nextafter(0.5, 1)
    answers, labels = np.array([[0.5], [high]]), np.array([0, 1.0])
    threshold, value = chosen("accuracy", answers, labels)
    assert value == 1 and (answers[:, 0] >= threshold.expected).tolist() == [
        False,
        True,
    ]


def test_all_no():
    threshold, value = chosen("accuracy", labels=np.zeros(8))
    assert value == 1 and threshold.expected > 0.9


def test_each_model_has_its_own_threshold():
    settings = parse({"predictor_type": "binary_classifier"})
    both = np.hstack([ANSWERS, ANSWERS / 2])
    thresholds, values = calibrate(both, LABELS, settings)
    # two cuts of the second model are equally good; 0.375 is nearer to one half than 0.275
    assert thresholds == pytest.approx([0.55, 0.375]) and values[0] == values[1]


def test_best_model():
    nan = np.nan
    assert best_model(np.array([0.8, 0.9, 0.9]), np.array([0.1, 0.3, 0.2])) == 2
    assert best_model(np.array([0.8, 0.9, 0.9]), np.array([0.1, nan, nan])) == 0
    assert best_model(np.array([nan, -2.0]), np.array([nan, 2.0])) == 1


def test_early_stopping_counts_relative_gains():
    stopping = EarlyStopping(patience=2, tolerance=0.01)
    assert stopping.update(-1.0, 1.0) and not stopping.over
    # a gain of half a percent is the best model, but no improvement
    assert stopping.update(-0.995, 0.995) and not stopping.over
    assert stopping.update(-0.98, 0.98) and stopping.bad == 0
    assert not stopping.update(-0.99, 0.99)
    assert not stopping.update(-0.99, 0.99)
    assert stopping.over


def test_equal_values_are_told_apart_by_the_loss():
    stopping = EarlyStopping(patience=9, tolerance=0)
    assert stopping.update(0.9, 0.5)
    assert stopping.update(0.9, 0.4)
    assert not stopping.update(0.9, 0.4)
