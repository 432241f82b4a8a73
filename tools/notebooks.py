"""Maintainers' commands for the notebooks: ``python tools/notebooks.py execute | links | labs``.

execute [path ...]   run notebooks and keep their outputs (none named: all lessons and solutions)
links                write each notebook's navigation cell and the README's table of lessons
labs [--force]       build labs/ from solutions/
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
TABLE = re.compile(r"(<!-- lessons -->\n).*(<!-- /lessons -->)", re.DOTALL)


def units(tree: str, root: Path = ROOT) -> list[str]:
    """Paths of a tree's notebooks, as ``01_case_study/02_feedback_loop``, in the course's order."""
    paths = (root / tree).glob("*/*.ipynb")
    return sorted(str(p.relative_to(root / tree).with_suffix("")) for p in paths)


def read(path: Path) -> nbformat.NotebookNode:
    """The notebook at `path`, as nbformat 4."""
    return nbformat.read(path, as_version=4)


def write(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Save without what differs from machine to machine or from run to run."""
    notebook.metadata = nbformat.from_dict(KERNEL)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            if "data" in output:
                output.data.pop("application/vnd.jupyter.widget-view+json", None)
    nbformat.validate(notebook)
    nbformat.write(notebook, path)


def run(notebook: nbformat.NotebookNode, folder: Path, **options) -> float:
    """Execute in place, in a kernel that starts in `folder`; return the seconds it took."""
    started = time.perf_counter()
    client = NotebookClient(
        notebook,
        timeout=120,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        coalesce_streams=True,
        **options,
    )
    client.execute()
    return time.perf_counter() - started


def execute(paths: list[Path]) -> None:
    """Run notebooks and keep their outputs."""
    for path in paths:
        notebook = read(path)
        seconds = run(notebook, path.parent)
        write(notebook, path)
        print(f"{path}: {seconds:.0f} s", flush=True)
