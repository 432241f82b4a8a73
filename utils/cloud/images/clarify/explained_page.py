"""The report's sections on what moves the model's scores."""

from html import escape

import numpy as np
import pandas as pd

from utils.cloud.images.clarify import pictures

AGGREGATES = {
    "mean_abs": "the mean of the absolute SHAP values",
    "median": "the median of the SHAP values",
    "mean_sq": "the mean of the squared SHAP values",
}


def shap(job):
    """The section on SHAP values."""
    found = job.shap
    inside = [
        f"""<p>A SHAP value says how much one feature's value moved one row's score away from the
score of the baseline. Shown for each feature is {AGGREGATES[found.method]} over
{len(found.values) - found.left_out:,} rows, and between which values nine in ten rows lie. It tells
what the model does, not why the world is so, and not what would change if somebody's feature
did.</p>"""
    ]
    for k, output in enumerate(found.outputs):
        inside.append(_importance(found, k, output))
    how = "made from the data by clustering" if found.made else "as given"
    inside.append(_frame(found.baseline.head(12), f"The baseline, {how}"))
    inside += [f"<p>{escape(note)}.</p>" for note in found.notes]
    if found.left_out:
        inside.append(
            f"<p>{found.left_out:,} rows miss a value and are not explained.</p>"
        )
    return "shap", "What moves the scores", "".join(inside)


def _importance(shap, k: int, output: str) -> str:
    worth = shap.importance[:, k]
    most = np.abs(worth).max() * (-1 if (worth < 0).any() else 1)
    rows = []
    for f in np.argsort(-np.abs(worth), kind="stable"):
        feature = shap.features[f]
        low, high = np.nanpercentile(shap.values[:, f, k], (5, 95))
        rows.append(
            f'<tr><th scope="row">{escape(feature)}</th><td class="number">{worth[f]:.4f}</td>'
            f"<td>{pictures.bar(f'{feature}, importance', worth[f], most, _four, 260)}</td>"
            f'<td class="number">{low:.3f} to {high:.3f}</td></tr>'
        )
    name = f" for {output}" if len(shap.outputs) > 1 else ""
    return (
        f"<table><caption>Features by importance{escape(name)}; the baseline's score is "
        f'{shap.expected[k]:.4f}</caption><thead><tr><th scope="col">feature</th>'
        '<th scope="col" class="number">importance</th><th scope="col">picture</th>'
        '<th scope="col" class="number">nine in ten rows</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _four(value: float) -> str:
    return f"{value:.4f}"


def _frame(frame: pd.DataFrame, caption: str) -> str:
    head = "".join(f'<th scope="col">{escape(str(c))}</th>' for c in frame)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(_cell(v))}</td>" for v in row) + "</tr>"
        for row in frame.itertuples(index=False)
    )
    return (
        f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{rows}</tbody></table>"
    )


def _cell(value) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def curves(job):
    """The section on partial dependence."""
    outputs = [] if job.shap is None else job.shap.outputs
    figures = "".join(
        f"<figure><figcaption>{escape(str(c.feature))}</figcaption>"
        f"{pictures.curve(c, outputs)}</figure>"
        for c in job.curves
    )
    text = """<p>The mean score if everybody had the same value of one feature and kept the
rest. The grey columns show how many rows have such a value, the tallest standing for most: where
they are low, the model was asked about people who hardly exist. A number of many values is cut into
equally wide buckets, and the middle of each is asked.</p>"""
    return (
        "dependence",
        "Partial dependence",
        f'{text}<div class="curves">{figures}</div>',
    )
