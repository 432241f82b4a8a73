"""Beyond one facet in one report: intersectional groups, and two reports side by side."""

import narwhals as nw
import numpy as np
import pandas as pd

from utils.bias.errors import ArgumentError, nearest
from utils.bias.metrics import REGISTRY
from utils.bias.passes import as_narwhals
from utils.bias.report import BiasReport, bias_report

JOINED = " × "


def intersections(frame, facets: list[str], label: str, **options) -> BiasReport:
    """The bias report of intersectional groups, such as race × sex.

    Clarify analyses facets one by one; a harm that falls on one combination can hide in that.

    Parameters
    ----------
    frame : data frame
        In memory (pandas, polars, pyarrow) or lazy.
    facets : list of str
        At least two columns; their combinations become the values of one facet, written
        ``"Black × Female"``.
    label : str
    **options
        As in `bias_report`.

    Returns
    -------
    BiasReport
        Each combination against everybody else.

    Raises
    ------
    ArgumentError
        If there are fewer than two columns.
    """
    if isinstance(facets, str) or len(facets) < 2:
        raise ArgumentError(f"facets is {facets!r}; name at least two columns")
    native = as_narwhals(frame)
    present = native.collect_schema().names()
    for facet in facets:
        if facet not in present:
            raise ArgumentError(f"no column {facet!r}; {nearest(facet, present)}")
    name = JOINED.join(facets)
    parts = [nw.col(f).cast(nw.String) for f in facets]
    joined = native.with_columns(nw.concat_str(parts, separator=JOINED).alias(name))
    return bias_report(joined.to_native(), name, label, **options)


def compare(before: BiasReport, after: BiasReport) -> pd.DataFrame:
    """Two reports side by side.

    Parameters
    ----------
    before, after : BiasReport
        With facets, facet values and metrics in common.

    Returns
    -------
    pandas.DataFrame
        A row a metric, facet and facet value in both: ``before``, ``after``, their intervals,
        ``change`` (after − before) and ``closer`` (whether the gap to parity shrank; missing where
        there is no telling). The intervals stand for each report alone: two models judged on the
        same rows differ less by chance than their intervals suggest.

    Raises
    ------
    ArgumentError
        If the reports have nothing in common.
    """
    keys = ["stage", "facet", "facet_value", "metric"]
    numbers = ["value", "low", "high"]
    both = before.frame[[*keys, *numbers]].merge(
        after.frame[[*keys, *numbers]], on=keys, suffixes=("_before", "_after")
    )
    if both.empty:
        raise ArgumentError(
            f"before has {_what(before)} and after has {_what(after)}; nothing can be compared"
        )
    parity = both["metric"].map(
        {key: metric.parity for key, metric in REGISTRY.items()}
    )
    distance = {s: (both[f"value_{s}"] - parity).abs() for s in ("before", "after")}
    with np.errstate(invalid="ignore"):
        both["change"] = both["value_after"] - both["value_before"]
    closer = (distance["after"] < distance["before"]).astype("boolean")
    unknown = distance["before"].isna() | distance["after"].isna()
    unknown |= np.isinf(distance["before"]) & np.isinf(distance["after"])
    both["closer"] = closer.mask(unknown)
    names = {"value_before": "before", "value_after": "after"}
    return both.rename(columns=names)


def _what(report: BiasReport) -> str:
    facets = report.frame[["facet", "facet_value"]].drop_duplicates()
    return ", ".join(f"{row.facet}={row.facet_value}" for row in facets.itertuples())
