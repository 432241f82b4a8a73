"""A job's or function's lines on their way to CloudWatch Logs, while it runs."""

import contextlib
import threading
import time

from botocore.exceptions import ClientError

EVERY = 0.25  # seconds between two deliveries


class LogStream:
    """One log stream; lines are delivered in batches, in order.

    Parameters
    ----------
    client : botocore client
        For ``logs``.
    group, stream : str
        E.g. ``/aws/sagemaker/TrainingJobs`` and ``<job>/algo-1-<milliseconds>``.
    """

    def __init__(self, client, group: str, stream: str):
        self._client, self.group, self.stream = client, group, stream
        self._waiting, self._lock, self._last = [], threading.RLock(), 0.0
        with contextlib.suppress(ClientError):  # the group is there from an earlier job
            client.create_log_group(logGroupName=group)
        with contextlib.suppress(ClientError):
            client.create_log_stream(logGroupName=group, logStreamName=stream)

    def write(self, line: str) -> None:
        """Add a line."""
        with self._lock:
            event = {"timestamp": int(time.time() * 1000), "message": line or " "}
            self._waiting.append(event)
            full = len(self._waiting) >= 500
        self.tick(full)

    def tick(self, now: bool = False) -> None:
        """Deliver what waits, if it is time (or `now`)."""
        with self._lock:
            due = now or time.monotonic() - self._last > EVERY
            if not self._waiting or not due:
                return
            batch, self._waiting = self._waiting, []
            self._last = time.monotonic()
            self._client.put_log_events(
                logGroupName=self.group, logStreamName=self.stream, logEvents=batch
            )

    def close(self) -> None:
        """Deliver the rest."""
        self.tick(now=True)
