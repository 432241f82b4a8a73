"""A report in other shapes: Clarify's analysis.json, a page, a notebook."""

import html
import json
from pathlib import Path

import numpy as np
import pandas as pd

from utils.bias import metrics, page
from utils.bias.errors import BiasError
from utils.bias.numbers import interval_text, number

STAGES = {
    metrics.PRE_TRAINING: "In the data",
    metrics.POST_TRAINING: "In the predictions",
}
LEFT = "text-align:left"  # inline: a notebook's own style sheet wins over a class


def to_clarify(report) -> dict:
    """The report as Clarify's ``analysis.json``: version 1.0, text values, "Infinity", errors."""
    analysis: dict = {"version": "1.0"}
    for stage, rows in report.frame.groupby("stage", sort=False):
        facets: dict = {}
        for (facet, value), part in rows.groupby(["facet", "facet_value"], sort=False):
            entry = {"value_or_threshold": report.intervals.get(facet, value)}
            ordered = part.sort_values("metric")
            entry["metrics"] = [_clarify_metric(row) for row in ordered.itertuples()]
            facets.setdefault(facet, []).append(entry)
        analysis[f"{stage}_bias_metrics"] = {
            "label": report.label,
            "facets": facets,
            "label_value_or_threshold": report.intervals.get(
                report.label, report.label_value
            ),
        }
    return analysis


def _clarify_metric(row) -> dict:
    metric = {
        "name": row.metric,
        "description": row.description,
        "value": as_clarify(row.value),
    }
    return {**metric, "error": row.reason} if row.reason else metric


def as_clarify(value: float):
    """A number as Clarify's JSON writes it: infinities as text, no value as null."""
    if np.isnan(value):
        return None
    return (
        float(value) if np.isfinite(value) else "Infinity" if value > 0 else "-Infinity"
    )


def tables(report) -> str:
    """The report as HTML tables, one a stage and facet value, grouped by what a metric asks."""
    parts = []
    keys = ["stage", "facet", "facet_value"]
    for (stage, facet, value), rows in report.frame.groupby(keys, sort=False):
        first = rows.iloc[0]
        caption = (
            f"{STAGES[stage]}: {facet} = {value} (d, {first['n_d']:,} rows) against the rest "
            f"(a, {first['n_a']:,} rows); favourable: {report.label} = {report.label_value}"
        )
        parts.append(_table(rows, caption))
    return "\n".join(parts)


def _table(rows: pd.DataFrame, caption: str) -> str:
    body = []
    for asks, group in rows.groupby("asks", sort=False):
        body.append(
            f'<tr><th colspan="4" scope="rowgroup" style="{LEFT}">{html.escape(asks)}</th></tr>'
        )
        for row in group.itertuples():
            caution = (
                f' <span class="caution">({html.escape(row.caution)})</span>'
                if row.caution
                else ""
            )
            body.append(
                f'<tr><td title="{html.escape(row.description)}">{row.metric}</td>'
                f'<td class="number">{number(row.value)}</td>'
                f'<td class="number" style="white-space:nowrap">'
                f"{interval_text(row.low, row.high)}</td>"
                f'<td style="{LEFT}">{html.escape(row.reading)}{caution}</td></tr>'
            )
    head = (
        '<tr><th scope="col">metric</th><th scope="col" class="number">value</th>'
        '<th scope="col" class="number">interval</th>'
        f'<th scope="col" style="{LEFT}">reading</th></tr>'
    )
    return (
        f"<table><caption>{html.escape(caption)}</caption><thead>{head}</thead>"
        f"<tbody>{''.join(body)}</tbody></table>"
    )


def to_html(report, path: Path) -> Path:
    """Write a page that stands alone: findings, each gap with its picture, the limits."""
    path = _writable(path)
    path.write_text(page.of_report(report), encoding="utf-8")
    return path


def to_notebook(report, path: Path) -> Path:
    """Write a notebook that holds the numbers and shows them; it needs no data to run."""
    import nbformat
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

    rows = json.dumps(json.loads(report.frame.to_json(orient="records")), indent=1)
    rows = (
        rows.replace("null", "None").replace("true", "True").replace("false", "False")
    )
    cells = [
        new_markdown_cell(
            f"# Bias report\n\nOutcome `{report.label}`, favourable: {report.label_value}; "
            f"{report.rows:,} rows. {_about_intervals(report)}",
            id="opening",
        ),
        new_code_cell(
            f"import pandas as pd\n\nrows = {rows}\nreport = pd.DataFrame(rows)",
            id="numbers",
        ),
        new_code_cell(
            'shown = ["stage", "facet", "facet_value", "metric", "value", "low", "high"]\n'
            'report[[*shown, "reading"]]',
            id="table",
        ),
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    path = _writable(path)
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    return path


def _about_intervals(report) -> str:
    if report.interval is None:
        return "No intervals were asked for."
    return f"Intervals: {report.interval:.0%}, bootstrap of the rows."


def _writable(path: Path) -> Path:
    if not path.parent.is_dir():
        raise BiasError(
            f"path is {str(path)!r} and there is no folder {str(path.parent)!r}"
        )
    return path
