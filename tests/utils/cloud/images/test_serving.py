"""Linear Learner's answers, shape by shape as the developer guide prints them."""

import json

import numpy as np
import pytest

from utils.cloud.images import InvocationError, recordio
from utils.cloud.images.linear_learner.artefact import Model
from utils.cloud.images.linear_learner.serving import Server

COLUMN = np.float32([[2], [-1]])
BINARY = Server(Model(COLUMN, np.float32([0.5]), "binary_classifier", "logistic", 0.5))
REGRESSOR = Server(Model(COLUMN, np.float32([0.5]), "regressor", "squared_loss"))
MULTI = Server(
    Model(
        np.zeros((2, 4), np.float32),
        np.log(np.float32([0.1, 0.2, 0.4, 0.3])),
        "multiclass_classifier",
        "softmax_loss",
    )
)
BODY = b"1,2.5"
EXPECTED = {
    "binary": (BINARY, {"score": 0.5, "predicted_label": 1}),
    "regressor": (REGRESSOR, {"score": 0.0}),
    "multi": (MULTI, {"score": [0.1, 0.2, 0.4, 0.3], "predicted_label": 2}),
}


@pytest.mark.parametrize("kind", EXPECTED)
def test_json(kind):
    server, expected = EXPECTED[kind]
    body, content_type = server.invoke(BODY + b"\n" + BODY, "text/csv", None)
    assert content_type == "application/json"
    found = json.loads(body)
    assert list(found) == ["predictions"] and len(found["predictions"]) == 2
    assert list(found["predictions"][0]) == list(expected)
    for name, value in expected.items():
        assert found["predictions"][1][name] == pytest.approx(value)


@pytest.mark.parametrize("kind", EXPECTED)
def test_json_lines(kind):
    server, expected = EXPECTED[kind]
    body, content_type = server.invoke(
        b'{"features": [1, 2.5]}\n' * 2,
        "application/jsonlines",
        "application/jsonlines",
    )
    assert content_type == "application/jsonlines"
    first, second = body.decode().splitlines()
    assert first == second and list(json.loads(first)) == list(expected)


@pytest.mark.parametrize("kind", EXPECTED)
def test_records(kind):
    server, expected = EXPECTED[kind]
    request = recordio.write_record({"values": np.float32([1, 2.5])})
    body, _ = server.invoke(request, recordio.CONTENT_TYPE, recordio.CONTENT_TYPE)
    (payload,) = recordio.frames(body)
    features, labels = recordio.read_record(payload)
    assert features == {} and list(labels) == list(expected)
    for name, value in expected.items():
        np.testing.assert_allclose(labels[name], np.atleast_1d(value), rtol=1e-6)


def test_csv():
    assert BINARY.invoke(BODY, "text/csv", "text/csv") == (b"0.5,1\n", "text/csv")
    assert REGRESSOR.invoke(BODY, "text/csv", "text/csv")[0] == b"0.0\n"
    cells = MULTI.invoke(BODY, "text/csv", "text/csv")[0].decode().strip().split(",")
    assert cells[-1] == "2" and len(cells) == 5


def test_what_is_refused():
    with pytest.raises(InvocationError, match=r"row 1: 3 features; .* expects 2"):
        BINARY.invoke(b"1,2,3", "text/csv")
    with pytest.raises(InvocationError, match="one of application/json") as found:
        BINARY.invoke(BODY, "text/csv", "image/png")
    assert found.value.status == 406
