"""The monitor of attributions: the ranking of features in the window against the baseline's."""

from utils.bias import attribution_drift
from utils.bias.drift import THRESHOLD
from utils.bias.errors import BiasError
from utils.cloud.images.container import ClientError
from utils.cloud.images.model_monitor import captured, report
from utils.cloud.images.model_monitor.settings import Result, Settings

KEPT = ("predictor", "excluded_columns")


def run(settings: Settings) -> Result:
    """Explain the window's records, compare the global attributions, name the metrics."""
    config = settings.analysis_config()
    shap = config.get("methods", {}).get("shap")
    if shap is None:
        raise ClientError(
            "methods.shap: it is missing; the monitor compares global SHAP values"
        )
    found = captured.read(settings)
    features, _ = report.split_headers(config, found.features.shape[1])
    frame = found.features.set_axis(features, axis=1)
    given = {name: config[name] for name in KEPT if name in config}
    job = report.made(settings, {**given, "methods": {"shap": shap}}, frame)
    explained = job.analysis()["explanations"]["kernel_shap"]
    constraints = settings.baseline("constraints")
    violations, notes = None, []
    if constraints is not None:
        violations, notes = _compared(constraints, explained)
    return Result({}, violations, "explainability-metrics", _metrics(explained), notes)


def _compared(constraints, explained):
    """The violations, and each label's nDCG in words."""
    baseline = constraints.get("explanations", {}).get("kernel_shap")
    if not baseline:
        raise ClientError(
            "constraints: there is no explanations.kernel_shap to compare with"
        )
    violations, notes = [], []
    for label, values in explained.items():
        if label not in baseline:
            raise ClientError(
                f"constraints: there is no label {label!r}; there are {', '.join(baseline)}"
            )
        try:
            drift = attribution_drift(
                baseline[label]["global_shap_values"], values["global_shap_values"]
            )
        except BiasError as error:
            raise ClientError(f"constraints, {label}: {error}") from None
        notes.append(f"{label}: {drift.reading}")
        if drift.drifted:
            text = (
                f"Feature attribution drift {drift.ndcg} exceeds threshold {THRESHOLD}"
            )
            violations.append(
                {
                    "label": label,
                    "metric_name": "shap",
                    "constraint_check_type": "feature_attribution_drift_check",
                    "description": text,
                }
            )
    return violations, notes


def _metrics(explained) -> list[dict]:
    data = []
    for label, values in explained.items():
        rows = [
            (f"feature_{name}", value, "GlobalShapValues")
            for name, value in values["global_shap_values"].items()
        ]
        rows.append(("ExpectedValue", values["expected_value"], "ExpectedValue"))
        for name, value, kind in rows:
            dimensions = {
                "ExplainabilityMethod": "KernelShap",
                "Label": label,
                "ValueType": kind,
            }
            data.append(
                {
                    "MetricName": name,
                    "Value": float(value),
                    "Dimensions": [
                        {"Name": k, "Value": v} for k, v in dimensions.items()
                    ],
                }
            )
    return data
