"""The guard guards: nbval fails on a solution whose stored output is not what its code prints."""

import subprocess
import sys

from tests.notebooks.reading import LABS, path_of
from tools.notebooks import ROOT, read, write


def nbval(path):
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "--nbval",
    ]
    command += [
        "--nbval-sanitize-with",
        str(ROOT / "tests/notebooks/sanitize.cfg"),
        str(path),
    ]
    command += ["-c", "/dev/null", "--rootdir", str(path.parent)]
    return subprocess.run(command, capture_output=True, text=True, cwd=path.parent)


def cut_down(folder):
    """A copy of a solution with its imports and its first exercise: enough, and quick."""
    notebook = read(path_of("solutions", LABS[0]))
    notebook.cells = [
        cell
        for cell in notebook.cells
        if cell.id in ("opening", "imports") or "ex1-1" in cell.id
    ]
    path = folder / "copy.ipynb"
    write(notebook, path)
    return notebook, path


def test_nbval_passes_on_a_copy_as_it_is(tmp_path):
    _, path = cut_down(tmp_path)
    run = nbval(path)
    assert run.returncode == 0, run.stdout


def test_nbval_fails_on_a_copy_with_another_result(tmp_path):
    notebook, path = cut_down(tmp_path)
    check = next(c for c in notebook.cells if "-check" in c.id)
    check.source += '\nprint("and something that was never there")'
    write(notebook, path)
    run = nbval(path)
    assert run.returncode == 1
    assert "never there" in run.stdout


def test_nbval_fails_on_a_copy_whose_code_breaks(tmp_path):
    notebook, path = cut_down(tmp_path)
    next(c for c in notebook.cells if c.id == "imports").source += "\n1 / 0"
    write(notebook, path)
    run = nbval(path)
    assert run.returncode == 1
    assert "ZeroDivisionError" in run.stdout
