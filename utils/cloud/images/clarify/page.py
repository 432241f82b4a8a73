"""``report.html``: one file for a person who did not write the configuration."""

import json
import time
from html import escape
from pathlib import Path

import numpy as np

from utils.bias import page
from utils.cloud.images.clarify import explained_page, pictures


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
        sections += [page.reading(job.bias), *page.gaps(job.bias)]
    if job.shap is not None:
        sections.append(explained_page.shap(job))
    if job.curves:
        sections.append(explained_page.curves(job))
    sections += [page.missing(job.bias), _limits(job), _configuration(job)]
    about = (
        f"{job.data.rows:,} rows, {_today()}. Made by the embedded SageMaker Clarify; the same "
        "numbers stand in analysis.json."
    )
    path.write_text(page.document(job.config.title, about, sections), encoding="utf-8")


def _today() -> str:
    day = time.gmtime()
    return f"{day.tm_mday} {time.strftime('%B %Y', day)}"


def _asked(job):
    config, data = job.config, job.data
    rows = [] if job.bias is None else page.subject(job.bias)
    if job.bias is not None and data.group:
        rows.append(("Compared within", f"groups of equal {data.group}"))
    model = config.predictor.get("model_name") or config.predictor.get("endpoint_name")
    if model:
        rows.append(("The model", f"{model}, {_questions(job)}"))
        rows.append(("It is given", ", ".join(data.features)))
    elif data.predicted:
        rows.append(
            ("Predictions", f"the column {data.predicted}, as it came with the data")
        )
    if job.notes:
        rows.append(("Read as", "; ".join(job.notes)))
    return page.asked(rows)


def _questions(job) -> str:
    """How often the model was asked; more often than there are rows, where it is explained."""
    if job.asked <= job.data.rows:
        return f"asked about {job.asked:,} rows"
    return (
        f"asked {job.asked:,} times: about the {job.data.rows:,} rows, and about made-up variants "
        "of them, to explain its scores"
    )


def _short(job):
    more = []
    if job.shap is not None:
        top = ", ".join(job.shap.ranked()[:3])
        more = [f"Away from the baseline, the scores are moved most by {top}."]
    return page.short(job.bias, more)


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
        if group.name.startswith("the rest") or group.name.startswith("above "):
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


def _limits(job):
    told = "SHAP values depend on the baseline: another one tells another story of the same model."
    return page.limits(job.bias, [] if job.shap is None else [told])


def _configuration(job):
    text = escape(json.dumps(job.config.given, indent=1, ensure_ascii=False))
    return "configuration", "The configuration", f"<pre>{text}</pre>"
