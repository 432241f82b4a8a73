"""The calls of AWS's example *model bias monitor for an endpoint*, from end to end, on Adult.

Deploy a linear learner with data capture, invoke it with JSON Lines, upload ground truth, run a
baselining job, schedule the monitor by the hour, read what the first execution found, clean up.
Where the example waits for the hour the clock is moved; the model is trained here, and the labels
are drawn as there: seven in ten are favourable, whoever is asked.
"""

import json
import random
from datetime import timedelta

import pytest

from tests.utils.cloud import monitors, requests
from utils.cloud import connect, image_uri
from utils.datasets import load_adult

JSON_LINES = "application/jsonlines"
HEADERS = ["Age", "Workclass", "fnlwgt", "Education", "Education-Num", "Marital Status"]
HEADERS += ["Occupation", "Relationship", "Ethnic group", "Sex", "Capital Gain"]
HEADERS += ["Capital Loss", "Hours per week", "Country", "Target"]
BIAS = {
    "label_values_or_threshold": [1],
    "facet": [{"name_or_index": "Sex", "value_or_threshold": [0]}],
    "group_variable": "Age",
}


@pytest.fixture(scope="module")
def cloud():
    """A cloud of its own, as its clock is moved."""
    with connect("us-west-2") as running:
        yield running


@pytest.fixture(scope="module")
def adult():
    """The rows as numbers, label last: categories by the order of their names."""
    frame = load_adult().dropna().sample(800, random_state=0)
    for name in frame.select_dtypes("category"):
        frame[name] = frame[name].astype(str).astype("category").cat.codes
    return frame.to_numpy(int)


def records(rows, label=False):
    """JSON Lines of SageMaker's dense format."""
    lines = [
        {"features": row[:-1].tolist(), **({"label": int(row[-1])} if label else {})}
        for row in rows
    ]
    return [json.dumps(line) for line in lines]


def trained(cloud, rows):
    """The artefact of a linear learner."""
    text = "\n".join(",".join(map(str, [row[-1], *row[:-1]])) for row in rows)
    cloud.client("s3").put_object(Bucket=cloud.bucket, Key="adult/train.csv", Body=text)
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{cloud.bucket}/adult/"}
    job = requests.train(
        cloud,
        "adult",
        AlgorithmSpecification={
            "TrainingImage": image_uri("linear-learner", "us-west-2"),
            "TrainingInputMode": "File",
        },
        InputDataConfig=[
            {
                "ChannelName": "train",
                "ContentType": "text/csv",
                "DataSource": {"S3DataSource": source},
            }
        ],
        HyperParameters={
            "predictor_type": "binary_classifier",
            "feature_dim": "14",
            "epochs": "5",
            "mini_batch_size": "100",
            "num_models": "2",
        },
    )
    return job["ModelArtifacts"]["S3ModelArtifacts"]


def deploy(cloud, name, artefact):
    sagemaker = cloud.client("sagemaker")
    container = {
        "Image": image_uri("linear-learner", "us-west-2"),
        "ModelDataUrl": artefact,
    }
    sagemaker.create_model(
        ModelName=name, ExecutionRoleArn=cloud.role, PrimaryContainer=container
    )
    sagemaker.create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[requests.variant("AllTraffic", name)],
        DataCaptureConfig={
            "EnableCapture": True,
            "InitialSamplingPercentage": 100,
            "DestinationS3Uri": f"s3://{cloud.bucket}/{name}/data-capture",
            "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
            "CaptureContentTypeHeader": {"JsonContentTypes": [JSON_LINES]},
        },
    )
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    requests.in_service(cloud, name)


def upload_ground_truth(cloud, name, count, at):
    """As the example: the label in the data set's own form, drawn by the row's number."""
    lines = []
    for number in range(count):
        label = 1 if random.Random(number).random() < 0.7 else 0
        truth = {"data": json.dumps({"label": label}), "encoding": "JSON"}
        line = {
            "groundTruthData": truth,
            "eventMetadata": {"eventId": str(number)},
            "eventVersion": "0",
        }
        lines.append(json.dumps(line))
    key = f"{name}/ground-truth/{at:%Y/%m/%d/%H/%M%S}.jsonl"
    cloud.client("s3").put_object(
        Bucket=cloud.bucket, Key=key, Body="\n".join(lines).encode()
    )


def baselining_job(cloud, name, rows):
    """suggest_baseline: Clarify's processing job with a temporary endpoint from the model."""
    base = f"s3://{cloud.bucket}/{name}"
    body = "\n".join(records(rows, label=True)).encode()
    cloud.client("s3").put_object(
        Bucket=cloud.bucket, Key=f"{name}/validation-dataset.jsonl", Body=body
    )
    config = {
        "dataset_type": JSON_LINES,
        "features": "features",
        "headers": HEADERS,
        "label": "label",
        **BIAS,
        "methods": {
            "report": {"name": "report", "title": "Analysis Report"},
            "pre_training_bias": {"methods": "all"},
            "post_training_bias": {"methods": "all"},
        },
        "predictor": {
            "model_name": name,
            "instance_type": "ml.m5.xlarge",
            "initial_instance_count": 1,
            "accept_type": JSON_LINES,
            "content_type": JSON_LINES,
            "content_template": '{"features":$features}',
            "label": "predicted_label",
        },
    }
    monitors.put(cloud, f"{name}/baselining-output/analysis_config.json", config)
    places = {
        "dataset": (
            f"{base}/validation-dataset.jsonl",
            "/opt/ml/processing/input/data",
        ),
        "analysis_config": (
            f"{base}/baselining-output/analysis_config.json",
            "/opt/ml/processing/input/config",
        ),
    }
    inputs = [
        {
            "InputName": key,
            "S3Input": {
                "S3Uri": address,
                "LocalPath": local,
                "S3DataType": "S3Prefix",
                "S3InputMode": "File",
                "S3DataDistributionType": "FullyReplicated",
                "S3CompressionType": "None",
            },
        }
        for key, (address, local) in places.items()
    ]
    output = {
        "OutputName": "analysis_result",
        "S3Output": {
            "S3Uri": f"{base}/baselining-output",
            "LocalPath": "/opt/ml/processing/output",
            "S3UploadMode": "EndOfJob",
        },
    }
    job = f"baseline-suggestion-{name}"
    cloud.client("sagemaker").create_processing_job(
        ProcessingJobName=job,
        RoleArn=cloud.role,
        AppSpecification={
            "ImageUri": image_uri("sagemaker-clarify-processing", "us-west-2")
        },
        ProcessingInputs=inputs,
        ProcessingOutputConfig={"Outputs": [output]},
        ProcessingResources={"ClusterConfig": monitors.CLUSTER},
        StoppingCondition={"MaxRuntimeInSeconds": 1800},
    )
    return job


def schedule(cloud, name, job):
    """create_monitoring_schedule of the SDK's ModelBiasMonitor: a definition, then a schedule."""
    base, sagemaker = f"s3://{cloud.bucket}/{name}", cloud.client("sagemaker")
    config = {**BIAS, "headers": HEADERS, "label": "label"}
    address = monitors.put(
        cloud, f"{name}/monitor-output/config/analysis_config.json", config
    )
    output = {
        "S3Uri": f"{base}/monitor-output",
        "LocalPath": "/opt/ml/processing/output",
        "S3UploadMode": "Continuous",
    }
    sagemaker.create_model_bias_job_definition(
        JobDefinitionName=f"model-bias-{name}",
        ModelBiasBaselineConfig={"BaseliningJobName": job},
        ModelBiasAppSpecification={
            "ImageUri": image_uri("sagemaker-clarify-processing", "us-west-2"),
            "ConfigUri": address,
        },
        ModelBiasJobInput={
            "EndpointInput": {
                "EndpointName": name,
                "LocalPath": "/opt/ml/processing/input/endpoint",
                "FeaturesAttribute": "features",
                "InferenceAttribute": "predicted_label",
                "StartTimeOffset": "-PT6H",
                "EndTimeOffset": "-PT0H",
            },
            "GroundTruthS3Input": {"S3Uri": f"{base}/ground-truth"},
        },
        ModelBiasJobOutputConfig={"MonitoringOutputs": [{"S3Output": output}]},
        JobResources={"ClusterConfig": monitors.CLUSTER},
        RoleArn=cloud.role,
        StoppingCondition={"MaxRuntimeInSeconds": 1800},
    )
    sagemaker.create_monitoring_schedule(
        MonitoringScheduleName=f"monitoring-{name}",
        MonitoringScheduleConfig={
            "ScheduleConfig": {"ScheduleExpression": "cron(0 * ? * * *)"},
            "MonitoringJobDefinitionName": f"model-bias-{name}",
            "MonitoringType": "ModelBias",
        },
    )


def check_capture(cloud, name):
    key = monitors.keys(cloud, f"{name}/data-capture/{name}/AllTraffic/")[-1]
    body = cloud.client("s3").get_object(Bucket=cloud.bucket, Key=key)["Body"].read()
    captured = json.loads(body.decode().splitlines()[-1])["captureData"]
    assert captured["endpointInput"]["observedContentType"] == JSON_LINES
    assert (
        captured["endpointInput"]["encoding"]
        == captured["endpointOutput"]["encoding"]
        == "JSON"
    )
    answer = json.loads(captured["endpointOutput"]["data"].splitlines()[-1])
    assert set(answer) == {"predicted_label", "score"}


def check_results(cloud, name, run):
    folder = f"{name}/monitor-output/{name}/monitoring-{name}/{run['ScheduledTime']:%Y/%m/%d/%H}"
    files = {key.rsplit("/", 1)[1] for key in monitors.keys(cloud, folder)}
    assert {
        "analysis.json",
        "constraint_violations.json",
        "report.html",
        "report.ipynb",
    } <= files
    analysis = monitors.get(cloud, f"{folder}/analysis.json")
    assert analysis["post_training_bias_metrics"]["label"] == "Target"
    (facet,) = analysis["pre_training_bias_metrics"]["facets"]["Sex"]
    assert facet["value_or_threshold"] == "0"
    assert {m["name"] for m in facet["metrics"]} >= {"CI", "DPL", "CDDL", "KL", "TVD"}
    found = monitors.get(cloud, f"{folder}/constraint_violations.json")
    assert found["version"] == "1.0"
    baseline = monitors.get(cloud, f"{name}/baselining-output/analysis.json")
    values = {
        m["name"]: m["value"]
        for m in baseline["post_training_bias_metrics"]["facets"]["Sex"][0]["metrics"]
    }
    for violation in found["violations"]:
        assert set(violation) == {
            "facet", "facet_value", "metric_name", "constraint_check_type", "description",
        }  # fmt: skip
    # labels that nobody predicted: the spread of benefits is far wider than in the baseline
    (spread,) = [v for v in found["violations"] if v["metric_name"] == "GE"]
    assert spread["description"].endswith(f"constraint requirement {values['GE']}")


def test_model_bias_monitor_for_an_endpoint(cloud, adult, eventually):
    name, sagemaker = "demo-ll-adult", cloud.client("sagemaker")
    train, test = adult[:600], adult[600:]
    deploy(cloud, name, trained(cloud, train))
    lines = records(test)
    both = requests.invoke(
        cloud, name, "\n".join(lines[:2]), JSON_LINES, Accept=JSON_LINES
    )
    assert len(both.splitlines()) == 2
    eventually(lambda: monitors.keys(cloud, f"{name}/data-capture"))
    check_capture(cloud, name)
    for number, line in enumerate(lines):
        requests.invoke(
            cloud, name, line, JSON_LINES, Accept=JSON_LINES, InferenceId=str(number)
        )
    for hours in (1, 0):
        upload_ground_truth(
            cloud, name, len(test), cloud.clock.now() - timedelta(hours=hours)
        )
    job = baselining_job(cloud, name, train)
    schedule(cloud, name, job)
    described = sagemaker.describe_monitoring_schedule(
        MonitoringScheduleName=f"monitoring-{name}"
    )
    assert "LastMonitoringExecutionSummary" not in described
    cloud.clock.advance(hours=1)
    (run,) = monitors.executions(cloud, f"monitoring-{name}", eventually)
    sagemaker.stop_monitoring_schedule(MonitoringScheduleName=f"monitoring-{name}")
    assert run["MonitoringExecutionStatus"] == "CompletedWithViolations", run
    merged = monitors.keys(cloud, f"{name}/monitor-output/merge/{name}/AllTraffic/")
    body = (
        cloud.client("s3")
        .get_object(Bucket=cloud.bucket, Key=merged[-1])["Body"]
        .read()
    )
    line = json.loads(body.decode().splitlines()[-1])
    assert set(line) == {
        "captureData",
        "groundTruthData",
        "eventMetadata",
        "eventVersion",
    }
    assert set(line["eventMetadata"]) == {"eventId", "inferenceId", "inferenceTime"}
    check_results(cloud, name, run)
    names = {
        m["MetricName"]
        for m in cloud.client("cloudwatch").list_metrics(
            Namespace="aws/sagemaker/Endpoints/bias-metrics"
        )["Metrics"]
    }
    assert {"bias_metric_DPPL", "bias_metric_CI"} <= names
    sagemaker.delete_monitoring_schedule(MonitoringScheduleName=f"monitoring-{name}")
    sagemaker.delete_model_bias_job_definition(JobDefinitionName=f"model-bias-{name}")
    sagemaker.delete_endpoint(EndpointName=name)
    sagemaker.delete_model(ModelName=name)
    assert not sagemaker.list_monitoring_schedules()["MonitoringScheduleSummaries"]
