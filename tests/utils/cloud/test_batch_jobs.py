"""Batch transform and processing jobs."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.utils.cloud import requests
from utils.cloud import image_uri


@pytest.fixture
def sagemaker(cloud):
    return cloud.client("sagemaker")


@pytest.fixture
def model(cloud, name, artefact, sagemaker):
    container = {"Image": image_uri("linear-learner"), "ModelDataUrl": artefact}
    sagemaker.create_model(
        ModelName=name, ExecutionRoleArn=cloud.role, PrimaryContainer=container
    )
    return name


def ended(sagemaker, kind, name, eventually):
    """A job's description, once it has ended."""
    describe = getattr(sagemaker, f"describe_{kind}_job")
    title = kind.capitalize()

    def over():
        found = describe(**{f"{title}JobName": name})
        status = found[f"{title}JobStatus"]
        return found if status not in ("InProgress", "Stopping") else None

    return eventually(over)


def transform(cloud, name, files, split="Line", **changes):
    """CreateTransformJob's arguments; the files are put first."""
    for key, body in files.items():
        path = f"{name}-in/{key}"
        cloud.client("s3").put_object(Bucket=cloud.bucket, Key=path, Body=body)
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{cloud.bucket}/{name}-in/"}
    return {
        "TransformJobName": name,
        "ModelName": name,
        "TransformInput": {
            "DataSource": {"S3DataSource": source},
            "ContentType": "text/csv",
            "SplitType": split,
        },
        "TransformOutput": {
            "S3OutputPath": f"s3://{cloud.bucket}/{name}-out",
            "Accept": "application/jsonlines",
            "AssembleWith": "Line",
        },
        "TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1},
        **changes,
    }


def output(cloud, key):
    body = cloud.client("s3").get_object(Bucket=cloud.bucket, Key=key)["Body"].read()
    return [json.loads(line) for line in body.decode().splitlines()]


def test_transform_assembles_its_answers(cloud, model, sagemaker, eventually):
    files = {"a.csv": "5,1\n1,5\n6,2", "deep/b.csv": "2,6\n"}
    sagemaker.create_transform_job(**transform(cloud, model, files))
    job = ended(sagemaker, "transform", model, eventually)
    assert job["TransformJobStatus"] == "Completed", job.get("FailureReason")
    labels = [row["predicted_label"] for row in output(cloud, f"{model}-out/a.csv.out")]
    assert labels == [1, 0, 1]
    assert len(output(cloud, f"{model}-out/deep/b.csv.out")) == 1


def test_single_records_give_the_same(cloud, model, sagemaker, eventually):
    request = transform(
        cloud, model, {"a.csv": "5,1\n1,5\n"}, BatchStrategy="SingleRecord"
    )
    sagemaker.create_transform_job(**request)
    ended(sagemaker, "transform", model, eventually)
    labels = [row["predicted_label"] for row in output(cloud, f"{model}-out/a.csv.out")]
    assert labels == [1, 0]


def test_transform_says_which_file_the_model_refused(
    cloud, model, sagemaker, eventually
):
    sagemaker.create_transform_job(**transform(cloud, model, {"bad.csv": "1,2,3\n"}))
    job = ended(sagemaker, "transform", model, eventually)
    assert job["TransformJobStatus"] == "Failed"
    assert "bad.csv: the model answered 400" in job["FailureReason"]


def test_file_over_the_payload_limit(cloud, model, sagemaker, eventually):
    rows = "5,1\n" * 400_000
    request = transform(cloud, model, {"a.csv": rows}, split="None", MaxPayloadInMB=1)
    sagemaker.create_transform_job(**request)
    job = ended(sagemaker, "transform", model, eventually)
    assert "split it by line" in job["FailureReason"]


def test_transform_refuses_what_it_does_not_do(cloud, model, sagemaker):
    with pytest.raises(ClientError, match="is not available in the embedded"):
        request = transform(
            cloud, model, {"a.csv": "1,2"}, DataProcessing={"InputFilter": "$[1:]"}
        )
        sagemaker.create_transform_job(**request)
    with pytest.raises(ClientError, match="splitType: None and Line"):
        request = transform(cloud, model, {"a.csv": "1,2"}, split="RecordIO")
        sagemaker.create_transform_job(**request)
    with pytest.raises(ClientError, match="Could not find model"):
        request = transform(cloud, model, {"a.csv": "1,2"}, ModelName="nobody")
        sagemaker.create_transform_job(**request)
    with pytest.raises(ClientError, match="Requested resource not found"):
        sagemaker.describe_transform_job(TransformJobName=model)


def processing(cloud, name, script, **changes):
    """CreateProcessingJob's arguments for a script that is put first."""
    s3, base = cloud.client("s3"), f"s3://{cloud.bucket}/{name}"
    s3.put_object(Bucket=cloud.bucket, Key=f"{name}/code/script.py", Body=script)
    s3.put_object(Bucket=cloud.bucket, Key=f"{name}/data/rows.csv", Body=requests.CSV)
    inputs = [
        {
            "InputName": folder,
            "S3Input": {
                "S3Uri": f"{base}/{folder}/",
                "LocalPath": f"/opt/ml/processing/{folder}",
                "S3DataType": "S3Prefix",
                "S3InputMode": "File",
            },
        }
        for folder in ("code", "data")
    ]
    result = {
        "OutputName": "result",
        "S3Output": {
            "S3Uri": f"{base}/result",
            "LocalPath": "/opt/ml/processing/result",
            "S3UploadMode": "EndOfJob",
        },
    }
    cluster = {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 5}
    return {
        "ProcessingJobName": name,
        "RoleArn": cloud.role,
        "AppSpecification": {
            "ImageUri": image_uri("sagemaker-scikit-learn"),
            "ContainerEntrypoint": ["python3", "/opt/ml/processing/code/script.py"],
            "ContainerArguments": ["--column", "2"],
        },
        "ProcessingInputs": inputs,
        "ProcessingOutputConfig": {"Outputs": [result]},
        "ProcessingResources": {"ClusterConfig": cluster},
        "Environment": {"FACTOR": "10"},
        **changes,
    }


SUM = """
import os, sys
column = int(sys.argv[sys.argv.index("--column") + 1])
rows = open("/opt/ml/processing/data/rows.csv").read().split()
total = sum(int(row.split(",")[column]) for row in rows) * int(os.environ["FACTOR"])
open("/opt/ml/processing/result/total.txt", "w").write(str(total))
print("total", total)
"""


def test_processing_job_reads_and_writes_s3(cloud, name, sagemaker, eventually):
    sagemaker.create_processing_job(**processing(cloud, name, SUM))
    job = ended(sagemaker, "processing", name, eventually)
    assert job["ProcessingJobStatus"] == "Completed", job.get("FailureReason")
    key = f"{name}/result/total.txt"
    body = cloud.client("s3").get_object(Bucket=cloud.bucket, Key=key)["Body"].read()
    expected = 10 * sum(row[2] for row in requests.ROWS)
    assert int(body) == expected
    assert f"total {expected}" in requests.log_text(
        cloud, "/aws/sagemaker/ProcessingJobs", name
    )


def test_failing_processing_script(cloud, name, sagemaker, eventually):
    sagemaker.create_processing_job(**processing(cloud, name, "raise KeyError('race')"))
    job = ended(sagemaker, "processing", name, eventually)
    assert job["ProcessingJobStatus"] == "Failed"
    assert "KeyError: 'race'" in job["FailureReason"]


def test_processing_job_is_stopped(cloud, name, sagemaker, eventually):
    script = "import time; time.sleep(60)"
    sagemaker.create_processing_job(**processing(cloud, name, script))
    sagemaker.stop_processing_job(ProcessingJobName=name)
    job = ended(sagemaker, "processing", name, eventually)
    assert job["ProcessingJobStatus"] == "Stopped"


def test_folder_outside_is_refused(cloud, name, sagemaker):
    request = processing(cloud, name, SUM)
    request["ProcessingInputs"][0]["S3Input"]["LocalPath"] = (
        "/opt/ml/processing/../../etc"
    )
    with pytest.raises(ClientError, match="must lie under /opt/ml/processing"):
        sagemaker.create_processing_job(**request)
