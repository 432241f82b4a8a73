"""`make progress` counts what a student has saved, and nothing else."""

import nbformat
import pytest

from tools.progress import progress_of, table


def code(name, *outputs):
    return nbformat.v4.new_code_cell("assert True", id=name, outputs=list(outputs))


def printed(text):
    return nbformat.v4.new_output("stream", name="stdout", text=text)


def failed(text="look at the order"):
    return nbformat.v4.new_output(
        "error", ename="AssertionError", evalue=text, traceback=[text]
    )


def save(root, name, *cells):
    path = root / "labs" / "01_module" / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=list(cells)), path)
    return path


def words(name, text):
    return nbformat.v4.new_markdown_cell(text, id=name)


STUB = "*Write your answer here.*"


def test_a_blank_lab(tmp_path):
    path = save(
        tmp_path,
        "01_a",
        code("ex1-1-check"),
        code("ex1-2-check"),
        words("ex1-3-answer", STUB),
    )
    expected = {"passed": 0, "checks": 2, "written": 0, "to_write": 1, "next": "1.1"}
    assert progress_of(path) == expected


def test_a_failed_check_is_not_passed(tmp_path):
    path = save(
        tmp_path, "01_a", code("ex1-1-check", printed("1.1 passed\n"), failed())
    )
    assert progress_of(path)["passed"] == 0


def test_what_is_next_comes_in_the_labs_order(tmp_path):
    first = code("ex1-1-check", printed("1.1 passed\n"))
    path = save(
        tmp_path, "01_a", first, words("ex1-2-answer", "Because."), code("ex1-3-check")
    )
    assert progress_of(path)["next"] == "1.3"


@pytest.mark.parametrize("text, done", [("Because.", True), (STUB, False), ("", False)])
def test_a_written_answer_counts_when_there_is_one(tmp_path, text, done):
    path = save(tmp_path, "01_a", words("ex1-1-answer", text))
    assert progress_of(path)["written"] == done


def test_table_says_what_to_do_next(tmp_path):
    save(tmp_path, "01_a", code("ex1-1-check", printed("1.1 passed\n")))
    save(tmp_path, "02_b", code("ex2-1-check"))
    assert (
        table(tmp_path).splitlines()[-1]
        == "Next: exercise 2.1 in labs/01_module/02_b.ipynb"
    )


def test_table_says_when_everything_is_done(tmp_path):
    save(tmp_path, "01_a", code("ex1-1-check", printed("1.1 passed\n")))
    assert table(tmp_path).endswith("Every lab is done.")
