"""Serving over HTTP: a customer's script in its own process, as an endpoint starts it."""

import io
import socket
import threading

import numpy as np
import pytest

from tests.utils.cloud.images.script_jobs import Server, run, write
from utils.cloud.archives import pack_tar
from utils.cloud.images import Container

SKLEARN = "sagemaker-scikit-learn"
TWICE = """
    import json, os, utils

    class Twice:
        def predict(self, rows):
            if rows.ndim != 2:
                raise ValueError("Expected 2D array, got 1D array instead")
            return rows.sum(axis=1) * self.factor

    def model_fn(model_dir):
        model = Twice()
        with open("/opt/ml/model/factor.json") as file:
            model.factor = json.load(file)
        assert os.path.samefile(model_dir, "/opt/ml/model")
        assert utils.OWN
        return model
"""


def place(folder, script, **files):
    """A model's folder with an inference script in it; the container's root."""
    code = {"code/inference.py": script, "code/utils.py": "OWN = True"}
    write(folder / "model", {"factor.json": "2", **code, **files})
    return folder


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The default functions."""
    root = place(tmp_path_factory.mktemp("ml"), TWICE)
    server = Server(root, SKLEARN, SAGEMAKER_PROGRAM="inference.py")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A script with functions of its own, one of which fails on request."""
    script = """
        import sys
        def model_fn(model_dir):
            return 10
        def input_fn(body, content_type):
            if content_type == "text/exit":
                sys.exit("the script ends")
            return body, content_type
        def predict_fn(data, model):
            if data[0] == "fail":
                raise KeyError("no such person")
            return type(data[0]).__name__, data[1], model
        def output_fn(prediction, accept):
            if accept == "text/none":
                return None
            return " ".join(map(str, prediction)), "text/own"
    """
    root = place(tmp_path_factory.mktemp("own"), script)
    server = Server(root, SKLEARN, SAGEMAKER_PROGRAM="inference.py")
    yield server
    server.stop()


def test_ping(server):
    assert server.ask()[0] == 200


def test_csv_in_json_out(server):
    """(1 + 2) · 2 and (3 + 4) · 2."""
    assert server.ask("1,2\n3,4\n") == (200, "application/json", b"[6.0, 14.0]")


def test_json_in_csv_out(server):
    answer = server.ask("[[1, 2], [3, 4]]", "application/json", "text/csv")
    assert answer == (200, "text/csv", b"6.0\n14.0\n")


def test_npy_in_and_out(server):
    buffer = io.BytesIO()
    np.save(buffer, np.array([[1, 2], [3, 4]]))
    npy = "application/x-npy"
    status, kind, body = server.ask(buffer.getvalue(), npy, npy)
    assert (status, kind) == (200, npy)
    assert np.load(io.BytesIO(body)).tolist() == [6, 14]


@pytest.mark.parametrize("accept", [None, "*/*"])
def test_json_by_default(server, accept):
    assert server.ask("1,2\n3,4", accept=accept)[1] == "application/json"


def test_parameters_of_a_content_type_do_not_matter(server):
    assert server.ask("1,2\n3,4", "text/csv; charset=utf-8")[0] == 200


@pytest.mark.parametrize(
    "body, kind",
    [
        ("1,x\n3,4", "text/csv"),
        ("1,2\n3", "text/csv"),
        ("[[1, 2]", "application/json"),
        ('{"instances": []}', "application/json"),
        (b"\xff\xfe", "text/csv"),
        (b"not npy", "application/x-npy"),
    ],
)
def test_a_body_that_cannot_be_read(server, body, kind):
    status, _, text = server.ask(body, kind)
    assert status == 400, text


def test_a_pickle_is_not_loaded(server):
    buffer = io.BytesIO()
    np.save(buffer, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    status, _, text = server.ask(buffer.getvalue(), "application/x-npy")
    assert status == 400 and b"allow_pickle=False" in text


def test_unsupported_content_type(server):
    status, _, text = server.ask("a", "text/html")
    assert status == 415 and b"text/html" in text


def test_unsupported_accept(server):
    status, _, text = server.ask("1,2\n3,4", accept="text/html")
    assert status == 406 and b"text/html" in text


def test_an_exception_is_told_and_logged(server):
    """One line of CSV is an array of one dimension, on AWS as here."""
    answer = server.ask("1,2")
    text = "ValueError: Expected 2D array, got 1D array instead"
    assert answer[0] == 500 and answer[2].decode() == text
    assert text in server.log and 'inference.py", line 7, in predict' in server.log


def test_own_functions(own):
    assert own.ask("a", "text/csv") == (200, "text/own", b"str text/csv 10")
    assert own.ask("a", "image/png")[2] == b"bytes image/png 10"
    assert own.ask("a", None)[2] == b"str application/json 10"


def test_own_functions_that_fail(own):
    status, _, text = own.ask("fail")
    assert (status, text) == (500, b"KeyError: 'no such person'")
    assert own.ask("a", "text/exit")[2] == b"SystemExit: the script ends"
    status, _, text = own.ask("a", accept="text/none")
    assert status == 500 and b"TypeError: the script answered with NoneType" in text
    assert own.ask("a")[0] == 200


def test_transform_fn_and_a_default_accept(tmp_path):
    script = """
        def model_fn(model_dir):
            return "model"
        def transform_fn(model, body, content_type, accept):
            return f"{model} {body} {content_type} {accept}"
    """
    variables = {
        "SAGEMAKER_PROGRAM": "inference.py",
        "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "text/plain",
    }
    server = Server(place(tmp_path, script), SKLEARN, **variables)
    try:
        answer = server.ask("a", accept=None)
        assert answer == (200, "text/plain", b"model a text/csv text/plain")
    finally:
        server.stop()


def test_code_that_the_platform_fetched(tmp_path):
    """SAGEMAKER_SUBMIT_DIRECTORY's archive, when the model's own folder has no code."""
    root = write(tmp_path / "ml", {"model/factor.json": "3"})
    files = {"serve.py": TWICE, "utils.py": "OWN = True"}
    (root / "input" / "source").mkdir(parents=True)
    source = write(tmp_path / "source", files)
    pack_tar(source, root / "input" / "source" / "sourcedir.tar.gz")
    server = Server(root, SKLEARN, SAGEMAKER_PROGRAM="serve.py")
    try:
        assert server.ask("1,2\n3,4\n")[2] == b"[9.0, 21.0]"
    finally:
        server.stop()


# --- the server --------------------------------------------------------------------------------


def test_other_paths(server):
    with server.connection() as connection:
        connection.request("GET", "/models")
        assert connection.getresponse().status == 404


def test_one_connection_serves_many_requests(server):
    with server.connection() as connection:
        for _ in range(3):
            connection.request(
                "POST", "/invocations", "1,2\n3,4", {"Content-Type": "text/csv"}
            )
            answer = connection.getresponse()
            assert (answer.status, answer.read()) == (200, b"[6.0, 14.0]")
            assert answer.headers["Connection"] is None


def test_a_body_too_long_is_refused_unread(server):
    with server.connection() as connection:
        connection.putrequest("POST", "/invocations")
        connection.putheader("Content-Length", str(7 * 1024**2))
        connection.endheaders()
        answer = connection.getresponse()
        assert answer.status == 413 and b"are allowed" in answer.read()


def test_a_body_of_unknown_length_is_refused(server):
    with server.connection() as connection:
        connection.request(
            "POST", "/invocations", iter([b"1"]), {"Content-Type": "text/csv"}
        )
        assert connection.getresponse().status == 411


def test_clients_that_hang_up(server):
    """In the middle of the body, and before the answer."""
    for text in (
        b"POST /invocations HTTP/1.1\r\nContent-Length: 100\r\n\r\n1,2",
        b"POST /invocations HTTP/1.1\r\nContent-Length: 7\r\n\r\n1,2\n3,4",
        b"\x00\x01\x02",
    ):
        client = socket.create_connection(("127.0.0.1", server.port))
        client.sendall(text)
        client.close()
    assert server.ask("1,2\n3,4")[0] == 200
    assert server.process.poll() is None


def test_two_hundred_at_once(server):
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(server.ask("1,2\n3,4")[2]))
        for _ in range(200)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert answers == [b"[6.0, 14.0]"] * 200


# --- models that cannot be served --------------------------------------------------------------


@pytest.mark.parametrize(
    "script, expected",
    [
        (
            "def model_fn(model_dir):\n    raise FileNotFoundError('no model.joblib')",
            "FileNotFoundError: no model.joblib",
        ),
        ("x = 1", "inference.py has no model_fn(model_dir)"),
        (
            "def model_fn(d): ...\ndef transform_fn(*a): ...\ndef input_fn(*a): ...",
            "use one way or the other",
        ),
        ("import no_such_module", "No module named 'no_such_module'"),
    ],
)
def test_a_model_that_cannot_be_loaded(tmp_path, script, expected):
    root = place(tmp_path, script)
    outcome = run(Container(root), SKLEARN, "serve", SAGEMAKER_PROGRAM="inference.py")
    assert outcome.returncode == 1
    assert expected in outcome.stdout and "listening" not in outcome.stdout


@pytest.mark.parametrize(
    "variables, expected",
    [
        ({}, "SAGEMAKER_PROGRAM must name the inference script"),
        ({"SAGEMAKER_PROGRAM": "a.py"}, "'a.py', which is not in /opt/ml/model/code"),
    ],
)
def test_a_script_that_is_not_there(tmp_path, variables, expected):
    outcome = run(Container(place(tmp_path, "")), SKLEARN, "serve", **variables)
    assert outcome.returncode == 1 and expected in outcome.stdout


def test_an_unsatisfied_requirement(tmp_path):
    root = place(tmp_path, TWICE, **{"code/requirements.txt": "no-such-package"})
    outcome = run(Container(root), SKLEARN, "serve", SAGEMAKER_PROGRAM="inference.py")
    assert (
        outcome.returncode == 1
        and "'no-such-package' is not installed" in outcome.stdout
    )
