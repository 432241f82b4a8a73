"""Notebooks as the tests see them: which there are, their cells, a kernel to run them in."""

import contextlib
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tools.notebooks import ROOT, read, units

LESSONS = units("course")
LABS = units("solutions")
EVERY = [("course", u) for u in LESSONS] + [("solutions", u) for u in LABS]
each_notebook = pytest.mark.parametrize("tree, unit", EVERY)
each_lesson = pytest.mark.parametrize("unit", LESSONS)
each_lab = pytest.mark.parametrize("unit", LABS)


def path_of(tree: str, unit: str) -> Path:
    """Where a tree keeps a unit."""
    return ROOT / tree / f"{unit}.ipynb"


def cells_of(tree: str, unit: str, kind: str | None = None) -> list:
    """A notebook's cells, of one kind or all."""
    cells = read(path_of(tree, unit)).cells
    return [c for c in cells if kind in (None, c.cell_type)]


def exercises(cells) -> dict[str, dict]:
    """Exercise → its coded answer cell and its check cells; written exercises are left out."""
    found = {}
    for cell in cells:
        match = re.fullmatch(r"(ex\d+-\d+)-(answer|check.*|try.*)", cell.id)
        if match and cell.cell_type == "code":
            exercise = found.setdefault(
                match[1], {"answer": None, "checks": [], "tries": []}
            )
            if match[2] == "answer":
                exercise["answer"] = cell
            else:
                exercise["checks" if match[2].startswith("check") else "tries"].append(
                    cell
                )
    return found


class Kernel:
    """A running kernel; `run` returns None, or the error's name and text."""

    def __init__(self, client: NotebookClient):
        self.client = client

    def run(self, source: str) -> tuple[str, str] | None:
        cell = nbformat.v4.new_code_cell(source)
        self.client.nb.cells = [cell]
        self.client.execute_cell(cell, 0)
        for output in cell.outputs:
            if output.output_type == "error":
                return output.ename, output.evalue
        return None

    def run_all(self, cells) -> dict[str, tuple[str, str] | None]:
        """Run cells in order, going on after errors."""
        return {
            cell.id: self.run(cell.source) for cell in cells if cell.cell_type == "code"
        }


@contextlib.contextmanager
def kernel(folder: Path):
    """A fresh kernel that starts in `folder`."""
    notebook = nbformat.v4.new_notebook()
    resources = {"metadata": {"path": str(folder)}}
    client = NotebookClient(
        notebook,
        timeout=120,
        kernel_name="python3",
        resources=resources,
        allow_errors=True,
    )
    with client.setup_kernel():
        yield Kernel(client)
