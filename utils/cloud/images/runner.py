"""Start a customer's program, let its output through, and find out why it failed."""

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

from utils.cloud.images import opt_ml

KEPT = 65_536  # bytes of the error output, in which the last traceback is looked for
SHOWN = 600  # characters of the error; a failure reason has 1,024 in all
PYTHON = re.compile(r"python(3(\.\d+)?)?")
WITH_VALUE = ("-W", "-X", "--check-hash-based-pycs")


def command(words: list[str], root: Path) -> list[str]:
    """What is really started for a command line that was written for a container.

    Parameters
    ----------
    words : list of str
        E.g. ``["python3", "/opt/ml/processing/input/code/prepare.py", "--share", "0.2"]``.
    root : Path
        The folder that stands for ``/opt/ml``.

    Returns
    -------
    list of str
        ``/opt/ml`` is put right in every word. Python scripts and modules run in this Python
        through `opt_ml`; another program, a shell script for instance, runs as it is.
    """
    first, *rest = [opt_ml.rewrite(word, str(root)) for word in words]
    if not PYTHON.fullmatch(os.path.basename(first)):
        return [first, *rest]
    options = []
    while rest and rest[0].startswith("-") and rest[0] not in ("-m", "-c", "-"):
        taken = 2 if rest[0] in WITH_VALUE else 1
        options, rest = options + rest[:taken], rest[taken:]
    if not rest or rest[0] in ("-c", "-"):
        return [sys.executable, *options, *rest]
    # -P: this package's folder must not lie on the script's path; `opt_ml` adds the script's own
    return [sys.executable, "-P", *options, opt_ml.__file__, str(root), *rest]


def run(words: list[str], folder: Path, environment: dict[str, str]) -> tuple[int, str]:
    """Run a program to its end; its output goes where ours goes, as it comes.

    Parameters
    ----------
    words : list of str
        Program and arguments.
    folder : Path
        Its working directory.
    environment : dict
        All of its variables.

    Returns
    -------
    exit_code : int
        Negative: the number of the signal that ended it.
    error : str
        What a reader wants to know: the exception of the last traceback on the error output, else
        the output's last line; empty after a success.

    Raises
    ------
    OSError
        If there is no such program.

    Notes
    -----
    When the job is stopped, the platform sends SIGTERM to the whole session: the program may save
    its model, and we wait for it.
    """
    environment = {**environment, "PYTHONUNBUFFERED": "1"}
    sys.stdout.flush()
    process = subprocess.Popen(
        words,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    kept = bytearray()
    reader = threading.Thread(target=_relay, args=(process.stderr, kept), daemon=True)
    reader.start()
    before = _outlive_sigterm()
    try:
        code = process.wait()
    finally:
        _restore(before)
    # something that the program started and left behind may hold the pipe open
    reader.join(1)
    return code, _reason(code, bytes(kept).decode("utf-8", "replace"))


def _relay(pipe, kept: bytearray) -> None:
    while chunk := os.read(pipe.fileno(), 8192):
        sys.stderr.buffer.write(chunk)
        sys.stderr.buffer.flush()
        kept += chunk
        del kept[:-KEPT]
    pipe.close()


def _outlive_sigterm():
    if threading.current_thread() is not threading.main_thread():
        return None
    return signal.signal(signal.SIGTERM, lambda number, frame: None)


def _restore(handler) -> None:
    if handler is not None:
        signal.signal(signal.SIGTERM, handler)


def _reason(code: int, error: str) -> str:
    if code == 0:
        return ""
    if code < 0:
        return f"killed by signal {-code} ({signal.Signals(-code).name})"
    lines = [line.rstrip() for line in error.splitlines() if line.strip()]
    starts = [n for n, line in enumerate(lines) if line.startswith("Traceback (most")]
    if starts:
        after = lines[starts[-1] + 1 :]
        # the frames are indented; the exception's message may have several lines
        frames = [n for n, line in enumerate(after) if not line.startswith(" ")]
        return "\n".join(after[frames[0] :])[:SHOWN] if frames else ""
    return lines[-1][:SHOWN] if lines else ""
