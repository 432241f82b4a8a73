"""Jobs of any kind: two at a time, each with folders and a process of its own."""

import errno
import shutil
import tempfile
import threading
import time
from pathlib import Path

from utils.cloud.logs import LogStream
from utils.cloud.processes import Outcome, Process, environment
from utils.cloud.storage import StorageError
from utils.cloud.store import KINDS, now
from utils.cloud.wire import ApiError, invalid
from utils.cloud.workers import Workers

AT_ONCE = 2
REASON_LENGTH = 1024


class JobFailed(Exception):
    """A job's end, with the reason that Describe will give."""


class Stopped(Exception):
    """A job was asked to stop, or ran out of its time."""

    def __init__(self, why: str):
        super().__init__(why)
        self.why = why


class Jobs:
    """The queue of one cloud's jobs."""

    def __init__(self, engine):
        self.engine = engine
        self._pool = Workers(AT_ONCE, "job")
        self._running: dict[tuple[str, str, str], Job] = {}

    def start(self, job: "Job") -> None:
        """Queue a job whose record is in the store."""
        self._running[job.key] = job
        self._pool.submit(self._run, job)

    def stop(self, region: str, kind: str, name: str) -> None:
        """Ask a job to stop; raise AWS's error if it has ended or never was."""
        record = self.engine.store.get(region, kind, name)
        job = self._running.get((region, kind, name))
        field = KINDS[kind].status_field
        if job is None or record[field] not in ("InProgress", "Stopping"):
            raise invalid(
                f"The request was rejected because the {KINDS[kind].words} is in status "
                f"{record[field]}."
            )
        job.update(**{field: "Stopping"})
        self.engine.events.submit(job.stop)

    def close(self) -> None:
        """Stop every job and wait for its end."""
        for job in list(self._running.values()):
            job.stop(grace=0.5)
        self._pool.close()

    def _run(self, job):
        try:
            job.run()
        finally:
            self._running.pop(job.key, None)


class Job:
    """One job. A kind of job says in `work` what it does and in `ended` what it records."""

    kind: str

    def __init__(self, engine, region: str, record: dict):
        self.engine, self.region, self.record = engine, region, record
        self.name = record[KINDS[self.kind].name_field]
        self.arn = record[KINDS[self.kind].arn_field]
        self.stopping = threading.Event()
        self.process: Process | None = None
        self.log: LogStream | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """Where the store keeps it."""
        return self.region, self.kind, self.name

    def update(self, **fields) -> None:
        """Change the record."""
        self.engine.store.update(*self.key, **fields)

    def s3(self):
        """A client with the permissions of the job's role."""
        return self.engine.client("s3", self.region, self.record.get("RoleArn"))

    def stop(self, grace: float | None = None) -> None:
        """End the job's process, if it has one, and let the job end as stopped."""
        self.stopping.set()
        if self.process is not None:
            self.process.stop("stop", *([] if grace is None else [grace]))

    def work(self, root: Path) -> None:
        """Do the job in the folder `root`, which stands for ``/opt/ml``."""
        raise NotImplementedError

    def ended(self, status: str, reason: str | None = None, why: str = "") -> None:
        """Write the end into the record."""
        raise NotImplementedError

    def run(self) -> None:
        """Do the job; whatever happens, its record says how it ended."""
        root = Path(tempfile.mkdtemp(prefix="job-", dir=self.engine.folder))
        try:
            self.check_stop()
            self.work(root)
            self.ended("Completed")
        except Stopped as stopped:
            self.ended("Stopped", why=stopped.why)
        except JobFailed as failure:
            self.ended("Failed", str(failure)[:REASON_LENGTH])
        except StorageError as error:
            self.ended("Failed", f"ClientError: {error}"[:REASON_LENGTH])
        except ApiError as error:
            self.ended("Failed", f"ClientError: {error.message}"[:REASON_LENGTH])
        except OSError as error:
            full = error.errno == errno.ENOSPC
            kind = "ClientError" if full else "InternalServerError"
            self.ended("Failed", f"{kind}: {error}"[:REASON_LENGTH])
        except Exception as error:
            text = f"InternalServerError: {type(error).__name__}: {error}"
            self.ended("Failed", text[:REASON_LENGTH])
        finally:
            if self.log is not None:
                self.log.close()
            shutil.rmtree(root, ignore_errors=True)

    def check_stop(self) -> None:
        """Raise `Stopped` if the job was asked to stop."""
        if self.stopping.is_set():
            raise Stopped("stop")

    def open_log(self, group: str) -> LogStream:
        """The job's log stream."""
        stream = f"{self.name}/algo-1-{int(time.time())}"
        self.log = LogStream(self.engine.client("logs", self.region), group, stream)
        return self.log

    def container(
        self, image, action: str, root: Path, variables, limit, line
    ) -> Outcome:
        """Run a container to its end.

        Raises
        ------
        JobFailed
            If it fails, with the reason that it gave.
        Stopped
            If it was stopped or ran out of its time.
        """
        command = ["python", "-m", "utils.cloud.images", image.name, action]
        settings = environment(
            **self.engine.variables(self.region, self.record.get("RoleArn")),
            **variables,
            SAGEMAKER_BASE_DIR=str(root),
        )
        self.process = Process(
            command, settings, root, lambda text: line(_as_in_container(text, root))
        )
        with self.engine.tracked(self.process):
            if self.stopping.is_set():
                self.process.stop()
            outcome = self.process.wait(limit, self.log.tick)
        self.log.tick(now=True)
        if outcome.ended_by != "itself":
            raise Stopped(outcome.ended_by)
        if outcome.exit_code:
            raise JobFailed(failure_reason(root, outcome.exit_code))
        return outcome


def _as_in_container(text: str, root: Path) -> str:
    """A line of the log with the folder called as it is on AWS."""
    return text.replace(str(root), "/opt/ml")


def failure_reason(root: Path, exit_code: int) -> str:
    """Why a container failed: its failure file, or what its exit code says."""
    file = root / "output" / "failure"
    text = file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""
    text = _as_in_container(text, root)
    if not text and exit_code == 137:
        text = (
            "AlgorithmError: the process was killed (signal 9), as when memory runs out"
        )
    elif not text:
        text = "AlgorithmError: the process ended without saying why"
    # the exit code stays readable whatever the length of the message
    tail = f", exit code: {exit_code}"
    return text[: REASON_LENGTH - len(tail)] + tail


def check_instances(count: int, instance_type: str, use: str) -> None:
    """Refuse more than one instance, as an account at its limit does."""
    if count > 1:
        raise ApiError(
            "ResourceLimitExceeded",
            f"The account-level service limit '{instance_type} for {use} usage' is 1 Instances, "
            f"with current utilization of 0 Instances and a request delta of {count} Instances. "
            "(The embedded cloud has one machine: this one.)",
        )


def find_image(uri: str | None, use: str, field: str):
    """The image of a request, or a `ValidationException` that names the field."""
    from utils.cloud import images

    if not uri:
        raise invalid(
            f"1 validation error detected: Value null at '{field}' failed to satisfy constraint: "
            "Member must not be null"
        )
    try:
        return images.find(uri, use)
    except ValueError as error:
        raise invalid(f"{field}: {error}") from None


def since(started) -> int:
    """Whole seconds since a time, at least 1: what AWS would bill."""
    return max(1, round((now() - started).total_seconds()))
