"""The monitor of data quality: types, completeness, domains and distributions of the columns."""

import pandas as pd

from utils.cloud.images.container import ClientError
from utils.cloud.images.model_monitor import captured, columns, dataset
from utils.cloud.images.model_monitor.settings import Result, Settings

SUGGESTED = {
    "evaluate_constraints": "Enabled",
    "emit_metrics": "Enabled",
    "datatype_check_threshold": 1.0,
    "domain_content_threshold": 1.0,
    "distribution_constraints": {
        "perform_comparison": "Enabled",
        "comparison_threshold": 0.1,
        "comparison_method": "Robust",
    },
}


def run(settings: Settings) -> Result:
    """Suggest statistics and constraints, or compare a window with them."""
    if not settings.monitors:
        frame = dataset.read(settings)
        return Result(_suggested(frame), None, "data-metrics")
    constraints, before = (
        settings.baseline("constraints"),
        settings.baseline("statistics"),
    )
    found = captured.read(settings)
    names = [f["name"] for f in (constraints or before or {}).get("features", [])]
    frame = _named(found, names)
    files, drift = (
        _suggested(frame, _kinds(constraints)),
        _drift(frame, constraints, before),
    )
    violations = (
        None if constraints is None else list(_violations(frame, constraints, drift))
    )
    if violations is not None and len(frame.columns) != len(names):
        violations.insert(0, _columns(len(frame.columns), len(names)))
    return Result(
        files, violations, "data-metrics", _metrics(files, drift, constraints)
    )


def _suggested(frame: pd.DataFrame, kinds: dict | None = None) -> dict:
    kinds = kinds or {}
    return {
        "statistics.json": {
            "version": 0.0,
            "dataset": {"item_count": len(frame)},
            "features": [_statistics(c, frame[c], kinds.get(c)) for c in frame],
        },
        "constraints.json": {
            "version": 0.0,
            "features": [columns.constraints(c, frame[c]) for c in frame],
            "monitoring_config": SUGGESTED,
        },
    }


def _statistics(name, values, kind):
    # a column that was numbers and no longer is has the statistics of what it is now
    numeric = kind in (columns.INTEGRAL, columns.FRACTIONAL)
    return columns.statistics(name, values, None if numeric else kind)


def _kinds(constraints) -> dict:
    return {
        f["name"]: f.get("inferred_type")
        for f in (constraints or {}).get("features", [])
    }


def _named(found: captured.Captured, names: list[str]) -> pd.DataFrame:
    """The records with the baseline's names: its first columns may be the model's answer."""
    inputs, outputs = found.features, found.outputs
    if not all(isinstance(c, int) for c in inputs):
        return inputs.rename(columns=str)
    width, answered = inputs.shape[1], outputs.shape[1]
    if answered and width + answered == len(names) and len(outputs) == len(inputs):
        inputs = pd.concat([outputs, inputs], axis=1)
        width += answered
    known = (names + [f"_c{i}" for i in range(len(names), width)])[:width]
    return inputs.set_axis(known, axis=1)


def _columns(found: int, expected: int) -> dict:
    missing = found < expected
    return {
        "feature_name": "Missing columns" if missing else "Extra columns",
        "constraint_check_type": "missing_column_check"
        if missing
        else "extra_column_check",
        "description": f"There are {'missing' if missing else 'extra'} columns in current dataset. "
        f"Number of columns in current dataset: {found}, Number of columns in baseline "
        f"constraints: {expected}",
    }


def _drift(frame, constraints, before) -> dict[str, float]:
    """Each column's distance from the baseline, where that is compared."""
    wanted = _comparison(constraints)
    if wanted.get("perform_comparison", "Enabled") != "Enabled" or before is None:
        return {}
    robust = wanted.get("comparison_method", "Robust") == "Robust"
    found = {}
    for entry in before.get("features", []):
        if entry["name"] in frame:
            apart = columns.distance(entry, frame[entry["name"]], robust)
            if apart is not None:
                found[entry["name"]] = apart
    return found


def _comparison(constraints) -> dict:
    config = (constraints or {}).get("monitoring_config", SUGGESTED)
    return config.get("distribution_constraints", {})


def _violations(frame, constraints, drift):
    config = constraints.get("monitoring_config", SUGGESTED)
    if config.get("evaluate_constraints", "Enabled") != "Enabled":
        return
    for entry in constraints.get("features", []):
        if "name" not in entry:
            raise ClientError("constraints.json: every feature needs a name")
        if entry["name"] in frame:
            yield from _of_column(entry, frame[entry["name"]], config)
    limit = _comparison(constraints).get("comparison_threshold", 0.1)
    for name, apart in drift.items():
        if apart > limit:
            text = f"Baseline drift distance: {apart} exceeds threshold: {limit}"
            yield _violation(name, "baseline_drift_check", text)


def _of_column(entry, values, config):
    name, kind = entry["name"], entry.get("inferred_type", columns.UNKNOWN)
    fits, wanted = (
        columns.share_of_kind(values, kind),
        config.get("datatype_check_threshold", 1.0),
    )
    if fits < wanted:
        text = (
            f"Data type match requirement is not met. Expected data type: {kind}, Expected match: "
            f"{100 * wanted}%. Observed: Only {100 * fits:.2f}% of data is {kind}."
        )
        yield _violation(name, "data_type_check", text)
    complete, needed = values.notna().mean(), entry.get("completeness", 0)
    if complete < needed:
        text = f"Value: {complete} does not meet the constraint requirement: {needed}"
        yield _violation(name, "completeness_check", text)
    domain = entry.get("string_constraints", {}).get("domains")
    known = values.dropna().astype(str)
    if domain is not None and len(known):
        inside = known.isin(domain).mean()
        if inside < config.get("domain_content_threshold", 1.0):
            strange = sorted(set(known) - set(domain))[:3]
            text = f"Value: {inside} does not meet the constraint requirement; unknown: {strange}"
            yield _violation(name, "categorical_values_check", text)


def _violation(name, check, text):
    return {"feature_name": name, "constraint_check_type": check, "description": text}


def _metrics(files, drift, constraints) -> list[dict]:
    config = (constraints or {}).get("monitoring_config", SUGGESTED)
    if config.get("emit_metrics", "Enabled") != "Enabled":
        return []
    data = []
    for entry in files["statistics.json"]["features"]:
        name = entry["name"]
        stored = entry.get("numerical_statistics") or entry["string_statistics"]
        present, missing = (
            stored["common"]["num_present"],
            stored["common"]["num_missing"],
        )
        share = present / (present + missing)
        data.append({"MetricName": f"feature_non_null_{name}", "Value": share})
        if "mean" in stored:
            values = {
                "SampleCount": present,
                "Sum": stored["sum"],
                "Minimum": stored["min"],
                "Maximum": stored["max"],
            }
            data.append(
                {"MetricName": f"feature_data_{name}", "StatisticValues": values}
            )
        if name in drift:
            data.append(
                {"MetricName": f"feature_baseline_drift_{name}", "Value": drift[name]}
            )
    return data
