"""Programs that need a process without any other cloud: ``python -m tests.utils.cloud.alone NAME``.

The last line that each prints is JSON.
"""

import json
import os
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path

import boto3

from tests.utils.cloud import requests
from utils.cloud import connect


def watched():
    """What a cloud could leave behind."""
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    return {
        "environment": dict(os.environ),
        "threads": sorted(t.name for t in threading.enumerate()),
        "processes": children.read_text() if children.exists() else "",
        "folders": sorted(p.name for p in Path(tempfile.gettempdir()).glob("cloud-*")),
    }


def everything():
    """Use each part of a cloud, stop it in the middle of work, look what is left."""
    tempfile.tempdir = tempfile.mkdtemp()
    before = watched()
    cloud = connect()
    port = int(cloud.url.rsplit(":", 1)[1])
    artefact = requests.train(cloud, "one")["ModelArtifacts"]["S3ModelArtifacts"]
    requests.deploy(cloud, "one", artefact)
    requests.function(cloud, "f", "def handler(event, context): return 1")
    cloud.client("lambda").invoke(FunctionName="f")
    # a job that would run for a minute, and a function that would too
    script = {"train.py": "import time; time.sleep(60)"}
    job = requests.script_training(cloud, "long", script)
    cloud.client("sagemaker").create_training_job(**job)
    sleep = "import time\ndef handler(event, context): time.sleep(60)"
    requests.function(cloud, "g", sleep)
    cloud.client("lambda").invoke(FunctionName="g", InvocationType="Event")
    cloud.stop()
    with socket.socket() as tried:
        answers = tried.connect_ex(("127.0.0.1", port)) == 0
    after = watched()
    cloud.stop()  # a second time does nothing
    os.rmdir(tempfile.tempdir)
    return {"before": before, "after": after, "port answers": answers}


def environment():
    """What is in the environment before, while and after a cloud runs."""
    before = dict(os.environ)
    with connect():
        during = dict(os.environ)
        account = boto3.client("sts").get_caller_identity()["Account"]
        buckets = [b["Name"] for b in boto3.client("s3").list_buckets()["Buckets"]]
    return {
        "before": before,
        "during": during,
        "after": dict(os.environ),
        "account": account,
        "buckets": buckets,
    }


def forgotten():
    """A cloud that nobody stops, with a job that would run for a minute."""
    tempfile.tempdir = tempfile.mkdtemp()
    cloud = connect()
    script = {"train.py": "import time; print('began', flush=True); time.sleep(60)"}
    job = requests.script_training(cloud, "long", script)
    cloud.client("sagemaker").create_training_job(**job)
    running = cloud._engine.jobs._running
    while not any(job.process for job in list(running.values())):
        time.sleep(0.05)
    pid = next(iter(running.values())).process._process.pid
    return {"folder": tempfile.tempdir, "pid": pid}


PROGRAMS = {
    "everything": everything,
    "environment": environment,
    "forgotten": forgotten,
}

if __name__ == "__main__":
    print(json.dumps(PROGRAMS[sys.argv[1]]()))
