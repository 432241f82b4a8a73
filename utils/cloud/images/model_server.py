"""The HTTP server of a serving container: ``GET /ping`` and ``POST /invocations``."""

import contextlib
import os
import socket
import sys
import traceback
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from utils.cloud.images.container import Container, InvocationError

# InvokeEndpoint takes 6 MiB; batch transform may send up to 100 MB in one request
LARGEST = 6 * 1024**2 + 64 * 1024
IDLE = 120  # seconds after which a silent connection is closed
LINGER = 256  # blocks of 64 KiB that are thrown away after a refusal
TEXT = "text/plain; charset=utf-8"


def serve(container: Container, load: Callable) -> None:
    """Load the model, then answer requests until the process is ended.

    Parameters
    ----------
    container : Container
        Its `model_dir` holds the unpacked model.
    load : callable
        ``load(model_dir, environment)``, which returns an object with ``invoke``.

    Notes
    -----
    The variable ``SAGEMAKER_BIND_TO_PORT`` is the port on 127.0.0.1; 0 or none: a free one. The
    line ``listening on <port>`` says that the model is loaded and requests are answered. A model
    that cannot be loaded ends the process with exit code 1 after its traceback.

    ``SAGEMAKER_MAX_PAYLOAD_IN_MB`` allows a larger body than the 6 MiB of an endpoint.
    """
    try:
        model = load(container.model_dir, dict(os.environ))
    except (Exception, SystemExit):
        traceback.print_exc()
        sys.stderr.flush()
        sys.exit(1)
    port = int(os.environ.get("SAGEMAKER_BIND_TO_PORT") or 0)
    megabytes = int(os.environ.get("SAGEMAKER_MAX_PAYLOAD_IN_MB") or 0)
    largest = max(LARGEST, megabytes * 1024**2)
    with make_server(model, port, largest) as server:
        print(f"listening on {server.server_address[1]}", flush=True)
        server.serve_forever()


def make_server(model, port: int = 0, largest: int = LARGEST) -> ThreadingHTTPServer:
    """A server bound to 127.0.0.1, one thread a connection."""
    handler = type("Handler", (_Handler,), {"model": model, "largest": largest})
    return _Server(("127.0.0.1", port), handler)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request, client_address):
        error = sys.exception()
        if not isinstance(error, ConnectionError | TimeoutError):
            traceback.print_exc()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = IDLE
    # an answer leaves as one packet: headers and body apart cost 40 ms on a kept connection
    wbufsize = -1
    disable_nagle_algorithm = True
    model, largest = None, LARGEST

    def do_GET(self):
        if self.path == "/ping":
            self._answer(200, b"", TEXT)
        else:
            self._refuse(404, f"no {self.path} here: GET /ping or POST /invocations")

    def do_POST(self):
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal():
            self._turn_away(411, "a request needs its length in Content-Length")
        elif int(length) > self.largest:
            text = f"the body has {length} bytes; {self.largest} are allowed"
            self._turn_away(413, text)
        else:
            body = self.rfile.read(int(length))
            if len(body) < int(length):
                self.close_connection = True  # the client hung up
            elif self.path == "/invocations":
                self._invoke(body)
            else:
                self._refuse(404, f"no {self.path} here: POST /invocations")

    def _invoke(self, body: bytes):
        accept = self.headers.get("Accept", "*/*")
        try:
            content_type = self.headers.get("Content-Type", "")
            answer, kind = self.model.invoke(body, content_type, accept)
            self._answer(200, answer, kind)
        except InvocationError as error:
            self._refuse(error.status, error.message)
        except ConnectionError:
            self.close_connection = True
        except Exception as error:
            traceback.print_exc()
            self._refuse(500, f"{type(error).__name__}: {error}")

    def _turn_away(self, status: int, message: str):
        """Answer a request whose body is not read, and close the connection."""
        self.close_connection = True
        self._refuse(status, message)
        self.wfile.flush()
        # closed at once, with data on its way to us, it would be reset before the answer is read
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(1)
            for _ in range(LINGER):
                if not self.connection.recv(65536):
                    break

    def _refuse(self, status: int, message: str):
        self._answer(status, message.encode("utf-8", "replace"), TEXT)

    def _answer(self, status: int, body: bytes, kind: str):
        self.send_response(status)
        # a line break in what a script returns would begin a header of its own
        self.send_header("Content-Type", " ".join(kind.split()))
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code="-", size="-"):
        """Pings, every few seconds, stay out of the log; an invocation is a line."""
        if self.path != "/ping":
            self.log_message('"%s" %s', self.requestline, code)
