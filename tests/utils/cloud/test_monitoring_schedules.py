"""Schedules, the clock, windows, and the message of every run that cannot be."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from tests.utils.cloud import monitors, requests
from tests.utils.cloud.monitors import people
from utils.cloud import connect
from utils.cloud.connection import RealCloud
from utils.cloud.monitoring import windows
from utils.cloud.monitoring.clock import Clock
from utils.cloud.wire import ApiError


@pytest.fixture
def sagemaker(cloud):
    return cloud.client("sagemaker")


@pytest.fixture
def endpoint(cloud, name, artefact):
    monitors.deploy(cloud, name, artefact)
    yield name
    cloud.client("sagemaker").delete_endpoint(EndpointName=name)


def quality(cloud, name, **changes):
    """A data quality monitor: one job a run, no ground truth."""
    request = monitors.definition(cloud, name, "DataQuality", **changes)
    return cloud.client("sagemaker").create_data_quality_job_definition(**request)


def code_of(caught):
    return caught.value.response["Error"]["Code"]


def at(hour, minute=0):
    return datetime(2026, 11, 22, hour, minute, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "expression, after, expected",
    [
        ("cron(0 * ? * * *)", at(12, 20), 13),
        ("cron(0 * ? * * *)", at(23), 0),
        ("cron(0 12 ? * * *)", at(12, 1), 12),
        ("cron(0 17/12 ? * * *)", at(6), 17),
        ("cron(0 17/12 ? * * *)", at(4), 5),
        ("cron(0 0/6 ? * * *)", at(13), 18),
    ],
)
def test_the_next_run(expression, after, expected):
    found = windows.next_run(expression, after)
    assert found.hour == expected
    assert found > after
    assert (found.minute, found.second) == (0, 0)


@pytest.mark.parametrize(
    "expression",
    ["hourly", "cron(0 24 ? * * *)", "cron(5 * ? * * *)", "cron(0 0/25 ? * * *)"],
)
def test_expressions_that_aws_does_not_take(expression):
    with pytest.raises(ApiError, match="scheduleExpression"):
        windows.hours_of_day(expression)


def test_offsets():
    assert windows.offset("-PT6H", "x") == timedelta(hours=-6)
    assert windows.offset("-P1DT30M", "x") == timedelta(days=-1, minutes=-30)
    assert windows.offset("-PT0H", "x") == windows.offset("PT0H", "x") == timedelta()
    with pytest.raises(ApiError, match="ISO 8601"):
        windows.offset("-6H", "x")
    with pytest.raises(ApiError, match="lies in the future: write -PT6H"):
        windows.offset("PT6H", "x")


def test_windows():
    hourly, noon = {"ScheduleExpression": "cron(0 * ? * * *)"}, at(12).replace(second=0)
    plain = windows.window_of(noon, hourly, {})
    assert str(plain) == "2026-11-22 11:00 to 2026-11-22 12:00 UTC"
    assert plain.hours() == ["2026/11/22/11"]
    given = {"StartTimeOffset": "-PT3H", "EndTimeOffset": "-PT1H"}
    assert windows.window_of(noon, hourly, given).hours() == [
        "2026/11/22/09",
        "2026/11/22/10",
    ]
    daily = {"ScheduleExpression": "cron(0 12 ? * * *)"}
    assert len(windows.window_of(noon, daily, {}).hours()) == 24
    with pytest.raises(ApiError, match="from -PT1H to -PT1H is empty"):
        windows.window_of(noon, hourly, dict.fromkeys(given, "-PT1H"))


def test_a_window_cuts_no_request_of_its_last_second_off():
    scheduled = at(12).replace(microsecond=400_000)
    window = windows.window_of(scheduled, monitors.NOW, {})
    assert window.seconds == ("2026-11-22T11:00:30Z", "2026-11-22T12:00:31Z")
    assert window.hours() == ["2026/11/22/11", "2026/11/22/12"]


def test_the_clock_goes_forward_only(cloud):
    for step in ({}, {"hours": -1}, {"days": 400}):
        with pytest.raises(ValueError, match="more than zero and at most 366 days"):
            cloud.clock.advance(**step)


def test_a_held_clock_moves_only_when_told_to():
    clock = Clock()
    clock.hold()
    at = clock.now()
    time.sleep(0.01)
    clock.hold()
    assert clock.now() == at
    assert clock.advance(minutes=1) == at + timedelta(minutes=1)


def test_aws_has_a_clock_that_nobody_moves():
    clock = RealCloud.clock.fget(None)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    with pytest.raises(NotImplementedError, match="'NOW'"):
        clock.advance(hours=1)
    with pytest.raises(NotImplementedError, match="cannot be held"):
        clock.hold()


def test_life_of_a_definition(cloud, endpoint, sagemaker):
    quality(cloud, endpoint)
    found = sagemaker.describe_data_quality_job_definition(JobDefinitionName=endpoint)
    source = found["DataQualityJobInput"]["EndpointInput"]
    assert source["EndpointName"] == endpoint
    assert found["JobDefinitionArn"].endswith(
        f":data-quality-job-definition/{endpoint}"
    )
    (row,) = sagemaker.list_data_quality_job_definitions(EndpointName=endpoint)[
        "JobDefinitionSummaries"
    ]
    assert row["MonitoringJobDefinitionName"] == endpoint
    with pytest.raises(ClientError, match="already existing") as caught:
        quality(cloud, endpoint)
    assert code_of(caught) == "ResourceInUse"
    sagemaker.delete_data_quality_job_definition(JobDefinitionName=endpoint)
    with pytest.raises(ClientError, match="Could not find data quality") as caught:
        sagemaker.describe_data_quality_job_definition(JobDefinitionName=endpoint)
    assert code_of(caught) == "ResourceNotFound"


def test_a_schedule_runs_every_hour_until_it_is_stopped(artefact, name, eventually):
    """In a cloud of its own: the clock of the shared one must not leap over others' hours."""
    with connect() as cloud:
        sagemaker = cloud.client("sagemaker")
        model = requests.train(cloud, "for-the-clock")["ModelArtifacts"][
            "S3ModelArtifacts"
        ]
        monitors.deploy(cloud, name, model)
        monitors.ask(cloud, name, people(1, 1, of=2))
        quality(cloud, name)
        monitors.schedule(cloud, name, "DataQuality", monitors.HOURLY)
        described = sagemaker.describe_monitoring_schedule(MonitoringScheduleName=name)
        assert described["MonitoringScheduleStatus"] == "Scheduled"
        assert "LastMonitoringExecutionSummary" not in described
        first = monitors.full_hour(cloud.clock.now())
        cloud.clock.advance(hours=1)
        (run,) = monitors.executions(cloud, name, eventually)
        assert run["ScheduledTime"] == first
        assert run["MonitoringExecutionStatus"] == "Completed", run
        cloud.clock.advance(hours=2)
        later = monitors.executions(cloud, name, eventually, 3)
        assert [r["ScheduledTime"] for r in later] == [
            first + timedelta(hours=n) for n in (2, 1, 0)
        ]
        for run in later[:2]:
            assert run["MonitoringExecutionStatus"] == "Failed"
            assert "ProcessingJobArn" not in run
            assert (
                "Job inputs had no data: nothing was captured from"
                in run["FailureReason"]
            )
            assert (
                f"/{name}/capture/{name}/<variant>/<YYYY/MM/DD/HH>"
                in run["FailureReason"]
            )
            assert (
                f"there is something in AllTraffic/{first - timedelta(hours=1):%Y/%m/%d/%H}"
                in (run["FailureReason"])
            )
        sagemaker.stop_monitoring_schedule(MonitoringScheduleName=name)
        cloud.clock.advance(hours=3)
        assert len(monitors.executions(cloud, name, eventually, 3)) == 3
        sagemaker.start_monitoring_schedule(MonitoringScheduleName=name)
        cloud.clock.advance(hours=1)
        assert len(monitors.executions(cloud, name, eventually, 4)) == 4
        last = sagemaker.describe_monitoring_schedule(MonitoringScheduleName=name)
        summary = last["LastMonitoringExecutionSummary"]
        assert summary["ScheduledTime"] == first + timedelta(hours=6)
        sagemaker.delete_monitoring_schedule(MonitoringScheduleName=name)
        with pytest.raises(ClientError) as caught:
            sagemaker.describe_monitoring_schedule(MonitoringScheduleName=name)
        assert code_of(caught) == "ResourceNotFound"
        assert len(monitors.executions(cloud, name, eventually, 4)) == 4


def test_schedules_are_listed_and_updated(cloud, endpoint, sagemaker):
    quality(cloud, endpoint)
    monitors.schedule(cloud, endpoint, "DataQuality", monitors.HOURLY)
    rows = sagemaker.list_monitoring_schedules(
        EndpointName=endpoint,
        MonitoringTypeEquals="DataQuality",
        StatusEquals="Scheduled",
    )["MonitoringScheduleSummaries"]
    assert [row["MonitoringScheduleName"] for row in rows] == [endpoint]
    assert rows[0]["MonitoringJobDefinitionName"] == endpoint
    config = {
        "ScheduleConfig": {"ScheduleExpression": "cron(0 12 ? * * *)"},
        "MonitoringJobDefinitionName": endpoint,
        "MonitoringType": "DataQuality",
    }
    sagemaker.update_monitoring_schedule(
        MonitoringScheduleName=endpoint, MonitoringScheduleConfig=config
    )
    found = sagemaker.describe_monitoring_schedule(MonitoringScheduleName=endpoint)
    assert found["MonitoringScheduleConfig"] == config
    tagged = sagemaker.list_tags(ResourceArn=found["MonitoringScheduleArn"])
    assert tagged["Tags"] == []
    sagemaker.delete_monitoring_schedule(MonitoringScheduleName=endpoint)


def test_definitions_that_cannot_run(cloud, endpoint, sagemaker):
    from utils.cloud import image_uri

    wrong = {"ImageUri": image_uri("sagemaker-clarify-processing")}
    with pytest.raises(ClientError, match="runs sagemaker-model-monitor-analyzer"):
        quality(cloud, endpoint, App=wrong)
    with pytest.raises(ClientError, match="is not an S3 address"):
        quality(cloud, endpoint, constraints="https://bucket/constraints.json")
    with pytest.raises(ClientError, match="Could not assume role"):
        quality(cloud, endpoint, RoleArn=f"arn:aws:iam::{cloud.account}:role/nobody")
    with pytest.raises(ClientError, match="must lie under /opt/ml/processing"):
        quality(cloud, endpoint, EndpointInput={"LocalPath": "/opt/ml/../../etc"})
    script = {"PostAnalyticsProcessorSourceUri": "s3://bucket/script.py"}
    with pytest.raises(ClientError, match="not available in the embedded cloud"):
        quality(cloud, endpoint, App=script)
    request = monitors.definition(cloud, endpoint, "DataQuality")
    batch = {
        "DataCapturedDestinationS3Uri": "s3://b/x",
        "DatasetFormat": {"Csv": {"Header": False}},
        "LocalPath": "/opt/ml/processing/input",
    }
    request["DataQualityJobInput"] = {"BatchTransformInput": batch}
    with pytest.raises(ClientError, match="give an endpointInput"):
        sagemaker.create_data_quality_job_definition(**request)


def test_schedules_that_cannot_run(cloud, endpoint, sagemaker):
    quality(cloud, endpoint)
    with pytest.raises(ClientError, match="NOW needs dataAnalysisStartTime"):
        monitors.schedule(cloud, endpoint, "DataQuality", {"ScheduleExpression": "NOW"})
    with pytest.raises(ClientError, match="must satisfy enum value set"):
        monitors.schedule(cloud, endpoint, "Bias")
    with pytest.raises(ClientError, match="Could not find model bias job definition"):
        monitors.schedule(cloud, endpoint, "ModelBias")
    with pytest.raises(ClientError, match="is empty"):
        monitors.schedule(
            cloud,
            endpoint,
            "DataQuality",
            {**monitors.NOW, "DataAnalysisStartTime": "-PT0H"},
        )
    with pytest.raises(ClientError, match="either monitoringJobDefinitionName or"):
        sagemaker.create_monitoring_schedule(
            MonitoringScheduleName=endpoint,
            MonitoringScheduleConfig={"ScheduleConfig": monitors.NOW},
        )


def test_an_endpoint_without_capture(cloud, name, artefact):
    requests.deploy(cloud, name, artefact)
    quality(cloud, name)
    with pytest.raises(ClientError, match="data capture is not enabled"):
        monitors.schedule(cloud, name, "DataQuality")
    cloud.client("sagemaker").delete_endpoint(EndpointName=name)


def test_an_endpoint_that_is_not_there(cloud, name):
    quality(cloud, name)
    with pytest.raises(ClientError, match="Could not find endpoint"):
        monitors.schedule(cloud, name, "DataQuality")


def test_base64_is_explained(cloud, name, artefact, eventually):
    monitors.deploy(cloud, name, artefact, header=False)
    monitors.ask(cloud, name, people(1, 1, of=1))
    quality(cloud, name)
    monitors.schedule(cloud, name, "DataQuality")
    (run,) = monitors.executions(cloud, name, eventually)
    assert run["MonitoringExecutionStatus"] == "Failed"
    assert "was captured in BASE64, which no monitor reads" in run["FailureReason"]
    assert "name text/csv in the endpoint configuration's" in run["FailureReason"]
    cloud.client("sagemaker").delete_endpoint(EndpointName=name)


def truth_monitor(cloud, name, **endpoint_input):
    request = monitors.definition(
        cloud, name, "ModelBias", EndpointInput=endpoint_input
    )
    cloud.client("sagemaker").create_model_bias_job_definition(**request)
    monitors.schedule(cloud, name, "ModelBias")


def test_missing_ground_truth_shows_where_it_was_looked_for(
    cloud, endpoint, eventually
):
    monitors.ask(cloud, endpoint, people(1, 1, of=1))
    long_ago = cloud.clock.now() - timedelta(days=2)
    monitors.label(cloud, endpoint, [1, 1], at=long_ago)
    truth_monitor(cloud, endpoint)
    (run,) = monitors.executions(cloud, endpoint, eventually)
    assert run["MonitoringExecutionStatus"] == "Failed"
    reason = run["FailureReason"]
    assert "there is no ground truth for the requests from" in reason
    assert f"s3://{cloud.bucket}/{endpoint}/truth/<YYYY/MM/DD/HH>" in reason
    assert f"there is something in {long_ago:%Y/%m/%d/%H}" in reason
    assert "StartTimeOffset and EndTimeOffset" in reason


def test_ground_truth_of_others_shows_ids_of_both_sides(cloud, endpoint, eventually):
    monitors.ask(cloud, endpoint, people(1, 1, of=1))
    monitors.label(cloud, endpoint, [1, 1], first=70)
    truth_monitor(cloud, endpoint)
    (run,) = monitors.executions(cloud, endpoint, eventually)
    assert "merging the ground truth failed" in run["FailureReason"]
    assert "none of the 2 captured requests has ground truth" in run["FailureReason"]
    assert "'case-0', 'case-1'" in run["FailureReason"]
    assert "'case-70', 'case-71'" in run["FailureReason"]


def test_late_ground_truth_is_merged(name, eventually):
    """Asked in one hour, labelled in the next, looked at in the one after."""
    with connect() as cloud:
        model = requests.train(cloud, "for-the-clock")["ModelArtifacts"][
            "S3ModelArtifacts"
        ]
        monitors.deploy(cloud, name, model)
        monitors.ask(cloud, name, people(5, 5))
        cloud.clock.advance(hours=1)
        monitors.label(cloud, name, [1] * 20)
        request = monitors.definition(
            cloud,
            name,
            "ModelBias",
            EndpointInput={"StartTimeOffset": "-PT2H", "EndTimeOffset": "-PT1H"},
        )
        cloud.client("sagemaker").create_model_bias_job_definition(**request)
        monitors.schedule(cloud, name, "ModelBias", monitors.HOURLY)
        cloud.clock.advance(hours=1)
        (run,) = monitors.executions(cloud, name, eventually)
        assert run["MonitoringExecutionStatus"] == "Completed", run


def test_a_baselining_job_that_failed(cloud, endpoint, eventually):
    monitors.ask(cloud, endpoint, people(1, 1, of=1))
    analyzer = monitors.definition(cloud, endpoint, "DataQuality")[
        "DataQualityAppSpecification"
    ]
    cloud.client("sagemaker").create_processing_job(
        ProcessingJobName=f"{endpoint}-baseline",
        RoleArn=cloud.role,
        AppSpecification=analyzer,
        ProcessingResources={"ClusterConfig": monitors.CLUSTER},
    )
    quality(
        cloud,
        endpoint,
        DataQualityBaselineConfig={"BaseliningJobName": f"{endpoint}-baseline"},
    )
    monitors.schedule(cloud, endpoint, "DataQuality")
    (run,) = monitors.executions(cloud, endpoint, eventually)
    assert run["MonitoringExecutionStatus"] == "Failed"
    assert (
        f"the baselining job '{endpoint}-baseline' ended as Failed"
        in run["FailureReason"]
    )
    assert "the variable 'dataset_source' is missing" in run["FailureReason"]


def test_no_predictions(cloud, endpoint, eventually):
    monitors.ask(cloud, endpoint, people(1, 1, of=2))
    monitors.label(cloud, endpoint, [1] * 4)
    request = monitors.definition(cloud, endpoint, "ModelBias")
    request["ModelBiasJobInput"]["EndpointInput"].pop("InferenceAttribute")
    cloud.client("sagemaker").create_model_bias_job_definition(**request)
    monitors.schedule(cloud, endpoint, "ModelBias")
    (run,) = monitors.executions(cloud, endpoint, eventually)
    assert "give inferenceAttribute or probabilityAttribute" in run["FailureReason"]
    job = monitors.job_of(cloud, run)
    assert job["ProcessingJobStatus"] == "Failed"


def test_stopping_the_cloud_ends_what_runs(name):
    cloud = connect()
    model = requests.train(cloud, "to-be-stopped")["ModelArtifacts"]["S3ModelArtifacts"]
    monitors.deploy(cloud, name, model)
    monitors.ask(cloud, name, people(1, 1, of=1))
    quality(cloud, name)
    monitors.schedule(cloud, name, "DataQuality")
    monitors.schedule(cloud, f"{name}-hourly", "DataQuality", monitors.HOURLY, of=name)
    before = time.monotonic()
    own = [cloud._engine.monitoring._timer, *cloud._engine.monitoring._pool._threads]
    cloud.stop()
    assert time.monotonic() - before < 10
    for thread in own:
        thread.join(1)
        assert not thread.is_alive()
