"""Drift after deployment: of bias, of what the model goes by, of who is in the data."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from utils.bias.errors import ArgumentError, NotApplicableError
from utils.bias.export import STAGES
from utils.bias.metrics import REGISTRY
from utils.bias.numbers import number
from utils.bias.report import BiasReport

KEYS = ["stage", "facet", "facet_value", "metric"]
THRESHOLD = 0.90  # Clarify's, for nDCG
INTERVAL = re.compile(r"\((-?[\d.e+]+), .+\]")  # how analysis.json writes a threshold


def bias_drift(baseline: BiasReport | Mapping, window: BiasReport) -> pd.DataFrame:
    """Which metrics of a window lie outside what the baseline allows.

    A metric has drifted if its interval in the window and its allowed range have no value in
    common. A window that is too small to tell therefore raises no alarm.

    Parameters
    ----------
    baseline : BiasReport or dict
        A report: the allowed range of a metric is its interval there, and drift to either side
        counts. Or Clarify's ``analysis.json`` (``constraints.json`` of a monitor): a metric may be
        as far from parity as there, on either side, and only what is further away has drifted.
    window : BiasReport
        Of the rows since, with intervals.

    Returns
    -------
    pandas.DataFrame
        A row a stage, facet, facet value and metric in both: ``baseline``, ``allowed_low``,
        ``allowed_high``, ``value``, ``low``, ``high``, ``drifted`` (missing where there is no
        telling), ``direction`` (from the baseline's value: "further from parity", "closer to
        parity", "beyond parity" or "") and ``reading``.

    Raises
    ------
    ArgumentError
        If a report has no intervals, or the two have nothing in common.

    Notes
    -----
    The guide tests with the normal bootstrap interval of the window; the percentile interval of
    the report is taken instead, as it also serves ratios. Many metrics are tested at once: with
    twenty metrics at 95 % some will drift by chance where the range is a fixed one.

    References
    ----------
    Amazon SageMaker Developer Guide, "Bias drift for models in production" and "Bias Drift
    Violations".
    """
    allowed = _allowed(baseline)
    if window.interval is None:
        raise ArgumentError(
            "window has no intervals; make its report with interval=0.95"
        )
    found = window.frame[
        [*KEYS, "value", "low", "high", "reason", "reading"]
    ].reset_index(drop=True)
    both = allowed.merge(found, on=KEYS)
    if both.empty:
        raise ArgumentError(
            f"baseline has {_names(allowed)} and window has {_names(found)}; nothing can be "
            "compared"
        )
    apart = (both["low"] > both["allowed_high"]) | (both["high"] < both["allowed_low"])
    unknown = both[["allowed_low", "low"]].isna().any(axis=1)
    both["drifted"] = apart.astype("boolean").mask(unknown)
    both["direction"] = [_direction(row) for row in both.itertuples()]
    both["reading"] = [_reading(row) for row in both.itertuples()]
    return both.drop(columns="reason")


def _allowed(baseline) -> pd.DataFrame:
    """A row a metric: the baseline's value and the range that the window may have."""
    if isinstance(baseline, BiasReport):
        if baseline.interval is None:
            raise ArgumentError(
                "baseline has no intervals; make its report with interval=0.95, or give its "
                "to_clarify() to allow everything up to its values"
            )
        names = {"value": "baseline", "low": "allowed_low", "high": "allowed_high"}
        return baseline.frame[[*KEYS, *names]].rename(columns=names)
    rows = [row for stage in STAGES for row in _constraints(baseline, stage)]
    if not rows:
        raise ArgumentError(
            "baseline has no bias metrics; give a BiasReport or what analysis.json holds, with "
            "pre_training_bias_metrics or post_training_bias_metrics"
        )
    frame = pd.DataFrame(rows, columns=[*KEYS, "baseline"])
    parity = frame["metric"].map({key: m.parity for key, m in REGISTRY.items()})
    distance = (frame["baseline"] - parity).abs()
    frame["allowed_low"], frame["allowed_high"] = parity - distance, parity + distance
    return frame


def _constraints(analysis: Mapping, stage: str):
    """Rows of one stage of an analysis.json; metrics that this package lacks are left out."""
    for facet, entries in (
        analysis.get(f"{stage}_bias_metrics", {}).get("facets", {}).items()
    ):
        for entry in entries:
            chosen = _plain(entry["value_or_threshold"])
            for metric in entry["metrics"]:
                value = metric.get("value")
                if metric["name"] in REGISTRY:
                    value = np.nan if value is None else float(value)
                    yield stage, str(facet), chosen, metric["name"], value


def _plain(value: str) -> str:
    """``(40.0, 80.0]`` as ``above 40``: the highest value is another one in every window."""
    cut = INTERVAL.fullmatch(str(value))
    return f"above {float(cut[1]):g}" if cut else str(value)


def _direction(row) -> str:
    if np.isnan(row.baseline) or np.isnan(row.value) or row.baseline == row.value:
        return ""
    parity = REGISTRY[row.metric].parity
    if (row.baseline - parity) * (row.value - parity) < 0:
        return "beyond parity"
    before, now = abs(row.baseline - parity), abs(row.value - parity)
    return "further from parity" if now > before else "closer to parity"


def _reading(row) -> str:
    if np.isnan(row.value):
        return row.reason or "no value in the window"
    if pd.isna(row.drifted):
        return "no telling: there is no interval or no allowed range"
    span = f"{number(row.low)} to {number(row.high)}"
    limits = f"{number(row.allowed_low)} to {number(row.allowed_high)}"
    if not row.drifted:
        return f"no drift shown: {span} and the allowed {limits} have values in common"
    where = f"; it moved {row.direction}" if row.direction else ""
    return f"drift: {span} lies outside the allowed {limits}{where}; now {row.reading}"


def _names(frame) -> str:
    pairs = frame[["facet", "facet_value"]].drop_duplicates().itertuples(index=False)
    return ", ".join(f"{facet}={value}" for facet, value in pairs) or "no facets"


@dataclass(frozen=True)
class AttributionDrift:
    """How far a ranking of features has moved.

    Attributes
    ----------
    ndcg : float
        In (0, 1]; 1: the order of the baseline.
    threshold : float
    frame : pandas.DataFrame
        A row a feature, in the baseline's order: ``baseline``, ``live`` (global attributions),
        ``rank_baseline``, ``rank_live`` (1 is the most important; ties share a mean rank).
    """

    ndcg: float
    threshold: float
    frame: pd.DataFrame

    @property
    def drifted(self) -> bool:
        """Whether nDCG lies below the threshold."""
        return self.ndcg < self.threshold

    @property
    def reading(self) -> str:
        """The finding in a sentence."""
        first = self.frame["baseline"].idxmax()
        now = self.frame["live"].idxmax()
        lead = (
            f"{first} still comes first"
            if first == now
            else f"{now} leads, not {first}"
        )
        sign = "below" if self.drifted else "not below"
        return f"nDCG {self.ndcg:.3f}, {sign} {self.threshold:g}: {lead}"


def attribution_drift(
    baseline: Mapping[str, float],
    live: Mapping[str, float],
    threshold: float = THRESHOLD,
) -> AttributionDrift:
    r"""Compare two rankings of features by normalised discounted cumulative gain (nDCG).

    .. math::
        \mathrm{DCG} = \sum_i \frac{a(f'_i)}{\log_2(i + 1)}, \quad
        \mathrm{nDCG} = \frac{\mathrm{DCG}}{\mathrm{iDCG}}

    with :math:`a` the attributions of the baseline, :math:`f'_i` the feature on place *i* of the
    live ranking, and iDCG the same sum in the baseline's own order. Features that are tied in the
    live ranking share the mean of their places' weights.

    Parameters
    ----------
    baseline, live : dict or Series, feature → global attribution
        From 0 up, such as the mean absolute Shapley value; the same features in both. The live
        attributions count by their order only.
    threshold : float
        Clarify's is 0.90.

    Returns
    -------
    AttributionDrift

    Raises
    ------
    ArgumentError
        If the features differ, or an attribution is negative or no number.
    NotApplicableError
        If every attribution of the baseline is zero.

    References
    ----------
    Amazon SageMaker Developer Guide, "Feature attribution drift for models in production".
    """
    before, now = _attributions(baseline, "baseline"), _attributions(live, "live")
    if set(before.index) != set(now.index):
        raise ArgumentError(
            f"live lacks {sorted(set(before.index) - set(now.index))} and has "
            f"{sorted(set(now.index) - set(before.index))} besides; give the same features"
        )
    if not before.any():
        raise NotApplicableError(
            "every attribution of the baseline is zero, so there is no ranking to compare with"
        )
    before = before.sort_values(ascending=False, kind="stable")
    now = now[before.index]
    weight = 1 / np.log2(np.arange(2, len(before) + 2))
    placed = pd.Series(weight, now.sort_values(ascending=False).index)[before.index]
    shared = placed.groupby(now.to_numpy()).transform("mean")
    ndcg = float((before * shared).sum() / (before.to_numpy() * weight).sum())
    frame = pd.DataFrame({"baseline": before, "live": now})
    for name in ("baseline", "live"):
        frame[f"rank_{name}"] = frame[name].rank(ascending=False)
    # rounding alone must not push an unchanged ranking beyond 1
    return AttributionDrift(min(ndcg, 1.0), threshold, frame)


def _attributions(given, argument: str) -> pd.Series:
    values = pd.Series(dict(given), dtype=float)
    if values.empty:
        raise ArgumentError(f"{argument} is empty; give an attribution a feature")
    bad = values[~np.isfinite(values) | (values < 0)]
    if len(bad):
        raise ArgumentError(
            f"{argument} has {bad.iloc[0]} for {bad.index[0]!r}; give sizes from 0 up, as mean "
            "absolute attributions (a signed mean cannot be ranked by size)"
        )
    return values


def distribution_distance(baseline, window) -> float:
    """How far two samples of one column are apart: the greatest difference of two shares.

    Parameters
    ----------
    baseline, window : array-like, or dict of value → count
        Numbers: the distance of their cumulative distributions (Kolmogorov and Smirnov's). Counts
        of values: the greatest difference in the share of a value. Missing numbers are left out.

    Returns
    -------
    float
        In [0, 1]. Zero: the same shares.

    Raises
    ------
    NotApplicableError
        If a sample is empty.
    """
    if isinstance(baseline, Mapping) and isinstance(window, Mapping):
        counts = pd.DataFrame(
            {"a": pd.Series(dict(baseline)), "b": pd.Series(dict(window))}, dtype=float
        ).fillna(0)
        if not counts.sum().all():
            raise NotApplicableError("a sample is empty, so there is no distance")
        return float(
            (counts["a"] / counts["a"].sum() - counts["b"] / counts["b"].sum())
            .abs()
            .max()
        )
    first, second = (np.asarray(sample, float) for sample in (baseline, window))
    first, second = np.sort(first[~np.isnan(first)]), np.sort(second[~np.isnan(second)])
    if not first.size or not second.size:
        raise NotApplicableError("a sample is empty, so there is no distance")
    places = np.concatenate([first, second])
    below = [np.searchsorted(s, places, "right") / s.size for s in (first, second)]
    return float(np.abs(below[0] - below[1]).max())
