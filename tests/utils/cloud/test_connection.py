"""connect(): what it gives, what it sets, and that stop() leaves nothing."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from tests.utils.cloud import requests
from utils.cloud import connect
from utils.cloud.connection import RealCloud

ROOT = Path(__file__).resolve().parents[3]


def alone(program, **environment):
    """What a program of `alone.py` reports, run in a process where no other cloud is."""
    command = [sys.executable, "-m", "tests.utils.cloud.alone", program]
    clean = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    done = subprocess.run(
        command, env={**clean, **environment}, capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_stop_leaves_nothing_behind():
    seen = alone("everything")
    assert seen["after"] == seen["before"]
    assert not seen["port answers"]


def test_a_program_that_forgets_to_stop_ends_at_once_and_clean():
    started = time.monotonic()
    seen = alone("forgotten")
    assert time.monotonic() - started < 55
    assert list(Path(seen["folder"]).iterdir()) == []
    with pytest.raises(ProcessLookupError):
        os.killpg(seen["pid"], 0)
    os.rmdir(seen["folder"])


def test_environment_leads_every_client_here():
    seen = alone(
        "environment",
        AWS_PROFILE="a-real-account",
        AWS_ENDPOINT_URL_S3="http://elsewhere",
        NO_PROXY="example.org",
    )
    during, after = seen["during"], seen["after"]
    assert "AWS_PROFILE" not in during
    assert "AWS_ENDPOINT_URL_S3" not in during
    assert during["NO_PROXY"] == "example.org,127.0.0.1,localhost"
    assert seen["account"] == "123456789012"
    assert seen["buckets"] == ["sagemaker-us-east-1-123456789012"]
    assert after["AWS_PROFILE"] == "a-real-account"
    assert after["NO_PROXY"] == "example.org"
    assert after == seen["before"]


def test_default_session_of_before_is_not_used(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREALREALREALREAL")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    boto3.setup_default_session()
    boto3.DEFAULT_SESSION.get_credentials()
    with connect():
        used = boto3.client("s3")._request_signer._credentials.access_key
    assert used != "AKIAREALREALREALREAL"


def test_bucket_and_role_are_sagemakers():
    with connect("eu-west-1") as cloud:
        assert cloud.region == "eu-west-1"
        assert cloud.bucket == f"sagemaker-eu-west-1-{cloud.account}"
        iam = cloud.client("iam")
        role = iam.get_role(RoleName=cloud.role.split("/")[-1])["Role"]
        assert role["Arn"] == cloud.role
        place = cloud.client("s3").get_bucket_location(Bucket=cloud.bucket)
        assert place["LocationConstraint"] == "eu-west-1"


def test_two_clouds_share_nothing():
    with connect() as one, connect() as two:
        assert one.account != two.account
        assert one.url != two.url
        requests.training(one, "only-in-one")
        one.client("sagemaker")  # made while two's environment rules
        key = {"Bucket": one.bucket, "Key": "twelve/train.csv"}
        inside = one._engine.client("s3")
        assert inside.get_object(**key)["Body"].read().decode() == requests.CSV
        with pytest.raises(ClientError, match="AccessDenied"):
            two._engine.client("s3").get_object(**key)
        two.client("sns").create_topic(Name="alerts")
        assert one._engine.client("sns").list_topics()["Topics"] == []


def test_a_stopped_clouds_state_is_forgotten():
    with connect() as cloud:
        cloud.client("sqs").create_queue(QueueName="mine")
        account = cloud.account
    with connect() as again:
        assert again.account == account
        assert "QueueUrls" not in again.client("sqs").list_queues()


def test_stopping_in_any_order_restores_the_environment():
    before = dict(os.environ)
    one, two = connect(), connect()
    one.stop()
    assert os.environ["AWS_ENDPOINT_URL"] == two.url
    two.stop()
    assert dict(os.environ) == before


def test_listens_on_loopback_only(cloud):
    assert cloud.url.startswith("http://127.0.0.1:")
    port = int(cloud.url.rsplit(":", 1)[1])
    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None)}
    for address in others - {"127.0.0.1", "::1"}:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family) as tried:
            tried.settimeout(1)
            assert tried.connect_ex((address, port)) != 0


def get(cloud, path, **headers):
    """The status of a plain HTTP request."""
    connection = http.client.HTTPConnection(cloud.url.removeprefix("http://"))
    connection.request("GET", path, headers=headers)
    status = connection.getresponse().status
    connection.close()
    return status


def test_strangers_are_refused(cloud):
    """A web page, a guessed name of the machine, a request without or with a wrong key."""
    address = cloud.client("s3").generate_presigned_url(
        "list_objects_v2", Params={"Bucket": cloud.bucket}
    )
    path = address.removeprefix(cloud.url)
    assert get(cloud, path) == 200
    assert get(cloud, path, Origin="http://example.org") == 403
    assert get(cloud, path, Host="evil.example.org") == 403
    assert get(cloud, f"/{cloud.bucket}") == 403
    stranger = boto3.client(
        "sagemaker",
        region_name="us-east-1",
        endpoint_url=cloud.url,
        aws_access_key_id="AKIASTRANGER",
        aws_secret_access_key="x",
    )
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        stranger.list_endpoints()


def test_a_silent_client_does_not_hold_up_the_end():
    with connect() as cloud:
        address = ("127.0.0.1", int(cloud.url.rsplit(":", 1)[1]))
        silent = socket.create_connection(address)
        cloud.client("s3").list_buckets()
        started = time.monotonic()
    assert time.monotonic() - started < 30
    silent.close()


def test_unknown_kind_of_cloud(monkeypatch):
    monkeypatch.setenv("DEBIASING_CLOUD", "azure")
    with pytest.raises(ValueError, match="'azure': use 'embedded'"):
        connect()


def test_occupied_port_says_so_and_leaves_nothing():
    before = dict(os.environ), set(Path(tempfile.gettempdir()).glob("cloud-*"))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            connect(port=taken.getsockname()[1])
    assert (
        dict(os.environ),
        set(Path(tempfile.gettempdir()).glob("cloud-*")),
    ) == before


def test_real_account_is_reached_by_the_same_object(monkeypatch, cloud):
    """The embedded cloud stands in for the real one: what matters is which calls are made."""
    monkeypatch.setenv("DEBIASING_CLOUD", "aws")
    monkeypatch.setenv("DEBIASING_ROLE", cloud.role)
    with connect() as real:
        assert isinstance(real, RealCloud)
        assert (real.account, real.bucket) == (cloud.account, cloud.bucket)
        assert real.client("s3").list_buckets()["Buckets"]
        with pytest.raises(NotImplementedError, match="Billing and Cost Management"):
            real.bill()
    assert cloud.client("s3").list_buckets()[
        "Buckets"
    ]  # stop() stops nothing of an account


def test_real_account_needs_a_role(monkeypatch, cloud):
    monkeypatch.setenv("DEBIASING_CLOUD", "aws")
    monkeypatch.delenv("DEBIASING_ROLE", raising=False)
    with pytest.raises(ValueError, match="DEBIASING_ROLE is not set"):
        connect()


def test_served_to_other_processes_until_interrupted():
    command = [sys.executable, "-m", "utils.cloud", "--region", "us-west-2"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    lines = []
    while not lines or not lines[-1].startswith("#"):
        lines.append(server.stdout.readline())
    exported = dict(
        line.removeprefix("export ").strip().split("=", 1) for line in lines[:-1]
    )
    code = (
        "import boto3; print(boto3.client('s3').list_buckets()['Buckets'][0]['Name'])"
    )
    environment = {**os.environ, **exported}
    found = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True
    )
    assert "sagemaker-us-west-2-123456789012" in found.stdout, found.stderr
    server.send_signal(signal.SIGINT)
    assert server.wait(60) == 0
    server.stdout.close()


def test_a_stopped_cloud_does_not_answer():
    with connect() as cloud:
        client = cloud.client("s3")
    with pytest.raises(EndpointConnectionError):
        client.list_buckets()
    assert "stopped" in repr(cloud)
