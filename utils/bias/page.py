"""A report on bias as a page for people: the findings in short, each gap, what is missing, limits.

`BiasReport.to_html` writes it; the page of a Clarify job has the same sections among its own.
A section is its key, its title and its HTML.
"""

from html import escape

import numpy as np
import pandas as pd

from utils.bias import drawings, metrics
from utils.bias.numbers import interval_text, number
from utils.bias.readings import FEW

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


def document(title: str, about: str, sections) -> str:
    """A page that stands alone; sections that are None are left out."""
    sections = [section for section in sections if section]
    links = "".join(
        f'<a href="#{key}">{escape(title)}</a> ' for key, title, _ in sections
    )
    body = "".join(
        f'<section aria-labelledby="{key}"><h2 id="{key}">{escape(title)}</h2>{inside}</section>'
        for key, title, inside in sections
    )
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>
<body><header><h1>{escape(title)}</h1>
<p class="quiet">{about}</p>
<nav aria-label="Sections">{links}</nav></header><main>{body}</main></body></html>
"""


def asked(rows):
    """What was asked: pairs of a term and its text."""
    inside = "".join(f"<dt>{escape(a)}</dt><dd>{escape(str(b))}</dd>" for a, b in rows)
    names = (
        "<p>Columns and values have the names of the data set; ask whoever made it what they stand "
        "for, and how they were recorded.</p>"
    )
    return "asked", "What was asked", f"<dl>{inside}</dl>{names}"


def subject(report) -> list[tuple[str, str]]:
    """Outcome, favourable value and groups of a report, as `asked` takes them."""
    return [
        ("The outcome", f"the column {report.label}"),
        ("Favourable", f"{report.label} = {report.label_value}"),
        ("Who is compared", _compared(report)),
    ]


def _compared(report) -> str:
    pairs = report.frame[["facet", "facet_value"]].drop_duplicates()
    named = "; ".join(_called(*pair) for pair in pairs.itertuples(index=False))
    return f"{named}{': each' if len(pairs) > 1 else ','} with everybody else"


def short(report, more=()):
    """The findings that a reader should not miss; None if there are none."""
    found, meant = list(more), ""
    if report is not None:
        none = "No gap in shares was found that chance alone could not have made."
        if report.interval is None:
            none = "There are no intervals: chance alone may have made the gaps."
        found = [
            *_absent(report),
            *(_findings(report) or [none]),
            *_few(report),
            *found,
        ]
        told = f"{report.label} = {report.label_value}"
        meant = f"<p>Favourable means {escape(told)}.</p>"
    if not found:
        return None
    items = "".join(f"<li>{escape(text)}</li>" for text in found)
    return "short", "In short", f'<div class="short">{meant}<ul>{items}</ul></div>'


def _absent(report) -> list[str]:
    """Groups that cannot be compared at all."""
    parts = report.frame.groupby(["facet", "facet_value"], sort=False)
    return [
        f"{_called(*names)} was asked for and nothing can be compared: see below."
        for names, rows in parts
        if (rows["reason"] != "").all()
    ]


def _few(report) -> list[str]:
    """Groups, or their rest, of so few rows that most gaps could not be seen."""
    groups = report.frame.drop_duplicates(["facet", "facet_value"])
    return [
        f"{_called(row.facet, row.facet_value)} is compared on few rows ({row.n_d:,} against "
        f"{row.n_a:,}): that no gap is named here says little."
        for row in groups.itertuples()
        if 0 < min(row.n_a, row.n_d) < FEW
    ]


def _called(facet: str, value: str) -> str:
    return f"{facet} {value}" if value.startswith("above ") else f"{facet} = {value}"


def _findings(report, most: int = 8) -> list[str]:
    """The largest gaps in shares whose interval leaves out no difference.

    Mistakes about those with the favourable label and about the others are two findings.
    """
    frame = report.frame
    frame = frame[frame["metric"].isin(SHARES) & np.isfinite(frame["value"])]
    frame = frame[frame["n_d"] >= FEW]
    sure = frame[(frame["low"] > 0) | (frame["high"] < 0)]
    sure = sure.loc[sure["value"].abs().sort_values(ascending=False).index]
    # of two values of a facet, the one is the other's mirror
    sure = sure.assign(size=sure["value"].abs().round(9))
    sure = sure.drop_duplicates(["facet", "metric", "size"])
    found = [_finding(row) for row in sure.head(most).itertuples()]
    left = len(sure) - len(found)
    return [*found, f"{left} smaller gaps are in the tables below."] if left else found


def _finding(row) -> str:
    ends = sorted((abs(row.low), abs(row.high)))
    return (
        f"{_sentence(row)}: {row.metric}, a gap of {100 * abs(row.value):.0f} percentage points "
        f"(interval {100 * ends[0]:.0f} to {100 * ends[1]:.0f})."
    )


def _sentence(row) -> str:
    """The reading as a sentence; the name of a column keeps its first letter."""
    if row.reading.startswith((row.facet, "a facet")):
        return row.reading
    return row.reading[0].upper() + row.reading[1:]


def reading(report):
    """How values, signs and pictures are to be read."""
    bars = "There are no intervals, so chance alone may have made a gap."
    if report.interval is not None:
        bars = (
            f"The bar is its {report.interval:.0%} interval. A blue one leaves the line out: "
            "chance in drawing these rows does not explain the gap. A grey one with an empty dot "
            "holds it; one that reaches the picture's edge may go on."
        )
    return (
        "reading",
        "How to read the gaps",
        f"""<p>Each group (Clarify calls it facet <b>d</b>) is compared with everybody else (facet
<b>a</b>). A gap of 0.10 between shares is ten in a hundred people. Signs differ from metric to
metric; the sentence beside it says who is worse off.</p>
<p>The picture shows the value as a dot, on a scale of {_scale(report):g} to either side of the
dashed line, which means no difference (for the ratio DI that is 1). An arrow lies beyond the scale.
{bars}</p>""",
    )


def _scale(report) -> float:
    """How far the pictures reach, so that most shares fit and small ones are seen."""
    shares = report.frame[report.frame["metric"].isin(SHARES)]
    ends = shares[["value", "low", "high"]].abs().to_numpy()
    most = np.max(ends[np.isfinite(ends)], initial=0)
    return next((s for s in (0.1, 0.25, 0.5) if most <= s), 1.0)


def gaps(report):
    """The tables of each stage."""
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
    picture = drawings.gap(
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


def missing(report):
    """Metrics without value, and why; None if every one has a value."""
    if report is None or not report.frame["reason"].any():
        return None
    rows = report.frame[report.frame["reason"] != ""]
    items = []
    for (facet, value, reason), part in rows.groupby(
        ["facet", "facet_value", "reason"], sort=False
    ):
        names = ", ".join(part["metric"])
        items.append(f"<li>{escape(f'{facet}, {value}: {names}: {reason}.')}</li>")
    return "missing", "What could not be computed", f"<ul>{''.join(items)}</ul>"


def limits(report, more=()):
    """What no number of the page can say."""
    points = [
        "The numbers compare records. They do not say why a gap is there, and do not see whoever "
        "is not in the data, or what was measured or written down wrongly.",
        "Several metrics cannot be zero together, so which gap matters is a decision about people, "
        "not a result of this page. A small gap is no proof of fairness.",
    ]
    if report is not None and report.interval is not None:
        points.append(
            "The intervals are bootstrap intervals of these rows: they hold what chance in drawing "
            "the rows does, not errors of measurement, and each metric's stands alone: of a "
            "hundred true zeros about five would look like a gap."
        )
    if report is not None:
        points.append(
            "Facets are analysed one by one; people in two of the groups at once can fare worse "
            "than either shows."
        )
    items = "".join(f"<li>{escape(point)}</li>" for point in [*points, *more])
    return "limits", "Limits", f"<ul>{items}</ul>"


def of_report(report) -> str:
    """The page of a report alone."""
    rows = subject(report)
    left = ", ".join(f"{n:,} without {name}" for name, n in report.missing.items())
    if left:
        rows.append(("Left out", left))
    sections = [asked(rows), short(report), reading(report), *gaps(report)]
    sections += [missing(report), limits(report)]
    return document("Bias report", f"{report.rows:,} rows.", sections)
