"""Read the weights in a PyTorch file without PyTorch, and without trusting the file.

PyTorch wrote its files as *pickles*: little programs that build Python objects when they are
loaded. Python's own loader runs whatever such a program asks for, a shell command included. The
small machine below knows the two dozen instructions that a file of weights needs; it calls nothing
and sets no attribute, so that nothing but tables and tensors can come out of it.

The layout (PyTorch before 1.6): five pickles one after another (magic number, version, facts about
the machine, table of tensors, list of storages), then each storage: how many numbers, the numbers.
"""

import io
import math
import os
import pickletools
from pathlib import Path
from typing import NamedTuple

import numpy as np

MAGIC, VERSION = 0x1950A86A20F9469CFC6C, 1001
MAX_BYTES = 2**29
# the pickles of a file of weights hold names and sizes, never the numbers themselves
MAX_PICKLE_BYTES = 2**23
STORAGE_TYPES = {
    "DoubleStorage": np.dtype("<f8"),
    "FloatStorage": np.dtype("<f4"),
    "HalfStorage": np.dtype("<f2"),
    "LongStorage": np.dtype("<i8"),
    "IntStorage": np.dtype("<i4"),
    "ShortStorage": np.dtype("<i2"),
    "CharStorage": np.dtype("i1"),
    "ByteStorage": np.dtype("u1"),
    "BoolStorage": np.dtype("?"),
}
ALLOWED = {
    "collections OrderedDict",
    "torch._utils _rebuild_tensor_v2",
    *(f"torch {name}" for name in STORAGE_TYPES),
}
CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
NUMBERS_AND_TEXT = {"BININT", "BININT1", "BININT2", "LONG1", "BINUNICODE"}


class WeightsFileError(ValueError):
    """The file is not what it should be, or asks for what a file of weights has no need of."""


class Name(NamedTuple):
    """The name of something that Python would import; here it stays a name."""

    text: str


class Storage(NamedTuple):
    """A row of numbers somewhere behind the pickles."""

    key: str
    dtype: np.dtype
    length: int


class Tensor(NamedTuple):
    """How a tensor lies in its storage; offset and strides count numbers, not bytes."""

    storage: Storage
    offset: int
    shape: tuple
    strides: tuple


def read_state_dict(path) -> dict[str, np.ndarray]:
    """Read the weights from a legacy PyTorch file (written before PyTorch 1.6).

    Parameters
    ----------
    path : str or path-like
        A ``.pth`` file with a *state dict*: parameter names and their tensors, nothing else.

    Returns
    -------
    dict of str to numpy.ndarray
        In the order of the file, in PyTorch's layout (convolutions: out, in, height, width). The
        arrays are read-only views of the bytes that were read.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    WeightsFileError
        If the file is of another format, cut off or too large, if it asks for any object other
        than a table or a tensor, or if a tensor reaches outside its storage.

    References
    ----------
    Python documentation, "pickle", warning at the top; module ``pickletools``.
    """
    path = Path(path)
    size = os.path.getsize(path)
    if size > MAX_BYTES:
        raise WeightsFileError(
            f"{path} has {size:,} bytes; at most {MAX_BYTES:,} are read"
        )
    data = path.read_bytes()
    if data[:2] == b"PK":
        raise WeightsFileError(
            f"{path} is a zip archive, as PyTorch writes since 1.6; this reads the older one. In "
            "PyTorch, torch.save(weights, file, _use_new_zipfile_serialization=False) writes it"
        )
    try:
        return _read(data)
    except WeightsFileError as error:
        raise WeightsFileError(f"{path}: {error}") from error


def _read(data: bytes) -> dict[str, np.ndarray]:
    magic, at = _load(data, 0)
    if magic != MAGIC:
        raise WeightsFileError(
            "no PyTorch file: it does not begin with PyTorch's number"
        )
    version, at = _load(data, at)
    machine, at = _load(data, at)
    if version != VERSION or not isinstance(machine, dict):
        raise WeightsFileError(
            f"another version of the format; only {VERSION} can be read"
        )
    if machine.get("little_endian") is not True:
        raise WeightsFileError("written on a machine with another order of bytes")
    table, at = _load(data, at)
    keys, at = _load(data, at)
    if not isinstance(table, dict) or not table:
        raise WeightsFileError("holds no table of tensors")
    for name, tensor in table.items():
        if not isinstance(tensor, Tensor):
            raise WeightsFileError(
                f"holds {name!r}, a {type(tensor).__name__}; only a table of tensors is read "
                "(save model.state_dict(), not the model or a checkpoint)"
            )
    starts = _storage_starts(
        data, at, keys, [tensor.storage for tensor in table.values()]
    )
    return {
        name: _array(name, tensor, data, starts[tensor.storage.key])
        for name, tensor in table.items()
    }


def _storage_starts(data: bytes, at: int, keys, storages) -> dict[str, int]:
    """Where each storage's numbers begin, in bytes; all of them must be there, and nothing else."""
    known = {storage.key: storage for storage in storages}
    if any(known[storage.key] != storage for storage in storages):
        raise WeightsFileError("describes one storage in two ways")
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise WeightsFileError("has no list of storages")
    if len(set(keys)) != len(keys) or set(keys) != set(known):
        raise WeightsFileError("lists other storages than its tensors use")
    starts = {}
    for key in keys:
        length = int.from_bytes(data[at : at + 8], "little")
        if length != known[key].length:
            raise WeightsFileError(
                f"storage {key} has {length} numbers instead of {known[key].length}: the file is "
                "cut off or damaged"
            )
        starts[key] = at + 8
        at += 8 + length * known[key].dtype.itemsize
    if at != len(data):
        raise WeightsFileError(
            f"has {len(data):,} bytes instead of {at:,}: cut off or damaged"
        )
    return starts


def _array(name: str, tensor: Tensor, data: bytes, start: int) -> np.ndarray:
    """The tensor's numbers, after it was seen to lie inside its storage."""
    storage, offset, shape, strides = tensor
    numbers = (offset, *shape, *strides)
    whole = all(type(number) is int and number >= 0 for number in numbers)
    if not whole or len(shape) != len(strides) or len(shape) > 8:
        # not shown: text of a nested value from a hostile file could fill the memory
        raise WeightsFileError(
            f"{name!r} has an offset, shape or strides that are not whole numbers from 0 up, one "
            "stride for each axis"
        )
    reach = offset + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
    # a stride of 0 repeats numbers, so that a small storage could pose as an enormous tensor
    too_many = math.prod(shape) > storage.length
    if too_many or (0 not in shape and reach >= storage.length):
        raise WeightsFileError(
            f"{name!r} (offset {offset}, shape {shape}, strides {strides}) reaches outside its "
            f"storage of {storage.length} numbers"
        )
    if 0 in shape:
        return np.empty(shape, storage.dtype)
    width = storage.dtype.itemsize
    return np.ndarray(
        shape,
        storage.dtype,
        buffer=data,
        offset=start + offset * width,
        strides=[step * width for step in strides],
    )


def _load(data: bytes, start: int):
    """Run the pickle that starts there; what it built, and where it ends."""
    stream = io.BytesIO(data[start : start + MAX_PICKLE_BYTES])
    machine = _Machine()
    try:
        for instruction, argument, _ in pickletools.genops(stream):
            if instruction.name == "STOP":
                return machine.stack.pop(), start + stream.tell()
            machine.step(instruction.name, argument)
    except WeightsFileError:
        raise
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise WeightsFileError(
            f"no PyTorch file, or a damaged one ({error})"
        ) from error
    raise WeightsFileError("cut off")


class _Machine:
    """Pickle's machine with the few instructions that a file of weights needs."""

    def __init__(self):
        self.stack, self.marks, self.memo = [], [], {}

    def step(self, name: str, argument) -> None:
        if name in CONSTANTS:
            self.stack.append(CONSTANTS[name])
        elif name in NUMBERS_AND_TEXT:
            self.stack.append(argument)
        elif method := getattr(self, f"_{name.lower()}", None):
            method(argument)
        elif name != "PROTO":
            raise WeightsFileError(
                f"uses the pickle instruction {name}, which a file of weights has no need of"
            )

    def _since_mark(self) -> list:
        mark = self.marks.pop()
        items = self.stack[mark:]
        del self.stack[mark:]
        return items

    def _mark(self, _):
        self.marks.append(len(self.stack))

    def _binput(self, number):
        self.memo[number] = self.stack[-1]

    _long_binput = _binput

    def _binget(self, number):
        self.stack.append(self.memo[number])

    _long_binget = _binget

    def _empty_dict(self, _):
        self.stack.append({})

    def _empty_list(self, _):
        self.stack.append([])

    def _append(self, _):
        item = self.stack.pop()
        list.append(self.stack[-1], item)

    def _appends(self, _):
        items = self._since_mark()
        list.extend(self.stack[-1], items)

    def _setitem(self, _):
        value, key = self.stack.pop(), self.stack.pop()
        self._fill([key, value])

    def _setitems(self, _):
        self._fill(self._since_mark())

    def _fill(self, items):
        keys, values = items[::2], items[1::2]
        if not all(isinstance(key, str) for key in keys):
            raise WeightsFileError("has a table whose keys are no text")
        dict.update(self.stack[-1], zip(keys, values, strict=True))

    def _tuple(self, _):
        self.stack.append(tuple(self._since_mark()))

    def _tuple1(self, _):
        self._last(1)

    def _tuple2(self, _):
        self._last(2)

    def _tuple3(self, _):
        self._last(3)

    def _last(self, count):
        self.stack[-count:] = [tuple(self.stack[-count:])]

    def _global(self, name):
        if name not in ALLOWED:
            raise WeightsFileError(
                f"wants to build {name[:100].replace(' ', '.')!r}, which is no part of a file of "
                "weights; nothing was run. Do not load this file by other means"
            )
        self.stack.append(Name(name))

    def _binpersid(self, _):
        """A reference to a storage: ("storage", type, key, device, length, view)."""
        kind, type_name, key, _device, length, view = self.stack.pop()
        known = isinstance(type_name, Name) and kind == "storage" and view is None
        sound = (
            type(length) is int and 0 <= length <= MAX_BYTES and isinstance(key, str)
        )
        dtype = (
            STORAGE_TYPES.get(type_name.text.removeprefix("torch ")) if known else None
        )
        if dtype is None or not sound:
            raise WeightsFileError(
                "refers to something outside that is no storage of numbers"
            )
        self.stack.append(Storage(key, dtype, length))

    def _reduce(self, _):
        """Where pickle would call a function: a table or a tensor is noted down instead."""
        arguments, name = self.stack.pop(), self.stack.pop()
        if name == Name("collections OrderedDict") and arguments == ():
            self.stack.append({})
            return
        if name != Name("torch._utils _rebuild_tensor_v2"):
            raise WeightsFileError("wants to call something with arguments")
        storage, offset, shape, strides, *_gradient_and_hooks = arguments
        if not isinstance(storage, Storage) or not isinstance(shape, tuple):
            raise WeightsFileError("has a tensor without storage or shape")
        self.stack.append(Tensor(storage, offset, shape, tuple(strides)))

    def _build(self, _):
        """Where pickle would set attributes: they are dropped (PyTorch's notes on versions)."""
        self.stack.pop()
