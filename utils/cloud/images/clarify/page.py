"""``report.html``: one file for a person who did not write the configuration."""

import json
import time
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd

from utils.bias import metrics
from utils.bias.export import interval_text, number
from utils.cloud.images.clarify import explained_page, pictures

STYLE = """
:root { color-scheme: light }
body { font: 1rem/1.5 system-ui, "Segoe UI", Helvetica, Arial, sans-serif; color: #1a1a1a;
  background: #fff; max-width: 68rem; margin: 2rem auto; padding: 0 1.2rem }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 .3rem }
h2 { font-size: 1.4rem; margin: 2.4rem 0 .6rem; padding-top: .6rem; border-top: 3px solid #0072B2 }
h3 { font-size: 1.1rem; margin: 1.6rem 0 .3rem }
p { max-width: 46rem } li { max-width: 46rem; margin: .25rem 0 }
nav a { margin-right: 1.1rem } a { color: #00568a }
table { border-collapse: collapse; width: 100%; margin: .6rem 0 1.4rem }
caption { text-align: left; font-weight: 600; padding: .4rem 0 }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem;
  border-bottom: 1px solid #ddd }
thead th { border-bottom: 2px solid #555; font-size: .88rem }
tbody th { font-weight: 600 }
tr.question th { background: #eef3f7; font-size: .95rem; padding-top: .6rem }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
.key { font-weight: 600; white-space: nowrap } .name { display: block; font-weight: 400;
  font-size: .82rem; color: #555; white-space: normal; max-width: 12rem }
.caution { color: #7a3b00; display: block; font-size: .9rem } .quiet { color: #555 }
.short { background: #f3f7fa; border-left: 5px solid #0072B2; padding: .4rem 1.2rem }
.short ul { padding-left: 1.2rem } td.picture { width: 190px; min-width: 150px }
section { overflow-x: auto }
.curves { display: flex; flex-wrap: wrap; gap: 1rem } figure { margin: 0 }
figcaption { font-weight: 600 } svg { display: block; max-width: 100% }
dt { font-weight: 600; float: left; clear: left; width: 11rem } dd { margin: 0 0 .3rem 11.5rem }
pre { background: #f6f6f6; padding: 1rem; font-size: .85rem; white-space: pre-wrap }
@media print { @page { margin: 15mm }
  html { font-size: 10px } body { margin: 0; max-width: none; padding: 0 } p, li { max-width: none }
  section { overflow: visible } nav { display: none } h2, h3, caption { break-after: avoid }
  tr, figure, .short { break-inside: avoid } thead { display: table-header-group }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact } }
"""
SHARES = ("DPL", "DPPL", "RD", "SD", "AD", "DAR", "DRR", "CDDL", "CDDPL")
STAGES = {
    metrics.PRE_TRAINING: ("data", "Gaps in the data"),
    metrics.POST_TRAINING: ("predictions", "Gaps in the predictions"),
}


def write(job, path: Path) -> None:
    """Write the report of a finished job.

    Parameters
    ----------
    job : Job
        With what it found.
    path : Path
    """
    sections = [_asked(job), _short(job), _groups(job)]
    if job.bias is not None:
        sections += [_reading(job), *_gaps(job.bias)]
    if job.shap is not None:
        sections.append(explained_page.shap(job))
    if job.curves:
        sections.append(explained_page.curves(job))
    sections += [_missing(job), _limits(job), _configuration(job)]
    sections = [section for section in sections if section]
    links = "".join(
        f'<a href="#{key}">{escape(title)}</a> ' for key, title, _ in sections
    )
    body = "".join(
        f'<section aria-labelledby="{key}"><h2 id="{key}">{escape(title)}</h2>{inside}</section>'
        for key, title, inside in sections
    )
    title = escape(job.config.title)
    page = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>
<body><header><h1>{title}</h1>
<p class="quiet">{job.data.rows:,} rows, {_today()}. Made by the
embedded SageMaker Clarify; the same numbers stand in analysis.json.</p>
<nav aria-label="Sections">{links}</nav></header><main>{body}</main></body></html>
"""
    path.write_text(page, encoding="utf-8")


def _today() -> str:
    day = time.gmtime()
    return f"{day.tm_mday} {time.strftime('%B %Y', day)}"


def _asked(job):
    config, data, rows = job.config, job.data, []
    if job.bias is not None:
        rows.append(("The outcome", f"the column {data.label}"))
        rows.append(("Favourable", f"{data.label} = {job.bias.label_value}"))
        rows.append(("Whose outcome", ", ".join(dict.fromkeys(data.facets))))
        if data.group:
            rows.append(("Compared within", f"groups of equal {data.group}"))
    model = config.predictor.get("model_name") or config.predictor.get("endpoint_name")
    if model:
        rows.append(("The model", f"{model}, asked for {job.asked:,} rows"))
    elif data.predicted:
        rows.append(
            ("Predictions", f"the column {data.predicted}, as it came with the data")
        )
    rows.append(("Features", ", ".join(data.features)))
    if job.notes:
        rows.append(("Taken as", "; ".join(job.notes)))
    inside = "".join(f"<dt>{escape(a)}</dt><dd>{escape(str(b))}</dd>" for a, b in rows)
    return "asked", "What was asked", f"<dl>{inside}</dl>"


def _short(job):
    """The findings that a reader should not miss."""
    found = [] if job.bias is None else [*_absent(job.bias), *_findings(job.bias)]
    if job.shap is not None:
        top = ", ".join(job.shap.ranked()[:3])
        found.append(f"The scores are moved most by {top}.")
    if not found:
        found = ["No gap was found that chance alone could not have made."]
    items = "".join(f"<li>{escape(text)}</li>" for text in found)
    meant = ""
    if job.bias is not None:
        told = f"{job.bias.label} = {job.bias.label_value}"
        meant = f"<p>Favourable means {escape(told)}.</p>"
    return "short", "In short", f'<div class="short">{meant}<ul>{items}</ul></div>'


def _absent(report) -> list[str]:
    """Groups that cannot be compared at all."""
    parts = report.frame.groupby(["facet", "facet_value"], sort=False)
    return [
        f"{_called(*names)} was asked for and nothing can be compared: see below."
        for names, rows in parts
        if (rows["reason"] != "").all()
    ]


def _called(facet: str, value: str) -> str:
    return f"{facet} {value}" if value.startswith("above ") else f"{facet} = {value}"


def _findings(report, most: int = 6) -> list[str]:
    """The largest gaps in shares whose interval leaves out no difference."""
    frame = report.frame
    frame = frame[frame["metric"].isin(SHARES) & np.isfinite(frame["value"])]
    frame = frame[frame["n_d"] >= 30]
    sure = frame[(frame["low"] > 0) | (frame["high"] < 0)]
    sure = sure.loc[sure["value"].abs().sort_values(ascending=False).index]
    # of two values of a facet, the one is the other's mirror; one finding a question is enough
    sure = sure.assign(size=sure["value"].abs().round(9))
    sure = sure.drop_duplicates(["facet", "metric", "size"])
    sure = sure.drop_duplicates(["facet", "facet_value", "asks"])
    return [_finding(row) for row in sure.head(most).itertuples()]


def _finding(row) -> str:
    ends = sorted((abs(row.low), abs(row.high)))
    between = "" if np.isnan(row.low) else f" (between {ends[0]:.0%} and {ends[1]:.0%})"
    return f"{_sentence(row)}: {row.metric}, a gap of {abs(row.value):.0%}{between}."


def _sentence(row) -> str:
    """The reading as a sentence; the name of a column keeps its first letter."""
    if row.reading.startswith((row.facet, "a facet")):
        return row.reading
    return row.reading[0].upper() + row.reading[1:]


def _groups(job):
    if not job.groups:
        return None
    predicted = any(not np.isnan(g.predicted) for g in job.groups)
    heads = ["rows", "share of rows", "favourable label"]
    heads += ["favourable prediction"] * predicted
    head = "".join(
        f'<th scope="col" colspan="{1 + (h != "rows")}">{h}</th>' for h in heads
    )
    rows = []
    for group in dict.fromkeys(job.groups):
        name = f"{group.facet} = {group.name}"
        if group.name == "the rest" or group.name.startswith("above "):
            name = f"{group.facet}: {group.name}"
        cells = f'<td class="number">{group.rows:,}</td>'
        shares = [
            ("share of rows", group.share),
            ("favourable label", group.favourable),
        ]
        shares += [("favourable prediction", group.predicted)] * predicted
        for what, share in shares:
            shown = "–" if np.isnan(share) else f"{share:.1%}"
            picture = pictures.bar(f"{name}, {what}", share, 1, _percent, 110)
            cells += f'<td class="number">{shown}</td><td>{picture}</td>'
        rows.append(f'<tr><th scope="row">{escape(name)}</th>{cells}</tr>')
    missing = "".join(
        f"<p>{rows_:,} rows have no {escape(name)} and are left out.</p>"
        for name, rows_ in job.bias.missing.items()
    )
    table = (
        "<table><caption>Each group, and how often it has the favourable outcome</caption>"
        f'<thead><tr><th scope="col">group</th>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )
    return "who", "Who is in the data", table + missing


def _percent(value: float) -> str:
    return f"{value:.1%}"


def _reading(job):
    level = "" if job.bias.interval is None else f"{job.bias.interval:.0%} "
    return (
        "reading",
        "How to read the gaps",
        f"""<p>Each group (Clarify calls it facet <b>d</b>) is compared with everybody else (facet
<b>a</b>). A gap of 0.10 between shares is ten in a hundred people. Signs differ from metric to
metric; the sentence beside it says who is worse off.</p>
<p>The picture shows the value as a dot and its {level}interval as a bar, on a scale of
{_scale(job.bias):g} to either side of the dashed line, which means no difference (for the ratio DI
that is 1). A blue bar leaves the
line out: chance in drawing these rows does not explain the gap. A grey one with an empty dot holds
it. An arrow lies beyond the scale.</p>""",
    )


def _scale(report) -> float:
    """How far the pictures reach, so that most shares fit and small ones are seen."""
    shares = report.frame[report.frame["metric"].isin(SHARES)]
    ends = shares[["value", "low", "high"]].abs().to_numpy()
    most = np.max(ends[np.isfinite(ends)], initial=0)
    return next((s for s in (0.1, 0.25, 0.5) if most <= s), 1.0)


def _gaps(report):
    for stage, (key, title) in STAGES.items():
        rows = report.frame[report.frame["stage"] == stage]
        if len(rows):
            parts = rows.groupby(["facet", "facet_value"], sort=False)
            yield key, title, "".join(_table(*part, report) for part in parts)


def _table(names, rows: pd.DataFrame, report) -> str:
    group = _called(*names)
    if (rows["reason"] != "").all():
        return (
            f"<h3>{escape(group)}</h3><p>Nothing can be compared: see "
            '<a href="#missing">what could not be computed</a>.</p>'
        )
    first = rows.iloc[0]
    caption = (
        f"{first['n_d']:,} rows with {group} against {first['n_a']:,} others; favourable: "
        f"{report.label} = {report.label_value}"
    )
    body = []
    for asks, part in rows.groupby("asks", sort=False):
        body.append(
            f'<tr class="question"><th colspan="5" scope="rowgroup">{escape(asks)}</th></tr>'
        )
        body += [_row(row, group, _scale(report)) for row in part.itertuples()]
    heads = ("metric", "value", "interval", "picture", "reading")
    head = "".join(
        f'<th scope="col"{" class=number" if h in heads[1:3] else ""}>{h}</th>'
        for h in heads
    )
    return (
        f"<h3>{escape(group)}</h3><table><caption>{escape(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"
    )


def _row(row, group: str, scale: float) -> str:
    about = metrics.REGISTRY[row.metric]
    name = row.description.removesuffix(f" ({row.metric})")
    picture = pictures.gap(
        f"{row.metric} of {group}", row.value, row.low, row.high, about.parity, scale
    )
    caution = (
        f'<span class="caution">{escape(row.caution)}</span>' if row.caution else ""
    )
    return (
        f'<tr><th scope="row"><span class="key">{row.metric}</span>'
        f'<span class="name">{escape(name)}</span></th>'
        f'<td class="number">{number(row.value)}</td>'
        f'<td class="number">{interval_text(row.low, row.high)}</td>'
        f'<td class="picture">{picture}</td><td>{escape(_sentence(row))}.{caution}</td></tr>'
    )


def _missing(job):
    if job.bias is None or not job.bias.frame["reason"].any():
        return None
    rows = job.bias.frame[job.bias.frame["reason"] != ""]
    items = []
    for (facet, value, reason), part in rows.groupby(
        ["facet", "facet_value", "reason"], sort=False
    ):
        names = ", ".join(part["metric"])
        items.append(f"<li>{escape(f'{facet}, {value}: {names}: {reason}.')}</li>")
    return "missing", "What could not be computed", f"<ul>{''.join(items)}</ul>"


def _limits(job):
    points = [
        "The numbers compare records. They do not say why a gap is there, and do not see whoever "
        "is not in the data, or what was measured or written down wrongly.",
        "Several metrics cannot be zero together, so which gap matters is a decision about people, "
        "not a result of this page. A small gap is no proof of fairness.",
    ]
    if job.bias is not None:
        points.append(
            "The intervals are bootstrap intervals of these rows: they hold what chance in drawing "
            "the rows does, not errors of measurement, and each metric's stands alone: of a "
            "hundred true zeros about five would look like a gap."
        )
        points.append(
            "Facets are analysed one by one; people in two of the groups at once can fare worse "
            "than either shows."
        )
    if job.shap is not None:
        points.append(
            "SHAP values depend on the baseline: another one tells another story of the same model."
        )
    items = "".join(f"<li>{escape(point)}</li>" for point in points)
    return "limits", "Limits", f"<ul>{items}</ul>"


def _configuration(job):
    text = escape(json.dumps(job.config.given, indent=1, ensure_ascii=False))
    return "configuration", "The configuration", f"<pre>{text}</pre>"
