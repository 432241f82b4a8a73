"""Containers and functions as processes: streamed, stoppable, limited in time, cleaned up."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

GRACE = 5.0  # seconds between being asked to end and being killed; 120 on AWS
KEPT = ["PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TEMP", "TMP"]
KEPT += ["SYSTEMROOT", "SYSTEMDRIVE", "COMSPEC", "PATHEXT", "USERPROFILE", "APPDATA"]
KEPT += ["LOCALAPPDATA", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "VIRTUAL_ENV"]
KEPT += ["OMP_NUM_THREADS", "TF_CPP_MIN_LOG_LEVEL", "KERAS_BACKEND"]


@dataclass(frozen=True)
class Outcome:
    """How a process ended.

    Attributes
    ----------
    exit_code : int
        0 for success; 128 + n if signal n ended it, as a shell counts.
    ended_by : {"itself", "stop", "time"}
        Whether it ended, was stopped on request, or ran out of time.
    seconds : float
        How long it ran.
    """

    exit_code: int
    ended_by: str
    seconds: float


def environment(**more: str) -> dict[str, str]:
    """A child's environment: what a program needs to start, and nothing else of ours."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, "PYTHONUNBUFFERED": "1", **more}


class Process:
    """One child process with everything that it starts.

    Parameters
    ----------
    command : list of str
        Program and arguments; ``python`` stands for this Python.
    environment : dict
        All of its variables.
    folder : Path
        Its working directory.
    line : callable
        Called with each line of its output (standard output and error together).
    """

    def __init__(self, command, environment, folder: Path, line: Callable[[str], None]):
        command = [
            sys.executable if command[0] == "python" else command[0],
            *command[1:],
        ]
        self._line, self._ended_by, self._lock = line, "itself", threading.Lock()
        self._started = time.monotonic()
        self._process = subprocess.Popen(
            command,
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=os.name == "posix",
        )
        self._reader = threading.Thread(target=self._read, name="output", daemon=True)
        self._reader.start()

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def wait(self, limit: float | None = None, tick: Callable[[], None] = lambda: None):
        """Wait until it ends; after `limit` seconds end it. `tick` is called meanwhile."""
        while True:
            try:
                self._process.wait(0.05)
                break
            except subprocess.TimeoutExpired:
                tick()
            if limit is not None and time.monotonic() - self._started > limit:
                self.stop("time")
        self._signal(getattr(signal, "SIGKILL", signal.SIGTERM))
        self._reader.join(2)
        self._process.stdout.close() if not self._reader.is_alive() else None
        code = self._process.returncode
        seconds = time.monotonic() - self._started
        return Outcome(128 - code if code < 0 else code, self._ended_by, seconds)

    def stop(self, why: str = "stop", grace: float = GRACE) -> None:
        """Ask it to end (SIGTERM); kill it, and what it started, if it has not after `grace`."""
        with self._lock:
            if not self.running:
                return
            if self._ended_by == "itself":
                self._ended_by = why
        self._signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(grace)
            return
        self._signal(getattr(signal, "SIGKILL", signal.SIGTERM))
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)

    def _signal(self, number):
        with contextlib.suppress(ProcessLookupError, PermissionError, OSError):
            if (
                os.name == "posix"
            ):  # the whole session: what the script started ends too
                os.killpg(self._process.pid, number)
            else:
                self._process.terminate()

    def _read(self):
        with contextlib.suppress(ValueError, OSError):
            for raw in self._process.stdout:
                self._line(raw.decode("utf-8", "replace").rstrip("\r\n"))
