"""Runs in the SDK's own environment: train, deploy and invoke with the SageMaker Python SDK 3."""

import io
import os
import sys
import tarfile
import traceback
from pathlib import Path

import boto3
from sagemaker.core.helper.session_helper import Session
from sagemaker.core.resources import Endpoint, EndpointConfig, Model, TrainingJob
from sagemaker.core.shapes import ContainerDefinition, ProductionVariant
from sagemaker.core.training.configs import Compute, InputData, SourceCode
from sagemaker.serve import ModelBuilder
from sagemaker.train import ModelTrainer

ROLE, BUCKET = os.environ["ROLE"], os.environ["BUCKET"]
IMAGE = (
    "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
)
TRAIN = """
import argparse, os
import joblib
import numpy as np
from sklearn.tree import DecisionTreeClassifier

parser = argparse.ArgumentParser()
parser.add_argument("--depth", type=int)
rows = np.loadtxt(os.path.join(os.environ["SM_CHANNEL_TRAIN"], "train.csv"), delimiter=",")
tree = DecisionTreeClassifier(max_depth=parser.parse_args().depth).fit(rows[:, 1:], rows[:, 0])
joblib.dump(tree, os.path.join(os.environ["SM_MODEL_DIR"], "model.joblib"))
"""
DOUBLE = """
import json
def model_fn(folder): return 2
def input_fn(body, content_type): return json.loads(body)
def predict_fn(data, model): return [value * model for value in data]
"""


def session():
    """The SDK's session; everything that it needs comes from the environment."""
    return Session(boto_session=boto3.Session(), default_bucket=BUCKET)


def trainer():
    """ModelTrainer.train with a script of one's own."""
    Path("source").mkdir()
    Path("source/train.py").write_text(TRAIN)
    rows = "1,3,1\n1,5,2\n0,1,3\n0,2,5\n"
    boto3.client("s3").put_object(Bucket=BUCKET, Key="sdk/data/train.csv", Body=rows)
    model_trainer = ModelTrainer(
        sagemaker_session=session(),
        role=ROLE,
        base_job_name="sdk",
        training_image=IMAGE,
        source_code=SourceCode(source_dir="source", entry_script="train.py"),
        compute=Compute(instance_type="ml.m5.xlarge", instance_count=1),
        hyperparameters={"depth": 2},
    )
    channel = InputData(channel_name="train", data_source=f"s3://{BUCKET}/sdk/data/")
    model_trainer.train(input_data_config=[channel], wait=True, logs=False)
    return model_trainer._latest_training_job.training_job_status == "Completed"


def resources():
    """The resource classes: create, wait, invoke, list, delete."""
    put_model("sdk/model.tar.gz")
    variables = {"SAGEMAKER_PROGRAM": "inference.py"}
    container = ContainerDefinition(
        image=IMAGE,
        model_data_url=f"s3://{BUCKET}/sdk/model.tar.gz",
        environment=variables,
    )
    Model.create(model_name="sdk", primary_container=container, execution_role_arn=ROLE)
    variant = ProductionVariant(
        variant_name="v",
        model_name="sdk",
        instance_type="ml.m5.xlarge",
        initial_instance_count=1,
    )
    EndpointConfig.create(endpoint_config_name="sdk", production_variants=[variant])
    endpoint = Endpoint.create(endpoint_name="sdk", endpoint_config_name="sdk")
    endpoint.wait_for_status("InService")
    listed = [job.training_job_name for job in TrainingJob.get_all()]
    return doubles(endpoint) and len(listed) == 1


def builder():
    """ModelBuilder: build, deploy, invoke."""
    put_model("sdk/bare.tar.gz")
    Path("inference").mkdir()
    Path("inference/inference.py").write_text(DOUBLE)
    model_builder = ModelBuilder(
        s3_model_data_url=f"s3://{BUCKET}/sdk/bare.tar.gz",
        source_code=SourceCode(source_dir="inference", entry_script="inference.py"),
        sagemaker_session=session(),
        role_arn=ROLE,
        instance_type="ml.m5.xlarge",
        image_uri=IMAGE,
    )
    model_builder.build(model_name="built")
    return doubles(
        model_builder.deploy(
            endpoint_name="built",
            instance_type="ml.m5.xlarge",
            initial_instance_count=1,
        )
    )


def put_model(key):
    """An archive with an inference script."""
    buffer, text = io.BytesIO(), DOUBLE.encode()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        member = tarfile.TarInfo("code/inference.py")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text))
    boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=buffer.getvalue())


def doubles(endpoint):
    """Whether an endpoint doubles two numbers; it is deleted afterwards."""
    kind = {"content_type": "application/json", "accept": "application/json"}
    answer = endpoint.invoke(body="[1, 2]", **kind).body.read()
    endpoint.delete()
    return answer == b"[2, 4]"


def main() -> int:
    """Run each step, tell how it went; 0 if all went well."""
    failed = 0
    for step in (trainer, resources, builder):
        try:
            works = step()
        except Exception:
            traceback.print_exc()
            works = False
        failed += not works
        print(f"{'ok' if works else 'FAILED':8}{step.__doc__}", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
