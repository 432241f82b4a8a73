"""Requests: every form that is read, and what is refused with which status."""

import json

import numpy as np
import pytest

from utils.cloud.images import InvocationError, payload, recordio

TABLE = [[1, 2.5], [-3, 4]]
FORMS = {
    "text/csv": "1,2.5\n-3,4\n",
    "text/csv; charset=utf-8": "1, 2.5\r\n-3, 4",
    "application/json": json.dumps(
        {"instances": [{"features": [1, 2.5]}, {"features": [-3, 4]}]}
    ),
    "application/json;long": json.dumps(
        {"instances": [{"data": {"features": {"values": row}}} for row in TABLE]}
    ),
    "application/jsonlines": '{"features": [1, 2.5]}\n{"features": [-3, 4]}\n',
}


@pytest.mark.parametrize("content_type", FORMS)
def test_each_form(content_type):
    found = payload.rows(FORMS[content_type].encode(), content_type, 2)
    assert found.tolist() == TABLE and found.dtype == float


def test_records():
    body = b"".join(recordio.write_record({"values": np.float32(row)}) for row in TABLE)
    assert payload.rows(body, payload.RECORDIO, 2).tolist() == TABLE


def test_sparse_instances():
    features = {"keys": [2], "shape": [3], "values": [7]}
    body = json.dumps({"instances": [{"data": {"features": features}}]}).encode()
    assert payload.rows(body, payload.JSON, 3).tolist() == [[0, 0, 7]]


@pytest.mark.parametrize(
    "content_type, body, message",
    [
        ("text/csv", "1,2\n1,2,3", "row 2: 3 features; the model expects 2"),
        ("text/csv", "1,2\n1,x", "row 2, feature 2: 'x' is not a finite number"),
        ("text/csv", "1,inf", "row 1, feature 2: 'inf'"),
        ("text/csv", "", "no rows"),
        ("application/json", "{", "the body is not JSON"),
        ("application/json", "[" * 100_000, "the body is not JSON"),
        ("application/json", "[[1, 2]]", "the body must be"),
        ("application/json", '{"instances": [{"x": 1}]}', "row 1: each instance must"),
        ("application/json", '{"instances": [{"features": [1, [2]]}]}', "feature 2"),
        ("application/json", '{"instances": [{"features": [1, null]}]}', "feature 2"),
        ("application/json", '{"instances": [{"features": {"keys": [5], "shape": [2], '
         '"values": [1]}}]}', "sparse features need"),
        ("application/jsonlines", '{"features": [1, 2]}\nx', "row 2 is not JSON"),
        ("application/x-recordio-protobuf", "1,2", "not RecordIO-protobuf"),
        (
            "application/x-recordio-protobuf",
            recordio.write_record({"other": np.float32([1])}),
            "no feature named",
        ),
        ("text/csv", b"\xff\xfe", "not UTF-8"),
        ("application/json", '{"instances": [{"features": [1, 1%s]}]}' % ("0" * 400),
         "feature 2"),
    ],
)  # fmt: skip
def test_what_is_refused(content_type, body, message):
    body = body if isinstance(body, bytes) else body.encode()
    with pytest.raises(InvocationError, match=message) as found:
        payload.rows(body, content_type, 2)
    assert found.value.status == 400


def test_a_content_type_that_is_not_read():
    with pytest.raises(
        InvocationError, match="one of text/csv, application/json,"
    ) as e:
        payload.rows(b"", "image/png", 2)
    assert e.value.status == 415


@pytest.mark.parametrize(
    "accept, chosen",
    [
        (None, "a/b"), ("", "a/b"), ("*/*", "a/b"), ("c/d", "c/d"), ("C/D;q=1", "c/d"),
        ("x/y, c/d", "c/d"),
    ],
)  # fmt: skip
def test_accept(accept, chosen):
    assert payload.accepted(accept, ("a/b", "c/d"), "a/b") == chosen


def test_accept_names_what_there_is():
    with pytest.raises(InvocationError, match="one of a/b, c/d") as found:
        payload.accepted("x/y", ("a/b", "c/d"), "a/b")
    assert found.value.status == 406
