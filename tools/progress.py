"""A student's own labs: ``python tools/progress.py`` (`make progress`).

Reads what was last saved in labs/: a check counts as passed when its stored output says so and
shows no error. Nothing is run; save the lab (Ctrl+S) to be counted.
"""

import re
import sys
from pathlib import Path

if (
    __name__ == "__main__"
):  # as a script, tools/ is on the path and the repository is not
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.notebooks import ROOT, read, units

STUB = "*Write your answer here.*"


def passed(cell) -> bool:
    """Whether a check's stored output shows that it passed."""
    printed = "".join(output.get("text", "") for output in cell.outputs)
    failed = any(output.output_type == "error" for output in cell.outputs)
    return "passed" in printed and not failed


def progress_of(path: Path) -> dict:
    """Checks passed, checks in all, written answers given, the first thing still open."""
    cells = read(path).cells
    checks = [c for c in cells if c.cell_type == "code" and "-check" in c.id]
    written = [
        c for c in cells if c.cell_type == "markdown" and c.id.endswith("-answer")
    ]
    open_checks = [c.id for c in checks if not passed(c)]
    open_written = [c.id for c in written if c.source.strip() in (STUB, "")]
    still_open = [c.id for c in cells if c.id in {*open_checks, *open_written}]
    next_exercise = re.match(r"ex(\d+)-(\d+)", still_open[0]) if still_open else None
    return {
        "passed": len(checks) - len(open_checks),
        "checks": len(checks),
        "written": len(written) - len(open_written),
        "to_write": len(written),
        "next": ".".join(next_exercise.groups()) if next_exercise else None,
    }


def table(root: Path = ROOT) -> str:
    """One line a lab, and what to do next."""
    rows = {
        unit: progress_of(root / "labs" / f"{unit}.ipynb")
        for unit in units("labs", root)
    }
    width = max(len(unit) for unit in rows)
    lines = [f"{'lab':<{width}}  checks  written  next"]
    for unit, row in rows.items():
        checks, written = (
            f"{row['passed']}/{row['checks']}",
            f"{row['written']}/{row['to_write']}",
        )
        following = f"exercise {row['next']}" if row["next"] else "done"
        lines.append(f"{unit:<{width}}  {checks:>6}  {written:>7}  {following}")
    open_labs = [unit for unit, row in rows.items() if row["next"]]
    if open_labs:
        unit = open_labs[0]
        lines.append(f"\nNext: exercise {rows[unit]['next']} in labs/{unit}.ipynb")
    else:
        lines.append("\nEvery lab is done.")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
