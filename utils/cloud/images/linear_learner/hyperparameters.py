"""Linear Learner's hyperparameters: names, defaults and what each may be.

Names and defaults are those of the developer guide and of the ``default-input.json`` that AWS's
container prints at the head of its log. What "auto" comes to is our choice unless said otherwise.
"""

from types import SimpleNamespace

from utils.cloud.images import options
from utils.cloud.images.container import ClientError
from utils.cloud.images.options import Choice, Flag, Number

BINARY, MULTI, REGRESSOR = "binary_classifier", "multiclass_classifier", "regressor"
LOSSES = {
    BINARY: ("logistic", "hinge_loss"),
    MULTI: ("softmax_loss",),
    REGRESSOR: (
        "squared_loss",
        "absolute_loss",
        "eps_insensitive_squared_loss",
        "eps_insensitive_absolute_loss",
        "quantile_loss",
        "huber_loss",
    ),
}
CRITERIA = (
    "accuracy",
    "f_beta",
    "precision_at_target_recall",
    "recall_at_target_precision",
    "loss_function",
)

RATE = Number(0, inside=True, auto=True)
SHARE = Number(0, 1, inside=True)
DECAY = Number(0, 0.999999, auto=True)

# name → (default, what it may be); None: required
TABLE = {
    "predictor_type": (None, Choice(BINARY, MULTI, REGRESSOR)),
    "feature_dim": ("auto", Number(1, whole=True, auto=True)),
    "num_classes": ("auto", Number(1, 1_000_000, whole=True, auto=True)),
    "mini_batch_size": ("1000", Number(1, whole=True)),
    "epochs": ("15", Number(1, whole=True)),
    "optimizer": ("auto", Choice("auto", "adam", "sgd", "rmsprop")),
    "loss": ("auto", Choice("auto", *sum(LOSSES.values(), ()))),
    "learning_rate": ("auto", RATE),
    "l1": ("auto", Number(0, auto=True)),
    "wd": ("auto", Number(0, auto=True)),
    "momentum": ("auto", DECAY),
    "beta_1": ("auto", DECAY),
    "beta_2": ("auto", DECAY),
    "use_bias": ("true", Flag()),
    "bias_lr_mult": ("auto", RATE),
    "bias_wd_mult": ("auto", Number(0, auto=True)),
    "use_lr_scheduler": ("true", Flag()),
    "lr_scheduler_step": ("auto", Number(1, whole=True, auto=True)),
    "lr_scheduler_factor": ("auto", Number(0, 1, inside=True, auto=True)),
    "lr_scheduler_minimum_lr": ("auto", RATE),
    "init_method": ("uniform", Choice("uniform", "normal")),
    "init_scale": ("0.07", Number(0, inside=True)),
    "init_sigma": ("0.01", Number(0, inside=True)),
    "init_bias": ("0.0", Number(-options.INFINITY)),
    "num_models": ("auto", Number(1, 1024, whole=True, auto=True)),
    "early_stopping_patience": ("3", Number(1, whole=True)),
    "early_stopping_tolerance": ("0.001", Number(0)),
    "binary_classifier_model_selection_criteria": ("accuracy", Choice(*CRITERIA)),
    "target_recall": ("0.8", SHARE),
    "target_precision": ("0.8", SHARE),
    "f_beta": ("1.0", Number(0, inside=True)),
    "accuracy_top_k": ("3", Number(1, whole=True)),
    "positive_example_weight_mult": (
        "1.0",
        Number(0, inside=True, words=("balanced", "auto")),
    ),
    "balance_multiclass_weights": ("false", Flag()),
    "normalize_data": ("true", Flag(auto=True)),
    "normalize_label": ("auto", Flag(auto=True)),
    "unbias_data": ("auto", Flag(auto=True)),
    "unbias_label": ("auto", Flag(auto=True)),
    "num_point_for_scaler": ("10000", Number(1, whole=True)),
    "num_calibration_samples": ("auto", Number(1, whole=True, auto=True)),
    "margin": ("1.0", Number(0, inside=True)),
    "quantile": ("0.5", SHARE),
    "huber_delta": ("1.0", Number(0, inside=True)),
    "loss_insensitivity": ("0.01", Number(0, inside=True)),
}


def parse(given: dict[str, str]) -> SimpleNamespace:
    """Read a job's hyperparameters.

    Parameters
    ----------
    given : dict
        Name → value, every value a string.

    Returns
    -------
    SimpleNamespace
        One attribute a hyperparameter, "auto" resolved where it does not depend on the data.

    Raises
    ------
    ClientError
        If a name is unknown, a required one is missing, a value is not allowed, or two do not fit.
    """
    values = options.read("linear-learner", TABLE, given)
    _together(values, given)
    return values


def _together(values: SimpleNamespace, given: dict[str, str]) -> None:
    """Checks and defaults that depend on other hyperparameters."""
    kind = values.predictor_type
    if values.loss == "auto":
        values.loss = LOSSES[kind][0]
    if values.loss not in LOSSES[kind]:
        raise ClientError(
            f"the hyperparameter 'loss' is {values.loss!r}; with predictor_type {kind!r} "
            f"it must be auto or one of {', '.join(LOSSES[kind])}"
        )
    if kind == MULTI and (values.num_classes == "auto" or values.num_classes < 3):
        found = given.get("num_classes", "missing")
        raise ClientError(
            f"the hyperparameter 'num_classes' is {found}; with predictor_type "
            "'multiclass_classifier' it must be a whole number from 3 to 1000000"
        )
    if values.optimizer == "auto":
        values.optimizer = "adam"
    defaults = {"momentum": 0.0, "beta_1": 0.9, "beta_2": 0.999}
    # 100, 0.99 and 1e-5 stand in the log of a real job whose scheduler was left to "auto"
    defaults |= {"lr_scheduler_step": 100, "lr_scheduler_factor": 0.99}
    # the models published with AWS's files had a bias_lr_mult of 10; in a few dozen steps, as
    # in a lesson, that only shakes the bias
    defaults |= {"lr_scheduler_minimum_lr": 1e-5, "bias_lr_mult": 1.0}
    defaults |= {"bias_wd_mult": 0.0, "normalize_data": True}
    defaults |= {"normalize_label": kind == REGRESSOR}
    defaults |= {"unbias_data": values.use_bias}
    defaults |= {"unbias_label": values.use_bias and kind == REGRESSOR}
    for name, value in defaults.items():
        if getattr(values, name) == "auto":
            setattr(values, name, value)
    if kind != REGRESSOR and (values.normalize_label or values.unbias_label):
        name = "normalize_label" if values.normalize_label else "unbias_label"
        raise ClientError(
            f"the hyperparameter {name!r} is true; with predictor_type {kind!r} labels are "
            "classes: use false or auto"
        )
    if not values.use_bias and (values.unbias_data or values.unbias_label):
        name = "unbias_data" if values.unbias_data else "unbias_label"
        raise ClientError(
            f"the hyperparameter {name!r} is true; without a bias (use_bias false) the mean "
            "cannot be taken away: use false or auto"
        )
