"""The lines that AWS's built-in algorithms print, in their own grammar."""

import json
import sys
import threading
import time


class Log:
    """A job's log on standard output.

    Parameters
    ----------
    algorithm : str
        Its name in the ``#metrics`` lines, e.g. ``Linear Learner``.
    """

    def __init__(self, algorithm: str):
        self.algorithm = algorithm
        self.thread = threading.get_ident()

    def info(self, text: str, level: str = "INFO") -> None:
        """``[MM/DD/YYYY HH:MM:SS INFO <thread>] text``."""
        now = time.strftime("%m/%d/%Y %H:%M:%S", time.gmtime())
        print(f"[{now} {level} {self.thread}] {text}")

    def warn(self, text: str) -> None:
        """The same with WARNING."""
        self.info(text, "WARNING")

    def metrics(self, start: float, values: dict[str, float], **dimensions) -> None:
        """``#metrics {…}``: numbers with their times (seconds since 1970) and dimensions."""
        blob = {
            "StartTime": start,
            "EndTime": time.time(),
            "Dimensions": {
                "Algorithm": self.algorithm,
                "Host": "algo-1",
                "Operation": "training",
                **dimensions,
            },
            "Metrics": {
                name: {"sum": value, "count": 1, "min": value, "max": value}
                for name, value in values.items()
            },
        }
        print(f"#metrics {json.dumps(blob)}\n")

    def configuration(self, default: dict, given: dict) -> None:
        """The three lines at the head of a log: defaults, what was given, both together."""
        self.info(f"Reading default configuration from default-input.json: {default}")
        self.info(
            "Merging with provided configuration from "
            f"/opt/ml/input/config/hyperparameters.json: {given}"
        )
        self.info(f"Final configuration: {default | given}")

    def quality(self, what: str, value: float, kind: str, epoch: int | None = None):
        """``#quality_metric: host=algo-1, epoch=0, train … <loss>=0.5``."""
        when = "" if epoch is None else f"epoch={epoch}, "
        self.info(f"#quality_metric: host=algo-1, {when}{what} <{kind}>={value}")

    @staticmethod
    def flush() -> None:
        """Send what was printed; the log is followed while the job runs."""
        sys.stdout.flush()
