"""Results over several seeds that take longer than a lesson, stored by the scripts in benchmarks/.

Each table is a CSV file whose first lines say when it was made, by which command, and on what.
"""

import os
import platform
from datetime import date
from importlib.resources import files

import pandas as pd


def stored_runs(name):
    """Read a stored table.

    Parameters
    ----------
    name : str
        For example ``"db_vae"``.

    Returns
    -------
    pandas.DataFrame
        Its ``attrs`` hold ``date``, ``command`` and ``machine``.

    Raises
    ------
    FileNotFoundError
        If no such table is stored; the message lists those that are.
    """
    path = files(__package__) / f"{name}.csv"
    if not path.is_file():
        known = sorted(
            file.name[:-4]
            for file in files(__package__).iterdir()
            if file.name.endswith(".csv")
        )
        raise FileNotFoundError(f"no runs are stored as {name!r}; there are {known}")
    lines = path.read_text(encoding="utf-8").splitlines()
    notes = [line[2:].split(": ", 1) for line in lines if line.startswith("# ")]
    with path.open(encoding="utf-8") as file:
        frame = pd.read_csv(file, comment="#", keep_default_na=False)
    frame.attrs.update(notes)
    return frame


def store_runs(frame, name, command):
    """Write a table with the date, the command and the kind of machine; whole or not at all."""
    path = str(files(__package__) / f"{name}.csv")
    notes = {
        "date": date.today().isoformat(),
        "command": command,
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
    }
    with open(path + ".part", "w", encoding="utf-8", newline="") as file:
        file.writelines(f"# {key}: {value}\n" for key, value in notes.items())
        frame.to_csv(file, index=False, float_format="%.4f", lineterminator="\n")
    os.replace(path + ".part", path)
