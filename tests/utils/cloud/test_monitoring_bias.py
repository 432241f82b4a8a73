"""The monitor of bias, from captured requests to a message in a queue."""

import json

import pytest

from tests.utils.cloud import monitors, requests
from tests.utils.cloud.monitors import people


@pytest.fixture
def endpoint(cloud, name, artefact):
    monitors.deploy(cloud, name, artefact)
    yield name
    cloud.client("sagemaker").delete_endpoint(EndpointName=name)


def constraints(cloud, name, **values):
    """A baseline without gaps, but for those given."""
    found = {"CI": 0.0, "DPL": 0.0, "DPPL": 0.0, "DI": 1.0, "AD": 0.0, **values}
    stages = {"pre_training": ["CI", "DPL"], "post_training": ["AD", "DI", "DPPL"]}
    analysis = {
        f"{stage}_bias_metrics": {
            "label": "hired",
            "label_value_or_threshold": "1",
            "facets": {
                "bar": [
                    {
                        "value_or_threshold": "5",
                        "metrics": [
                            {"name": m, "description": m, "value": found[m]}
                            for m in keys
                        ],
                    }
                ]
            },
        }
        for stage, keys in stages.items()
    }
    return monitors.put(
        cloud, f"{name}/base/analysis.json", {"version": "1.0", **analysis}
    )


def monitor(cloud, name, timing=None, **changes):
    given = {"constraints": constraints(cloud, name), **changes}
    request = monitors.definition(cloud, name, "ModelBias", **given)
    cloud.client("sagemaker").create_model_bias_job_definition(**request)
    return monitors.schedule(cloud, name, "ModelBias", timing)


def test_no_gap_no_violation(cloud, endpoint, eventually):
    rows = people(5, 5)
    monitors.ask(cloud, endpoint, rows)
    monitors.label(cloud, endpoint, [1] * 5 + [0] * 5 + [1] * 5 + [0] * 5)
    arn = monitor(cloud, endpoint)
    (run,) = monitors.executions(cloud, endpoint, eventually)
    assert run["MonitoringExecutionStatus"] == "Completed", run
    job = monitors.job_of(cloud, run)
    assert job["MonitoringScheduleArn"] == arn
    assert job["ExitMessage"].startswith(
        "Completed: Job completed successfully with no viol"
    )
    analysis = monitors.get(cloud, f"{monitors.folder(endpoint, run)}/analysis.json")
    facets = analysis["post_training_bias_metrics"]["facets"]["bar"]
    assert {m["name"]: m["value"] for m in facets[0]["metrics"]} == {
        "AD": 0,
        "DI": 1,
        "DPPL": 0,
    }


@pytest.fixture
def queue(cloud, name):
    """A topic with a queue behind it: the topic's ARN and a function that receives."""
    sqs, sns = cloud.client("sqs"), cloud.client("sns")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    topic = sns.create_topic(Name=name)["TopicArn"]
    sns.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=found["Attributes"]["QueueArn"]
    )

    def receive():
        messages = sqs.receive_message(QueueUrl=url).get("Messages", [])
        return [json.loads(json.loads(m["Body"])["Message"]) for m in messages]

    return topic, receive


def alarm_on(cloud, name, topic, metric="bias_metric_DPPL", **changes):
    """An alarm on a metric of a monitor, with exactly its dimensions."""
    dimensions = {
        "Endpoint": name,
        "MonitoringSchedule": name,
        "BiasStage": "Post-Training",
        "Label": "hired",
        "LabelValue": "1",
        "Facet": "bar",
        "FacetValue": "5",
    }
    settings = {
        "AlarmName": name,
        "Namespace": "aws/sagemaker/Endpoints/bias-metrics",
        "MetricName": metric,
        "Dimensions": [{"Name": k, "Value": v} for k, v in dimensions.items()],
        "Statistic": "Average",
        "Period": 3600,
        "EvaluationPeriods": 1,
        "Threshold": 0.2,
        "ComparisonOperator": "GreaterThanThreshold",
        "AlarmActions": [topic],
    }
    cloud.client("cloudwatch").put_metric_alarm(**{**settings, **changes})


def test_a_gap_reaches_the_queue(cloud, endpoint, queue, eventually):
    topic, receive = queue
    alarm_on(cloud, endpoint, topic)
    rows = people(2, 18, of=20)
    monitors.ask(cloud, endpoint, rows)
    monitors.label(cloud, endpoint, [int(points > bar) for points, bar in rows])
    monitor(cloud, endpoint)
    (run,) = monitors.executions(cloud, endpoint, eventually)
    assert run["MonitoringExecutionStatus"] == "CompletedWithViolations", run
    folder = monitors.folder(endpoint, run)
    found = monitors.get(cloud, f"{folder}/constraint_violations.json")
    assert found["version"] == "1.0"
    by_metric = {v["metric_name"]: v for v in found["violations"]}
    assert set(by_metric) == {
        "DPL",
        "DPPL",
        "DI",
    }  # the groups are equal in size and accuracy
    assert by_metric["DPPL"] == {
        "facet": "bar",
        "facet_value": "5",
        "metric_name": "DPPL",
        "constraint_check_type": "bias_drift_check",
        "description": "Metric value 0.8 doesn't meet the baseline constraint requirement 0.0",
    }
    (message,) = eventually(receive)
    assert (message["AlarmName"], message["NewStateValue"]) == (endpoint, "ALARM")
    assert message["OldStateValue"] == "INSUFFICIENT_DATA"
    assert "0.8" in message["NewStateReason"]
    watch = cloud.client("cloudwatch")
    (alarm,) = watch.describe_alarms(AlarmNames=[endpoint])["MetricAlarms"]
    assert alarm["StateValue"] == "ALARM"


def test_merged_lines_have_all_three_parts(cloud, endpoint, eventually):
    monitors.ask(cloud, endpoint, people(3, 3, of=6))
    # two labels are missing so far, and of two for one id the later counts
    monitors.label(cloud, endpoint, [0] * 10)
    monitors.label(cloud, endpoint, [1], first=0)
    monitor(cloud, endpoint)
    (run,) = monitors.executions(cloud, endpoint, eventually)
    assert run["MonitoringExecutionStatus"].startswith("Completed"), run
    (key,) = monitors.keys(cloud, f"{endpoint}/monitor/merge/{endpoint}/AllTraffic/")
    body = cloud.client("s3").get_object(Bucket=cloud.bucket, Key=key)["Body"].read()
    lines = [json.loads(line) for line in body.decode().splitlines()]
    assert len(lines) == 10
    first = next(e for e in lines if e["eventMetadata"]["inferenceId"] == "case-0")
    assert first["groundTruthData"] == {"data": "1", "encoding": "CSV"}
    assert first["captureData"]["endpointInput"]["data"] == "9,5"
    jobs = cloud.client("sagemaker").list_processing_jobs(
        NameContains="groundtruth-merge"
    )
    message = jobs["ProcessingJobSummaries"][0]["ExitMessage"]
    assert "Merged 10 of 12" in message
    assert "'case-10', 'case-11'" in message


def test_ground_truth_by_event_id(cloud, endpoint, eventually):
    from tests.utils.cloud.test_endpoints import captured

    rows = people(5, 5)
    for points, bar in rows:
        requests.invoke(
            cloud, endpoint, f"{points},{bar}", Accept="application/jsonlines"
        )
    found = eventually(
        lambda: len(c := captured(cloud, f"{endpoint}/capture")) == len(rows) and c
    )
    truth = [
        {
            "groundTruthData": {"data": '{"outcome": 1}', "encoding": "JSON"},
            "eventMetadata": {"eventId": line["eventMetadata"]["eventId"]},
            "eventVersion": "0",
        }
        for _, line in found
    ]
    at = cloud.clock.now()
    body = "\n".join(map(json.dumps, truth))
    key = f"{endpoint}/truth/{at:%Y/%m/%d/%H}/all.jsonl"
    cloud.client("s3").put_object(Bucket=cloud.bucket, Key=key, Body=body.encode())
    config = {**monitors.CONFIG, "label": "outcome"}
    monitor(cloud, endpoint, config=config)
    (run,) = monitors.executions(cloud, endpoint, eventually)
    assert run["MonitoringExecutionStatus"].startswith("Completed"), run
    analysis = monitors.get(cloud, f"{monitors.folder(endpoint, run)}/analysis.json")
    assert analysis["pre_training_bias_metrics"]["label"] == "hired"


def test_without_constraints_nothing_is_violated(cloud, endpoint, eventually):
    monitors.ask(cloud, endpoint, people(2, 9))
    monitors.label(cloud, endpoint, [1] * 20)
    environment = {"publish_cloudwatch_metrics": "Disabled"}
    monitor(cloud, endpoint, constraints=None, App={"Environment": environment})
    (run,) = monitors.executions(cloud, endpoint, eventually)
    assert run["MonitoringExecutionStatus"] == "Completed", run
    files = monitors.keys(cloud, monitors.folder(endpoint, run))
    assert not any("violations" in file for file in files)
    dimensions = [{"Name": "Endpoint", "Value": endpoint}]
    metrics = cloud.client("cloudwatch").list_metrics(Dimensions=dimensions)
    assert not metrics["Metrics"]


def test_a_role_that_may_not_publish_is_told_in_the_log(cloud, endpoint, eventually):
    actions = ["s3:*", "sagemaker:*", "logs:*"]
    allowed = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    role = requests.role(
        cloud, f"{endpoint}-role", [allowed], "sagemaker.amazonaws.com"
    )
    monitors.ask(cloud, endpoint, people(5, 5))
    monitors.label(cloud, endpoint, [1] * 20)
    monitor(cloud, endpoint, RoleArn=role)
    (run,) = monitors.executions(cloud, endpoint, eventually)
    assert run["MonitoringExecutionStatus"].startswith("Completed"), run
    job = monitors.job_of(cloud, run)["ProcessingJobName"]
    text = requests.log_text(cloud, "/aws/sagemaker/ProcessingJobs", job)
    assert "WARNING: no metrics were published to CloudWatch" in text
    assert "cloudwatch:PutMetricData" in text
