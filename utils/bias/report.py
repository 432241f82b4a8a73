"""The bias report: every metric of every facet with its interval and a reading in words."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from utils.bias import metrics as formulas
from utils.bias.analysis import Analysis
from utils.bias.counts import Counts
from utils.bias.errors import ArgumentError, BiasError, nearest
from utils.bias.intervals import check_level, percentile_interval, resample
from utils.bias.readings import cautions, reading

CONVENTIONS = ("standard", "smclarify")


@dataclass(frozen=True, repr=False)
class BiasReport:
    """What `bias_report` found.

    Attributes
    ----------
    frame : pandas.DataFrame
        A row a metric and facet value, with the columns ``stage``, ``facet``, ``facet_value``,
        ``metric``, ``description``, ``asks``, ``value``, ``low``, ``high``, ``n_a``, ``n_d``,
        ``counts``, ``reason`` (why there is no value), ``caution`` and ``reading``.
    label, label_value : str
        The label's column and its favourable values, as text.
    missing : dict of str to int
        Rows left out because the column had no value.
    rows : int
        Rows of the data, with those left out.
    interval : float or None
    intervals : dict of str to str
        For columns cut by a threshold: the interval as Clarify writes it.
    """

    frame: pd.DataFrame
    label: str
    label_value: str
    missing: dict[str, int] = field(default_factory=dict)
    rows: int = 0
    interval: float | None = 0.95
    intervals: dict[str, str] = field(default_factory=dict)

    def value(self, metric: str, facet: str | None = None, facet_value=None) -> float:
        """One number of the report.

        Parameters
        ----------
        metric : str
            Clarify's short name, such as ``"DPL"``.
        facet, facet_value : optional
            Needed only where the report has several.

        Raises
        ------
        ArgumentError
            If there is no such row, or more than one.
        """
        return float(self.row(metric, facet, facet_value)["value"])

    def row(self, metric: str, facet: str | None = None, facet_value=None) -> pd.Series:
        """One row of the report's frame; arguments and errors as in `value`."""
        rows = self.frame
        wanted = {"metric": metric, "facet": facet, "facet_value": facet_value}
        for column, value in wanted.items():
            if value is None:
                continue
            value = str(value)
            if value not in set(rows[column]):
                raise ArgumentError(
                    f"no {column} {value!r} here; {nearest(value, rows[column].unique())}"
                )
            rows = rows[rows[column] == value]
        if len(rows) != 1:
            found = ", ".join(f"{r.facet}={r.facet_value}" for r in rows.itertuples())
            raise ArgumentError(
                f"{metric} stands here for {found}: name facet and facet_value"
            )
        return rows.iloc[0]

    def to_clarify(self) -> dict:
        """The report as Clarify's ``analysis.json`` (version 1.0)."""
        from utils.bias.export import to_clarify

        return to_clarify(self)

    def plot(self, facet: str | None = None, facet_value=None):
        """Every gap with its interval against parity, grouped by what the metric asks."""
        from utils.plots import how_far_apart_all

        return how_far_apart_all(self, facet, facet_value)

    def to_html(self, path) -> Path:
        """Write a page that stands alone."""
        from utils.bias.export import to_html

        return to_html(self, Path(path))

    def to_notebook(self, path) -> Path:
        """Write a notebook that reads the numbers and draws them."""
        from utils.bias.export import to_notebook

        return to_notebook(self, Path(path))

    def __repr__(self) -> str:
        shown = self.frame[["facet_value", "metric", "value", "low", "high"]]
        head = f"Bias report: {self.label} = {self.label_value}, {self.rows:,} rows"
        return f"{head}\n{shown.to_string(index=False, float_format='{:.3f}'.format)}"

    def _repr_html_(self) -> str:
        from utils.bias.export import tables

        return tables(self)


def bias_report(
    frame,
    facet,
    label,
    *,
    facet_values=None,
    label_values=None,
    predicted_label: str | None = None,
    group_variable: str | None = None,
    metrics="all",
    interval: float | None = 0.95,
    convention: str = "standard",
    features: list[str] | None = None,
    seed: int = 0,
    progress: bool = False,
) -> BiasReport:
    """Measure bias in data, and in predictions if there are any, in one pass over the rows.

    Parameters
    ----------
    frame : data frame, lazy frame or path
        pandas, polars or pyarrow; lazy: DuckDB, polars LazyFrame, Dask, PySpark; or the path of a
        Parquet file.
    facet : str or list of str
        Column(s) of the group, analysed one by one.
    label : str
        Column of the observed outcome.
    facet_values : list, number or dict, optional
        Facet *d*: a list of values; or a number, an exclusive lower bound (values above it are
        *d*). With several facets, a dict by facet. Left out: each value against the rest.
    label_values : list or number
        The favourable outcome(s), or a threshold: values above it are favourable.
    predicted_label : str, optional
        Column of the predicted outcome, of the label's kind. Left out: pre-training metrics only.
    group_variable : str, optional
        Column of the strata for CDDL and CDDPL, which are not applicable without it.
    metrics : "all" or list of str
        Short names, such as ``["CI", "DPL"]``.
    interval : float or None
        Level of the bootstrap intervals; None: none.
    convention : {"standard", "smclarify"}
        Where the two differ: the mathematically right value, or that of smclarify 0.5 (label values
        that one facet lacks are dropped from KL, JS, LP, TVD and KS, whose labels are collapsed to
        favourable or not).
    features : list of str, optional
        Columns for the flip test; by default every numeric column, so that a score or a second
        outcome in `frame` is one too: leave it out or name the features. The facet analysed, the
        label and the predicted label are never among them; other facets and the strata are, as in
        smclarify. Needed for lazy frames and files, which are not read into memory otherwise.
    seed : int
        For the intervals.
    progress : bool
        Show a bar while a file is read.

    Returns
    -------
    BiasReport

    Raises
    ------
    ArgumentError
        If an argument does not fit the data: what was found, and the nearest right name.
    """
    wanted = _wanted(metrics, predicted_label)
    if interval is not None:
        check_level(interval)
    if convention not in CONVENTIONS:
        raise ArgumentError(
            f'convention is {convention!r}; use "standard" or "smclarify"'
        )
    analysis = Analysis.of(
        frame,
        facet,
        label,
        facet_values,
        label_values,
        predicted_label,
        group_variable,
        progress,
    )
    rows = []
    for name, choice in analysis.facets():
        counts = analysis.counts(name, choice, convention)
        rows += _rows(analysis, name, choice, counts, wanted, interval, features, seed)
    return BiasReport(
        pd.DataFrame({key: [row[key] for row in rows] for key in rows[0]}),
        label,
        analysis.favourable.label,
        analysis.missing(),
        analysis.rows,
        interval,
        analysis.intervals(),
    )


def _rows(analysis, name, choice, counts, wanted, interval, features, seed) -> list:
    """The report's rows for one facet *d*: every metric from the same counts and draws."""
    used, drawn, rows = _counts_used(counts), None, []
    if interval is not None and counts.n.any():
        drawn = resample(counts, seed=seed)
    for metric in wanted:
        if metric.key == "FT":
            told, value = _flip(analysis, name, choice, features, interval, seed)
        else:
            told, value = used, _measure(metric, counts, drawn, interval)
        rows.append(_row(metric, name, choice.label, counts, told, *value))
    return rows


def _wanted(names, predicted_label) -> list[formulas.Metric]:
    """The metrics asked for, in the order of the registry."""
    known = formulas.by_stage(formulas.PRE_TRAINING)
    if predicted_label is not None:
        known = known | formulas.by_stage(formulas.POST_TRAINING)
    if isinstance(names, str):
        if names != "all":
            raise ArgumentError(
                f'metrics is {names!r}; give "all" or a list, as [{names!r}]'
            )
        return list(known.values())
    if not list(names):
        raise ArgumentError('metrics is empty; give "all" or at least one name')
    for name in names:
        if name not in formulas.REGISTRY:
            raise ArgumentError(
                f"no metric {name!r}; {nearest(name, formulas.REGISTRY, 21)}"
            )
        if name not in known:
            raise ArgumentError(f"{name} needs predictions: give predicted_label")
    return [metric for key, metric in known.items() if key in names]


def _measure(metric: formulas.Metric, counts: Counts, drawn, interval):
    """Value, low, high and the reason why there is none."""
    try:
        value = metric.function(counts)
    except BiasError as error:
        return np.nan, np.nan, np.nan, str(error)
    if drawn is None:
        return value, np.nan, np.nan, ""
    return value, *percentile_interval(metric.function(drawn), interval), ""


def _flip(analysis: Analysis, name: str, choice, features, interval, seed):
    """The same for the flip test, which needs the rows, and what it went by."""
    try:
        by = analysis.flip_features(name, features)
        flips = analysis.flip_test(name, choice, by)
    except BiasError as error:
        return "", (np.nan, np.nan, np.nan, str(error))
    told = f"gained {flips.gained}, lost {flips.lost}, same {flips.same}; by {', '.join(by)}"
    if interval is None:
        return told, (flips.value, np.nan, np.nan, "")
    return told, (flips.value, *flips.interval(interval, seed=seed), "")


def _row(
    metric: formulas.Metric,
    facet,
    chosen,
    counts: Counts,
    used,
    value,
    low,
    high,
    reason,
) -> dict:
    n_a, n_d = counts.size.tolist()
    return {
        "stage": metric.stage,
        "facet": facet,
        "facet_value": chosen,
        "metric": metric.key,
        "description": metric.description,
        "asks": metric.asks,
        "value": value,
        "low": low,
        "high": high,
        "n_a": n_a,
        "n_d": n_d,
        "counts": used,
        "reason": reason,
        "caution": "" if reason else cautions(metric, counts, value),
        "reading": reason or _reading(metric, counts, value, low, high, facet, chosen),
    }


def _reading(metric: formulas.Metric, counts: Counts, value, *rest) -> str:
    """The finding in words; a ratio of nothing to nothing says that."""
    if metric.key == "DI" and not counts.predicted_positive.any():
        return "nobody gets the favourable prediction"
    return reading(metric, value, *rest)


def _counts_used(counts: Counts) -> str:
    """The counts from which the row comes, to check a value by hand."""
    if counts.predicted_favourable is None:
        parts = zip("ad", counts.positive.tolist(), counts.size.tolist(), strict=True)
        return "; ".join(f"{facet}: {yes} favourable of {n}" for facet, yes, n in parts)
    cells = np.stack(counts.confusion(), axis=-1).tolist()
    return "; ".join(
        f"{facet}: TP {tp} FP {fp} FN {fn} TN {tn}"
        for facet, (tp, fp, fn, tn) in zip("ad", cells, strict=True)
    )
