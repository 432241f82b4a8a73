"""What runs behind one embedded cloud's address."""

import atexit
import contextlib
import os
import secrets
import shutil
import tempfile
import threading
from pathlib import Path

import boto3
from botocore.config import Config

from utils.cloud import permissions
from utils.cloud.billing import Meter
from utils.cloud.hosting import Hosting
from utils.cloud.jobs import Jobs
from utils.cloud.lambdas import Lambdas
from utils.cloud.monitoring import Monitoring
from utils.cloud.monitoring.alarms import Alarms
from utils.cloud.monitoring.clock import Clock
from utils.cloud.moto_services import MotoServices
from utils.cloud.processes import Process
from utils.cloud.sagemaker import SageMaker
from utils.cloud.server import Server
from utils.cloud.store import Store
from utils.cloud.wire import ApiError
from utils.cloud.workers import Workers


class Engine:
    """The parts of a running cloud, and how they find each other.

    Parameters
    ----------
    account : str
        Twelve digits.
    region : str
        The region that the cloud's own bucket is in; requests may name any.
    port : int
        0 for a free one.
    """

    def __init__(self, account: str, region: str, port: int = 0):
        self.account, self.region = account, region
        # the account's owner, for this run only: another user of the machine cannot guess it
        self.key, self.secret = (
            "AKIA" + secrets.token_hex(8).upper(),
            secrets.token_hex(20),
        )
        self.sessions: dict[str, str] = {}  # access key → the role that it stands for
        self._processes, self._lock = set(), threading.Lock()
        self._clients: dict[tuple, object] = {}
        self.closing = False
        self.services = MotoServices(
            account, lambda arn, event: self.lambdas.send(arn, event)
        )
        try:
            self.server = Server(self, port)
            self.folder = Path(tempfile.mkdtemp(prefix="cloud-"))
            self.events = Workers(4, "event")
            self.store = Store(account)
            self.meter = Meter()
            self.lambdas = Lambdas(self)
            self.hosting = Hosting(self)
            self.jobs = Jobs(self)
            self.monitoring = Monitoring(self)
            self.clock = Clock(self.monitoring.tick)
            self.alarms = Alarms(self)
            self.sagemaker = SageMaker(self)
        except BaseException:
            self.services.forget()
            raise
        self.url = self.server.url
        atexit.register(self.abandon)
        self.server.start()

    def client(self, service: str, region: str | None = None, role: str | None = None):
        """A client for the cloud's own use, with a role's permissions or with all."""
        key = (service, region or self.region, role)
        with self._lock:
            if key not in self._clients:
                self._clients[key] = boto3.Session().client(
                    service,
                    region_name=key[1],
                    endpoint_url=self.url,
                    aws_access_key_id=self.session(role) if role else self.key,
                    aws_secret_access_key=self.secret,
                    config=Config(proxies={}, retries={"total_max_attempts": 1}),
                )
            return self._clients[key]

    def session(self, role: str) -> str:
        """An access key that stands for a role."""
        key = "ASIA" + secrets.token_hex(8).upper()
        self.sessions[key] = role
        return key

    def variables(self, region: str, role: str | None = None) -> dict[str, str]:
        """The environment in which a program finds this cloud, with a role's permissions."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": self.session(role) if role else self.key,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_DEFAULT_REGION": region,
            "AWS_REGION": region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
        }

    def may(self, role: str, action: str, resource: str) -> bool:
        """Whether a role's policies allow an action on a resource."""
        documents = self.services.role_documents(role.split("/")[-1])
        return documents is not None and permissions.allowed(
            documents, action, resource
        )

    def authorize(self, role: str, action: str, resource: str) -> None:
        """Raise AWS's error if a role may not do something."""
        if not self.may(role, action, resource):
            raise permissions.refusal(role, action, resource)

    def assume(self, role: str, service: str) -> None:
        """Raise AWS's error if a service may not take a role, or the role does not exist."""
        trust = self.services.role_trust(role.split("/")[-1])
        principals = []
        for statement in (trust or {}).get("Statement", []):
            named = statement.get("Principal", {}).get("Service", [])
            principals += [named] if isinstance(named, str) else named
        if f"{service}.amazonaws.com" not in principals:
            raise ApiError(
                "ValidationException",
                f"Could not assume role {role}. Please ensure that the role exists and allows "
                f"principal '{service}.amazonaws.com' to assume the role.",
            )

    @contextlib.contextmanager
    def tracked(self, process: Process):
        """Keep a process in view, so that stopping the cloud ends it."""
        with self._lock:
            self._processes.add(process)
        if self.closing:
            process.stop(grace=0.5)
        try:
            yield process
        finally:
            with self._lock:
                self._processes.discard(process)

    def abandon(self) -> None:
        """End every process and remove the folder: what can still be done when Python ends."""
        self.closing = True
        for process in list(self._processes):
            process.stop(grace=0)
        shutil.rmtree(self.folder, ignore_errors=True)

    def stop(self) -> None:
        """End every process and thread, free the port, remove the folder, forget the state."""
        self.closing = True
        atexit.unregister(self.abandon)
        for process in list(self._processes):
            process.stop(grace=0.5)
        self.jobs.close()
        self.monitoring.close()
        self.hosting.close()
        self.events.close()
        self.server.stop()
        for client in self._clients.values():
            client.close()
        self.services.forget()
        shutil.rmtree(self.folder, ignore_errors=True)
