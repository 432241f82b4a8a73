"""The monitor of model quality: how right the predictions are, against the baseline's."""

import numpy as np

from utils.cloud.images.container import ClientError
from utils.cloud.images.model_monitor import captured, dataset, quality
from utils.cloud.images.model_monitor.bias import predictions
from utils.cloud.images.model_monitor.settings import Result, Settings

KINDS = {
    "BinaryClassification": ("binary_classification", quality.binary),
    "MulticlassClassification": ("multiclass_classification", quality.multiclass),
    "Regression": ("regression", quality.regression),
}
SAMPLES, SHARE, ENOUGH = 5, 0.8, 200
LOWER_IS_BETTER = ("mae", "mse", "rmse", "false_positive_rate", "false_negative_rate")
# a classifier that gives everybody the same answer is shown, and nothing is asked of it
CONSTANT = "_best_constant_classifier"


def run(settings: Settings) -> Result:
    """Suggest statistics and constraints, or compare a window with them."""
    kind = settings.need("problem_type")
    if kind not in KINDS:
        raise ClientError(f"problem_type is {kind!r}; use one of {', '.join(KINDS)}")
    name, measure = KINDS[kind]
    label, predicted, score = _columns(settings, kind)
    values = measured(measure, label, predicted, score)
    files = {
        "statistics.json": {
            "version": 0.0,
            "dataset": {"item_count": len(label)},
            f"{name}_metrics": values,
        },
        "constraints.json": {
            "version": 0.0,
            f"{name}_constraints": _constraints(values),
        },
    }
    violations = None
    given = settings.baseline("constraints") if settings.monitors else None
    if given is not None:
        violations = list(_violations(given.get(f"{name}_constraints", {}), values))
    metrics = [{"MetricName": key, "Value": v["value"]} for key, v in _single(values)]
    return Result(files, violations, "model-metrics", metrics)


def _columns(settings, kind):
    """Labels, predictions and scores (or None)."""
    if settings.monitors:
        found = captured.read(
            settings, settings.get("ground_truth_attribute"), labelled=True
        )
        label, score = found.label, found.probability or None
        predicted = (
            found.predicted if kind == "Regression" else predictions(found, settings)
        )
        if not predicted:
            raise ClientError("there are no predictions: give inferenceAttribute")
    else:
        frame = dataset.read(settings)
        label = _column(frame, settings.need("ground_truth_attribute"))
        name = settings.get("probability_attribute")
        score = _column(frame, name) if name else None
        name = settings.get("inference_attribute")
        threshold = float(settings.get("probability_threshold_attribute", "0.5"))
        if name is None and score is None:
            raise ClientError("give inference_attribute or probability_attribute")
        predicted = (
            _column(frame, name) if name else [int(s > threshold) for s in score]
        )
    return (
        np.array(label),
        np.array(predicted),
        None if score is None else np.array(score, float),
    )


def _column(frame, name):
    if name not in frame:
        raise ClientError(
            f"the data set has no column {name!r}; it has {', '.join(frame)}"
        )
    return frame[name].to_list()


def measured(measure, label, predicted, score) -> dict:
    """Each metric with its standard deviation over five samples of 80 % of the rows.

    Fewer than 200 rows have none ("NaN"), as on AWS.
    """
    values = measure(label, predicted, score)
    found = {k: v if isinstance(v, dict) else {"value": v} for k, v in values.items()}
    random, drawn = np.random.default_rng(0), []
    if len(label) >= ENOUGH:
        for _ in range(SAMPLES):
            rows = random.choice(len(label), int(SHARE * len(label)), replace=False)
            part = measure(
                label[rows], predicted[rows], None if score is None else score[rows]
            )
            drawn.append(part)
    for key, entry in _single(found):
        spread = [float(part[key]) for part in drawn]
        entry["standard_deviation"] = float(np.std(spread)) if spread else "NaN"
    return found


def _single(values):
    """The metrics that are one number."""
    return [(k, v) for k, v in values.items() if "value" in v]


def _constraints(values) -> dict:
    return {
        name: {
            "threshold": entry["value"],
            "comparison_operator": "GreaterThanThreshold"
            if name in LOWER_IS_BETTER
            else "LessThanThreshold",
        }
        for name, entry in _single(values)
        if not name.endswith(CONSTANT)
    }


def _violations(constraints, values):
    for name, rule in constraints.items():
        if name not in values:
            raise ClientError(f"constraints.json: there is no metric {name!r}")
        value, limit = values[name]["value"], float(rule["threshold"])
        above = rule["comparison_operator"] == "GreaterThanThreshold"
        if value > limit if above else value < limit:
            spread = values[name]["standard_deviation"]
            operator = rule["comparison_operator"]
            yield {
                "constraint_check_type": operator,
                "description": f"Metric {name} with {value} +/- {spread} was {operator} '{limit}'",
                "metric_name": name,
            }
