"""Lambda functions, run: moto keeps them, a process of its own runs each invocation."""

import base64
import json
import shutil
import tempfile
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from utils.cloud.archives import ArchiveError, extract_zip
from utils.cloud.logs import LogStream
from utils.cloud.processes import Process, environment
from utils.cloud.wire import ApiError

BOOTSTRAP = Path(__file__).with_name("lambda_bootstrap.py")
CODE_LIMIT = 250 * 1024**2  # unzipped, as on AWS
PAYLOAD_LIMIT = 6 * 1024**2


@dataclass(frozen=True)
class Answer:
    """What an invocation came to.

    Attributes
    ----------
    payload : bytes
        The handler's result as JSON, or the error's description.
    error : str or None
        ``Unhandled`` if the handler failed.
    log : str
        The invocation's log.
    version : str
        The version that ran.
    """

    payload: bytes
    error: str | None
    log: str
    version: str


class Lambdas:
    """Runs functions for one cloud.

    On AWS a process is kept warm between invocations and a failed event is tried twice more; here
    each invocation starts anew, and an event is tried once.
    """

    def __init__(self, engine):
        self.engine = engine

    def invoke(self, name: str, region: str, body: bytes, headers: dict):
        """Answer an Invoke request: status, headers, body."""
        function = self.engine.services.function(name, region, headers.get("qualifier"))
        if function is None:
            arn = f"arn:aws:lambda:{region}:{self.engine.account}:function:{name}"
            raise ApiError(
                "ResourceNotFoundException", f"Function not found: {arn}", 404
            )
        event = _event(body)
        how = headers.get("invocation_type") or "RequestResponse"
        if how == "DryRun":
            return 204, {}, b""
        if how == "Event":
            self.engine.events.submit(self.run, function, event)
            return 202, {}, b""
        answer = self.run(function, event)
        answered = {
            "Content-Type": "application/json",
            "X-Amz-Executed-Version": answer.version,
        }
        if answer.error:
            answered["X-Amz-Function-Error"] = answer.error
        if headers.get("log_type") == "Tail":
            tail = answer.log.encode()[-4096:]
            answered["X-Amz-Log-Result"] = base64.b64encode(tail).decode()
        return 200, answered, answer.payload

    def send(self, arn: str, event: dict) -> None:
        """Hand an event of S3 or SNS to a function, without waiting for it."""
        region, name = arn.split(":")[3], arn.split(":")[6]
        function = self.engine.services.function(name, region)
        if function is not None:
            self.engine.events.submit(self.run, function, event)

    def run(self, function: dict, event) -> Answer:
        """Run the handler on an event."""
        request = str(uuid.uuid4())
        day = datetime.now(UTC).strftime("%Y/%m/%d")
        stream = LogStream(
            self.engine.client("logs", function["region"]),
            f"/aws/lambda/{function['name']}",
            f"{day}/[{function['version']}]{uuid.uuid4().hex}",
        )
        lines = []
        folder = Path(tempfile.mkdtemp(prefix="lambda-", dir=self.engine.folder))

        def line(text):
            text = text.replace(str(folder / "code"), "/var/task")
            lines.append(text)
            stream.write(text)

        line(f"START RequestId: {request} Version: {function['version']}")
        try:
            payload, error, seconds = self._call(
                function, event, request, stream, folder, line
            )
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        line(f"END RequestId: {request}")
        milliseconds = seconds * 1000
        line(
            f"REPORT RequestId: {request}\tDuration: {milliseconds:.2f} ms\t"
            f"Billed Duration: {int(milliseconds) + 1} ms\tMemory Size: {function['memory']} MB"
        )
        stream.close()
        return Answer(payload, error, "\n".join(lines) + "\n", function["version"])

    def _call(self, function, event, request, stream, folder, line):
        code, result = folder / "code", folder / "result.json"
        (folder / "event.json").write_text(json.dumps(event), encoding="utf-8")
        (folder / "code.zip").write_bytes(function["code"])
        try:
            extract_zip(folder / "code.zip", code, CODE_LIMIT)
        except ArchiveError as error:
            return (
                _failure("Runtime.InvalidZipFile", str(error), request),
                "Unhandled",
                0,
            )
        command = ["python", str(BOOTSTRAP), str(folder / "event.json"), str(result)]
        process = Process(
            command, self._environment(function, request, stream, folder), code, line
        )
        with self.engine.tracked(process):
            outcome = process.wait(function["timeout"], stream.tick)
        if outcome.ended_by == "time":
            text = (
                f"RequestId: {request} Error: Task timed out after "
                f"{function['timeout']:.2f} seconds"
            )
            line(text)
            answer = _failure("Sandbox.Timedout", text, request)
            return answer, "Unhandled", outcome.seconds
        if not result.exists():
            text = f"Runtime exited with error: exit status {outcome.exit_code}"
            answer = _failure(
                "Runtime.ExitError", f"RequestId: {request} Error: {text}", request
            )
            return answer, "Unhandled", outcome.seconds
        payload = result.read_bytes().replace(str(code).encode(), b"/var/task")
        if len(payload) > PAYLOAD_LIMIT:
            text = f"Response payload size exceeded maximum allowed ({PAYLOAD_LIMIT} bytes)."
            answer = _failure("Function.ResponseSizeTooLarge", text, request)
            return answer, "Unhandled", outcome.seconds
        return payload, "Unhandled" if outcome.exit_code else None, outcome.seconds

    def _environment(self, function, request, stream, folder):
        (folder / "tmp").mkdir()
        return environment(
            **self.engine.variables(function["region"], function["role"]),
            **{key: str(value) for key, value in function["environment"].items()},
            TMPDIR=str(folder / "tmp"),
            AWS_LAMBDA_FUNCTION_NAME=function["name"],
            AWS_LAMBDA_FUNCTION_VERSION=function["version"],
            AWS_LAMBDA_FUNCTION_MEMORY_SIZE=str(function["memory"]),
            AWS_LAMBDA_LOG_GROUP_NAME=stream.group,
            AWS_LAMBDA_LOG_STREAM_NAME=stream.stream,
            _HANDLER=function["handler"],
            _FUNCTION_ARN=function["arn"],
            _REQUEST_ID=request,
            _DEADLINE=str(time.time() + function["timeout"]),
        )


def check_code(request: dict) -> None:
    """Refuse a function whose zip file cannot or must not be unpacked.

    Raises
    ------
    ApiError
        ``InvalidParameterValueException``, before anything of the function is kept.
    """
    text = (request.get("Code") or request).get("ZipFile")
    if text is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "code.zip"
        try:
            path.write_bytes(base64.b64decode(text))
            extract_zip(path, Path(folder) / "code", CODE_LIMIT)
        except ValueError as error:  # not base64, or an ArchiveError
            raise ApiError(
                "InvalidParameterValueException",
                f"Could not unzip uploaded file. Please check your file, then try to upload again. "
                f"({error})",
            ) from None


def _event(body: bytes):
    if len(body) > PAYLOAD_LIMIT:
        text = f"{len(body)} byte payload is too large (limit {PAYLOAD_LIMIT} bytes)"
        raise ApiError("RequestTooLargeException", text, 413)
    try:
        return json.loads(body or b"{}")
    except ValueError as error:
        text = f"Could not parse request body into json: {error}"
        raise ApiError("InvalidRequestContentException", text) from None


def _failure(kind, message, request):
    body = {"errorType": kind, "errorMessage": message, "requestId": request}
    return json.dumps(body).encode()
