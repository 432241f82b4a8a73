"""MXNet's file of arrays (``mx.nd.save``): a small reader and writer, without MXNet.

All numbers are little-endian. A file is::

    uint64 0x112, uint64 0, uint64 number of arrays, the arrays,
    uint64 number of names (0: a list without names), for each: uint64 length, the bytes

An array, in MXNet's second version (magic 0xF993FAC9, dense)::

    uint32 magic, int32 storage type 0, uint32 dimensions, int64 each dimension,
    int32 device type 1 (CPU), int32 device number 0, int32 type, the values

The third version (0xF993FACA) differs in that dimensions may be −1 for "no array"; the first
(0xF993FAC8) lacks the storage type; still older files begin with the number of dimensions and have
32-bit ones. Types: 0 float32, 1 float64, 2 float16, 3 uint8, 4 int32, 5 int8, 6 int64.

References
----------
apache/mxnet, ``src/ndarray/ndarray.cc`` (layout) and ``3rdparty/mshadow`` (type numbers).
"""

import math
import struct

import numpy as np

FILE_MAGIC = 0x112
V1, V2, V3 = 0xF993FAC8, 0xF993FAC9, 0xF993FACA
TYPES = {
    number: np.dtype(name)
    for number, name in enumerate(("<f4", "<f8", "<f2", "u1", "<i4", "i1", "<i8"))
}
MOST_DIMENSIONS = 32


class NDArrayError(ValueError):
    """Bytes that are not a file of MXNet arrays."""


class _Reader:
    def __init__(self, data: bytes):
        self.data, self.at = data, 0

    def take(self, form: str) -> tuple:
        """The next numbers, in `struct`'s notation."""
        return struct.unpack("<" + form, self.bytes(struct.calcsize("<" + form)))

    def bytes(self, length: int) -> bytes:
        """The next bytes; an error if there are not as many."""
        if length > len(self.data) - self.at:
            raise NDArrayError(
                f"{length} bytes are announced at byte {self.at}, {len(self.data) - self.at} follow"
            )
        self.at += length
        return self.data[self.at - length : self.at]


def loads(data: bytes) -> dict[str, np.ndarray] | list[np.ndarray]:
    """Read a file of arrays.

    Returns
    -------
    dict or list
        Name → array; a list where the file has no names.

    Raises
    ------
    NDArrayError
        If the magic number is another one, a size reaches beyond the file, an array is sparse or
        of an unknown type.
    """
    reader = _Reader(data)
    magic, _, number = reader.take("QQQ")
    if magic != FILE_MAGIC:
        raise NDArrayError(f"the file begins with {magic:#x}, not with {FILE_MAGIC:#x}")
    if number > len(data):
        raise NDArrayError(f"{number} arrays in {len(data)} bytes")
    arrays = [_read_array(reader) for _ in range(number)]
    (names,) = reader.take("Q")
    if not names:
        return arrays
    if names != number:
        raise NDArrayError(f"{names} names for {number} arrays")
    keys = []
    for _ in range(names):
        (length,) = reader.take("Q")
        keys.append(reader.bytes(length).decode("utf-8", "replace"))
    return dict(zip(keys, arrays, strict=True))


def dumps(arrays: dict[str, np.ndarray] | list[np.ndarray]) -> bytes:
    """Write arrays of float32 or float64 in the second version; a list has no names."""
    named = isinstance(arrays, dict)
    values = list(arrays.values()) if named else arrays
    out = [struct.pack("<QQQ", FILE_MAGIC, 0, len(values))]
    for array in values:
        number = 1 if array.dtype == np.float64 else 0
        shape = array.shape
        out.append(struct.pack(f"<IiI{len(shape)}q", V2, 0, len(shape), *shape))
        out.append(struct.pack("<iii", 1, 0, number))
        out.append(np.ascontiguousarray(array, TYPES[number]).tobytes())
    names = [name.encode() for name in arrays] if named else []
    out.append(struct.pack("<Q", len(names)))
    out += [struct.pack("<Q", len(name)) + name for name in names]
    return b"".join(out)


def _read_array(reader: _Reader) -> np.ndarray:
    shape = _read_shape(reader)
    if not shape:
        return np.zeros(0, np.float32)
    _, _, number = reader.take("iii")
    if number not in TYPES:
        raise NDArrayError(f"an array of type {number}; known are 0 to {max(TYPES)}")
    dtype = TYPES[number]
    raw = reader.bytes(math.prod(shape) * dtype.itemsize)
    return np.frombuffer(raw, dtype).reshape(shape)


def _read_shape(reader: _Reader) -> tuple[int, ...]:
    (magic,) = reader.take("I")
    if magic in (V2, V3):
        (storage,) = reader.take("i")
        if storage != 0:
            raise NDArrayError(f"an array with storage type {storage}; dense is 0")
    if magic in (V1, V2, V3):
        (dimensions,) = reader.take("i")
        width = "q"
    else:
        dimensions, width = magic, "I"
    if dimensions > MOST_DIMENSIONS:
        raise NDArrayError(f"an array begins with {magic:#x}, not with MXNet's magic")
    shape = reader.take(f"{dimensions}{width}") if dimensions > 0 else ()
    if any(side < 0 for side in shape):
        raise NDArrayError(f"an array of shape {shape}")
    return shape
