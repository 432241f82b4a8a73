"""Training data in three formats, and rows that are wrong."""

import json

import numpy as np
import pytest

from tests.utils.cloud.images.support import container
from utils.cloud.images import ClientError, formats, recordio

ROWS = [[1, 0.5, 2], [0, -1.5, 3]]
LINES = [{"label": row[0], "features": row[1:]} for row in ROWS]
FILES = {
    "text/csv": b"1,0.5,2\n0,-1.5,3\n",
    "application/jsonlines": "\n".join(map(json.dumps, LINES)).encode(),
    "application/x-recordio-protobuf": b"".join(
        recordio.write_record({"values": np.float32(x)}, {"values": np.float32([y])})
        for y, *x in ROWS
    ),
}


def read(tmp_path, data, content_type="text/csv", labelled=None):
    job = container(tmp_path, {}, {"train": data}, content_type)
    return formats.read_channel(job, "train", labelled)


@pytest.mark.parametrize("content_type", FILES)
def test_each_format(tmp_path, content_type):
    features, labels = read(tmp_path, FILES[content_type], content_type)
    assert labels.tolist() == [1, 0]
    assert features.tolist() == [[0.5, 2], [-1.5, 3]]


def test_csv_without_a_label(tmp_path):
    features, labels = read(tmp_path, b"1,2\n3,4", "text/csv; label_size=0")
    assert labels is None and features.tolist() == [[1, 2], [3, 4]]


def test_a_mark_at_the_start_quotes_and_blank_lines(tmp_path):
    features, labels = read(tmp_path, b'\xef\xbb\xbf1,"2"\r\n\r\n0,3\r\n')
    assert labels.tolist() == [1, 0] and features.tolist() == [[2], [3]]


def test_all_files_of_a_channel(tmp_path):
    job = container(tmp_path, {}, {"train": b"1,2\n"})
    (job.data("train") / "b").write_bytes(b"0,5\n")
    assert formats.read_channel(job, "train")[0].tolist() == [[5], [2]]
    (job.data("train") / "c").write_bytes(b"0,5,6\n")
    with pytest.raises(ClientError, match=r"rows of \[1, 2\] features"):
        formats.read_channel(job, "train")


def test_float64_and_sparse_records(tmp_path):
    data = recordio.write_record({"values": np.float64([0.1, 0])})
    data += recordio.write_sparse([1], [2], 2)
    features, labels = read(tmp_path, data, formats.RECORDIO)
    assert labels is None and features.tolist() == [[0.1, 0], [0, 2]]


@pytest.mark.parametrize(
    "data, message",
    [
        (b"label,age\n1,2\n", "part, line 1, column 1: 'label'.*no header"),
        (b"1,2\n\n1,x\n", "part, line 3, column 2: 'x' is not a finite number$"),
        (b"1,2\n1,\n", "line 2, column 2: ''"),
        (b"1,2\n1,nan\n", "line 2, column 2: 'nan'"),
        (b"1,2\n1,2,3\n", "part, line 2: 3 columns; the lines before it have 2"),
        (b"1\n0\n", "one column"),
        (b"\n", "empty"),
        (b"1,2\n1,\xff\n", "part, line 2, column 2"),
    ],
)
def test_wrong_csv(tmp_path, data, message):
    with pytest.raises(ClientError, match=message):
        read(tmp_path, data)


@pytest.mark.parametrize(
    "line, message",
    [
        ("[1, 2]", "part, line 2: each line must be"),
        ("{", "line 2: each line must be"),
        ("[" * 100_000, "line 2: each line must be"),
        ('{"label": 1}', "line 2: each line must be"),
        ('{"label": 1, "features": ["x"]}', "line 2: each line must be"),
        ('{"label": 1, "features": [1]}', "line 2: 1 features; the first one has 2"),
        ('{"features": [1, 2]}', "line 2: no label"),
        ('{"label": 1, "features": [1, NaN]}', "line 2: a value is not a finite"),
    ],
)
def test_wrong_json_lines(tmp_path, line, message):
    data = (json.dumps(LINES[0]) + "\n" + line).encode()
    with pytest.raises(ClientError, match=message):
        read(tmp_path, data, formats.JSON_LINES)


@pytest.mark.parametrize(
    "data, message",
    [
        (b"1,2.5,3\n", "part, record 1: no RecordIO frame"),
        (
            recordio.write_record({"other": np.float32([1])}),
            "no feature named 'values'",
        ),
        (recordio.write_record({"values": np.float32([1])}), "record 1: no label"),
    ],
)
def test_wrong_records(tmp_path, data, message):
    with pytest.raises(ClientError, match=message):
        read(tmp_path, data, formats.RECORDIO, labelled=True)


@pytest.mark.parametrize(
    "content_type, message",
    [
        ("image/png", "it must be one of text/csv, application/jsonlines"),
        ("text/csv;label_size=2", "label_size=2; it must be 0 or 1"),
    ],
)
def test_wrong_content_types(tmp_path, content_type, message):
    with pytest.raises(ClientError, match=message):
        read(tmp_path, b"1,2\n", content_type)
