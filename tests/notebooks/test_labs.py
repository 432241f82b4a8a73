"""Labs: built from solutions; blank ones fail, solved ones pass, wrong answers are told why."""

import ast
import re

import pytest

from tests.notebooks.reading import LABS, cells_of, each_lab, exercises, kernel, path_of
from tools.notebooks import ROOT, build_labs, units

WRONG = ROOT / "tests" / "notebooks" / "wrong_answers"


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory):
    return build_labs(tmp_path_factory.mktemp("labs"))


@each_lab
def test_lab_is_what_its_solution_makes(rebuilt, unit):
    again = rebuilt / f"{unit}.ipynb"
    assert path_of("labs", unit).read_bytes() == again.read_bytes(), "say `make labs`"


def test_no_lab_is_left_over(rebuilt):
    assert units("labs") == sorted(
        str(p.relative_to(rebuilt).with_suffix("")) for p in rebuilt.rglob("*.ipynb")
    )


@each_lab
def test_lab_gives_nothing_away(unit):
    lab = "\n".join(cell.source for cell in cells_of("labs", unit))
    assert "BEGIN SOLUTION" not in lab
    for cell in cells_of("solutions", unit):
        if cell.id.endswith("-discussion"):
            assert cell.source not in lab


@each_lab
def test_every_check_of_a_blank_lab_fails(unit):
    cells = cells_of("labs", unit, "code")
    with kernel(path_of("labs", unit).parent) as python:
        results = python.run_all(cells)
    checks = [c.id for c in cells if "-check" in c.id]
    assert checks
    assert [i for i in checks if results[i] is None] == []
    assert [
        i
        for i in checks
        if results[i][0] not in ("NotImplementedError", "AssertionError")
    ] == []
    assert results["imports"] is None


@each_lab
def test_solution_passes_and_others_do_not(unit):
    """One kernel: the solution passes, each kept wrong answer is told why, and an exercise whose
    names are gone leaves the others standing."""
    cells = cells_of("solutions", unit, "code")
    found = exercises(cells)
    # the answers still need the cloud that a lab stops at its end
    cells = [c for c in cells if not c.source.rstrip().endswith("cloud.stop()")]
    with kernel(path_of("solutions", unit).parent) as python:
        assert {i: e for i, e in python.run_all(cells).items() if e} == {}
        untold = []
        for exercise, message, code in wrong_answers(unit):
            python.run(code)
            told = [python.run(check.source) for check in found[exercise]["checks"]]
            if not any(
                t and t[0] == "AssertionError" and message in t[1] for t in told
            ):
                untold.append((exercise, message, told))
            python.run(found[exercise]["answer"].source)
        blocked = [b for exercise in found for b in blocked_by(python, exercise, found)]
    assert untold == []
    assert blocked == []


def blocked_by(python, exercise, found) -> list:
    """Exercises that fail when the names of this one's answer are gone."""
    for name in names_bound(found[exercise]["answer"].source):
        python.run(f"del {name}")
    blocked = []
    for other, parts in found.items():
        if other != exercise:
            rest = [parts["answer"], *parts["tries"], *parts["checks"]]
            errors = {i: e for i, e in python.run_all(rest).items() if e}
            blocked += [(exercise, errors)] if errors else []
    python.run(found[exercise]["answer"].source)
    return blocked


@each_lab
def test_two_wrong_answers_are_kept_for_each_exercise(unit):
    kept = [exercise for exercise, _, _ in wrong_answers(unit)]
    assert {
        e: kept.count(e)
        for e in exercises(cells_of("solutions", unit))
        if kept.count(e) < 2
    } == {}


def test_wrong_answers_belong_to_labs():
    kept = sorted(
        str(p.relative_to(WRONG).with_suffix("")) for p in WRONG.rglob("*.py")
    )
    assert kept == LABS


def wrong_answers(unit: str) -> list[tuple[str, str, str]]:
    """Kept wrong answers: exercise, part of the message the student must see, code."""
    text = (WRONG / f"{unit}.py").read_text(encoding="utf-8")
    parts = re.split(r"^# %% (ex\d+-\d+) \| (.+)$", text, flags=re.MULTILINE)[1:]
    return [
        (e, m.strip(), c)
        for e, m, c in zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    ]


def names_bound(source: str) -> list[str]:
    """Names that a cell binds at its top level."""
    names = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign):
            names += [t.id for t in node.targets if isinstance(t, ast.Name)]
    return names
