"""The object that a notebook works with."""

import json
import os
import threading

import boto3

from utils.cloud.engine import Engine
from utils.cloud.monitoring.clock import Clock, RealClock

TRUSTED = ("sagemaker.amazonaws.com", "lambda.amazonaws.com")
ROLE = "AmazonSageMaker-ExecutionRole"
ROLE_POLICY = "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"
_guard = threading.Lock()
_running: list["EmbeddedCloud"] = []
_outside: dict[str, str | None] = {}


def connect(region: str | None, port: int):
    """See `utils.cloud.connect`."""
    kind = os.environ.get("DEBIASING_CLOUD", "embedded").strip().lower()
    if kind == "aws":
        return RealCloud(region)
    if kind != "embedded":
        raise ValueError(
            f"DEBIASING_CLOUD is {kind!r}: use 'embedded' (or leave it out) or 'aws'"
        )
    return EmbeddedCloud(region or "us-east-1", port)


class Cloud:
    """What both kinds of cloud have.

    Attributes
    ----------
    account, region, bucket, role : str
        The account's number, the region, a bucket to work in, the ARN of SageMaker's role.
    """

    account: str
    region: str
    bucket: str
    role: str

    def client(self, service: str, region: str | None = None):
        """A boto3 client, as ``boto3.client(service)`` makes it."""
        return boto3.client(service, region_name=region or self.region)

    def stop(self) -> None:
        """Leave nothing behind."""

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.stop()


class EmbeddedCloud(Cloud):
    """An AWS account that lives in this process, on a port of 127.0.0.1.

    While it runs, ``AWS_ENDPOINT_URL`` and credentials in the environment lead every boto3 client
    of this process, and of those that it starts, to it. Settings of a real account (profiles,
    configuration files, endpoint variables) are out of reach meanwhile, and back after `stop`.
    """

    def __init__(self, region: str, port: int = 0):
        with _guard:
            taken = {cloud.account for cloud in _running}
            number = 123456789012
            while str(number) in taken:
                number += 1
            self.account, self.region = str(number), region
            self._engine = Engine(self.account, region, port)
            _running.append(self)
            _point_to(self)
        self.bucket = f"sagemaker-{region}-{self.account}"
        self.url = self._engine.url
        try:
            self._furnish()
        except BaseException:
            self.stop()
            raise

    def client(self, service: str, region: str | None = None):
        """A boto3 client of this cloud, whichever cloud the environment names."""
        return boto3.client(
            service,
            region_name=region or self.region,
            endpoint_url=self.url,
            aws_access_key_id=self._engine.key,
            aws_secret_access_key=self._engine.secret,
        )

    @property
    def clock(self) -> Clock:
        """The time by which endpoints capture and monitors run; `hold` and `advance` it."""
        return self._engine.clock

    def bill(self):
        """What the resources so far would have cost on AWS.

        Returns
        -------
        pandas.DataFrame
            A row a resource: ``use``, ``name``, ``instance_type``, ``instances``, ``state``
            (running or ended), ``hours``, ``usd_per_hour`` (not a number: not in the dated price
            table), ``usd`` so far, ``usd_per_month`` if it is left running, ``price_as_of``.
        """
        import pandas as pd

        columns = ["use", "name", "instance_type", "instances", "state", "hours"]
        columns += ["usd_per_hour", "usd", "usd_per_month", "price_as_of"]
        frame = pd.DataFrame(self._engine.meter.rows(), columns=columns)
        numbers = ["hours", "usd_per_hour", "usd", "usd_per_month"]
        return frame.astype(dict.fromkeys(numbers, float))

    def stop(self) -> None:
        """End every job, endpoint and thread, free the port, forget all, restore the environment.

        A second call does nothing.
        """
        with _guard:
            if self not in _running:
                return
            _running.remove(self)
            if _running:
                _point_to(_running[-1])
            else:
                _restore()
        self._engine.stop()

    def variables(self) -> dict[str, str]:
        """The variables with which another process finds this cloud."""
        return self._engine.variables(self.region)

    def _furnish(self):
        """The bucket and the role that an account gets from SageMaker's set-up."""
        place = {"LocationConstraint": self.region}
        more = (
            {} if self.region == "us-east-1" else {"CreateBucketConfiguration": place}
        )
        self._engine.client("s3").create_bucket(Bucket=self.bucket, **more)
        iam = self._engine.client("iam")
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": list(TRUSTED)},
                    "Action": "sts:AssumeRole",
                }
            ],
        }
        made = iam.create_role(
            RoleName=ROLE,
            Path="/service-role/",
            AssumeRolePolicyDocument=json.dumps(trust),
        )
        iam.attach_role_policy(RoleName=ROLE, PolicyArn=ROLE_POLICY)
        self.role = made["Role"]["Arn"]

    def __repr__(self):
        state = "running at " + self.url if self in _running else "stopped"
        return f"<embedded AWS account {self.account} in {self.region}, {state}>"


class RealCloud(Cloud):
    """Your own AWS account. It costs money: nothing here stops or deletes what you create."""

    def __init__(self, region: str | None = None):
        session = boto3.Session(region_name=region)
        self.region = session.region_name
        if not self.region:
            raise ValueError(
                "region: none is configured; pass region='us-east-1' or another"
            )
        self.account = session.client("sts").get_caller_identity()["Account"]
        self.bucket = os.environ.get(
            "DEBIASING_BUCKET", f"sagemaker-{self.region}-{self.account}"
        )
        self.role = os.environ.get("DEBIASING_ROLE", "")
        if not self.role:
            raise ValueError(
                "DEBIASING_ROLE is not set: give the ARN of SageMaker's execution role in your "
                "account"
            )

    @property
    def clock(self) -> RealClock:
        """AWS's clock: it can be read and not moved."""
        return RealClock()

    def bill(self):
        """Not known here: AWS shows it under Billing and Cost Management."""
        raise NotImplementedError(
            "a real account's bill is under Billing and Cost Management in the AWS console"
        )


def _point_to(cloud):
    """Set the environment so that clients of this process find the cloud."""
    stale = [
        name
        for name in os.environ
        if name.startswith("AWS_ENDPOINT_URL_")
        or name
        in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
    ]
    wanted = {
        **dict.fromkeys(stale),
        **cloud._engine.variables(cloud.region),
        "AWS_DEFAULT_REGION": cloud.region,
    }
    for name in ("NO_PROXY", "no_proxy"):
        before = _outside.get(name, os.environ.get(name)) or ""
        hosts = [*filter(None, before.split(",")), "127.0.0.1", "localhost"]
        wanted[name] = ",".join(dict.fromkeys(hosts))
    for name, value in wanted.items():
        _outside.setdefault(name, os.environ.get(name))
        _set(name, value)
    boto3.DEFAULT_SESSION = None  # it would go on with the credentials of before


def _restore():
    for name, value in _outside.items():
        _set(name, value)
    _outside.clear()
    boto3.DEFAULT_SESSION = None


def _set(name, value):
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value
