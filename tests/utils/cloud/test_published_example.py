"""The calls of AWS's published walk through "bring your own script" with boto3, from end to end.

Upload the data and the source, train, create a model, deploy, invoke, delete: nothing in here knows
that the account is embedded, beyond how often it polls.
"""

import json

import boto3
import numpy as np
from sklearn.datasets import load_iris

from tests.utils.cloud.requests import QUICK, tarball

SCRIPT = """
import argparse
import os

import joblib
import numpy as np
from sklearn.tree import DecisionTreeClassifier


def model_fn(model_dir):
    return joblib.load(os.path.join(model_dir, "model.joblib"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--max_leaf_nodes", type=int, default=-1)
    parser.add_argument("--model-dir", type=str, default=os.environ["SM_MODEL_DIR"])
    parser.add_argument("--train", type=str, default=os.environ["SM_CHANNEL_TRAIN"])
    args = parser.parse_args()
    files = [os.path.join(args.train, name) for name in os.listdir(args.train)]
    data = np.concatenate([np.loadtxt(file, delimiter=",") for file in files])
    tree = DecisionTreeClassifier(max_leaf_nodes=args.max_leaf_nodes, random_state=0)
    tree.fit(data[:, 1:], data[:, 0])
    print("accuracy:", tree.score(data[:, 1:], data[:, 0]))
    joblib.dump(tree, os.path.join(args.model_dir, "model.joblib"))
"""
IMAGE = (
    "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
)


def test_bring_your_own_script(cloud):
    region, role, bucket, name = "us-east-1", cloud.role, cloud.bucket, "iris-tree"
    s3 = boto3.client("s3", region_name=region)
    sagemaker = boto3.client("sagemaker", region_name=region)
    runtime = boto3.client("sagemaker-runtime", region_name=region)

    x, y = load_iris(return_X_y=True)
    rows = np.column_stack([y, x])
    text = "\n".join(",".join(map(str, row)) for row in rows)
    s3.put_object(Bucket=bucket, Key=f"{name}/data/iris.csv", Body=text)
    source = tarball({"iris.py": SCRIPT})
    s3.put_object(Bucket=bucket, Key=f"{name}/source/sourcedir.tar.gz", Body=source)

    sagemaker.create_training_job(
        TrainingJobName=name,
        HyperParameters={
            "max_leaf_nodes": "30",
            "sagemaker_program": "iris.py",
            "sagemaker_submit_directory": f"s3://{bucket}/{name}/source/sourcedir.tar.gz",
            "sagemaker_region": region,
        },
        AlgorithmSpecification={
            "TrainingImage": IMAGE,
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": "accuracy", "Regex": "accuracy: ([0-9.]+)"}],
        },
        RoleArn=role,
        InputDataConfig=[
            {
                "ChannelName": "train",
                "DataSource": {
                    "S3DataSource": {
                        "S3DataType": "S3Prefix",
                        "S3Uri": f"s3://{bucket}/{name}/data",
                        "S3DataDistributionType": "FullyReplicated",
                    }
                },
            }
        ],
        OutputDataConfig={"S3OutputPath": f"s3://{bucket}/{name}/output"},
        ResourceConfig={
            "InstanceType": "ml.m5.xlarge",
            "InstanceCount": 1,
            "VolumeSizeInGB": 10,
        },
        StoppingCondition={"MaxRuntimeInSeconds": 3600},
    )
    waiter = sagemaker.get_waiter("training_job_completed_or_stopped")
    waiter.wait(TrainingJobName=name, WaiterConfig=QUICK)
    job = sagemaker.describe_training_job(TrainingJobName=name)
    assert job["FinalMetricDataList"][0]["Value"] == 1.0

    sagemaker.create_model(
        ModelName=name,
        PrimaryContainer={
            "Image": IMAGE,
            "ModelDataUrl": job["ModelArtifacts"]["S3ModelArtifacts"],
            "Environment": {
                "SAGEMAKER_PROGRAM": "iris.py",
                "SAGEMAKER_SUBMIT_DIRECTORY": f"s3://{bucket}/{name}/source/sourcedir.tar.gz",
                "SAGEMAKER_CONTAINER_LOG_LEVEL": "20",
                "SAGEMAKER_REGION": region,
            },
        },
        ExecutionRoleArn=role,
    )
    sagemaker.create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[
            {
                "VariantName": "AllTraffic",
                "ModelName": name,
                "InitialInstanceCount": 1,
                "InstanceType": "ml.t2.medium",
            }
        ],
    )
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    waiter = sagemaker.get_waiter("endpoint_in_service")
    waiter.wait(EndpointName=name, WaiterConfig=QUICK)

    body = "\n".join(",".join(map(str, row)) for row in x[::30])
    answer = runtime.invoke_endpoint(
        EndpointName=name, ContentType="text/csv", Body=body, Accept="application/json"
    )
    assert json.loads(answer["Body"].read()) == y[::30].tolist()

    sagemaker.delete_endpoint(EndpointName=name)
    sagemaker.delete_endpoint_config(EndpointConfigName=name)
    sagemaker.delete_model(ModelName=name)
    waiter = sagemaker.get_waiter("endpoint_deleted")
    waiter.wait(EndpointName=name, WaiterConfig=QUICK)
