"""The time by which endpoints capture and schedules run; a lesson can move it forward."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

LONGEST = timedelta(days=366)


class Clock:
    """One cloud's clock: the real time until it is held or moved forward; it never goes back.

    What it dates: captured requests and their folders, the runs of monitoring schedules, their
    windows and metrics. Records of jobs keep the real time.
    """

    def __init__(self, passed: Callable[[], None] = lambda: None):
        self._ahead, self._lock = timedelta(), threading.Lock()
        self._held: datetime | None = None
        self._passed = passed

    def now(self) -> datetime:
        """The time, with its zone (UTC)."""
        return (self._held or datetime.now(UTC)) + self._ahead

    def hold(self) -> None:
        """Stand still from now on, so that only `advance` lets time pass."""
        self._held = self._held or datetime.now(UTC)

    def advance(
        self, *, days: float = 0, hours: float = 0, minutes: float = 0
    ) -> datetime:
        """Let time pass at once: what is captured is written, schedules that fall due run.

        Parameters
        ----------
        days, hours, minutes : float
            Together more than zero and at most 366 days.

        Returns
        -------
        datetime
            The new time. The runs go on in the background, as on AWS: look at
            ``list_monitoring_executions``.

        Raises
        ------
        ValueError
            If time would stand still, go back, or leap further than a year.
        """
        step = timedelta(days=days, hours=hours, minutes=minutes)
        if not timedelta() < step <= LONGEST:
            raise ValueError(
                f"the step is {step}: give days, hours or minutes that are together more than zero "
                f"and at most {LONGEST.days} days"
            )
        with self._lock:
            self._ahead += step
        self._passed()
        return self.now()


class RealClock:
    """AWS's clock, which nobody moves."""

    def now(self) -> datetime:
        """The time, with its zone (UTC)."""
        return datetime.now(UTC)

    def hold(self) -> None:
        """Not on AWS."""
        raise NotImplementedError("AWS's clock cannot be held")

    def advance(self, **step) -> datetime:
        """Not on AWS."""
        raise NotImplementedError(
            "AWS's clock cannot be moved forward: wait for the hour (a schedule starts up to 20 "
            "minutes after it), or create a schedule with the ScheduleExpression 'NOW'"
        )
