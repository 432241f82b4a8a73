"""Training jobs: their life, their log, their end."""

import json
import tarfile
from io import BytesIO

import pytest
from botocore.exceptions import ClientError

from tests.utils.cloud import requests
from utils.cloud import image_uri

LOGS = "/aws/sagemaker/TrainingJobs"


@pytest.fixture
def sagemaker(cloud):
    return cloud.client("sagemaker")


def refused(cloud, name, code="ValidationException", **changes):
    """The message with which a training job is refused; nothing is kept of it."""
    sagemaker = cloud.client("sagemaker")
    with pytest.raises(ClientError) as caught:
        sagemaker.create_training_job(**requests.training(cloud, name, **changes))
    assert caught.value.response["Error"]["Code"] == code
    with pytest.raises(ClientError, match="not found"):
        sagemaker.describe_training_job(TrainingJobName=name)
    return str(caught.value)


def test_life_of_a_job(cloud, name):
    job = requests.train(cloud, name)
    assert job["TrainingJobStatus"] == job["SecondaryStatus"] == "Completed"
    steps = job["SecondaryStatusTransitions"]
    assert [s["Status"] for s in steps] == [
        "Starting",
        "Downloading",
        "Training",
        "Uploading",
        "Completed",
    ]
    times = [s["StartTime"] for s in steps]
    assert times == sorted(times)
    assert all("EndTime" in s for s in steps[:-1])
    assert job["CreationTime"] <= job["TrainingStartTime"] <= job["TrainingEndTime"]
    assert job["BillableTimeInSeconds"] >= 1
    assert job["HyperParameters"] == requests.HYPERPARAMETERS
    assert job["TrainingJobArn"].endswith(f"training-job/{name}")


def test_model_is_in_s3(cloud, name):
    job = requests.train(cloud, name)
    uri = job["ModelArtifacts"]["S3ModelArtifacts"]
    assert uri == f"s3://{cloud.bucket}/output/{name}/output/model.tar.gz"
    key = uri.removeprefix(f"s3://{cloud.bucket}/")
    content = cloud.client("s3").get_object(Bucket=cloud.bucket, Key=key)["Body"].read()
    with tarfile.open(fileobj=BytesIO(content)) as archive:
        assert archive.getnames() == ["model_algo-1"]


def test_metrics_of_the_algorithm(cloud, name):
    job = requests.train(cloud, name)
    metrics = {m["MetricName"]: m["Value"] for m in job["FinalMetricDataList"]}
    assert 0 <= metrics["train:binary_classification_accuracy"] <= 1
    assert metrics["train:objective_loss"] > 0


def test_log_is_streamed_while_the_job_runs(cloud, name, sagemaker, eventually):
    script = "import time\nprint('first line')\ntime.sleep(30)"
    request = requests.script_training(cloud, name, {"train.py": script})
    sagemaker.create_training_job(**request)

    def first_line():
        groups = cloud.client("logs").describe_log_groups(logGroupNamePrefix=LOGS)
        return groups["logGroups"] and "first line" in requests.log_text(
            cloud, LOGS, name
        )

    eventually(first_line)
    status = sagemaker.describe_training_job(TrainingJobName=name)
    assert status["SecondaryStatus"] == "Training"
    sagemaker.stop_training_job(TrainingJobName=name)
    assert requests.finished(cloud, name)["TrainingJobStatus"] == "Stopped"


def test_stopped_job_keeps_what_it_wrote(cloud, name, sagemaker, eventually):
    script = """
import os, pathlib, time
pathlib.Path(os.environ["SM_MODEL_DIR"], "half.txt").write_text("half")
print("ready", flush=True)
time.sleep(60)
"""
    request = requests.script_training(cloud, name, {"train.py": script})
    sagemaker.create_training_job(**request)
    eventually(
        lambda: (
            sagemaker.describe_training_job(TrainingJobName=name)["SecondaryStatus"]
            == "Training"
        )
    )
    eventually(lambda: "ready" in requests.log_text(cloud, LOGS, name))
    sagemaker.stop_training_job(TrainingJobName=name)
    job = requests.finished(cloud, name)
    assert job["TrainingJobStatus"] == job["SecondaryStatus"] == "Stopped"
    assert job["ModelArtifacts"]["S3ModelArtifacts"].endswith("model.tar.gz")
    with pytest.raises(ClientError, match="is in status Stopped"):
        sagemaker.stop_training_job(TrainingJobName=name)


def test_time_limit(cloud, name):
    request = requests.script_training(
        cloud,
        name,
        {"train.py": "import time; time.sleep(60)"},
        StoppingCondition={"MaxRuntimeInSeconds": 3},
    )
    cloud.client("sagemaker").create_training_job(**request)
    job = requests.finished(cloud, name)
    assert job["TrainingJobStatus"] == "Stopped"
    assert job["SecondaryStatus"] == "MaxRuntimeExceeded"
    assert job["TrainingTimeInSeconds"] < 30


def test_script_with_arguments_variables_and_metrics(cloud, name):
    script = """
import argparse, os
parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int)
epochs = parser.parse_args().epochs
rows = open(os.path.join(os.environ["SM_CHANNEL_TRAIN"], "train.csv")).read().split()
for epoch in range(epochs):
    print(f"epoch {epoch} loss={1 / (epoch + 1):.3f} rows={len(rows)}")
open("/opt/ml/model/weights.txt", "w").write("w")
"""
    metrics = [{"Name": "loss", "Regex": "loss=([0-9.]+)"}]
    request = requests.script_training(
        cloud,
        name,
        {"train.py": script},
        {"epochs": "4"},
        AlgorithmSpecification={"MetricDefinitions": metrics},
    )
    cloud.client("sagemaker").create_training_job(**request)
    job = requests.finished(cloud, name)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    found = {m["MetricName"]: m["Value"] for m in job["FinalMetricDataList"]}
    assert found == {"loss": 0.25}
    assert "rows=12" in requests.log_text(cloud, LOGS, name)


def test_failing_script_is_named_as_the_cause(cloud, name):
    script = "raise ValueError('the column age is missing')"
    request = requests.script_training(cloud, name, {"train.py": script})
    cloud.client("sagemaker").create_training_job(**request)
    job = requests.finished(cloud, name)
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("AlgorithmError: ExecuteUserScriptError")
    assert "ValueError: the column age is missing" in job["FailureReason"]
    assert job["FailureReason"].endswith("exit code: 1")


def test_bad_hyperparameter_is_named(cloud, name):
    job = requests.train(
        cloud, name, HyperParameters={**requests.HYPERPARAMETERS, "epochs": "many"}
    )
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError")
    assert "epochs" in job["FailureReason"]
    assert "many" in job["FailureReason"]


def test_missing_data_are_named(cloud, name):
    request = requests.training(cloud, name)
    source = request["InputDataConfig"][0]["DataSource"]["S3DataSource"]
    source["S3Uri"] = f"s3://{cloud.bucket}/nothing/here/"
    cloud.client("sagemaker").create_training_job(**request)
    job = requests.finished(cloud, name)
    assert job["FailureReason"] == (
        "ClientError: Data download failed: No S3 objects found under S3 URL "
        f'"s3://{cloud.bucket}/nothing/here/"'
    )


def test_name_is_taken(cloud, name, sagemaker):
    requests.train(cloud, name)
    with pytest.raises(ClientError, match="ResourceInUse") as caught:
        sagemaker.create_training_job(**requests.training(cloud, name))
    assert f"training-job/{name}" in str(caught.value)


def test_missing_job(sagemaker):
    with pytest.raises(ClientError, match="ValidationException") as caught:
        sagemaker.describe_training_job(TrainingJobName="nobody")
    assert "Requested resource not found" in str(caught.value)


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"RoleArn": "somebody-long-enough"}, "at 'roleArn'"),
        (
            {"ResourceConfig": {"InstanceType": "ml.huge"}},
            "'resourceConfig.instanceType'",
        ),
        (
            {"OutputDataConfig": {"S3OutputPath": "/tmp/out"}},
            "outputDataConfig.s3OutputPath",
        ),
        ({"AlgorithmSpecification": {"TrainingInputMode": "File"}}, "trainingImage"),
        ({"HyperParameters": {str(i): "x" for i in range(101)}}, "hyperParameters"),
    ],
)
def test_bad_request_names_the_field(cloud, name, changes, words):
    assert words in refused(cloud, name, **changes)


def test_unknown_image_lists_the_known(cloud, name):
    image = "382416733822.dkr.ecr.us-east-1.amazonaws.com/magic:1"
    specification = {"TrainingImage": image, "TrainingInputMode": "File"}
    message = refused(cloud, name, AlgorithmSpecification=specification)
    assert (
        "no image 'magic' for training runs here; known are: linear-learner" in message
    )


def test_pipe_mode_is_refused(cloud, name):
    specification = {"TrainingImage": image_uri("kmeans"), "TrainingInputMode": "Pipe"}
    message = refused(cloud, name, AlgorithmSpecification=specification)
    assert "use File or FastFile" in message


def test_several_instances_are_over_the_limit(cloud, name):
    resources = {
        "InstanceType": "ml.m5.xlarge",
        "InstanceCount": 2,
        "VolumeSizeInGB": 5,
    }
    message = refused(cloud, name, "ResourceLimitExceeded", ResourceConfig=resources)
    assert "is 1 Instances" in message


def test_metric_needs_a_group(cloud, name):
    specification = {
        "TrainingImage": image_uri("sagemaker-scikit-learn"),
        "TrainingInputMode": "File",
        "MetricDefinitions": [{"Name": "loss", "Regex": "loss=.*"}],
    }
    message = refused(cloud, name, AlgorithmSpecification=specification)
    assert "'loss' needs a group" in message


def test_built_in_algorithms_have_metrics_of_their_own(cloud, name):
    specification = {
        **requests.training(cloud, name)["AlgorithmSpecification"],
        "MetricDefinitions": [{"Name": "loss", "Regex": "loss=([0-9.]+)"}],
    }
    message = refused(cloud, name, AlgorithmSpecification=specification)
    assert "can't override the metric definitions" in message


def test_jobs_are_listed(cloud, name, sagemaker):
    for number in range(3):
        requests.train(cloud, f"{name}-listed-{number}")
    answer = sagemaker.list_training_jobs(
        NameContains=f"{name}-LISTED",
        SortBy="Name",
        SortOrder="Ascending",
        MaxResults=2,
    )
    names = [row["TrainingJobName"] for row in answer["TrainingJobSummaries"]]
    assert names == [f"{name}-listed-0", f"{name}-listed-1"]
    rest = sagemaker.list_training_jobs(
        NameContains=f"{name}-listed",
        SortBy="Name",
        SortOrder="Ascending",
        NextToken=answer["NextToken"],
    )
    assert len(rest["TrainingJobSummaries"]) == 1
    assert "NextToken" not in rest
    failed = sagemaker.list_training_jobs(
        NameContains=f"{name}-listed", StatusEquals="Failed"
    )
    assert failed["TrainingJobSummaries"] == []


def test_tags(cloud, name, sagemaker):
    tag = {"Key": "course", "Value": "debiasing"}
    arn = requests.train(cloud, name, Tags=[tag])["TrainingJobArn"]
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [tag]
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "unit", "Value": "3"}])
    sagemaker.delete_tags(ResourceArn=arn, TagKeys=["course"])
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [
        {"Key": "unit", "Value": "3"}
    ]


def test_data_by_manifest_and_zipped(cloud, name):
    import gzip

    s3, base = cloud.client("s3"), f"s3://{cloud.bucket}/{name}"
    s3.put_object(Bucket=cloud.bucket, Key=f"{name}/part.csv", Body=requests.CSV)
    manifest = json.dumps([{"prefix": f"{base}/"}, "part.csv"])
    s3.put_object(Bucket=cloud.bucket, Key=f"{name}-manifest", Body=manifest)
    request = requests.training(cloud, name)
    source = request["InputDataConfig"][0]["DataSource"]["S3DataSource"]
    source.update(S3DataType="ManifestFile", S3Uri=f"{base}-manifest")
    cloud.client("sagemaker").create_training_job(**request)
    assert requests.finished(cloud, name)["TrainingJobStatus"] == "Completed"

    content = gzip.compress(requests.CSV.encode())
    s3.put_object(Bucket=cloud.bucket, Key=f"{name}-zipped/part.csv.gz", Body=content)
    request = requests.training(cloud, f"{name}-zipped")
    request["InputDataConfig"][0]["CompressionType"] = "Gzip"
    source = request["InputDataConfig"][0]["DataSource"]["S3DataSource"]
    source["S3Uri"] = f"{base}-zipped/"
    cloud.client("sagemaker").create_training_job(**request)
    assert (
        requests.finished(cloud, f"{name}-zipped")["TrainingJobStatus"] == "Completed"
    )


def test_checkpoints_are_kept_and_come_back(cloud, name):
    script = """
from pathlib import Path
file = Path("/opt/ml/checkpoints/epoch.txt")
done = int(file.read_text()) if file.exists() else 0
file.parent.mkdir(exist_ok=True)
file.write_text(str(done + 1))
print("resumed at", done)
"""
    place = {"S3Uri": f"s3://{cloud.bucket}/checkpoints/{name}"}
    for number in range(2):
        request = requests.script_training(
            cloud, f"{name}-{number}", {"train.py": script}, CheckpointConfig=place
        )
        cloud.client("sagemaker").create_training_job(**request)
        job = requests.finished(cloud, f"{name}-{number}")
        assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert "resumed at 1" in requests.log_text(cloud, LOGS, f"{name}-1")


def test_hostile_source_archive_is_refused(cloud, name):
    request = requests.script_training(
        cloud, name, {"../../evil.py": "x", "train.py": ""}
    )
    cloud.client("sagemaker").create_training_job(**request)
    job = requests.finished(cloud, name)
    assert job["TrainingJobStatus"] == "Failed"
    assert "evil.py" in job["FailureReason"]


def test_hostile_key_is_refused(cloud, name):
    s3 = cloud.client("s3")
    s3.put_object(Bucket=cloud.bucket, Key=f"{name}/../../../evil.csv", Body=b"1,2")
    request = requests.training(cloud, name)
    source = request["InputDataConfig"][0]["DataSource"]["S3DataSource"]
    source["S3Uri"] = f"s3://{cloud.bucket}/{name}/"
    cloud.client("sagemaker").create_training_job(**request)
    job = requests.finished(cloud, name)
    assert job["TrainingJobStatus"] == "Failed"
    assert "leads outside" in job["FailureReason"]


def entry_point(cloud, name, script):
    """A job whose entry point is a shell script in a channel, as the Python SDK 3 makes it."""
    s3, key = cloud.client("s3"), f"{name}/drivers/run.sh"
    s3.put_object(Bucket=cloud.bucket, Key=key, Body=script)
    request = requests.training(cloud, name)
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{cloud.bucket}/{name}/drivers/"}
    drivers = {"ChannelName": "drivers", "DataSource": {"S3DataSource": source}}
    request["InputDataConfig"].append(drivers)
    request["AlgorithmSpecification"] = {
        "TrainingImage": image_uri("sagemaker-scikit-learn"),
        "TrainingInputMode": "File",
        "ContainerEntrypoint": ["/bin/sh"],
        "ContainerArguments": ["/opt/ml/input/data/drivers/run.sh"],
    }
    cloud.client("sagemaker").create_training_job(**request)
    return requests.finished(cloud, name)


def test_entry_point_of_ones_own(cloud, name):
    script = (
        "set -e\nwc -l < /opt/ml/input/data/train/train.csv > /opt/ml/model/lines\n"
    )
    script += "python3 -c 'import sklearn; print(\"python is the course\")'\n"
    job = entry_point(cloud, name, script)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert job["ModelArtifacts"]["S3ModelArtifacts"].endswith("model.tar.gz")
    assert "python is the course" in requests.log_text(cloud, LOGS, name)


def test_entry_point_says_why_it_failed(cloud, name):
    job = entry_point(
        cloud, name, "echo 'no such column' > /opt/ml/output/failure; exit 3"
    )
    assert job["FailureReason"] == (
        "AlgorithmError: ExitCode 3: no such column, exit code: 1"
    )
