"""CloudWatch's alarms: moto keeps them; this evaluates them and tells their SNS topics."""

import json
import threading
from datetime import UTC, datetime, timedelta

from botocore.exceptions import ClientError

from utils.cloud.store import now

COMPARED = {
    "GreaterThanThreshold": float.__gt__,
    "GreaterThanOrEqualToThreshold": float.__ge__,
    "LessThanThreshold": float.__lt__,
    "LessThanOrEqualToThreshold": float.__le__,
}
WORDS = {
    "GreaterThanThreshold": "greater than",
    "GreaterThanOrEqualToThreshold": "greater than or equal to",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "less than or equal to",
}
ACTIONS = {
    "ALARM": "AlarmActions",
    "OK": "OKActions",
    "INSUFFICIENT_DATA": "InsufficientDataActions",
}
# CloudWatch looks further back than the periods that it evaluates; AWS gives no number
FURTHER_BACK = 2


class Alarms:
    """The alarms of one cloud.

    Evaluated are alarms on one metric with a plain statistic, whenever a metric or an alarm is put:
    over the periods that end with the newest value's; and when the cloud's clock has moved: if no
    value has come for so many periods and `FURTHER_BACK` more, all are missing. A metric must have
    exactly the alarm's dimensions, as on AWS. Other alarms (metric maths, percentiles, composite)
    stay without data.
    """

    def __init__(self, engine):
        self.engine = engine
        self._told: dict[tuple[str, str], str] = {}
        self._came: dict[tuple[str, str], tuple[int, datetime]] = {}
        self._regions: set[str] = set()
        self._lock = threading.Lock()

    def after(self, operation: str, region: str) -> None:
        """Do what follows from a request that CloudWatch has just answered."""
        if operation in ("PutMetricData", "PutMetricAlarm"):
            # before the request is answered: two puts are then judged in their order
            self._regions.add(region)
            self._evaluate(region)
        elif operation in ("SetAlarmState", "DeleteAlarms"):
            # at once: the next evaluation may change what was set by hand
            self._tell(region, self._every(region))

    def time_passed(self) -> None:
        """Judge again: what has not come by now is missing."""
        for region in sorted(self._regions):
            self._evaluate(region)

    def _evaluate(self, region):
        with self._lock:
            every = self.engine.services.metric_data(region)
            for alarm in self._every(region):
                name, data = alarm["AlarmName"], _about(alarm, every)
                silent = self._silent((region, name), len(data))
                state, reason = judge(alarm, data, silent)
                if state == alarm["StateValue"] and (region, name) in self._told:
                    continue
                self.engine.services.set_alarm_state(region, name, state, reason)
                changed = {**alarm, "StateValue": state, "StateReason": reason}
                self._tell_one(changed, region)

    def _silent(self, key, values) -> timedelta:
        """For how long no value has come, by the cloud's clock."""
        at = self.engine.clock.now()
        if self._came.get(key, (None, at))[0] != values:
            self._came[key] = values, at
        return at - self._came[key][1]

    def _tell(self, region, alarms):
        """Act on states that were set by hand."""
        with self._lock:
            names = {(region, a["AlarmName"]) for a in alarms}
            for key in [k for k in self._told if k[0] == region and k not in names]:
                self._told.pop(key)
                self._came.pop(key, None)
            for alarm in alarms:
                self._tell_one(alarm, region)

    def _tell_one(self, alarm, region):
        key, state = (region, alarm["AlarmName"]), alarm["StateValue"]
        before = self._told.get(key, "INSUFFICIENT_DATA")
        self._told[key] = state
        if state != before and alarm["ActionsEnabled"]:
            self._act(alarm, before, region)

    def _act(self, alarm, before, region):
        message = _message(alarm, before, self.engine.account, region)
        subject = f'{alarm["StateValue"]}: "{alarm["AlarmName"]}" in {region}'[:100]
        for action in alarm.get(ACTIONS[alarm["StateValue"]], []):
            if action.startswith("arn:aws:sns:"):
                try:
                    self._client("sns", region).publish(
                        TopicArn=action, Subject=subject, Message=json.dumps(message)
                    )
                except ClientError:
                    continue  # a topic that has gone must not silence the others

    def _every(self, region):
        pages = (
            self._client("cloudwatch", region)
            .get_paginator("describe_alarms")
            .paginate()
        )
        return [alarm for page in pages for alarm in page["MetricAlarms"]]

    def _client(self, service, region):
        return self.engine.client(service, region)


def judge(
    alarm: dict, data: list[dict], silent: timedelta = timedelta()
) -> tuple[str, str]:
    """An alarm's state and why, from what was put into CloudWatch.

    Parameters
    ----------
    alarm : dict
        As ``DescribeAlarms`` has it.
    data : list of dict
        As `MotoServices.metric_data` has it.
    silent : datetime.timedelta
        How long ago the last value came.

    Returns
    -------
    state : {"OK", "ALARM", "INSUFFICIENT_DATA"}
    reason : str
    """
    operator = alarm.get("ComparisonOperator")
    if alarm.get("Metrics") or not alarm.get("Statistic") or operator not in COMPARED:
        return (
            "INSUFFICIENT_DATA",
            "the embedded cloud evaluates alarms on one metric only",
        )
    values = _periods(alarm, _about(alarm, data))
    number, threshold = alarm["EvaluationPeriods"], float(alarm["Threshold"])
    missing = alarm.get("TreatMissingData", "missing")
    if silent >= (number + FURTHER_BACK) * timedelta(seconds=alarm["Period"]):
        why, values = "no value for too long", {}
    else:
        why = "no value with exactly these dimensions"
    if not values and missing == "missing":
        return "INSUFFICIENT_DATA", f"Insufficient Data: {why}"
    newest = max(values, default=0)
    recent = [values.get(newest - k) for k in range(number)]
    if missing == "ignore" and None in recent:
        return alarm["StateValue"], alarm.get("StateReason", "")
    if not values:
        state = "ALARM" if missing == "breaching" else "OK"
        return state, f"{why}, and missing data is treated as {missing}"
    beyond = [
        missing == "breaching" if v is None else COMPARED[operator](float(v), threshold)
        for v in recent
    ]
    needed = alarm.get("DatapointsToAlarm") or number
    state = "ALARM" if sum(beyond) >= needed else "OK"
    known = ", ".join(f"{v:g}" for v in recent if v is not None)
    was = "was" if state == "ALARM" else "was not"
    return state, (
        f"Threshold Crossed: of {number} datapoint(s) [{known}], {sum(beyond)} {WORDS[operator]} "
        f"the threshold ({threshold:g}); {needed} {was} reached."
    )


def _about(alarm, data) -> list[dict]:
    """The values of an alarm's metric."""
    dimensions = {d["Name"]: d["Value"] for d in alarm.get("Dimensions", [])}
    wanted = (alarm.get("Namespace"), alarm.get("MetricName"), dimensions)
    return [d for d in data if (d["namespace"], d["name"], d["dimensions"]) == wanted]


def _periods(alarm, data) -> dict[int, float]:
    """The statistic by period, counted from 1970."""
    found: dict[int, list[dict]] = {}
    for datum in data:
        period = int(_utc(datum["time"]).timestamp() // alarm["Period"])
        found.setdefault(period, []).append(datum)
    return {
        period: _statistic(alarm["Statistic"], part) for period, part in found.items()
    }


def _statistic(name, part) -> float:
    total, count = sum(d["sum"] for d in part), sum(d["count"] for d in part)
    return {
        "Average": total / count if count else 0.0,
        "Sum": total,
        "SampleCount": count,
        "Minimum": min(d["minimum"] for d in part),
        "Maximum": max(d["maximum"] for d in part),
    }[name]


def _utc(at: datetime) -> datetime:
    # moto keeps times without a zone
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _message(alarm, before, account, region) -> dict:
    trigger = {
        name: alarm.get(name)
        for name in (
            "MetricName",
            "Namespace",
            "Statistic",
            "Period",
            "EvaluationPeriods",
        )
    }
    trigger |= {name: alarm.get(name) for name in ("ComparisonOperator", "Threshold")}
    trigger["Dimensions"] = [
        {"name": d["Name"], "value": d["Value"]} for d in alarm.get("Dimensions", [])
    ]
    return {
        "AlarmName": alarm["AlarmName"],
        "AlarmDescription": alarm.get("AlarmDescription"),
        "AWSAccountId": account,
        "NewStateValue": alarm["StateValue"],
        "NewStateReason": alarm.get("StateReason", ""),
        "StateChangeTime": now().strftime("%Y-%m-%dT%H:%M:%S.000+0000"),
        "Region": region,
        "AlarmArn": alarm["AlarmArn"],
        "OldStateValue": before,
        "Trigger": trigger,
    }
