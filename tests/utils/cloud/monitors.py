"""What the tests of monitors send and wait for."""

import json
from datetime import timedelta

from tests.utils.cloud import requests
from utils.cloud import image_uri

ENDED = ("Completed", "CompletedWithViolations", "Failed", "Stopped")
NOW = {
    "ScheduleExpression": "NOW",
    "DataAnalysisStartTime": "-PT1H",
    "DataAnalysisEndTime": "-PT0H",
}
HOURLY = {"ScheduleExpression": "cron(0 * ? * * *)"}
CLUSTER = {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 5}
CONFIG = {
    "version": "1.0",
    "headers": ["points", "bar", "hired"],
    "label": "hired",
    "label_values_or_threshold": [1],
    "facet": [{"name_or_index": "bar", "value_or_threshold": [5]}],
    "methods": {
        "pre_training_bias": {"methods": ["CI", "DPL"]},
        "post_training_bias": {"methods": ["DPPL", "DI", "AD"]},
    },
}


def deploy(cloud, name, artefact, header=True, **changes):
    """The linear learner behind an endpoint that captures everything as text."""
    settings = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": f"s3://{cloud.bucket}/{name}/capture",
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
    }
    if header:
        settings["CaptureContentTypeHeader"] = {
            "CsvContentTypes": ["text/csv"],
            "JsonContentTypes": ["application/jsonlines", "application/json"],
        }
    requests.deploy(cloud, name, artefact, DataCaptureConfig={**settings, **changes})


def ask(cloud, name, rows, first=0):
    """One request a row, with ids case-0, case-1, …; the model hires where points exceed bar."""
    for number, (points, bar) in enumerate(rows, first):
        requests.invoke(
            cloud,
            name,
            f"{points},{bar}",
            Accept="application/jsonlines",
            InferenceId=f"case-{number}",
        )


def people(d, a, of=10):
    """`of` rows with the bar at 5 (facet d) and as many with it at 0: how many are hired."""
    rows = [(9, 5)] * d + [(1, 5)] * (of - d)
    return rows + [(4, 0)] * a + [(-4, 0)] * (of - a)


def label(cloud, name, labels, at=None, first=0):
    """Upload ground truth for case-0, case-1, … in the folder of an hour (the clock's)."""
    at = at or cloud.clock.now()
    lines = [
        json.dumps(
            {
                "groundTruthData": {"data": str(value), "encoding": "CSV"},
                "eventMetadata": {"eventId": f"case-{number}"},
                "eventVersion": "0",
            }
        )
        for number, value in enumerate(labels, first)
    ]
    key = f"{name}/truth/{at:%Y/%m/%d/%H}/{at:%M%S%f}.jsonl"
    cloud.client("s3").put_object(
        Bucket=cloud.bucket, Key=key, Body="\n".join(lines).encode()
    )


def put(cloud, key, content):
    """Put JSON; its address."""
    body = json.dumps(content).encode()
    cloud.client("s3").put_object(Bucket=cloud.bucket, Key=key, Body=body)
    return f"s3://{cloud.bucket}/{key}"


def get(cloud, key):
    """JSON from an object."""
    body = cloud.client("s3").get_object(Bucket=cloud.bucket, Key=key)["Body"].read()
    return json.loads(body)


def keys(cloud, prefix):
    """Every key under a prefix."""
    s3 = cloud.client("s3")
    found = s3.list_objects_v2(Bucket=cloud.bucket, Prefix=prefix)
    return [item["Key"] for item in found.get("Contents", [])]


def definition(cloud, name, kind, constraints=None, truth=True, config=None, **changes):
    """Arguments of ``create_…_job_definition`` for one of the four kinds."""
    base = f"s3://{cloud.bucket}/{name}"
    clarify = kind in ("ModelBias", "ModelExplainability")
    image = "clarify-processing" if clarify else "model-monitor-analyzer"
    app = {"ImageUri": image_uri(f"sagemaker-{image}")}
    if clarify:
        app["ConfigUri"] = put(
            cloud, f"{name}/config/analysis_config.json", config or CONFIG
        )
    endpoint = {
        "EndpointName": name,
        "LocalPath": "/opt/ml/processing/input/endpoint",
        "InferenceAttribute": "predicted_label",
        **changes.pop("EndpointInput", {}),
    }
    source = {"EndpointInput": endpoint}
    if kind in ("ModelBias", "ModelQuality"):
        source["GroundTruthS3Input"] = {"S3Uri": f"{base}/truth"}
    output = {"S3Uri": f"{base}/monitor", "LocalPath": "/opt/ml/processing/output"}
    request = {
        "JobDefinitionName": name,
        f"{kind}AppSpecification": {**app, **changes.pop("App", {})},
        f"{kind}JobInput": source,
        f"{kind}JobOutputConfig": {"MonitoringOutputs": [{"S3Output": output}]},
        "JobResources": {"ClusterConfig": CLUSTER},
        "RoleArn": cloud.role,
        "StoppingCondition": {"MaxRuntimeInSeconds": 1800},
    }
    if constraints:
        request[f"{kind}BaselineConfig"] = {
            "ConstraintsResource": {"S3Uri": constraints}
        }
    return {**request, **changes}


def schedule(cloud, name, kind, timing=None, of=None):
    """Create a schedule for a job definition of the same name, or another."""
    return cloud.client("sagemaker").create_monitoring_schedule(
        MonitoringScheduleName=name,
        MonitoringScheduleConfig={
            "ScheduleConfig": timing or NOW,
            "MonitoringJobDefinitionName": of or name,
            "MonitoringType": kind,
        },
    )["MonitoringScheduleArn"]


def executions(cloud, name, eventually, count=1):
    """A schedule's executions, the newest first, once `count` of them have ended."""
    sagemaker = cloud.client("sagemaker")

    def over():
        found = sagemaker.list_monitoring_executions(
            MonitoringScheduleName=name, SortBy="ScheduledTime", MaxResults=100
        )["MonitoringExecutionSummaries"]
        done = [run for run in found if run["MonitoringExecutionStatus"] in ENDED]
        return done if len(done) >= count and len(done) == len(found) else None

    return eventually(over, 60)


def job_of(cloud, run):
    """The description of an execution's processing job."""
    name = run["ProcessingJobArn"].rsplit("/", 1)[1]
    return cloud.client("sagemaker").describe_processing_job(ProcessingJobName=name)


def folder(name, run):
    """Where an execution writes."""
    return f"{name}/monitor/{name}/{name}/{run['ScheduledTime']:%Y/%m/%d/%H}"


def full_hour(at):
    """The next full hour."""
    return at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
