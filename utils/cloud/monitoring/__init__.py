"""Model Monitor: job definitions, schedules that really run, and what became of each run."""

import copy
import threading
from datetime import datetime

from utils.cloud.monitoring import windows
from utils.cloud.monitoring.execution import Execution
from utils.cloud.store import now
from utils.cloud.wire import ApiError
from utils.cloud.workers import Workers

AT_ONCE = 2
REASON_LENGTH = 1024


class Monitoring:
    """The runs of one cloud's schedules: those that are due, under way and over."""

    def __init__(self, engine):
        self.engine = engine
        self._due: dict[tuple[str, str], datetime] = {}
        self._runs: dict[str, list[dict]] = {}
        self._under_way = 0
        self._lock = threading.RLock()
        self._timer: threading.Timer | None = None
        self._pool = Workers(AT_ONCE, "monitor")

    def plan(self, region: str, schedule: dict) -> None:
        """Start a NOW schedule's run, or note when the next one of another is due."""
        timing = schedule["MonitoringScheduleConfig"]["ScheduleConfig"]
        expression = timing["ScheduleExpression"]
        name, at = schedule["MonitoringScheduleName"], self.engine.clock.now()
        if expression == windows.NOW:
            self.engine.hosting.flush()
            self._start(region, schedule, at)
            return
        with self._lock:
            self._due[region, name] = windows.next_run(expression, at)
        self._arm()

    def forget(self, region: str, name: str) -> None:
        """Plan no further run of a schedule."""
        with self._lock:
            self._due.pop((region, name), None)

    def tick(self) -> None:
        """Start every run that is due by the cloud's clock."""
        self.engine.hosting.flush()
        with self._lock:
            due = sorted((at, key) for key, at in self._due.items())
            while due and due[0][0] <= self.engine.clock.now():
                at, key = due[0]
                self._start_due(at, key)
                due = sorted((at, key) for key, at in self._due.items())
            quiet = not self._under_way
        if quiet:
            self.engine.alarms.time_passed()
        self._arm()

    def executions(self, region: str) -> list[dict]:
        """Copies of a region's executions, the oldest first."""
        with self._lock:
            return copy.deepcopy(self._runs.get(region, []))

    def close(self) -> None:
        """Start nothing more and wait for what runs; its jobs are ended by the engine."""
        with self._lock:
            self._due.clear()
            if self._timer is not None:
                self._timer.cancel()
        self._pool.close()

    def _start_due(self, at, key):
        """Start the run that is due, and note when the next one is."""
        try:
            schedule = self.engine.store.get(key[0], "MonitoringSchedule", key[1])
        except ApiError:  # deleted in this very moment
            self._due.pop(key)
            return
        timing = schedule["MonitoringScheduleConfig"]["ScheduleConfig"]
        self._due[key] = windows.next_run(timing["ScheduleExpression"], at)
        self._start(key[0], schedule, at)

    def _start(self, region, schedule, scheduled):
        record = {
            "MonitoringScheduleName": schedule["MonitoringScheduleName"],
            "ScheduledTime": scheduled,
            "CreationTime": now(),
            "LastModifiedTime": now(),
            "MonitoringExecutionStatus": "Pending",
        }
        for name in ("EndpointName", "MonitoringJobDefinitionName", "MonitoringType"):
            if name in schedule:
                record[name] = schedule[name]
        with self._lock:
            self._runs.setdefault(region, []).append(record)
            self._under_way += 1
        self._pool.submit(self._run, region, schedule, scheduled, record)

    def _run(self, region, schedule, scheduled, record):
        def update(**fields):
            with self._lock:
                record.update(fields, LastModifiedTime=now())

        update(MonitoringExecutionStatus="InProgress")
        try:
            status, reason = Execution(
                self.engine, region, schedule, scheduled, update
            ).run()
        except ApiError as error:
            status, reason = "Failed", f"ClientError: {error.message}"
        except Exception as error:
            status, reason = (
                "Failed",
                f"InternalServerError: {type(error).__name__}: {error}",
            )
        fields = {"FailureReason": reason[:REASON_LENGTH]} if reason else {}
        try:
            self._judge_alarms()
        finally:
            update(MonitoringExecutionStatus=status, **fields)

    def _judge_alarms(self):
        """Once the last run under way is over: until then its values are late, not missing."""
        with self._lock:
            self._under_way -= 1
            quiet = not self._under_way
        if quiet and not self.engine.closing:
            self.engine.alarms.time_passed()

    def _arm(self):
        """Wake up when the next run is due."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            if not self._due or self.engine.closing:
                return
            wait = min(self._due.values()) - self.engine.clock.now()
            self._timer = threading.Timer(max(wait.total_seconds(), 0.1), self.tick)
            self._timer.daemon = True
            self._timer.start()
