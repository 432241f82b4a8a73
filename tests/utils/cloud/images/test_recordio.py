"""RecordIO-protobuf: by hand, against google.protobuf, and bytes that are broken."""

import struct

import numpy as np
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from hypothesis import given
from hypothesis import strategies as st

from utils.cloud.images import recordio
from utils.cloud.images.recordio import RecordError

TYPE = descriptor_pb2.FieldDescriptorProto
SINGLE, MANY = TYPE.LABEL_OPTIONAL, TYPE.LABEL_REPEATED


def add(message, name, number, kind, label=SINGLE, type_name=""):
    field = message.field.add(name=name, number=number, type=kind, label=label)
    if type_name:
        field.type_name = type_name
    if label == MANY and kind != TYPE.TYPE_MESSAGE:
        field.options.packed = True


def record_class():
    """The Record of the developer guide, made by google.protobuf."""
    file = descriptor_pb2.FileDescriptorProto(
        name="record.proto", package="aialgs", syntax="proto2"
    )
    kinds = {"Float32": TYPE.TYPE_FLOAT, "Float64": TYPE.TYPE_DOUBLE}
    kinds["Int32"] = TYPE.TYPE_INT32
    for name, kind in kinds.items():
        tensor = file.message_type.add(name=f"{name}Tensor")
        add(tensor, "values", 1, kind, MANY)
        add(tensor, "keys", 2, TYPE.TYPE_UINT64, MANY)
        add(tensor, "shape", 3, TYPE.TYPE_UINT64, MANY)
    value = file.message_type.add(name="Value")
    value.oneof_decl.add(name="value")
    for number, name in ((2, "Float32"), (3, "Float64"), (7, "Int32")):
        add(
            value, f"{name.lower()}_tensor", number, TYPE.TYPE_MESSAGE,
            type_name=f".aialgs.{name}Tensor",
        )  # fmt: skip
        value.field[-1].oneof_index = 0
    record = file.message_type.add(name="Record")
    for number, name in ((1, "features"), (2, "label")):
        entry = record.nested_type.add(name=f"{name.capitalize()}Entry")
        entry.options.map_entry = True
        add(entry, "key", 1, TYPE.TYPE_STRING)
        add(entry, "value", 2, TYPE.TYPE_MESSAGE, type_name=".aialgs.Value")
        inner = f".aialgs.Record.{name.capitalize()}Entry"
        add(record, name, number, TYPE.TYPE_MESSAGE, MANY, inner)
    add(record, "uid", 3, TYPE.TYPE_STRING)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("aialgs.Record"))


Record = record_class()


def test_by_hand():
    """One feature, 1.5: each byte as the encoding's rules say."""
    tensor = b"\x0a\x04" + struct.pack("<f", 1.5)
    value = b"\x12\x06" + tensor
    entry = b"\x0a\x06values" + b"\x12\x08" + value
    payload = b"\x0a\x12" + entry
    data = struct.pack("<II", 0xCED7230A, 20) + payload
    assert recordio.write_record({"values": np.float32([1.5])}) == data
    (found,) = recordio.frames(data)
    features, labels = recordio.read_record(found)
    assert features["values"].tolist() == [1.5] and labels == {}


@given(
    st.lists(st.floats(width=32, allow_nan=False), max_size=5),
    st.floats(allow_nan=False),
)
def test_google_reads_what_we_write(features, label):
    data = recordio.write_record(
        {"values": np.array(features, np.float32)}, {"values": np.float64([label])}
    )
    record = Record.FromString(next(recordio.frames(data)))
    assert list(record.features["values"].float32_tensor.values) == features
    assert list(record.label["values"].float64_tensor.values) == [label]


@given(st.lists(st.integers(-(2**31), 2**31 - 1), max_size=5), st.text(max_size=300))
def test_we_read_what_google_writes(numbers, uid):
    record = Record(uid=uid)
    record.features["values"].int32_tensor.values.extend(numbers)
    record.label["values"].float32_tensor.values.append(1)
    features, labels = recordio.read_record(record.SerializeToString())
    assert features["values"].tolist() == numbers
    assert labels["values"].tolist() == [1]


def test_sparse_is_laid_out():
    data = recordio.write_sparse([1, 300], [2.0, 4.0], 301, label=1)
    record = Record.FromString(next(recordio.frames(data)))
    assert list(record.features["values"].float32_tensor.keys) == [1, 300]
    features, labels = recordio.read_record(next(recordio.frames(data)))
    expected = np.zeros(301)
    expected[[1, 300]] = 2, 4
    assert features["values"].tolist() == expected.tolist()
    assert labels["values"].tolist() == [1]


def test_lists_that_are_not_packed():
    """Older writers give each number a tag of its own."""
    value = b"".join(b"\x0d" + struct.pack("<f", v) for v in (1, 2))
    payload = recordio.field(
        1, recordio.field(1, b"values") + recordio.field(2, recordio.field(2, value))
    )
    features, _ = recordio.read_record(payload)
    assert features["values"].tolist() == [1, 2]


def test_a_record_cut_at_the_magic_number():
    """MXNet writes a payload that holds the magic number in parts, without it."""
    first = struct.pack("<II", recordio.MAGIC, 1 << 29 | 4) + b"abcd"
    last = struct.pack("<II", recordio.MAGIC, 3 << 29 | 2) + b"ef\0\0"
    whole = b"abcd" + struct.pack("<I", recordio.MAGIC) + b"ef"
    assert list(recordio.frames(first + last)) == [whole]
    with pytest.raises(RecordError, match="cut off"):
        list(recordio.frames(first))


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data):
    try:
        for payload in recordio.frames(recordio.frame(data)):
            recordio.read_record(payload)
    except RecordError:
        pass


@pytest.mark.parametrize(
    "data, message",
    [
        (b"label,a,b", "no RecordIO frame at byte 0"),
        (b"abc", "3 stray bytes"),
        (struct.pack("<II", recordio.MAGIC, 99), "reaches beyond the end"),
    ],
)
def test_broken_frames(data, message):
    with pytest.raises(RecordError, match=message):
        list(recordio.frames(data))


def sparse(keys, values, shape):
    tensor = b"".join(recordio.field(2, recordio.varint(k)) for k in keys)
    tensor += recordio.field(1, np.float32(values).tobytes())
    tensor += b"".join(recordio.field(3, recordio.varint(s)) for s in shape)
    value = recordio.field(2, tensor)
    return recordio.field(1, recordio.field(1, b"values") + recordio.field(2, value))


@pytest.mark.parametrize(
    "payload, message",
    [
        (b"\xff" * 11, "does not end"),
        (b"\x0a\x7f", "reaches beyond its message"),
        (b"\x0b", "unknown wire type 3"),
        (sparse([5], [1.0], [3]), "keys up to 5"),
        (sparse([0, 1], [1.0], [3]), "2 keys up to 1 for 1 values"),
        (sparse([0], [1.0], []), "needs a shape"),
        (sparse([0], [1.0], [2**40]), "needs a shape"),
        (recordio.field(1, recordio.field(1, b"values")), "no tensor of numbers"),
    ],
)
def test_broken_records(payload, message):
    with pytest.raises(RecordError, match=message):
        recordio.read_record(payload)
