"""The monitor of bias: Clarify's metrics of the window against the baseline's."""

from utils.bias import bias_drift
from utils.bias.errors import BiasError
from utils.cloud.images.container import ClientError
from utils.cloud.images.model_monitor import captured, report
from utils.cloud.images.model_monitor.settings import Result, Settings

BOTH = ("pre_training_bias", "post_training_bias")
STAGES = {"pre_training": "Pre-training", "post_training": "Post-Training"}
PREDICTED = "predicted_label"
KEPT = ("facet", "label_values_or_threshold", "group_variable")


def run(settings: Settings) -> Result:
    """Measure the window's bias, compare it with the constraints, name the metrics."""
    config = settings.analysis_config()
    label = config.get("label")
    found = captured.read(
        settings, label if isinstance(label, str) else None, labelled=True
    )
    features, label = report.split_headers(config, found.features.shape[1])
    frame = found.features.set_axis(features, axis=1)
    frame[label] = found.label
    frame[PREDICTED] = predictions(found, settings)
    job = report.made(settings, _configuration(config, label), frame)
    constraints = settings.baseline("constraints")
    violations = None if constraints is None else _violations(constraints, job.bias)
    return Result({}, violations, "bias-metrics", _metrics(job.bias))


def predictions(found: captured.Captured, settings: Settings) -> list:
    """The predicted labels: as answered, else scores above the threshold (0.5)."""
    if found.predicted:
        return found.predicted
    if not found.probability:
        raise ClientError(
            "there are no predictions: give inferenceAttribute or probabilityAttribute in the "
            "endpointInput (a position for CSV, a JMESPath for JSON)"
        )
    threshold = float(settings.get("probability_threshold_attribute", "0.5"))
    try:
        return [int(float(score) > threshold) for score in found.probability]
    except (TypeError, ValueError):
        raise ClientError(
            f"probabilityAttribute: found {found.probability[0]!r}, which is no score"
        ) from None


def _configuration(config: dict, label: str) -> dict:
    headers = config.get("headers", [])
    given = {name: config[name] for name in KEPT if name in config}
    given["facet"] = [
        {**f, "name_or_index": _named(f, headers)} for f in given.get("facet", [])
    ]
    if isinstance(given.get("group_variable"), int):
        given["group_variable"] = headers[given["group_variable"]]
    methods = {k: v for k, v in config.get("methods", {}).items() if k in BOTH}
    methods = methods or {name: {"methods": "all"} for name in BOTH}
    return {**given, "label": label, PREDICTED: PREDICTED, "methods": methods}


def _named(facet, headers):
    # a position counts the headers as given, the label among them
    name = facet.get("name_or_index")
    return headers[name] if isinstance(name, int) and name < len(headers) else name


def _violations(constraints, found):
    try:
        drift = bias_drift(constraints, found)
    except BiasError as error:
        raise ClientError(f"constraints: {error}") from None
    return [
        {
            "facet": row.facet,
            "facet_value": row.facet_value,
            "metric_name": row.metric,
            "constraint_check_type": "bias_drift_check",
            "description": f"Metric value {_text(row.value)} doesn't meet the baseline constraint "
            f"requirement {_text(row.baseline)}",
        }
        for row in drift[drift["drifted"].fillna(False)].itertuples()
    ]


def _text(value: float) -> str:
    return repr(float(value)).replace("inf", "Infinity")


def _metrics(found) -> list[dict]:
    label = found.intervals.get(found.label, found.label_value)
    return [
        {
            "MetricName": f"bias_metric_{row.metric}",
            "Value": row.value,
            "Dimensions": [
                {"Name": "BiasStage", "Value": STAGES[row.stage]},
                {"Name": "Label", "Value": found.label},
                {"Name": "LabelValue", "Value": str(label)},
                {"Name": "Facet", "Value": row.facet},
                {
                    "Name": "FacetValue",
                    "Value": str(found.intervals.get(row.facet, row.facet_value)),
                },
            ],
        }
        for row in found.frame.itertuples()
    ]
