"""The embedded cloud: invocations beside the bare call and beside a plain Flask endpoint.

``python benchmarks/cloud.py`` trains one linear learner, then asks the same model the same row in
three ways, in turn, so that a busy machine slows all three: by calling it, through a Flask endpoint
and through InvokeEndpoint. Also how long starting takes and what a job costs beyond its own work.
"""

import contextlib
import io
import json
import logging
import statistics
import tarfile
import tempfile
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from flask import Flask, request
from werkzeug.serving import make_server

from utils.cloud import connect, image_uri
from utils.cloud.images import linear_learner

ROUNDS, CALLS = 5, 100
ROW = b"0.3,-1.2,0.5,0.8"


def main() -> None:
    """Measure and print."""
    started = time.perf_counter()
    import utils.cloud.connection  # noqa: F401  what starting needs

    imported = time.perf_counter()
    cloud = connect()
    ready = time.perf_counter()
    print(f"imports {imported - started:.2f} s, starting {ready - imported:.2f} s")
    with cloud, tempfile.TemporaryDirectory() as folder:
        artefact, whole, inside = train(cloud)
        print(
            f"training job {whole:.2f} s, of it {inside:.2f} s in its container's process"
        )
        deploy(cloud, artefact)
        model = load(cloud, artefact, Path(folder))
        with flask_endpoint(model) as address:
            compare(ways(cloud, model, address))
    started = time.perf_counter()
    connect().stop()
    print(f"starting and stopping once more {time.perf_counter() - started:.2f} s")


def train(cloud):
    """A training job on 2,000 rows: artefact, seconds in all, seconds of its process."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2000, 4))
    y = (x @ [1, -2, 0.5, 0] + rng.normal(size=2000) > 0).astype(int)
    rows = "\n".join(
        ",".join(map(str, row)) for row in np.column_stack([y, x.round(4)])
    )
    cloud.client("s3").put_object(Bucket=cloud.bucket, Key="in/train.csv", Body=rows)
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{cloud.bucket}/in/"}
    sagemaker = cloud.client("sagemaker")
    started = time.perf_counter()
    sagemaker.create_training_job(
        TrainingJobName="job",
        RoleArn=cloud.role,
        AlgorithmSpecification={
            "TrainingImage": image_uri("linear-learner"),
            "TrainingInputMode": "File",
        },
        InputDataConfig=[
            {
                "ChannelName": "train",
                "ContentType": "text/csv",
                "DataSource": {"S3DataSource": source},
            }
        ],
        OutputDataConfig={"S3OutputPath": f"s3://{cloud.bucket}/out"},
        ResourceConfig={
            "InstanceType": "ml.m5.xlarge",
            "InstanceCount": 1,
            "VolumeSizeInGB": 5,
        },
        HyperParameters={"predictor_type": "binary_classifier", "feature_dim": "4"},
    )
    waiter = sagemaker.get_waiter("training_job_completed_or_stopped")
    waiter.wait(
        TrainingJobName="job", WaiterConfig={"Delay": 0.02, "MaxAttempts": 5000}
    )
    whole = time.perf_counter() - started
    job = sagemaker.describe_training_job(TrainingJobName="job")
    steps = {s["Status"]: s for s in job["SecondaryStatusTransitions"]}
    spent = steps["Training"]["EndTime"] - steps["Training"]["StartTime"]
    return job["ModelArtifacts"]["S3ModelArtifacts"], whole, spent.total_seconds()


def deploy(cloud, artefact):
    """An endpoint named ``scores``."""
    sagemaker = cloud.client("sagemaker")
    container = {"Image": image_uri("linear-learner"), "ModelDataUrl": artefact}
    sagemaker.create_model(
        ModelName="m", ExecutionRoleArn=cloud.role, PrimaryContainer=container
    )
    variant = {
        "VariantName": "v",
        "ModelName": "m",
        "InstanceType": "ml.m5.xlarge",
        "InitialInstanceCount": 1,
    }
    sagemaker.create_endpoint_config(
        EndpointConfigName="c", ProductionVariants=[variant]
    )
    sagemaker.create_endpoint(EndpointName="scores", EndpointConfigName="c")
    waiter = sagemaker.get_waiter("endpoint_in_service")
    waiter.wait(EndpointName="scores", WaiterConfig={"Delay": 0.1, "MaxAttempts": 100})


def load(cloud, artefact, folder):
    """The same model, in this process."""
    key = artefact.removeprefix(f"s3://{cloud.bucket}/")
    body = cloud.client("s3").get_object(Bucket=cloud.bucket, Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        archive.extractall(folder, filter="data")
    return linear_learner.load(folder, {})


@contextlib.contextmanager
def flask_endpoint(model):
    """The same model behind a plain Flask route, on Werkzeug's threaded server."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    app = Flask("peer")

    @app.post("/invocations")
    def invocations():
        answer, kind = model.invoke(request.get_data(), "text/csv", "application/json")
        return answer, 200, {"Content-Type": kind}

    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/invocations"
    server.shutdown()
    thread.join()
    server.server_close()


def ways(cloud, model, address):
    """Three functions that ask the same question."""
    runtime = cloud.client("sagemaker-runtime")

    def bare():
        return model.invoke(ROW, "text/csv", "application/json")[0]

    def flask():
        with urllib.request.urlopen(urllib.request.Request(address, ROW)) as answer:
            return answer.read()

    def invoke_endpoint():
        answer = runtime.invoke_endpoint(
            EndpointName="scores", ContentType="text/csv", Body=ROW
        )
        return answer["Body"].read()

    answers = {json.dumps(json.loads(way())) for way in (bare, flask, invoke_endpoint)}
    assert len(answers) == 1, "the three do not agree"
    return {
        "bare call": bare,
        "Flask": flask,
        "InvokeEndpoint (boto3)": invoke_endpoint,
    }


def compare(functions):
    """Median latency of one caller, requests per second of eight, and the ratios to Flask."""
    latencies = {name: [] for name in functions}
    rates = {name: [] for name in functions}
    for _ in range(ROUNDS):
        for name, ask in functions.items():
            for _ in range(CALLS):
                started = time.perf_counter()
                ask()
                latencies[name].append(time.perf_counter() - started)
            with ThreadPoolExecutor(8) as pool:
                started = time.perf_counter()
                list(pool.map(lambda _, ask=ask: ask(), range(CALLS)))
                rates[name].append(CALLS / (time.perf_counter() - started))
    print(f"\n{'':24}{'median ms':>10}{'x Flask':>9}{'per second, 8 callers':>23}")
    peer = statistics.median(latencies["Flask"])
    for name in functions:
        median = statistics.median(latencies[name])
        rate = statistics.median(rates[name])
        print(f"{name:24}{median * 1000:10.3f}{median / peer:9.2f}{rate:23,.0f}")


if __name__ == "__main__":
    main()
