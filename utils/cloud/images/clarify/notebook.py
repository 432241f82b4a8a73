"""``report.ipynb``: the same numbers to go on with; it needs no data and no model to run.

Written as the JSON that a notebook is: importing nbformat takes seconds (it brings a grammar of
addresses).
"""

import json
from pathlib import Path

from utils.bias.export import as_clarify

SHOWN = ["stage", "facet", "facet_value", "metric", "value", "low", "high", "reading"]


def write(job, path: Path) -> None:
    """Write the notebook of a finished job."""
    cells = [
        _text("title", f"# {job.config.title}"),
        _code("imports", "import pandas as pd"),
    ]
    if job.bias is not None:
        cells += _bias(job.bias)
    explained = job.analysis().get("explanations", {})
    if "kernel_shap" in explained:
        cells += _shap(explained["kernel_shap"], job.shap.method)
    if "pdp" in explained:
        cells += _curves(explained["pdp"])
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {
        "cells": cells,
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(notebook, indent=1), encoding="utf-8")


def _text(key: str, source: str) -> dict:
    return {"cell_type": "markdown", "id": key, "metadata": {}, "source": source}


def _code(key: str, source: str) -> dict:
    about = {"execution_count": None, "outputs": []}
    return {"cell_type": "code", "id": key, "metadata": {}, "source": source, **about}


def _literal(value) -> str:
    """A value as Python that stands on a line of its own."""
    if isinstance(value, list):
        return "[\n" + "".join(f"    {member!r},\n" for member in value) + "]"
    return "{\n" + "".join(f"    {k!r}: {v!r},\n" for k, v in value.items()) + "}"


def _bias(report) -> list[dict]:
    rows = [
        {k: as_clarify(v) if isinstance(v, float) else v for k, v in row.items()}
        for row in report.frame[SHOWN].to_dict("records")
    ]
    told = f"## Bias\n\nOutcome `{report.label}`, favourable: {report.label_value}."
    return [
        _text("bias", told),
        _code("bias-rows", f"rows = {_literal(rows)}"),
        _code("bias-table", "report = pd.DataFrame(rows)\nreport"),
    ]


def _shap(found: dict, method: str) -> list[dict]:
    told = (
        f"## What moves the scores\n\nGlobal SHAP values ({method}), a column a class."
    )
    source = (
        f"kernel_shap = {_literal(found)}\n"
        "importance = pd.DataFrame(\n"
        '    {name: part["global_shap_values"] for name, part in kernel_shap.items()}\n'
        ")\n"
        "importance.loc[importance.abs().sum(axis=1).sort_values(ascending=False).index]"
    )
    return [_text("shap", told), _code("shap-values", source)]


def _curves(found: list) -> list[dict]:
    told = "## Partial dependence\n\nThe mean score if everybody had the same value."
    source = (
        f"curves = {_literal(found)}\n"
        "parts = {}\n"
        "for curve in curves:\n"
        '    lines = curve["model_predictions"]\n'
        '    part = pd.DataFrame({f"label{k}": line for k, line in enumerate(lines)})\n'
        '    part.index = pd.Index(map(str, curve["feature_values"]), name="value")\n'
        '    parts[curve["feature_name"]] = part.assign(share=curve["data_distribution"])\n'
        "pd.concat(parts)"
    )
    return [_text("dependence", told), _code("dependence-values", source)]
