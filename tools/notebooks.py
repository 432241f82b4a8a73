"""Maintainers' commands for the notebooks: ``python tools/notebooks.py execute | links | labs``.

execute [path ...]   run notebooks and keep their outputs (none named: all lessons and solutions)
links                write each notebook's navigation cell and the README's table of lessons
labs [--force]       build labs/ from solutions/
"""

import argparse
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
MAP = "[map of the course](../../README.md#the-course)"
WIDGET = "application/vnd.jupyter.widget-view+json"
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
        # a widget lives as long as its kernel: what would be stored is a frozen "0 %"
        if cell.cell_type == "code":
            cell.outputs = [o for o in cell.outputs if WIDGET not in o.get("data", {})]
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


def links() -> None:
    """Write the navigation cell of every notebook and the README's table of lessons."""
    lessons = units("course")
    for tree in ("course", "solutions"):
        for unit in units(tree):
            path = ROOT / tree / f"{unit}.ipynb"
            notebook = read(path)
            notebook.cells[-1].source = navigation(tree, unit, lessons)
            write(notebook, path)
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    readme.write_text(TABLE.sub(lambda m: m[1] + lesson_table(lessons) + m[2], text))


def navigation(tree: str, unit: str, lessons: list[str]) -> str:
    """The last cell of a notebook: where one comes from, where one goes on."""
    if tree == "solutions":  # the same text serves labs/, which is built from here
        return f"[← back to the lesson](../../course/{unit}.ipynb) · {MAP}"
    place = lessons.index(unit)
    parts = [MAP]
    if place > 0:
        parts.insert(
            0, f"[← {title(lessons[place - 1])}](../{lessons[place - 1]}.ipynb)"
        )
    if (ROOT / "solutions" / f"{unit}.ipynb").exists():
        parts.append(f"[**do the lab**](../../labs/{unit}.ipynb)")
    if place + 1 < len(lessons):
        parts.append(f"[{title(lessons[place + 1])} →](../{lessons[place + 1]}.ipynb)")
    return " · ".join(parts)


def title(unit: str) -> str:
    """A lesson's title without its number."""
    first = read(ROOT / "course" / f"{unit}.ipynb").cells[0].source.splitlines()[0]
    return re.sub(r"^# \d+\. ", "", first)


def minutes(path: Path) -> str:
    """How long a notebook takes a student, as its opening says."""
    found = re.search(r"\d+ min", read(path).cells[0].source)
    return found[0] if found else "?"


def lesson_table(lessons: list[str]) -> str:
    """The README's table of lessons and labs."""
    rows = ["| Lesson | Reading | Lab | Doing |", "|---|---|---|---|"]
    for unit in lessons:
        lesson = f"[{title(unit)}](course/{unit}.ipynb)"
        cells = [
            f"`{unit}` {lesson}",
            minutes(ROOT / "course" / f"{unit}.ipynb"),
            "",
            "",
        ]
        solution = ROOT / "solutions" / f"{unit}.ipynb"
        if solution.exists():
            cells[2:] = [f"[lab](labs/{unit}.ipynb)", minutes(solution)]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def labs(force: bool = False) -> None:
    """Build labs/ from solutions/; refuse to touch a lab that somebody has worked on."""
    worked = [
        unit
        for unit in units("labs")
        if has_been_worked_on(ROOT / "labs" / f"{unit}.ipynb")
    ]
    if worked and not force:
        sys.exit(
            f"labs/{worked[0]}.ipynb has been worked on, and building replaces it. Copy it "
            "elsewhere first, or say `make labs FORCE=1`. Nothing was changed."
        )
    with tempfile.TemporaryDirectory() as folder:
        built = build_labs(Path(folder))
        for module in built.iterdir():
            shutil.rmtree(ROOT / "labs" / module.name, ignore_errors=True)
            shutil.copytree(module, ROOT / "labs" / module.name)
    print(f"built {len(units('labs'))} labs")


def has_been_worked_on(path: Path) -> bool:
    """Whether a lab was run or saved with outputs: a freshly built one never was."""
    cells = [c for c in read(path).cells if c.cell_type == "code"]
    return any(c.execution_count is not None or c.outputs for c in cells)


def build_labs(folder: Path, root: Path = ROOT) -> Path:
    """Let nbgrader build the labs of ``root/solutions`` into a new folder, and return that."""
    target = folder / "labs"
    command = [
        sys.executable,
        "-m",
        "nbgrader",
        "generate_assignment",
        "*",
        "--no-db",
        "--force",
    ]
    command += [
        f"--CourseDirectory.root={root}",
        f"--CourseDirectory.release_directory={target}",
    ]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"nbgrader could not build the labs:\n{done.stderr}")
    return target


def main(arguments: list[str] | None = None) -> None:
    """Run one command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    some = commands.add_parser("execute")
    some.add_argument("paths", nargs="*", type=Path)
    commands.add_parser("links")
    commands.add_parser("labs").add_argument("--force", action="store_true")
    options = parser.parse_args(arguments)
    if options.command == "execute":
        every = [
            ROOT / t / f"{u}.ipynb" for t in ("course", "solutions") for u in units(t)
        ]
        execute(options.paths or every)
    elif options.command == "links":
        links()
    else:
        labs(options.force)


if __name__ == "__main__":
    main()
