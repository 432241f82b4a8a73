"""The model that is asked: on a temporary endpoint that is always deleted, or on one that runs."""

import contextlib
import importlib
import secrets
import time
from collections.abc import Iterator

import numpy as np
import pandas as pd
from botocore.exceptions import BotoCoreError
from botocore.exceptions import ClientError as ApiClientError

from utils.cloud.images.clarify import records
from utils.cloud.images.clarify.config import Config
from utils.cloud.images.container import AlgorithmError, ClientError

PAYLOAD = 5 * 1024**2  # bytes of one request; SageMaker takes 6 MB
EVERY = 10.0  # seconds between lines in the log
LIMIT = 900  # seconds until the endpoint must be in service
DEFAULT_PREFIX = "sm-clarify"


class Endpoint:
    """A model behind an endpoint.

    Attributes
    ----------
    name : str
        The endpoint's.
    rows, requests : int
        What it was asked for so far.
    """

    def __init__(self, runtime, name: str, config: Config, reading: records.Reading):
        self.runtime, self.name, self.reading = runtime, name, reading
        self.settings = config.predictor
        self.rows = self.requests = 0
        self._most, self._told = 20_000, time.monotonic()

    def scores(self, rows: pd.DataFrame) -> np.ndarray:
        """Scores of rows, shape (rows,) or (rows, classes)."""
        parts = self._ask(rows, self.reading.scores)
        return np.concatenate(parts) if len(parts) > 1 else parts[0]

    def labels(self, rows: pd.DataFrame) -> list:
        """Predicted labels of rows."""
        return [
            label for part in self._ask(rows, self.reading.labels) for label in part
        ]

    def _ask(self, rows: pd.DataFrame, read) -> list:
        template = self.settings.get("content_template", "")
        most = records.at_once(self.settings["content_type"], template) or self._most
        parts, start = [], 0
        while start < len(rows):
            part = rows.iloc[start : start + most]
            body = records.body(
                part,
                self.settings["content_type"],
                template,
                self.settings.get("record_template", ""),
            ).encode()
            if len(body) > PAYLOAD and len(part) > 1:
                most = self._most = max(1, len(part) * PAYLOAD // len(body) * 9 // 10)
                continue
            text = self._invoke(body, len(part))
            try:
                parts.append(read(text, self.settings["accept_type"], len(part)))
            except records.AnswerError as error:
                raise ClientError(f"predictor: the model's answer: {error}") from None
            start += len(part)
            self._tell()
        return parts

    def _tell(self):
        """A line in the log now and then, so that a long job is seen to go on."""
        if time.monotonic() - self._told > EVERY:
            self._told = time.monotonic()
            print(f"The model was asked for {self.rows:,} rows so far.", flush=True)

    def _invoke(self, body: bytes, rows: int) -> str:
        more = {}
        if "custom_attributes" in self.settings:
            more["CustomAttributes"] = self.settings["custom_attributes"]
        self.rows, self.requests = self.rows + rows, self.requests + 1
        try:
            answer = self.runtime.invoke_endpoint(
                EndpointName=self.name,
                Body=body,
                ContentType=self.settings["content_type"],
                Accept=self.settings["accept_type"],
                **more,
            )
            return answer["Body"].read().decode("utf-8")
        except (ApiClientError, BotoCoreError) as error:
            first = body[:100].decode("utf-8", "replace").splitlines()[0]
            raise ClientError(
                f"predictor: the model did not answer to {rows:,} rows as "
                f"{self.settings['content_type']}, the first of them {first!r}: {error}"
            ) from None


@contextlib.contextmanager
def endpoint(config: Config, reading: records.Reading, session) -> Iterator[Endpoint]:
    """The endpoint of a configuration, in service; a temporary one is deleted at the end.

    Parameters
    ----------
    config : Config
    reading : Reading
        Where in the model's answers the prediction stands.
    session : boto3.Session

    Raises
    ------
    ClientError
        If there is no such model or endpoint, or the endpoint fails to start: with its own reason.
    """
    sagemaker, runtime = (
        session.client("sagemaker"),
        session.client("sagemaker-runtime"),
    )
    given = config.predictor
    if "endpoint_name" in given:
        _check_running(sagemaker, given["endpoint_name"])
        yield Endpoint(runtime, given["endpoint_name"], config, reading)
        return
    prefix = given.get("endpoint_name_prefix", DEFAULT_PREFIX)[:40]
    name = f"{prefix}-{time.strftime('%Y%m%d%H%M%S', time.gmtime())}-{secrets.token_hex(2)}"
    try:
        _create(sagemaker, name, given)
        if config.method("shap") is not None:
            # its import takes as long as the endpoint, so they go side by side
            importlib.import_module("shap")
        _wait(sagemaker, name)
        print(f"The endpoint {name} is in service.", flush=True)
        yield Endpoint(runtime, name, config, reading)
    finally:
        _delete(sagemaker, name)
        print(f"The endpoint {name} is deleted.", flush=True)


def _check_running(sagemaker, name):
    try:
        status = sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"]
    except ApiClientError as error:
        raise ClientError(f"predictor.endpoint_name: {_message(error)}") from None
    if status != "InService":
        raise ClientError(
            f"predictor.endpoint_name: the endpoint {name!r} is {status}; it must be InService"
        )


def _create(sagemaker, name, given):
    print(
        f"Creating the endpoint {name} from the model {given['model_name']}.",
        flush=True,
    )
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": given["model_name"],
        "InstanceType": given["instance_type"],
        "InitialInstanceCount": given["initial_instance_count"],
    }
    try:
        sagemaker.create_endpoint_config(
            EndpointConfigName=name, ProductionVariants=[variant]
        )
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    except ApiClientError as error:
        raise ClientError(f"predictor.model_name: {_message(error)}") from None


def _wait(sagemaker, name):
    """Poll quickly at first: here an endpoint takes seconds, on AWS minutes."""
    end, pause = time.monotonic() + LIMIT, 0.1
    while time.monotonic() < end:
        found = sagemaker.describe_endpoint(EndpointName=name)
        if found["EndpointStatus"] == "InService":
            return
        if found["EndpointStatus"] != "Creating":
            raise ClientError(
                f"predictor: the endpoint {name} {found['EndpointStatus'].lower()}: "
                f"{found.get('FailureReason', 'no reason is given')}"
            )
        time.sleep(pause)
        pause = min(1.3 * pause, 10)
    raise AlgorithmError(f"the endpoint {name} was not in service after {LIMIT} s")


def _delete(sagemaker, name):
    with contextlib.suppress(ApiClientError):
        sagemaker.delete_endpoint(EndpointName=name)
    with contextlib.suppress(ApiClientError):
        sagemaker.delete_endpoint_config(EndpointConfigName=name)


def _message(error: ApiClientError) -> str:
    return error.response["Error"]["Message"]
