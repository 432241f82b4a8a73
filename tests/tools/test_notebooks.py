"""The maintainers' commands: outputs kept without traces of the machine, labs never overwritten."""

import nbformat
import pytest

from tools import notebooks


def save(path, *cells):
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=list(cells)), path)
    return path


def test_execute_keeps_outputs_and_drops_run_times(tmp_path):
    path = save(tmp_path / "a.ipynb", nbformat.v4.new_code_cell("print(1 + 1)"))
    notebooks.execute([path])
    cell = notebooks.read(path).cells[0]
    assert cell.outputs[0].text == "2\n"
    assert cell.execution_count == 1
    assert "execution" not in cell.metadata
    assert dict(notebooks.read(path).metadata.language_info) == {"name": "python"}


def test_execute_leaves_a_notebook_that_fails_as_it_was(tmp_path):
    path = save(tmp_path / "a.ipynb", nbformat.v4.new_code_cell("1 / 0"))
    before = path.read_bytes()
    with pytest.raises(Exception, match="ZeroDivisionError"):
        notebooks.execute([path])
    assert path.read_bytes() == before


def test_labs_that_have_been_worked_on_are_not_replaced(tmp_path, monkeypatch):
    cell = nbformat.v4.new_code_cell("x = 1", execution_count=1)
    path = save(tmp_path / "labs" / "01_a" / "01_b.ipynb", cell)
    before = path.read_bytes()
    monkeypatch.setattr(notebooks, "ROOT", tmp_path)
    monkeypatch.setattr(notebooks, "units", lambda tree: ["01_a/01_b"])
    with pytest.raises(SystemExit, match="has been worked on"):
        notebooks.labs()
    assert path.read_bytes() == before


def test_a_lesson_knows_its_neighbours_and_its_lab():
    lessons = notebooks.units("course")
    text = notebooks.navigation("course", "01_case_study/02_feedback_loop", lessons)
    assert "(../01_case_study/01_predictive_policing.ipynb)" in text
    assert "(../../labs/01_case_study/02_feedback_loop.ipynb)" in text
    assert "(../01_case_study/03_protected_attributes.ipynb)" in text
