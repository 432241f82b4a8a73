"""What goes wrong in the world: killed processes, full disks, clients that hang up, crowds."""

import errno
import os
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.utils.cloud import requests
from utils.cloud import connect, image_uri, jobs

LOGS = "/aws/sagemaker/TrainingJobs"


def test_killed_training_process(cloud, name, eventually):
    script = "import os, time\nprint('pid', os.getpid(), flush=True)\ntime.sleep(60)"
    request = requests.script_training(cloud, name, {"train.py": script})
    cloud.client("sagemaker").create_training_job(**request)

    def pid():
        groups = cloud.client("logs").describe_log_groups(logGroupNamePrefix=LOGS)
        text = requests.log_text(cloud, LOGS, name) if groups["logGroups"] else ""
        lines = [line for line in text.splitlines() if line.startswith("pid ")]
        return lines and int(lines[0].split()[1])

    os.kill(eventually(pid), signal.SIGKILL)
    job = requests.finished(cloud, name)
    assert job["TrainingJobStatus"] == "Failed"
    assert "signal 9" in job["FailureReason"] or "SIGKILL" in job["FailureReason"]


def test_killed_container(cloud, name, eventually):
    """The container itself dies, as when the machine takes its memory back."""
    request = requests.script_training(
        cloud, name, {"train.py": "import time; time.sleep(60)"}
    )
    cloud.client("sagemaker").create_training_job(**request)
    running = cloud._engine.jobs._running
    key = ("us-east-1", "TrainingJob", name)
    process = eventually(lambda: key in running and running[key].process)
    os.kill(process._process.pid, signal.SIGKILL)
    job = requests.finished(cloud, name)
    assert job["TrainingJobStatus"] == "Failed"
    assert "was killed (signal 9)" in job["FailureReason"]
    assert job["FailureReason"].endswith("exit code: 137")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
def test_disk_full_in_the_script(cloud, name):
    script = "with open('/dev/full', 'w') as f: f.write('x' * 100000)"
    request = requests.script_training(cloud, name, {"train.py": script})
    cloud.client("sagemaker").create_training_job(**request)
    job = requests.finished(cloud, name)
    assert "No space left on device" in job["FailureReason"]


def test_disk_full_in_the_cloud(cloud, name, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("utils.cloud.training.pack_tar", full)
    job = requests.train(cloud, name)
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"] == "ClientError: [Errno 28] No space left on device"
    assert "ModelArtifacts" not in job or not job["ModelArtifacts"].get(
        "S3ModelArtifacts"
    )


def test_two_jobs_at_a_time(cloud, name):
    script = "import time; print('began', flush=True); time.sleep(1)"
    names = [f"{name}-{number}" for number in range(4)]
    for each in names:
        request = requests.script_training(cloud, each, {"train.py": script})
        cloud.client("sagemaker").create_training_job(**request)
    for each in names:
        assert requests.finished(cloud, each)["TrainingJobStatus"] == "Completed"
    sagemaker, spans = cloud.client("sagemaker"), []
    for each in names:
        job = sagemaker.describe_training_job(TrainingJobName=each)
        spans.append((job["TrainingStartTime"], job["TrainingEndTime"]))
    at_once = [sum(a <= start < b for a, b in spans) for start, _ in spans]
    assert max(at_once) == jobs.AT_ONCE


def test_client_that_hangs_up(cloud, endpoint):
    port = int(cloud.url.rsplit(":", 1)[1])
    head = f"POST /endpoints/{endpoint}/invocations HTTP/1.1\r\nHost: x\r\n"
    for body in (
        b"Content-Length: 5000000\r\n\r\n1,2",
        b"Content-Length: 3\r\n\r\n5,1",
        b"",
    ):
        for _ in range(5):
            with socket.create_connection(("127.0.0.1", port)) as connection:
                connection.sendall(head.encode() + body)
    assert "score" in requests.invoke(cloud, endpoint)


def test_many_invocations_at_once(cloud, endpoint):
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: requests.invoke(cloud, endpoint), range(200)))
    assert len(set(answers)) == 1
    assert "score" in answers[0]


def test_many_endpoints_made_and_removed():
    with connect() as cloud:
        artefact = requests.train(cloud, "one")["ModelArtifacts"]["S3ModelArtifacts"]
        sagemaker = cloud.client("sagemaker")
        folder = cloud._engine.folder

        def come_and_go(number):
            name = f"endpoint-{number}"
            requests.deploy(cloud, name, artefact)
            requests.invoke(cloud, name)
            sagemaker.delete_endpoint(EndpointName=name)
            sagemaker.get_waiter("endpoint_deleted").wait(
                EndpointName=name, WaiterConfig=requests.QUICK
            )

        come_and_go(0)
        threads = threading.active_count()
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(come_and_go, range(1, 50)))
        assert sagemaker.list_endpoints()["Endpoints"] == []
        assert list(folder.glob("model-*")) == []
        assert threading.active_count() <= threads + 4  # the event pool grows to four
        states = cloud.bill().query("use == 'hosting'")["state"]
        assert states.tolist() == ["ended"] * 50


def test_container_that_dies_under_an_endpoint(cloud, name, eventually):
    """The model server is gone; the endpoint says so instead of hanging."""
    code = "def model_fn(folder): return 1\ndef predict_fn(data, model): return data\n"
    s3, key = cloud.client("s3"), f"{name}/model.tar.gz"
    body = requests.tarball({"code/inference.py": code})
    s3.put_object(Bucket=cloud.bucket, Key=key, Body=body)
    script_endpoint(cloud, name, key)
    assert requests.invoke(cloud, name, "[1, 2]", "application/json") == "[1.0, 2.0]"
    deployed = cloud._engine.hosting._deployed["us-east-1", name]
    process = deployed.variants[0].model._process
    os.killpg(process._process.pid, signal.SIGKILL)
    eventually(lambda: not process.running)
    with pytest.raises(Exception, match="does not answer"):
        requests.invoke(cloud, name, "[1]", "application/json")
    cloud.client("sagemaker").delete_endpoint(EndpointName=name)


def script_endpoint(cloud, name, key):
    """An endpoint of the scikit-learn image on an archive that is in the bucket."""
    sagemaker = cloud.client("sagemaker")
    sagemaker.create_model(
        ModelName=name,
        ExecutionRoleArn=cloud.role,
        PrimaryContainer={
            "Image": image_uri("sagemaker-scikit-learn"),
            "ModelDataUrl": f"s3://{cloud.bucket}/{key}",
            "Environment": {"SAGEMAKER_PROGRAM": "inference.py"},
        },
    )
    sagemaker.create_endpoint_config(
        EndpointConfigName=name, ProductionVariants=[requests.variant("v", name)]
    )
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    requests.in_service(cloud, name)
