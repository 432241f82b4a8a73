"""RecordIO-protobuf, SageMaker's own data format: a small reader and writer.

A file is a chain of frames: the number 0xced7230a, a word with 3 bits of flag and 29 of length, the
payload, zeros up to a multiple of four. A payload is a protobuf ``aialgs.data.Record``::

    Record  map<string, Value> features = 1, label = 2; string uid = 3, metadata = 4
    Value   Float32Tensor = 2, Float64Tensor = 3, Int32Tensor = 7, Bytes = 9
    Tensor  packed values = 1, packed uint64 keys = 2 (given: sparse), packed uint64 shape = 3

Features and labels lie under the key ``values``; a label in an answer under its own name.

References
----------
Amazon SageMaker Developer Guide, "Common Data Formats for Training"; the frames: MXNet's
``recordio``; the bytes: Protocol Buffers, "Encoding".
"""

import struct
from collections.abc import Iterator

import numpy as np

MAGIC = 0xCED7230A
CONTENT_TYPE = "application/x-recordio-protobuf"
WIRE_VARINT, WIRE_64, WIRE_BYTES, WIRE_32 = 0, 1, 2, 5
DTYPES = {2: np.dtype("<f4"), 3: np.dtype("<f8")}
LARGEST_SPARSE = 10_000_000


class RecordError(ValueError):
    """Bytes that are not RecordIO-protobuf."""


def frames(data: bytes) -> Iterator[bytes]:
    """The payloads of a RecordIO file, one after another.

    Raises
    ------
    RecordError
        If a frame does not begin with the magic number or reaches beyond the data.
    """
    at, parts = 0, []
    while at < len(data):
        if len(data) - at < 8:
            raise RecordError(f"{len(data) - at} stray bytes at the end")
        magic, word = struct.unpack_from("<II", data, at)
        flag, length = word >> 29, word & 0x1FFFFFFF
        if magic != MAGIC:
            raise RecordError(f"no RecordIO frame at byte {at}: found {magic:#010x}")
        if at + 8 + length > len(data):
            raise RecordError(f"the frame at byte {at} reaches beyond the end")
        parts.append(data[at + 8 : at + 8 + length])
        at += 8 + length + -length % 4
        # a payload that holds the magic number itself is cut there: flags 1, 2, …, 3
        if flag in (0, 3):
            yield struct.pack("<I", MAGIC).join(parts)
            parts = []
    if parts:
        raise RecordError("the last record is cut off")


def frame(payload: bytes) -> bytes:
    """One payload as one RecordIO frame."""
    if len(payload) >= 1 << 29:
        raise RecordError(f"a record of {len(payload)} bytes; at most 2**29 - 1 fit")
    head = struct.pack("<II", MAGIC, len(payload))
    return head + payload + bytes(-len(payload) % 4)


def varint(number: int) -> bytes:
    """A whole number from zero up as protobuf writes it: seven bits a byte, the lowest first."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """The number at `at`, and where the next field begins."""
    number = shift = 0
    while at < len(data) and shift < 64:
        byte = data[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return number, at
    raise RecordError("a number that does not end")


def fields(data: bytes) -> Iterator[tuple[int, int, int | bytes]]:
    """A message's fields: (number, wire type, value), unknown ones included."""
    at = 0
    while at < len(data):
        tag, at = read_varint(data, at)
        number, wire = tag >> 3, tag & 7
        if wire == WIRE_VARINT:
            value, at = read_varint(data, at)
        elif wire in (WIRE_BYTES, WIRE_64, WIRE_32):
            length = {WIRE_64: 8, WIRE_32: 4}.get(wire)
            if length is None:
                length, at = read_varint(data, at)
            value, at = data[at : at + length], at + length
            if at > len(data):
                raise RecordError(f"field {number} reaches beyond its message")
        else:
            raise RecordError(f"field {number} has the unknown wire type {wire}")
        yield number, wire, value


def field(number: int, value: bytes) -> bytes:
    """One field of bytes: a text, a message or a packed list."""
    return varint(number << 3 | WIRE_BYTES) + varint(len(value)) + value


def read_record(payload: bytes) -> tuple[dict, dict]:
    """The features and the labels of a record, each name → a vector.

    A sparse vector is laid out in full: as long as its shape says.

    Raises
    ------
    RecordError
        If the bytes are not a ``Record``.
    """
    maps: tuple[dict, dict] = {}, {}
    for number, wire, value in fields(payload):
        if number in (1, 2) and wire == WIRE_BYTES:
            entry = {n: v for n, _, v in fields(value)}
            name = bytes(entry.get(1, b"")).decode("utf-8", "replace")
            maps[number - 1][name] = _read_value(entry.get(2, b""))
    return maps


def write_record(features: dict, labels: dict | None = None) -> bytes:
    """A record as a RecordIO frame; each dict: name → vector (float32 or float64 decides)."""
    payload = b""
    for number, vectors in ((1, features), (2, labels or {})):
        for name, vector in vectors.items():
            entry = field(1, name.encode()) + field(2, _write_value(vector))
            payload += field(number, entry)
    return frame(payload)


def write_sparse(keys, values, length: int, label: float | None = None) -> bytes:
    """A record whose features are sparse, as a RecordIO frame."""
    values = np.atleast_1d(np.asarray(values, "<f4"))
    tensor = field(1, values.tobytes()) + field(2, b"".join(map(varint, keys)))
    value = field(2, tensor + field(3, varint(length)))
    payload = field(1, field(1, b"values") + field(2, value))
    if label is not None:
        inner = _write_value(np.float32([label]))
        payload += field(2, field(1, b"values") + field(2, inner))
    return frame(payload)


def _write_value(vector) -> bytes:
    vector = np.atleast_1d(vector)
    number = 3 if vector.dtype == np.float64 else 2
    return field(number, field(1, vector.astype(DTYPES[number]).tobytes()))


def _read_value(value: bytes) -> np.ndarray:
    for number, _, tensor in fields(value):
        if number in DTYPES:
            return _read_tensor(tensor, lambda data, n=number: _floats(data, DTYPES[n]))
        if number == 7:
            return _read_tensor(tensor, lambda data: _int32(_varints(data)))
    raise RecordError("a value that is no tensor of numbers")


def _read_tensor(tensor: bytes, decode) -> np.ndarray:
    values, keys, shape = [], [], []
    for number, wire, value in fields(tensor):
        if number == 1:
            # one that is not packed comes number by number
            packed = value if wire != WIRE_VARINT else varint(value)
            values.append(decode(packed))
        elif number in (2, 3):
            into = keys if number == 2 else shape
            into.extend([value] if wire == WIRE_VARINT else _varints(value))
    vector = np.concatenate(values) if values else np.zeros(0)
    return _dense(vector, keys, shape) if keys else vector


def _dense(values: np.ndarray, keys: list[int], shape: list[int]) -> np.ndarray:
    length = 1
    for side in shape:
        length *= side
    if not shape or length > LARGEST_SPARSE:
        raise RecordError(
            f"a sparse tensor needs a shape of 1 to {LARGEST_SPARSE} numbers"
        )
    if len(keys) != len(values) or max(keys) >= length:
        raise RecordError(
            f"{len(keys)} keys up to {max(keys)} for {len(values)} values of {length}"
        )
    full = np.zeros(length, values.dtype)
    full[keys] = values
    return full


def _floats(data: bytes, dtype: np.dtype) -> np.ndarray:
    if len(data) % dtype.itemsize:
        raise RecordError(f"{len(data)} bytes are not a list of {dtype.name}")
    return np.frombuffer(data, dtype)


def _varints(data: bytes) -> list[int]:
    numbers, at = [], 0
    while at < len(data):
        number, at = read_varint(data, at)
        numbers.append(number)
    return numbers


def _int32(numbers: list[int]) -> np.ndarray:
    # a negative number is written as its 64-bit two's complement
    return np.array(numbers, np.uint64).astype(np.int64).astype(float)
