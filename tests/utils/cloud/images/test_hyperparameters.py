"""Linear Learner's hyperparameters: what is read, what is refused and how that is said."""

import pytest

from utils.cloud.images import ClientError
from utils.cloud.images.linear_learner.hyperparameters import parse

BINARY = {"predictor_type": "binary_classifier"}
MULTI = {"predictor_type": "multiclass_classifier", "num_classes": "3"}
REGRESSOR = {"predictor_type": "regressor"}


def test_defaults():
    values = parse(BINARY)
    assert (values.loss, values.optimizer, values.epochs) == ("logistic", "adam", 15)
    assert values.mini_batch_size == 1000 and values.num_models == "auto"
    assert values.normalize_data and not values.normalize_label
    assert parse(REGRESSOR).loss == "squared_loss" and parse(REGRESSOR).normalize_label
    assert parse(MULTI).loss == "softmax_loss"


def test_strings_become_what_they_mean():
    given = {"learning_rate": " 1e-3 ", "use_bias": "False", "l1": "auto"}
    values = parse(BINARY | given | {"_tuning_objective_metric": "x"})
    assert values.learning_rate == 0.001 and values.use_bias is False
    assert values.l1 == "auto"
    assert not values.unbias_data


@pytest.mark.parametrize(
    "given, message",
    [
        ({}, "'predictor_type' is missing; it must be one of binary_classifier"),
        ({"predictor_type": "svm"}, "'predictor_type' is 'svm'; it must be one of"),
        (BINARY | {"epoch": "3"}, "unknown hyperparameter 'epoch'.* epochs,"),
        (BINARY | {"epochs": "0"}, "'epochs' is '0'; it must be a whole number from 1"),
        (BINARY | {"epochs": "1.5"}, "'epochs' is '1.5'"),
        (BINARY | {"epochs": "1_0"}, "'epochs' is '1_0'"),
        (BINARY | {"wd": "-1"}, "'wd' is '-1'; it must be a number from 0 or 'auto'"),
        (BINARY | {"wd": "nan"}, "'wd' is 'nan'"),
        (BINARY | {"learning_rate": "inf"}, "'learning_rate' is 'inf'.* above 0 or"),
        (BINARY | {"target_recall": "1"}, "a number above 0 and below 1"),
        (BINARY | {"use_bias": "yes"}, "'use_bias' is 'yes'; it must be true or false"),
        (BINARY | {"positive_example_weight_mult": "x"}, "or 'balanced' or 'auto'"),
        (
            BINARY | {"loss": "squared_loss"},
            "it must be auto or one of logistic, hinge",
        ),
        ({"predictor_type": "multiclass_classifier"}, "'num_classes' is missing"),
        (MULTI | {"num_classes": "2"}, "'num_classes' is 2.* from 3 to 1000000"),
        (BINARY | {"normalize_label": "true"}, "labels are classes"),
        (BINARY | {"use_bias": "false", "unbias_data": "true"}, "without a bias"),
    ],
)
def test_what_is_refused(given, message):
    with pytest.raises(ClientError, match=message):
        parse(given)
