"""An instructor's way through a module, as CONTRIBUTING describes it: release, collect, grade."""

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.notebooks.reading import LABS, cells_of
from tests.notebooks.test_labs import wrong_answers
from tools.notebooks import ROOT, read

MODULE, NAME = LABS[0].split("/")


def nbgrader(course, *arguments):
    command = [sys.executable, "-m", "nbgrader", *arguments]
    # nbgrader calls alembic by name: an activated environment has it on the path
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": path}
    run = subprocess.run(
        command, cwd=course, capture_output=True, text=True, env=environment
    )
    assert run.returncode == 0, run.stderr
    return run.stderr


@pytest.fixture(scope="module")
def gradebook(tmp_path_factory):
    """One module, one lab, released and graded for a good, a wrong and a blank student."""
    course = tmp_path_factory.mktemp("course")
    shutil.copy(ROOT / "nbgrader_config.py", course)
    shutil.copytree(ROOT / "tools", course / "tools")
    (course / "solutions" / MODULE).mkdir(parents=True)
    shutil.copy(ROOT / "solutions" / f"{LABS[0]}.ipynb", course / "solutions" / MODULE)
    nbgrader(course, "generate_assignment", MODULE, "--force")
    released = course / "labs" / MODULE / f"{NAME}.ipynb"
    answers = {
        c.id: c.source
        for c in cells_of("solutions", LABS[0])
        if c.id.endswith("-answer")
    }
    exercise, _, code = wrong_answers(LABS[0])[0]
    wrong = {**answers, f"{exercise}-answer": code}
    downloads = course / "downloaded" / MODULE / "archive"
    for student, given in (("good", answers), ("wrong", wrong), ("blank", {})):
        hand_in(released, downloads / f"{student}_{NAME}.ipynb", given)
    nbgrader(course, "zip_collect", MODULE)
    nbgrader(course, "autograde", MODULE, "--create")
    return scores(course / "gradebook.db"), exercise


def hand_in(released, target, answers):
    import nbformat

    notebook = read(released)
    for cell in notebook.cells:
        cell.source = answers.get(cell.id, cell.source)
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, target)


def scores(path):
    """Student → check's name → points given by the machine."""
    query = """
        select a.student_id, c.name, g.auto_score from grade g
        join submitted_notebook n on n.id = g.notebook_id
        join submitted_assignment a on a.id = n.assignment_id
        join base_cell c on c.id = g.cell_id
        join grade_cells k on k.id = c.id where k.cell_type = 'code'
    """
    result = {}
    with sqlite3.connect(path) as database:
        for student, check, score in database.execute(query):
            result.setdefault(student, {})[check] = score
    return result


def test_good_submission_gets_every_point(gradebook):
    given = gradebook[0]["good"]
    assert given
    assert all(score >= 1 for score in given.values())


def test_wrong_answer_loses_its_own_points_only(gradebook):
    given, exercise = gradebook
    lost = [check for check, score in given["wrong"].items() if score == 0]
    assert lost
    assert all(check.startswith(exercise) for check in lost)


def test_blank_submission_gets_no_point(gradebook):
    given = gradebook[0]["blank"]
    assert given
    assert sum(given.values()) == 0
