"""The one file that touches moto's insides: the services that moto keeps, for one account.

Every cloud has an account of its own, so that two in one process share nothing. The contract that
is relied on here is held by tests/utils/cloud/test_moto_services.py; moto is pinned.
"""

import json
import logging
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import quote_plus

import moto.s3.notifications
from moto.core import config
from moto.core.base_backend import BackendDict
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    create_backend_app,
)
from moto.s3.models import s3_backends
from moto.sns.models import Subscription

# the services' names in a request's signature
SERVICES = frozenset(
    {"s3", "iam", "sts", "sns", "sqs", "logs", "monitoring", "ecr", "lambda"}
)

config.default_user_config["iam"]["load_aws_managed_policies"] = True
logging.getLogger("moto").setLevel(logging.ERROR)

_clouds: dict[str, "MotoServices"] = {}
_guard = threading.Lock()
_publish = Subscription.publish
_get_event = moto.s3.notifications._get_s3_event


class MotoServices:
    """Moto's services as a WSGI application for one account.

    Parameters
    ----------
    account : str
        Twelve digits; no other running cloud of this process has them.
    send_event : callable
        Called with (function ARN, event) for each event that S3 or SNS sends to a Lambda function;
        returns at once.
    """

    def __init__(self, account: str, send_event: Callable[[str, dict], None]):
        self.account, self.send_event = account, send_event
        self._application = DomainDispatcherApplication(_application)
        with _guard:
            if account in _clouds:
                raise ValueError(f"account {account} is in use by another cloud")
            _clouds[account] = self

    def __call__(self, environ, start_response):
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = self.account
        application = self._application.get_application(environ)
        return application(environ, start_response)

    def owns(self, bucket: str) -> bool:
        """Whether a bucket is this account's, or nobody's: moto lets every account read all."""
        _, owner = s3_backends.bucket_accounts.get(bucket, (None, self.account))
        return owner == self.account

    def role_documents(self, role_name: str) -> list[dict] | None:
        """The policies of a role, in line and attached; None if there is no such role."""
        roles = _backend("iam", self.account, "aws").roles
        role = next((r for r in roles.values() if r.name == role_name), None)
        if role is None:
            return None
        texts = [*role.policies.values()]
        for policy in role.managed_policies.values():
            texts += [v.document for v in policy.versions if v.is_default]
        return [json.loads(t) if isinstance(t, str) else t for t in texts]

    def role_trust(self, role_name: str) -> dict | None:
        """A role's trust policy: who may take the role; None if there is no such role."""
        roles = _backend("iam", self.account, "aws").roles
        role = next((r for r in roles.values() if r.name == role_name), None)
        return json.loads(role.assume_role_policy_document) if role else None

    def function(self, name: str, region: str, qualifier: str | None = None) -> dict:
        """What is needed to run a Lambda function; None if there is no such function."""
        backend = _backend("lambda", self.account, region)
        try:
            found = backend.get_function(name, qualifier)
        except (
            Exception
        ):  # moto has an exception of its own for each way of not finding it
            return None
        return {
            "name": found.function_name,
            "arn": found.function_arn,
            "version": found.version,
            "region": region,
            "handler": found.handler,
            "timeout": int(found.timeout),
            "memory": int(found.memory_size),
            "environment": dict(found.environment_vars or {}),
            "role": found.role,
            "code": found.code_bytes,
        }

    def metric_data(self, region: str) -> list[dict]:
        """What was put into CloudWatch: name, dimensions, time, and the values' statistics."""
        found = []
        for datum in list(_backend("cloudwatch", self.account, region).metric_data):
            single = getattr(datum, "value", None)
            found.append(
                {
                    "namespace": datum.namespace,
                    "name": datum.name,
                    "dimensions": {d.name: d.value for d in datum.dimensions},
                    "time": datum.timestamp,
                    "sum": datum.sum if single is None else single,
                    "minimum": datum.min if single is None else single,
                    "maximum": datum.max if single is None else single,
                    "count": datum.sample_count if single is None else 1.0,
                }
            )
        return found

    def set_alarm_state(self, region: str, name: str, state: str, reason: str) -> None:
        """Set an alarm's state; one that has been deleted meanwhile stays deleted."""
        backend = _backend("cloudwatch", self.account, region)
        if name in backend.alarms:
            backend.set_alarm_state(name, reason, "{}", state)

    def forget(self) -> None:
        """Drop everything that the account holds."""
        with _guard:
            _clouds.pop(self.account, None)
        # a backend's own reset() would also close other accounts' objects
        for services in list(BackendDict._instances):
            kept = services.pop(self.account, None)
            if kept is not None and services.service_name == "s3":
                for backend in kept.values():
                    _close_objects(backend)


def _close_objects(backend):
    """Close the temporary files in which moto keeps objects."""
    for bucket in backend.buckets.values():
        for key in bucket.keys.values():
            if hasattr(key, "dispose"):
                key.dispose()
        for upload in bucket.multiparts.values():
            upload.dispose()
        s3_backends.bucket_accounts.pop(bucket.name, None)


def _application(service):
    application = create_backend_app(service)
    # what moto has not built arrives here as NotImplementedError, not as a page that says 500
    application.config["PROPAGATE_EXCEPTIONS"] = True
    return application


def _backend(service, account, region):
    import moto.backends

    return moto.backends.get_backend(service)[account][region]


def _object_event(event_name, bucket, key, notification_id):
    event = _get_event(event_name, bucket, key, notification_id)
    for record in event["Records"]:  # AWS encodes the key, but not its slashes
        record["s3"]["object"]["key"] = quote_plus(key.name, safe="/")
        record["s3"]["object"]["sequencer"] = f"{time.time_ns():018X}"
    return event


def _on_object_event(account, event, function_arn, region):
    if account in _clouds:
        _clouds[account].send_event(function_arn, event)


def _on_message(
    self, message, message_id, subject=None, message_attributes=None, *rest, **more
):
    cloud = _clouds.get(self.account_id)
    if self.protocol != "lambda" or cloud is None:
        return _publish(
            self, message, message_id, subject, message_attributes, *rest, **more
        )
    record = {
        "Type": "Notification",
        "MessageId": message_id or str(uuid.uuid4()),
        "TopicArn": self.topic.arn,
        "Subject": subject,
        "Message": message,
        "Timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "MessageAttributes": message_attributes or {},
    }
    source = {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": self.arn,
        "Sns": record,
    }
    cloud.send_event(self.endpoint, {"Records": [source]})
    return None


# moto would run the function in Docker, inside the request that caused the event
moto.s3.notifications._get_s3_event = _object_event
moto.s3.notifications._invoke_awslambda = _on_object_event
Subscription.publish = _on_message
