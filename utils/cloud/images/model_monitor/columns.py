"""One column of a data set: its type, its statistics, its distribution."""

import numpy as np
import pandas as pd

from utils.bias import distribution_distance
from utils.cloud.images.model_monitor.captured import plain

INTEGRAL, FRACTIONAL, STRING, UNKNOWN = "Integral", "Fractional", "String", "Unknown"
BUCKETS, KEPT = 10, 2048
FEW = 50  # distinct texts up to which a column has a domain


def kind_of(values: pd.Series) -> str:
    """The type that fits every value; Unknown without any."""
    known = values.dropna()
    if known.empty:
        return UNKNOWN
    if all(_is(value, INTEGRAL) for value in known):
        return INTEGRAL
    return FRACTIONAL if all(_is(value, FRACTIONAL) for value in known) else STRING


def share_of_kind(values: pd.Series, kind: str) -> float:
    """The share of the values there are that fit a type; whole numbers are fractional too."""
    known = values.dropna()
    if known.empty or kind not in (INTEGRAL, FRACTIONAL):
        return 1.0
    return sum(_is(value, kind) for value in known) / len(known)


def statistics(name: str, values: pd.Series, kind: str | None = None) -> dict:
    """A feature's entry in ``statistics.json``."""
    kind = kind or kind_of(values)
    known = values.dropna()
    common = {"num_present": len(known), "num_missing": len(values) - len(known)}
    entry = {"name": str(name), "inferred_type": kind}
    if kind in (INTEGRAL, FRACTIONAL):
        return {**entry, "numerical_statistics": _numerical(numbers(values), common)}
    counts = known.astype(str).value_counts()
    buckets = [{"value": text, "count": int(n)} for text, n in counts.items()]
    return {
        **entry,
        "string_statistics": {
            "common": common,
            "distinct_count": len(counts),
            "distribution": {"categorical": {"buckets": buckets[:KEPT]}},
        },
    }


def numbers(values: pd.Series) -> np.ndarray:
    """The values that are numbers."""
    found = pd.to_numeric(values, errors="coerce").to_numpy(float)
    return found[np.isfinite(found)]


def _numerical(values: np.ndarray, common: dict) -> dict:
    if not values.size:
        return {"common": common}
    # equally spaced order statistics stand for all values, whatever their number
    places = np.linspace(0, values.size - 1, min(values.size, KEPT)).round().astype(int)
    counts, edges = np.histogram(values, BUCKETS)
    buckets = [
        {"lower_bound": float(low), "upper_bound": float(high), "count": float(n)}
        for low, high, n in zip(edges[:-1], edges[1:], counts, strict=True)
    ]
    sketch = {
        "parameters": {"c": 0.64, "k": float(KEPT)},
        "data": [np.sort(values)[places].tolist()],
    }
    return {
        "common": common,
        "mean": float(values.mean()),
        "sum": float(values.sum()),
        "std_dev": float(values.std()),
        "min": float(values.min()),
        "max": float(values.max()),
        "distribution": {"kll": {"buckets": buckets, "sketch": sketch}},
    }


def distance(baseline: dict, values: pd.Series, robust: bool) -> float | None:
    """How far a column is from its entry in the baseline's ``statistics.json``.

    Parameters
    ----------
    baseline : dict
    values : pandas.Series
    robust : bool
        Less what chance alone makes in 997 of 1,000 samples (Kolmogorov's 1.8 times the standard
        length), so that few rows raise no alarm.

    Returns
    -------
    float or None
        In [0, 1]; None where there is nothing to compare.
    """
    if "numerical_statistics" in baseline:
        stored = baseline["numerical_statistics"]
        sketch = (
            stored.get("distribution", {})
            .get("kll", {})
            .get("sketch", {})
            .get("data", [])
        )
        before = [value for level in sketch for value in level]
        now = numbers(values)
        if not before or not now.size:
            return None
        apart, size = (
            distribution_distance(before, now),
            stored["common"]["num_present"],
        )
        many = now.size
    else:
        stored = baseline.get("string_statistics", {})
        buckets = (
            stored.get("distribution", {}).get("categorical", {}).get("buckets", [])
        )
        before = {b["value"]: b["count"] for b in buckets}
        now = values.dropna().astype(str).value_counts().to_dict()
        if not before or not now:
            return None
        apart, size = distribution_distance(before, now), sum(before.values())
        many = sum(now.values())
    chance = 1.8 * ((size + many) / (size * many)) ** 0.5 if robust else 0.0
    return max(0.0, apart - chance)


def constraints(name: str, values: pd.Series) -> dict:
    """A feature's entry in ``constraints.json``."""
    kind, known = kind_of(values), values.dropna()
    entry = {
        "name": str(name),
        "inferred_type": kind,
        "completeness": len(known) / len(values),
    }
    if kind in (INTEGRAL, FRACTIONAL):
        entry["num_constraints"] = {
            "is_non_negative": bool((numbers(values) >= 0).all())
        }
    elif kind == STRING:
        texts = sorted(known.astype(str).unique())
        if len(texts) <= FEW:
            entry["string_constraints"] = {"domains": texts}
    return entry


def _is(value, kind) -> bool:
    value = plain(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return isinstance(value, bool | np.bool_)
    return kind == FRACTIONAL or isinstance(value, int)
