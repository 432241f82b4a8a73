"""Clarify jobs on twenty people, run in this process or by the cloud."""

import json

import pandas as pd

from tests.utils.cloud import requests
from utils.cloud import image_uri
from utils.cloud.images import Container, clarify

# sex, age, hours, group, label, predicted label
PEOPLE = pd.DataFrame(
    [
        ("f", 25, 40, "x", 0, 0),
        ("f", 32, 20, "x", 1, 0),
        ("f", 47, 38, "y", 0, 0),
        ("f", 51, 40, "y", 1, 1),
        ("f", 62, 15, "x", 0, 1),
        ("f", 29, 45, "y", 0, 0),
        ("f", 38, 40, "x", 1, 1),
        ("f", 44, 30, "y", 0, 0),
        ("m", 23, 40, "x", 0, 0),
        ("m", 36, 50, "x", 1, 1),
        ("m", 41, 60, "y", 1, 1),
        ("m", 58, 40, "y", 1, 1),
        ("m", 33, 45, "x", 0, 1),
        ("m", 27, 38, "y", 1, 0),
        ("m", 49, 52, "x", 1, 1),
        ("m", 64, 20, "y", 0, 0),
        ("m", 39, 44, "x", 1, 1),
        ("m", 55, 48, "y", 1, 1),
        ("m", 30, 40, "x", 0, 0),
        ("m", 46, 42, "y", 1, 1),
    ],
    columns=["sex", "age", "hours", "group", "label", "predicted"],
)


def bias_config(**changes) -> dict:
    """Both bias methods on the people; a change to None takes a field out."""
    config = {
        "dataset_type": "text/csv",
        "label": "label",
        "predicted_label": "predicted",
        "label_values_or_threshold": [1],
        "facet": [{"name_or_index": "sex", "value_or_threshold": ["f"]}],
        "group_variable": "group",
        "methods": {
            "pre_training_bias": {"methods": "all"},
            "post_training_bias": {"methods": "all"},
            "report": {"name": "report", "title": "Analysis Report"},
        },
    }
    changed = {**config, **changes}
    return {name: value for name, value in changed.items() if value is not None}


def run(root, config, files):
    """Run the container in this process; the folder of its output.

    Parameters
    ----------
    root : Path
    config : dict or str
    files : dict of str to (data frame or bytes)
        The data set; a frame becomes CSV with a header.
    """
    folders = [root / "processing/input" / name for name in ("config", "data")]
    for folder in (*folders, root / "output"):
        folder.mkdir(parents=True, exist_ok=True)
    text = config if isinstance(config, str) else json.dumps(config)
    (folders[0] / "analysis_config.json").write_text(text)
    for name, content in files.items():
        if isinstance(content, pd.DataFrame):
            content = content.to_csv(index=False).encode()
        (folders[1] / name).write_bytes(content)
    clarify.process(Container(root))
    return root / "processing/output"


def analysis(output) -> dict:
    """What stands in ``analysis.json``."""
    return json.loads((output / "analysis.json").read_text())


def metrics_of(found: dict, stage: str, facet: str, position: int = 0) -> dict:
    """One facet value's metrics by name."""
    entry = found[f"{stage}_training_bias_metrics"]["facets"][facet][position]
    return {metric["name"]: metric for metric in entry["metrics"]}


def request(cloud, name, config, data: bytes, **changes) -> dict:
    """CreateProcessingJob's arguments; configuration and data are put first."""
    s3, base = cloud.client("s3"), f"s3://{cloud.bucket}/{name}"
    text = json.dumps(config)
    s3.put_object(Bucket=cloud.bucket, Key=f"{name}/in/analysis_config.json", Body=text)
    s3.put_object(Bucket=cloud.bucket, Key=f"{name}/data/part.csv", Body=data)
    places = {
        "analysis_config": (f"{base}/in/analysis_config.json", "config"),
        "dataset": (f"{base}/data/", "data"),
    }
    inputs = [
        {
            "InputName": key,
            "S3Input": {
                "S3Uri": uri,
                "LocalPath": f"/opt/ml/processing/input/{folder}",
                "S3DataType": "S3Prefix",
                "S3InputMode": "File",
            },
        }
        for key, (uri, folder) in places.items()
    ]
    result = {
        "OutputName": "analysis_result",
        "S3Output": {
            "S3Uri": f"{base}/out",
            "LocalPath": "/opt/ml/processing/output",
            "S3UploadMode": "EndOfJob",
        },
    }
    cluster = {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 20}
    return {
        "ProcessingJobName": name,
        "RoleArn": cloud.role,
        "AppSpecification": {"ImageUri": image_uri("sagemaker-clarify-processing")},
        "ProcessingInputs": inputs,
        "ProcessingOutputConfig": {"Outputs": [result]},
        "ProcessingResources": {"ClusterConfig": cluster},
        **changes,
    }


def finished(cloud, name) -> dict:
    """Wait for a processing job's end and describe it."""
    sagemaker = cloud.client("sagemaker")
    waiter = sagemaker.get_waiter("processing_job_completed_or_stopped")
    try:
        waiter.wait(ProcessingJobName=name, WaiterConfig=requests.QUICK)
    except Exception as error:
        if "Failed" not in str(error):
            raise
    return sagemaker.describe_processing_job(ProcessingJobName=name)


def result(cloud, name, key="analysis.json") -> str:
    """A file of a job's output."""
    s3 = cloud.client("s3")
    found = s3.get_object(Bucket=cloud.bucket, Key=f"{name}/out/{key}")
    return found["Body"].read().decode()
