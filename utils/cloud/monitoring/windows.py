"""When a monitor runs and what it looks at: cron expressions, offsets, folders by the hour."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from utils.cloud import storage
from utils.cloud.wire import invalid

NOW = "NOW"
CRON = re.compile(
    r"cron\(0 (?:(?P<every>\*)|(?P<hour>\d{1,2})(?:/(?P<step>\d{1,2}))?) \? \* \* \*\)"
)
DURATION = re.compile(
    r"(?P<sign>-?)P(?=\d|T\d)(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?)?"
)
HOUR = timedelta(hours=1)
SHOWN = 4  # places named in a message


def hours_of_day(expression: str) -> list[int] | None:
    """The hours (UTC) at which a schedule runs; None: once, at once.

    Raises
    ------
    ApiError
        If it is none of the expressions that AWS takes.
    """
    if expression == NOW:
        return None
    found = CRON.fullmatch(expression)
    if found is None:
        raise invalid(
            f"scheduleExpression {expression!r}: only cron(0 * ? * * *) for every hour, "
            "cron(0 H ? * * *) for every day at H, cron(0 H/N ? * * *) for every N hours from H, "
            "and NOW are supported"
        )
    if found["every"]:
        return list(range(24))
    hour, step = int(found["hour"]), int(found["step"] or 24)
    if hour > 23 or not 1 <= step <= 24:
        raise invalid(
            f"scheduleExpression {expression!r}: the hour must be from 00 to 23 and the step from "
            "01 to 24"
        )
    return sorted({(hour + n) % 24 for n in range(0, 24, step)})


def next_run(expression: str, after: datetime) -> datetime:
    """The first full hour after a time at which a schedule runs."""
    hours = hours_of_day(expression)
    at = after.replace(minute=0, second=0, microsecond=0) + HOUR
    while at.hour not in hours:
        at += HOUR
    return at


def last_run(expression: str, before: datetime) -> datetime:
    """The last run before a time: where the window begins if no offset says otherwise."""
    hours = hours_of_day(expression) or list(range(24))
    at = before - HOUR
    while at.hour not in hours:
        at -= HOUR
    return at


def offset(text: str, field: str) -> timedelta:
    """An ISO 8601 duration such as ``-PT6H`` or ``-P1D``.

    Raises
    ------
    ApiError
        If it cannot be read or lies in the future.
    """
    found = DURATION.fullmatch(text)
    if found is None:
        raise invalid(
            f"{field} {text!r}: give an ISO 8601 duration before the run, as -PT6H for six hours "
            "or -P1D for a day"
        )
    span = timedelta(**{k: int(found[k] or 0) for k in ("days", "hours", "minutes")})
    if span and not found["sign"]:
        raise invalid(f"{field} {text!r} lies in the future: write -{text}")
    return -span


@dataclass(frozen=True)
class Window:
    """From `start` (inclusive) to `end` (exclusive), for the run at `scheduled`."""

    start: datetime
    end: datetime
    scheduled: datetime

    def __str__(self):
        return f"{self.start:%Y-%m-%d %H:%M} to {self.end:%Y-%m-%d %H:%M} UTC"

    @property
    def seconds(self) -> tuple[str, str]:
        """Start and end in whole seconds, as captured requests are dated; none is cut off."""
        end = self.end + timedelta(microseconds=-self.end.microsecond % 1_000_000)
        return f"{self.start:%Y-%m-%dT%H:%M:%SZ}", f"{end:%Y-%m-%dT%H:%M:%SZ}"

    def hours(self, until: datetime | None = None) -> list[str]:
        """The folders ``YYYY/MM/DD/HH`` that it touches, or those up to another end."""
        at, found = self.start.replace(minute=0, second=0, microsecond=0), []
        while at < (until or self.end):
            found.append(f"{at:%Y/%m/%d/%H}")
            at += HOUR
        return found


def window_of(scheduled: datetime, schedule: dict, given: dict) -> Window:
    """The window of a run.

    Parameters
    ----------
    scheduled : datetime
        When it was due.
    schedule : dict
        The ``ScheduleConfig``; its data analysis times come first.
    given : dict
        The ``EndpointInput``, whose offsets come second. Without either: since the last run.

    Raises
    ------
    ApiError
        If an offset cannot be read, or the window is empty.
    """
    begin = schedule.get("DataAnalysisStartTime") or given.get("StartTimeOffset")
    end = schedule.get("DataAnalysisEndTime") or given.get("EndTimeOffset")
    start = last_run(schedule["ScheduleExpression"], scheduled)
    if begin:
        start = scheduled + offset(begin, "the window's start")
    stop = scheduled + offset(end, "the window's end") if end else scheduled
    if stop <= start:
        raise invalid(
            f"the window from {begin or 'the last run'} to {end or 'the run'} is empty: its start "
            "must lie before its end"
        )
    return Window(start, stop, scheduled)


def folders(s3, base: str, hours: list[str], below: bool = False) -> dict[str, str]:
    """The folders by the hour under `base` that hold something.

    Parameters
    ----------
    s3 : botocore client
    base : str
        E.g. ``s3://bucket/capture/endpoint``.
    hours : list of str
        ``YYYY/MM/DD/HH``.
    below : bool
        Whether a folder a variant stands between `base` and the hours.

    Returns
    -------
    dict
        Folder's S3 address → its name relative to `base`.

    Raises
    ------
    StorageError
        If the bucket cannot be listed.
    """
    wanted, found = set(hours), {}
    for bucket, key, name in storage.keys(s3, base.rstrip("/") + "/"):
        parts = name.split("/")[:-1]
        hour = "/".join(parts[1:] if below else parts)
        if hour in wanted and ".." not in parts:
            address = f"s3://{bucket}/{key.rsplit('/', 1)[0]}/"
            found[address] = "/".join(parts)
    return found


def elsewhere(s3, base: str) -> str:
    """What lies under an address, for a message that says where nothing was found."""
    try:
        names = [name for _, _, name in storage.keys(s3, base.rstrip("/") + "/")]
    except storage.StorageError as error:
        return str(error)
    if not names:
        return f"there is nothing under {base} at all"
    places = sorted({name.rpartition("/")[0] for name in names})
    more = f" and {len(places) - SHOWN} more" if len(places) > SHOWN else ""
    return f"there is something in {', '.join(places[-SHOWN:])}{more}"
