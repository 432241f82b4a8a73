"""The cloud's one address: requests go to SageMaker, to Lambda's runner, or to moto."""

import contextlib
import io
import json
import re
import socket
import threading
from http import HTTPStatus
from urllib.parse import parse_qs, unquote
from xml.sax.saxutils import escape

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import ThreadedWSGIServer

from utils.cloud import permissions
from utils.cloud.lambdas import check_code
from utils.cloud.moto_services import SERVICES
from utils.cloud.wire import ApiError

BODY_LIMIT = 6 * 1024**2  # of an invocation, as on AWS
UPLOAD_LIMIT = 512 * 1024**2  # of one request to S3; larger files come in parts
REQUEST_LIMIT = 70 * 1024**2  # of any other: a function's zip file may have 50 MB
INVOKE = re.compile(r"/\d{4}-\d\d-\d\d/functions/(?P<name>[^/]+)/invocations")
ENDPOINT = re.compile(r"/endpoints/(?P<name>[^/]+)/invocations(?P<kind>-[a-z-]+)?")
FUNCTION_CODE = re.compile(r"/\d{4}-\d\d-\d\d/functions(/[^/]+/code)?/?")
SCOPE = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/")
INSTEAD = {
    "rekognition": "the course's own face detection comes with its camera unit",
    "mturk": "Mechanical Turk closed on 30 September 2026; the labelling unit simulates annotators",
    "dynamodb": "the course keeps its records in S3",
    "bedrock": "the course needs no language model",
}


class Handler(MotoRequestHandler):
    """Requests of one connection; silent, and unmoved by a client that hangs up."""

    def log(self, type, message, *args):
        """Nothing: the notebook is no console."""

    def connection_dropped(self, error, environ=None):
        """A client that hung up is no error of ours."""


class _Listener(ThreadedWSGIServer):
    """Threads that closing waits for, and connections that closing ends."""

    daemon_threads = False

    def __init__(self, *arguments):
        self._open = set()
        super().__init__(*arguments)

    def process_request(self, request, client_address):
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self):
        for connection in list(
            self._open
        ):  # a client that says nothing would hold us up
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        super().server_close()


class Server:
    """A WSGI server on a free port of 127.0.0.1, with threads of its own."""

    def __init__(self, engine, port: int = 0):
        self.engine = engine
        self._server = _listening(port, self)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="cloud", daemon=True
        )

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Take no more requests, finish those that are under way, free the port."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def __call__(self, environ, start_response):
        key, region, service = _signed(environ, self.engine.region)
        try:
            answer = self._answer(environ, key, region, service)
        except ApiError as error:
            answer = _error(error, environ, service)
        except NotImplementedError as error:
            answer = _error(_not_here(service, str(error)), environ, service)
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
            answer = _error(ApiError("InternalFailure", text, 500), environ, service)
        if answer is None:
            try:
                return self._moto(environ, start_response, region, service)
            except NotImplementedError as error:
                answer = _error(_not_here(service, str(error)), environ, service)
        status, headers, body = answer
        line = f"{status} {HTTPStatus(status).phrase}"
        start_response(line, [*headers.items(), ("Content-Length", str(len(body)))])
        return [body]

    def _moto(self, environ, start_response, region, service):
        """Moto's answer; what is done with metrics and alarms has consequences here."""
        if service != "monitoring":
            return self.engine.services(environ, start_response)
        body = environ["wsgi.input"].read()
        environ["wsgi.input"] = io.BytesIO(body)
        asked = permissions.requested(service, environ, body, "", region)[0]
        answer = self.engine.services(environ, start_response)
        self.engine.alarms.after(asked.partition(":")[2], region)
        return answer

    def _answer(self, environ, key, region, service):
        """Status, headers and body, or None where moto answers."""
        engine, path = self.engine, environ.get("PATH_INFO", "")
        role = self._caller(environ, key)
        invocation = ENDPOINT.fullmatch(path)
        body = b""
        if service != "s3":
            limit = BODY_LIMIT if invocation else REQUEST_LIMIT
            body = _read(environ, limit)
        elif int(environ.get("CONTENT_LENGTH") or 0) > UPLOAD_LIMIT:
            _read(environ, UPLOAD_LIMIT)
        if role is not None:
            action, resource = permissions.requested(
                service, environ, body, engine.account, region
            )
            engine.authorize(role, action, resource)
        if invocation:
            return engine.hosting.answer(
                region, unquote(invocation["name"]), environ, body
            )
        if service == "sagemaker":
            return self._sagemaker(environ, region, body)
        if service == "lambda":
            return self._lambda(environ, path, region, body)
        if service == "iam" and b"Action=SimulatePrincipalPolicy" in body:
            return _simulated(engine, parse_qs(body.decode()))
        if service == "sts" and b"Action=AssumeRole&" in body + b"&":
            return self._assume_role(environ, parse_qs(body.decode()))
        if service not in SERVICES:
            raise _not_here(service, "")
        if service == "s3" and not engine.services.owns(path.split("/")[1]):
            raise ApiError("AccessDenied", "Access Denied", 403)
        return None

    def _caller(self, environ, key):
        """The role that a request comes from, or None for the account's owner.

        Signatures are not computed again: who knows the key has read it in this user's processes.
        """
        host = environ.get("HTTP_HOST", "").rsplit(":", 1)[0]
        if environ.get("HTTP_ORIGIN") or host not in ("127.0.0.1", "localhost"):
            text = "requests of web pages, and those to other names of this machine, are refused"
            raise ApiError("AccessDenied", text, 403)
        if key == self.engine.key:
            return None
        if key not in self.engine.sessions:
            text = "The security token included in the request is invalid."
            raise ApiError("InvalidClientTokenId", text, 403)
        return self.engine.sessions[key]

    def _assume_role(self, environ, form):
        """Let moto make the session, and remember which role its key stands for."""
        seen = {}

        def start_response(status, headers, error=None):
            seen.update(status=int(status[:3]), headers=dict(headers))

        body = b"".join(self.engine.services(environ, start_response))
        made = re.search(rb"<AccessKeyId>(\w+)</AccessKeyId>", body)
        if seen["status"] == 200 and made:
            self.engine.sessions[made[1].decode()] = form["RoleArn"][0]
        seen["headers"].pop("Content-Length", None)
        return seen["status"], seen["headers"], body

    def _sagemaker(self, environ, region, body):
        operation = environ.get("HTTP_X_AMZ_TARGET", "").split(".")[-1]
        try:
            request = json.loads(body or b"{}")
        except ValueError:
            raise ApiError("SerializationException", "the body is not JSON") from None
        answer = self.engine.sagemaker.handle(operation, request, region)
        headers = {"Content-Type": "application/x-amz-json-1.1"}
        return 200, headers, json.dumps(answer).encode()

    def _lambda(self, environ, path, region, body):
        invoked = INVOKE.fullmatch(path)
        if invoked and environ["REQUEST_METHOD"] == "POST":
            query = parse_qs(environ.get("QUERY_STRING", ""))
            headers = {
                "invocation_type": environ.get("HTTP_X_AMZ_INVOCATION_TYPE"),
                "log_type": environ.get("HTTP_X_AMZ_LOG_TYPE"),
                "qualifier": query.get("Qualifier", [None])[0],
            }
            name = unquote(invoked["name"]).split(":")[-1]
            return self.engine.lambdas.invoke(name, region, body, headers)
        if FUNCTION_CODE.fullmatch(path) and environ["REQUEST_METHOD"] in (
            "POST",
            "PUT",
        ):
            check_code(json.loads(body or b"{}"))
        return None


def _listening(port, application):
    """The server, or an error that says what to do about the port."""
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            return _Listener("127.0.0.1", port, application, Handler)
    except SystemExit:  # Werkzeug's answer to an occupied port
        text = f"port {port} is in use by another program: take another, or 0 for a free one"
        raise OSError(text) from None


def _signed(environ, region):
    """Access key, region and service of a request's signature."""
    text = environ.get("HTTP_AUTHORIZATION", "")
    if not text:
        text = unquote(environ.get("QUERY_STRING", "")).replace(
            "X-Amz-Credential", "Credential"
        )
    found = SCOPE.search(text)
    if found is None:  # S3's older way of signing an address, or no signature
        old = parse_qs(environ.get("QUERY_STRING", "")).get("AWSAccessKeyId", [None])
        return old[0], region, "s3"
    return found[1], found[2], found[3].lower()


def _read(environ, limit):
    """The body, put back for whoever reads it next; longer than `limit`: an error."""
    size = int(environ.get("CONTENT_LENGTH") or 0)
    if size > limit:
        remaining = min(size, 64 * limit)
        while remaining > 0:  # a client that is still sending would not hear the answer
            remaining -= (
                len(environ["wsgi.input"].read(min(remaining, 2**20)) or b"")
                or remaining
            )
        raise ApiError(
            "ValidationError",
            f"Value at 'body' failed to satisfy constraint: Member must have length less than or "
            f"equal to {limit} (found {size} bytes)",
        )
    body = environ["wsgi.input"].read(size)
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _error(error, environ, service):
    """An error in the form that the service's clients read."""
    if "x-www-form" in environ.get("CONTENT_TYPE", ""):
        return _xml(error, "ErrorResponse")
    if service == "s3":
        code = "AccessDenied" if error.status == 403 else error.code
        return _xml(ApiError(code, error.message, error.status), None)
    return error.response()


def _xml(error, wrapper):
    message = f"<Message>{escape(error.message)}</Message>"
    body = f"<Error><Code>{error.code}</Code>{message}</Error>"
    if wrapper:
        body = f"<{wrapper}>{body}<RequestId>none</RequestId></{wrapper}>"
    return error.status, {"Content-Type": "text/xml"}, body.encode()


def _not_here(service, detail):
    instead = INSTEAD.get(service, "see the glossary for what the course uses instead")
    detail = f" ({detail})" if detail else ""
    return ApiError(
        "NotImplemented",
        f"{service} is not available in the embedded cloud{detail}: {instead}. Nothing was done.",
        501,
    )


def _simulated(engine, form):
    """IAM's SimulatePrincipalPolicy, which moto has not built, on the same rules as requests."""
    role = form["PolicySourceArn"][0]
    resources = [v[0] for k, v in sorted(form.items()) if k.startswith("ResourceArns.")]
    rows = []
    for name, values in sorted(form.items()):
        if not name.startswith("ActionNames."):
            continue
        for resource in resources or ["*"]:
            documents = engine.services.role_documents(role.split("/")[-1]) or []
            verdict = permissions.decision(documents, values[0], resource)
            rows.append(
                f"<member><EvalActionName>{escape(values[0])}</EvalActionName>"
                f"<EvalResourceName>{escape(resource)}</EvalResourceName>"
                f"<EvalDecision>{verdict}</EvalDecision></member>"
            )
    body = (
        "<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><IsTruncated>false"
        f"</IsTruncated><EvaluationResults>{''.join(rows)}</EvaluationResults>"
        "</SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>"
    )
    return 200, {"Content-Type": "text/xml"}, body.encode()
