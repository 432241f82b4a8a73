"""Alarms: their states by hand, and that a change of state is told once."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest

from utils.cloud import connect
from utils.cloud.monitoring.alarms import judge

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
ALARM = {
    "AlarmName": "gap",
    "Namespace": "course",
    "MetricName": "DPPL",
    "Dimensions": [{"Name": "Endpoint", "Value": "scores"}],
    "Statistic": "Average",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 0.2,
    "ComparisonOperator": "GreaterThanThreshold",
    "StateValue": "INSUFFICIENT_DATA",
}


def data(*values, dimensions=None):
    """One value a minute; None leaves the minute out."""
    return [
        {
            "namespace": "course",
            "name": "DPPL",
            "dimensions": dimensions or {"Endpoint": "scores"},
            "time": START + timedelta(minutes=minute),
            **dict.fromkeys(("sum", "minimum", "maximum"), value),
            "count": 1.0,
        }
        for minute, value in enumerate(values)
        if value is not None
    ]


@pytest.mark.parametrize(
    "operator, value, state",
    [
        ("GreaterThanThreshold", 0.21, "ALARM"),
        ("GreaterThanThreshold", 0.2, "OK"),
        ("GreaterThanOrEqualToThreshold", 0.2, "ALARM"),
        ("LessThanThreshold", 0.2, "OK"),
        ("LessThanThreshold", 0.1, "ALARM"),
        ("LessThanOrEqualToThreshold", 0.2, "ALARM"),
    ],
)
def test_one_value(operator, value, state):
    assert judge({**ALARM, "ComparisonOperator": operator}, data(value))[0] == state


def test_the_newest_values_count():
    assert judge(ALARM, data(0.9, 0.1))[0] == "OK"
    assert judge(ALARM, data(0.1, 0.9))[0] == "ALARM"


def test_so_many_of_so_many():
    two_of_three = {**ALARM, "EvaluationPeriods": 3, "DatapointsToAlarm": 2}
    assert judge(two_of_three, data(0.9, 0.1, 0.9))[0] == "ALARM"
    assert judge(two_of_three, data(0.9, 0.1, 0.1))[0] == "OK"
    assert judge({**ALARM, "EvaluationPeriods": 3}, data(0.9, 0.1, 0.9))[0] == "OK"


@pytest.mark.parametrize(
    "treated, state",
    [("breaching", "ALARM"), ("notBreaching", "OK"), ("missing", "OK")],
)
def test_missing_values(treated, state):
    alarm = {**ALARM, "EvaluationPeriods": 2, "TreatMissingData": treated}
    assert judge(alarm, data(0.9, None, 0.9))[0] == state


def test_missing_values_that_are_ignored_keep_the_state():
    alarm = {**ALARM, "EvaluationPeriods": 2, "TreatMissingData": "ignore"}
    assert judge({**alarm, "StateValue": "ALARM"}, data(0.1))[0] == "ALARM"


@pytest.mark.parametrize(
    "treated, state",
    [
        ("missing", "INSUFFICIENT_DATA"),
        ("breaching", "ALARM"),
        ("notBreaching", "OK"),
        ("ignore", "OK"),
    ],
)
def test_a_metric_that_fell_silent(treated, state):
    alarm = {**ALARM, "TreatMissingData": treated, "StateValue": "OK"}
    two_minutes, three = timedelta(minutes=2), timedelta(minutes=3)
    assert judge(alarm, data(0.1), two_minutes)[0] == "OK"
    assert judge(alarm, data(0.1), three)[0] == state
    assert judge(alarm, data())[0] == state


@pytest.mark.parametrize(
    "statistic, state",
    [("Maximum", "ALARM"), ("Minimum", "OK"), ("Average", "ALARM"), ("Sum", "ALARM")],
)
def test_statistics(statistic, state):
    # 0.1 and 0.5 in one minute: mean 0.3
    both = data(0.1) + data(0.5)
    assert judge({**ALARM, "Statistic": statistic}, both)[0] == state
    assert (
        judge({**ALARM, "Statistic": "SampleCount", "Threshold": 1}, both)[0] == "ALARM"
    )


def test_the_dimensions_must_be_the_same():
    more = data(0.9, dimensions={"Endpoint": "scores", "Facet": "sex"})
    state, reason = judge(ALARM, more)
    assert state == "INSUFFICIENT_DATA"
    assert "exactly these dimensions" in reason


def test_alarms_of_other_kinds_are_not_guessed():
    state, reason = judge(
        {**ALARM, "Statistic": None, "ExtendedStatistic": "p90"}, data(0.9)
    )
    assert (state, reason[:18]) == ("INSUFFICIENT_DATA", "the embedded cloud")


@pytest.fixture
def queue(cloud, name):
    sqs, sns = cloud.client("sqs"), cloud.client("sns")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    topic = sns.create_topic(Name=name)["TopicArn"]
    sns.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=found["Attributes"]["QueueArn"]
    )

    def receive():
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        return [
            json.loads(json.loads(m["Body"])["Message"])
            for m in messages.get("Messages", [])
        ]

    return topic, receive


def test_every_change_is_told_once(cloud, name, queue, eventually):
    topic, receive = queue
    watch = cloud.client("cloudwatch")

    def put(*values):
        for minute, value in values:
            at = START + timedelta(minutes=minute)
            datum = {"MetricName": "gap", "Value": value, "Timestamp": at}
            watch.put_metric_data(Namespace=name, MetricData=[datum])

    def state(wanted):
        found = watch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]
        return found["StateValue"] == wanted

    watch.put_metric_alarm(
        AlarmName=name,
        Namespace=name,
        MetricName="gap",
        Statistic="Average",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0.2,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[topic],
        OKActions=[topic],
    )
    eventually(lambda: state("INSUFFICIENT_DATA"))
    put((0, 0.5), (1, 0.6))
    eventually(lambda: state("ALARM"))
    time.sleep(0.5)  # until both values are evaluated
    put((2, 0.1))
    eventually(lambda: state("OK"))
    watch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="by hand")
    told = []
    eventually(lambda: told.extend(receive()) or len(told) >= 3)
    changes = [(m["OldStateValue"], m["NewStateValue"]) for m in told]
    assert changes == [("INSUFFICIENT_DATA", "ALARM"), ("ALARM", "OK"), ("OK", "ALARM")]
    assert told[0]["Trigger"]["MetricName"] == "gap"
    assert told[2]["NewStateReason"] == "by hand"
    assert not receive()


def test_disabled_actions_and_a_topic_that_has_gone(cloud, name, queue, eventually):
    topic, receive = queue
    watch = cloud.client("cloudwatch")
    gone = f"{topic}-gone"
    for suffix, enabled, actions in (
        ("off", False, [topic]),
        ("on", True, [gone, topic]),
    ):
        watch.put_metric_alarm(
            AlarmName=f"{name}-{suffix}",
            Namespace=name,
            MetricName="gap",
            Statistic="Maximum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=0.2,
            ComparisonOperator="GreaterThanThreshold",
            ActionsEnabled=enabled,
            AlarmActions=actions,
        )
    statistics = {"SampleCount": 2, "Sum": 0.6, "Minimum": 0.1, "Maximum": 0.5}
    datum = {"MetricName": "gap", "StatisticValues": statistics, "Timestamp": START}
    watch.put_metric_data(Namespace=name, MetricData=[datum])
    (message,) = eventually(receive)
    assert message["AlarmName"] == f"{name}-on"
    found = watch.describe_alarms(AlarmNames=[f"{name}-off"])["MetricAlarms"][0]
    assert found["StateValue"] == "ALARM"
    assert not receive()


def test_time_that_passes_without_a_value(name):
    """In a cloud of its own: the clock of the shared one must not leap."""
    with connect() as cloud:
        watch = cloud.client("cloudwatch")

        def states(step=None):
            if step:
                cloud.clock.advance(minutes=step)
            found = watch.describe_alarms(AlarmNamePrefix=name)["MetricAlarms"]
            return {a["AlarmName"].removeprefix(name): a["StateValue"] for a in found}

        for treated in ("missing", "breaching"):
            watch.put_metric_alarm(
                AlarmName=f"{name}{treated}",
                Namespace=name,
                MetricName="gap",
                Statistic="Average",
                Period=60,
                EvaluationPeriods=1,
                Threshold=0.2,
                ComparisonOperator="GreaterThanThreshold",
                TreatMissingData=treated,
            )
        cloud.clock.hold()
        assert states() == {"missing": "INSUFFICIENT_DATA", "breaching": "ALARM"}
        datum = {"MetricName": "gap", "Value": 0.1}
        watch.put_metric_data(Namespace=name, MetricData=[datum])
        assert states() == {"missing": "OK", "breaching": "OK"}
        assert states(2) == {"missing": "OK", "breaching": "OK"}
        assert states(1) == {"missing": "INSUFFICIENT_DATA", "breaching": "ALARM"}
        watch.put_metric_data(Namespace=name, MetricData=[datum])
        assert states() == {"missing": "OK", "breaching": "OK"}
