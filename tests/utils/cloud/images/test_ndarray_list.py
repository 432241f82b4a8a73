"""MXNet's file of arrays, built byte by byte."""

import struct

import numpy as np
import pytest

from utils.cloud.images import ndarray_list
from utils.cloud.images.ndarray_list import V1, V2, V3, NDArrayError

HEAD = struct.pack("<QQQ", 0x112, 0, 1)
VALUES = struct.pack("<2f", 1.5, -2)
NAME = struct.pack("<QQ", 1, 5) + b"arg:w"
TABLE = struct.pack("<2q", 2, 1)
DEVICE = struct.pack("<ii", 1, 0)
FLOAT32, FLOAT64 = struct.pack("<i", 0), struct.pack("<i", 1)
ARRAYS = {
    "second": struct.pack("<IiI", V2, 0, 2) + TABLE,
    "third": struct.pack("<IiI", V3, 0, 2) + TABLE,
    "first": struct.pack("<II", V1, 2) + TABLE,
    "oldest": struct.pack("<III", 2, 2, 1),
}


@pytest.mark.parametrize("version", ARRAYS)
def test_each_version(version):
    data = HEAD + ARRAYS[version] + DEVICE + FLOAT32 + VALUES + NAME
    (array,) = ndarray_list.loads(data).values()
    assert array.tolist() == [[1.5], [-2]] and array.dtype == np.float32


def test_float64():
    values = struct.pack("<2d", 0.1, 0.2)
    data = HEAD + ARRAYS["second"] + DEVICE + FLOAT64 + values + NAME
    assert ndarray_list.loads(data)["arg:w"].tolist() == [[0.1], [0.2]]


def test_written_as_the_second_version():
    data = HEAD + ARRAYS["second"] + DEVICE + FLOAT32 + VALUES + NAME
    assert ndarray_list.dumps({"arg:w": np.float32([[1.5], [-2]])}) == data


def test_a_list_has_no_names():
    arrays = [np.float32([[1, 2]]), np.float64([3])]
    back = ndarray_list.loads(ndarray_list.dumps(arrays))
    assert [a.tolist() for a in back] == [[[1, 2]], [3]]
    assert [a.dtype for a in back] == [np.float32, np.float64]


def test_an_array_that_is_not_there():
    """The third version writes −1 dimensions for it."""
    data = HEAD + struct.pack("<Iii", V3, 0, -1) + struct.pack("<Q", 0)
    assert ndarray_list.loads(data)[0].size == 0


GOOD = HEAD + ARRAYS["second"] + DEVICE + FLOAT32 + VALUES + NAME


@pytest.mark.parametrize(
    "data, message",
    [
        (b"PK\3\4" + bytes(30), "begins with"),
        (GOOD[:-1], "5 bytes are announced"),
        (GOOD[:60], "12 bytes are announced"),
        (b"", "24 bytes are announced"),
        (struct.pack("<QQQ", 0x112, 0, 2**60), "arrays in 24 bytes"),
        (HEAD + struct.pack("<IiI2q", V2, 0, 2, 2**40, 2**40) + DEVICE + FLOAT32,
         "are announced"),
        (HEAD + struct.pack("<IiI2q", V2, 0, 2, -2, -4) + DEVICE + FLOAT32, "shape"),
        (HEAD + struct.pack("<IiI", V2, 1, 2) + TABLE, "storage type 1"),
        (HEAD + ARRAYS["second"] + DEVICE + struct.pack("<i", 99) + VALUES, "type 99"),
        (HEAD + struct.pack("<I", 0xDEADBEEF) + bytes(40), "not with MXNet's magic"),
        (GOOD[: -len(NAME)] + struct.pack("<Q", 7), "7 names for 1 arrays"),
    ],
)  # fmt: skip
def test_broken_files(data, message):
    with pytest.raises(NDArrayError, match=message):
        ndarray_list.loads(data)
