"""How every lesson and lab must look: what a reader, a grader and a diff rely on."""

import ast
import hashlib
import re
from itertools import pairwise
from statistics import median

import pytest

from tests.notebooks.reading import (
    EVERY,
    LABS,
    LESSONS,
    cells_of,
    each_lab,
    each_lesson,
    each_notebook,
    path_of,
)
from tools.notebooks import ROOT, lesson_table, navigation, read, units

NAME_DIGESTS = ROOT / "tests" / "notebooks" / "compas_name_digests.txt"


def text_of(tree, unit) -> str:
    return "\n".join(cell.source for cell in cells_of(tree, unit))


def test_there_are_notebooks():
    assert LESSONS and LABS and set(LABS) <= set(LESSONS)


def test_labs_have_the_tree_of_the_solutions():
    assert units("labs") == LABS


@each_notebook
def test_executed_in_order_without_errors(tree, unit):
    cells = [c for c in cells_of(tree, unit, "code") if c.source.strip()]
    assert [c.execution_count for c in cells] == list(range(1, len(cells) + 1))
    errors = [c.id for c in cells for o in c.outputs if o.output_type == "error"]
    assert not errors


@each_notebook
def test_cells_have_names_that_say_something(tree, unit):
    ids = [cell.id for cell in cells_of(tree, unit)]
    assert len(ids) == len(set(ids))
    odd = [i for i in ids if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", i)]
    random = [i for i in ids if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f-]+)?", i)]
    assert not odd + random
    assert (ids[0], ids[-1]) == ("opening", "navigation")


@each_notebook
def test_code_cells_are_short(tree, unit):
    cells = cells_of(tree, unit, "code")
    sizes = {c.id: sum(map(bool, map(str.strip, c.source.splitlines()))) for c in cells}
    assert {i: n for i, n in sizes.items() if n > 30} == {}
    assert sum(n >= 20 for n in sizes.values()) <= 0.05 * len(sizes) + 1
    assert median(sizes.values()) <= (6 if tree == "course" else 12)


@each_notebook
def test_code_lines_are_narrow(tree, unit):
    cells = cells_of(tree, unit, "code")
    assert [
        (c.id, line) for c in cells for line in c.source.splitlines() if len(line) > 88
    ] == []


@each_notebook
def test_code_does_nothing_it_should_not(tree, unit):
    forbidden = {
        r"import \*": "a star import",
        r"\bpip3?\b.*install": "an installation",
        r"filterwarnings|simplefilter": "a warnings filter",
        # a container's folders and the names of log groups begin with a slash too
        r"""["'](/(?!opt/ml|aws/)|~/|[A-Z]:\\)[\w]""": "an absolute path",
        r"https?://": "a web address",
        r"\.to_(csv|parquet|excel|json|pickle)\(\s*[\"']|open\(|savefig\(": "a file beside it",
        r";\s*$": "a trailing semicolon",
    }
    for cell in cells_of(tree, unit, "code"):
        for pattern, what in forbidden.items():
            assert not re.search(pattern, cell.source, re.MULTILINE), (
                f"{cell.id}: {what}"
            )


@each_notebook
def test_metadata_says_nothing_of_the_machine(tree, unit):
    metadata = read(path_of(tree, unit)).metadata
    assert set(metadata) == {"kernelspec", "language_info"}
    assert set(metadata.language_info) == {"name"}
    assert not [c.id for c in cells_of(tree, unit) if "execution" in c.metadata]


@each_notebook
def test_cells_that_nbval_overlooks_say_why(tree, unit):
    for cell in cells_of(tree, unit, "code"):
        if "nbval-ignore-output" in cell.metadata.get("tags", []):
            assert "#" in cell.source, (
                f"{cell.id}: say in a comment why its output is not stable"
            )


@each_notebook
def test_pictures_are_told_in_words(tree, unit):
    cells = cells_of(tree, unit)
    for before, cell in pairwise(cells):
        drawn = [o for o in cell.get("outputs", []) if "image/png" in o.get("data", {})]
        if drawn:
            told = before.cell_type == "markdown" and re.search(
                r"Picture: \S.{30}", before.source
            )
            assert told, (
                f"{cell.id}: say in the text above what the picture shows (Picture: …)"
            )
    images = re.findall(r"!\[(.*?)\]\(", text_of(tree, unit))
    assert all(images), "an image without alternative text"


@each_notebook
def test_outputs_are_not_endless(tree, unit):
    for cell in cells_of(tree, unit, "code"):
        printed = "".join(o.get("text", "") for o in cell.outputs)
        assert printed.count("\n") <= 40, (
            f"{cell.id} prints {printed.count(chr(10))} lines"
        )


@each_notebook
def test_words(tree, unit):
    text = text_of(tree, unit)
    for word in (
        r"\bunbiased\b",
        r"\bbias-free\b",
        r"solves? (the |this )?bias",
        r"\bneighborhood",
    ):
        assert not re.search(word, text, re.IGNORECASE), word


@each_notebook
def test_no_person_of_the_compas_file_is_named(tree, unit):
    known = set(NAME_DIGESTS.read_text().split())
    words = re.findall(
        r"[a-z]+", path_of(tree, unit).read_text(encoding="utf-8").lower()
    )
    pairs = {f"{a} {b}" for a, b in pairwise(words)}
    assert [p for p in pairs if name_digest(p) in known] == []


def name_digest(name: str) -> str:
    """Ten hexadecimal digits that recognise a name without writing it down."""
    return hashlib.blake2b(
        name.encode(), digest_size=5, key=b"debiasing-ai"
    ).hexdigest()


@each_notebook
def test_links_lead_somewhere(tree, unit):
    folder = path_of(tree, unit).parent
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text_of(tree, unit)):
        if not target.startswith(("http://", "https://", "mailto:")):
            assert (folder / target).resolve().exists(), target


@each_notebook
def test_navigation_is_what_the_script_writes(tree, unit):
    assert cells_of(tree, unit)[-1].source == navigation(tree, unit, LESSONS)


def test_readme_lists_the_lessons():
    assert lesson_table(LESSONS) in (ROOT / "README.md").read_text(encoding="utf-8")


@each_lesson
def test_lesson_opens_and_closes_as_the_course_does(unit):
    cells = cells_of("course", unit)
    number = int(unit.split("/")[1][:2])
    opening = cells[0].source
    assert re.match(rf"# {number}\. [A-Z]", opening)
    assert re.search(r"\?\n\n", opening), "open with a question"
    for part in (
        "**You will be able to**",
        "| Time | Needs | AWS cost |",
        "**Recap.**",
    ):
        assert part in opening
    headings = re.findall(r"^## (.+)$", text_of("course", unit), re.MULTILINE)
    assert headings[-4:] == ["What we saw", "Limits", "Quiz", "Read on"]


@each_lesson
def test_quiz_has_four_to_six_questions_with_folded_answers(unit):
    quiz = text_of("course", unit).split("## Quiz")[1].split("## Read on")[0]
    kinds = re.findall(r"single answer|several answers", quiz)
    assert 4 <= len(kinds) <= 6
    assert quiz.count("<details>") == quiz.count("</details>") == len(kinds)


@each_lab
def test_lab_has_three_to_six_exercises_each_with_its_parts(unit):
    ids = [cell.id for cell in cells_of("solutions", unit)]
    number = int(unit.split("/")[1][:2])
    found = sorted({m[0] for i in ids if (m := re.match(r"ex\d+-\d+", i))})
    assert 3 <= len(found) <= 6
    assert found == [f"ex{number}-{k}" for k in range(1, len(found) + 1)]
    written = 0
    for exercise in found:
        own = [i for i in ids if i.startswith(f"{exercise}-")]
        assert own[0] == f"{exercise}-task" and f"{exercise}-answer" in own
        if any(i.startswith(f"{exercise}-check") for i in own):
            assert f"{exercise}-try" in own and f"{exercise}-discussion" in own
        else:
            written += 1
    assert written in (1, 2)


@each_lab
def test_a_labs_minutes_are_those_of_its_exercises(unit):
    cells = cells_of("solutions", unit, "markdown")
    tasks = [c.source for c in cells if c.id.endswith("-task")]
    minutes = [int(re.search(r"(\d+) minutes?\b", task)[1]) for task in tasks]
    told = int(re.search(r"(\d+) min", cells[0].source)[1])
    assert abs(sum(minutes) - told) <= 5


@each_lab
def test_answers_and_checks_are_known_to_nbgrader(unit):
    for cell in cells_of("solutions", unit):
        grader = cell.metadata.get("nbgrader", {})
        kind = re.sub(r"^ex\d+-\d+-", "", cell.id) if cell.id.startswith("ex") else ""
        if kind == "answer":
            assert grader["solution"] and grader["grade"] == (
                cell.cell_type == "markdown"
            )
        elif kind.startswith("check"):
            assert grader["grade"] and grader["locked"] and grader["points"] >= 1
            assert cell.source.startswith("# Check ") and "passed" in cell.source
        else:
            assert not grader
        if kind == "discussion":
            assert cell.metadata.tags == ["solution-only"]


@each_lab
def test_answers_state_what_they_return(unit):
    for cell in cells_of("solutions", unit, "code"):
        if cell.id.endswith("-answer"):
            functions = [
                n for n in ast.parse(cell.source).body if isinstance(n, ast.FunctionDef)
            ]
            assert functions and all(ast.get_docstring(f) for f in functions), cell.id


def test_units_of_a_module_have_numbers_of_their_own():
    names = [re.match(r"(\d\d_\w+)/(\d\d)_", unit).groups() for unit in LESSONS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("tree", ["course", "solutions", "labs"])
def test_only_notebooks_lie_in_the_trees(tree):
    files = [
        p
        for p in (ROOT / tree).rglob("*")
        if p.is_file() and ".ipynb_checkpoints" not in p.parts
    ]
    assert [p for p in files if p.suffix != ".ipynb"] == []
    assert EVERY


@each_lab
def test_a_written_answer_is_worth_what_its_rubric_says(unit):
    cells = {cell.id: cell for cell in cells_of("solutions", unit, "markdown")}
    number = r"\s*([\d.]+)\s*"
    for name, cell in cells.items():
        if not cell.metadata.get("nbgrader", {}).get("grade"):
            continue
        task = cells[name.replace("-answer", "-task")].source
        rows = re.findall(rf"^\|(?:{number}\|.*|.*\|{number})\|\s*$", task, re.M)
        points = sum(float(first or last) for first, last in rows)
        assert points == cell.metadata.nbgrader.points
