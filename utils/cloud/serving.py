"""A model ready to answer: in this process for the built-in algorithms, else in one of its own."""

import http.client
import re
import shutil
import tempfile
import threading
import time
from pathlib import Path

from utils.cloud import storage
from utils.cloud.archives import ArchiveError, extract_tar
from utils.cloud.images import InvocationError, find
from utils.cloud.logs import LogStream
from utils.cloud.processes import Process, environment

READY = 240.0  # seconds that a container has until it answers pings, as on AWS
TIMEOUT = 60.0  # seconds for one invocation, as on AWS


class NotReady(Exception):
    """A container that did not come up, and why."""


class Model:
    """A model loaded for one endpoint variant or transform job.

    Parameters
    ----------
    engine : Engine
        The cloud.
    region : str
        Where the model is.
    record : dict
        The model as DescribeModel gives it.
    group, stream : str
        Where its log goes.
    variables : dict
        Environment variables on top of the model's own.

    Raises
    ------
    NotReady
        If the artefact cannot be fetched or unpacked, or the model does not load.
    """

    def __init__(self, engine, region, record, group, stream, variables=None):
        self.engine, self.region = engine, region
        self.log = LogStream(engine.client("logs", region), group, stream)
        self.folder = Path(tempfile.mkdtemp(prefix="model-", dir=engine.folder))
        self._process, self._tracked = None, None
        container = container_of(record)
        self._variables = {**container.get("Environment", {}), **(variables or {})}
        try:
            self.image = find(container["Image"], "inference")
            s3 = engine.client("s3", region, record.get("ExecutionRoleArn"))
            self._fetch(s3, container)
            if self.image.hosted:
                module = self.image.load()
                self._server = module.load(self.folder / "model", self._variables)
                self.log.write(f"{self.image.name}: model loaded")
            else:
                self._start(record.get("ExecutionRoleArn"))
        except NotReady:
            self.close()
            raise
        except Exception as error:
            self.log.write(f"{type(error).__name__}: {error}")
            self.close()
            raise NotReady(f"{type(error).__name__}: {error}") from error

    def invoke(self, body: bytes, content_type: str, accept: str, attributes: str = ""):
        """Answer one request: body, content type, custom attributes.

        Raises
        ------
        InvocationError
            With the container's status and message.
        """
        if self._process is not None:
            return self._ask(body, content_type, accept, attributes)
        try:
            answer, kind = self._server.invoke(body, content_type, accept)
        except InvocationError:
            raise
        except Exception as error:
            raise InvocationError(500, f"{type(error).__name__}: {error}") from error
        return answer, kind, ""

    def close(self) -> None:
        """End the process and remove the model's files."""
        if self._process is not None:
            self._process.stop(grace=1)
            self._process.wait()
            self._tracked.__exit__(None, None, None)
            self._process = None
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _fetch(self, s3, container):
        model = self.folder / "model"
        model.mkdir()
        uri = container.get("ModelDataUrl")
        if uri:
            path = self.folder / "model.tar.gz"
            path.write_bytes(storage.read(s3, uri))
            try:
                extract_tar(path, model)
            except ArchiveError as error:
                raise NotReady(f"{uri}: {error}") from error
        source = self._variables.get("SAGEMAKER_SUBMIT_DIRECTORY", "").strip('"')
        if source.startswith("s3://") and source != uri:
            path = self.folder / "sourcedir.tar.gz"
            path.write_bytes(storage.read(s3, source))
            extract_tar(path, self.folder / "code")

    def _start(self, role):
        """Start the container and wait until it listens."""
        listening, lines = threading.Event(), []

        def line(text):
            lines.append(text)
            self.log.write(text)
            found = re.fullmatch(r"listening on (\d+)", text.strip())
            if found:
                self._port = int(found[1])
                listening.set()

        (self.folder / "output").mkdir()
        variables = {
            **self.engine.variables(self.region, role),
            **self._variables,
            "SAGEMAKER_BASE_DIR": str(self.folder),
            "SAGEMAKER_BIND_TO_PORT": "0",
        }
        command = ["python", "-m", "utils.cloud.images", self.image.name, "serve"]
        self._process = Process(command, environment(**variables), self.folder, line)
        self._tracked = self.engine.tracked(self._process)
        self._tracked.__enter__()
        deadline = time.monotonic() + READY
        while not listening.wait(0.05):
            self.log.tick()
            if not self._process.running or time.monotonic() > deadline:
                time.sleep(0.2)  # the last lines are still on their way
                tail = next((text for text in reversed(lines) if text.strip()), "")
                raise NotReady(
                    f"the container did not pass its ping health check. {tail}"
                )

    def _ask(self, body, content_type, accept, attributes):
        headers = {"Content-Type": content_type, "Accept": accept}
        if attributes:
            headers["X-Amzn-SageMaker-Custom-Attributes"] = attributes
        connection = http.client.HTTPConnection(
            "127.0.0.1", self._port, timeout=TIMEOUT
        )
        try:
            connection.request("POST", "/invocations", body, headers)
            response = connection.getresponse()
            answer = response.read()
        except TimeoutError:
            text = "Your invocation timed out while waiting for a response from container primary"
            raise InvocationError(0, text) from None
        except OSError as error:
            text = f"the container does not answer ({error})"
            raise InvocationError(503, text) from None
        finally:
            connection.close()
            self.log.tick()
        if response.status != 200:
            raise InvocationError(response.status, answer.decode("utf-8", "replace"))
        kind = response.headers.get("Content-Type", "application/octet-stream")
        back = response.headers.get("X-Amzn-SageMaker-Custom-Attributes", "")
        return answer, kind, back


def container_of(record: dict) -> dict:
    """The one container of a model, in whichever member it was given."""
    container = record.get("PrimaryContainer") or record["Containers"][0]
    source = container.get("ModelDataSource", {}).get("S3DataSource", {}).get("S3Uri")
    return {"ModelDataUrl": source, **container} if source else container
