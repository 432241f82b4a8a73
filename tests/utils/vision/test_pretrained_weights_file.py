"""The reader of PyTorch's files: a file written by hand, and files that mean harm."""

import os
import pickle
import struct
import tracemalloc

import numpy as np
import pytest

from utils.vision.pretrained.weights_file import (
    MAGIC,
    WeightsFileError,
    read_state_dict,
)

NUMBERS = np.arange(6, dtype="<f4")
TABLE = b"ccollections\nOrderedDict\n)R"


def part(value) -> bytes:
    """A value's pickle without its first and last instruction, to be put inside another."""
    return pickle.dumps(value, 2)[2:-1]


def storage(length=6, key="7", kind=b"FloatStorage") -> bytes:
    head = b"(" + part("storage") + b"ctorch\n" + kind + b"\n"
    return head + part(key) + part("cpu") + part(length) + b"NtQ"


def tensor(offset=0, shape=(2, 3), strides=(3, 1), of=None) -> bytes:
    place = part(offset) + part(shape) + part(strides)
    of = storage() if of is None else of
    head = b"ctorch._utils\n_rebuild_tensor_v2\n("
    return head + of + place + part(False) + TABLE + b"tR"


def table(**tensors) -> bytes:
    rows = b"".join(part(name) + body for name, body in tensors.items())
    return TABLE + b"(" + rows + b"u"


def whole(body: bytes) -> bytes:
    return b"\x80\x02" + body + b"."


def file(body: bytes, keys=("7",), numbers=NUMBERS, machine=None) -> bytes:
    machine = {"little_endian": True} if machine is None else machine
    head = [pickle.dumps(value, 2) for value in (MAGIC, 1001, machine)]
    rows = b"".join(struct.pack("<q", numbers.size) + numbers.tobytes() for _ in keys)
    return b"".join([*head, whole(body), pickle.dumps(list(keys), 2), rows])


@pytest.fixture
def read(tmp_path):
    def reader(data: bytes):
        path = tmp_path / "weights.pth"
        path.write_bytes(data)
        return read_state_dict(path)

    return reader


def test_a_file_by_hand(read):
    weights = read(file(table(a=tensor(), b=tensor(1, (2,), (2,)))))
    np.testing.assert_array_equal(weights["a"], [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(weights["b"], [1, 3])
    assert weights["a"].dtype == np.float32


def test_strides_may_turn_a_tensor(read):
    weights = read(file(table(a=tensor(0, (3, 2), (1, 3)))))
    np.testing.assert_array_equal(weights["a"], [[0, 3], [1, 4], [2, 5]])


def test_a_single_number_and_an_empty_tensor(read):
    weights = read(file(table(a=tensor(5, (), ()), b=tensor(0, (0, 4), (4, 1)))))
    assert weights["a"] == 5
    assert weights["b"].shape == (0, 4)


def test_the_weights_cannot_be_written_to(read):
    with pytest.raises(ValueError, match="read-only"):
        read(file(table(a=tensor())))["a"][0] = 1


def test_a_command_is_not_run(read, tmp_path):
    class Touch:
        def __reduce__(self):
            return os.system, (f"touch {tmp_path / 'was_run'}",)

    with pytest.raises(
        WeightsFileError, match=r"'(posix|nt)\.system'.*nothing was run"
    ):
        read(file(table(a=part(Touch()))))
    assert not (tmp_path / "was_run").exists()


@pytest.mark.parametrize(
    "name",
    ["builtins eval", "torch load", "torch._utils _rebuild_parameter", "os system"],
)
def test_other_names_are_refused(read, name):
    body = b"c" + name.replace(" ", "\n").encode() + b"\n)R"
    with pytest.raises(WeightsFileError, match="wants to build"):
        read(file(table(a=body)))


@pytest.mark.parametrize(
    "where",
    [
        {"offset": 1},
        {"offset": 10**30},
        {"shape": (3, 3)},
        {"strides": (4, 1)},
        {"shape": (2**40,), "strides": (0,)},
        {"shape": (2**62, 2**62), "strides": (0, 0)},
    ],
)
def test_a_tensor_outside_its_storage(read, where):
    with pytest.raises(WeightsFileError, match=r"'a'.*reaches outside its storage"):
        read(file(table(a=tensor(**where))))


@pytest.mark.parametrize(
    "where",
    [
        {"offset": -1},
        {"strides": (-3, 1)},
        {"shape": (-2, 3)},
        {"strides": (1,)},
        {"offset": None},
        {"shape": (True, 3)},
        {"shape": (1,) * 9, "strides": (1,) * 9},
    ],
)
def test_places_that_are_none(read, where):
    with pytest.raises(WeightsFileError, match=r"'a'.*whole numbers from 0 up"):
        read(file(table(a=tensor(**where))))


@pytest.mark.parametrize("length", [-1, 2**40, None, True])
def test_a_storage_of_absurd_length(read, length):
    with pytest.raises(WeightsFileError, match="no storage"):
        read(file(table(a=tensor(of=storage(length)))))


def test_a_storage_of_another_type(read):
    with pytest.raises(WeightsFileError, match=r"torch\.QUInt8Storage"):
        read(file(table(a=tensor(of=storage(kind=b"QUInt8Storage")))))


def test_one_storage_described_twice(read):
    with pytest.raises(WeightsFileError, match="in two ways"):
        read(file(table(a=tensor(), b=tensor(of=storage(12)))))


@pytest.mark.parametrize("keys", [(), ("8",), ("7", "7"), ("7", "8")])
def test_other_storages_than_the_tensors(read, keys):
    with pytest.raises(WeightsFileError, match="other storages"):
        read(file(table(a=tensor()), keys))


def test_every_shorter_file_is_refused(read):
    data = file(table(a=tensor()))
    for end in range(1, len(data)):
        with pytest.raises(WeightsFileError):
            read(data[:end])


def test_a_byte_too_many(read):
    with pytest.raises(WeightsFileError, match="cut off or damaged"):
        read(file(table(a=tensor())) + b"\0")


def test_noise_in_any_byte_of_the_pickles_is_harmless(read):
    """Whatever comes out, it is our error or a table of arrays inside the file's six numbers."""
    data, random = file(table(a=tensor())), np.random.default_rng(0)
    for _ in range(500):
        noisy = bytearray(data)
        noisy[random.integers(len(data) - 32)] = random.integers(256)
        try:
            weights = read(bytes(noisy))
        except WeightsFileError:
            continue
        assert all(array.size <= 6 for array in weights.values())


@pytest.mark.parametrize(
    "data", [b"", b"hello, world", b"\x89PNG\r\n\x1a\n", b"\x80\x02N."]
)
def test_another_kind_of_file(read, data):
    with pytest.raises(WeightsFileError):
        read(data)


def test_the_newer_format(read):
    with pytest.raises(WeightsFileError, match=r"zip archive.*since 1\.6"):
        read(b"PK\x03\x04 and so on")


def test_a_checkpoint_is_no_state_dict(read):
    with pytest.raises(WeightsFileError, match=r"'epoch', a int.*state_dict\(\)"):
        read(file(table(a=tensor(), epoch=part(3))))


def test_another_order_of_bytes(read):
    with pytest.raises(WeightsFileError, match="order of bytes"):
        read(file(table(a=tensor()), machine={"little_endian": False}))


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_state_dict(tmp_path / "none.pth")


def nested(depth=10_000) -> bytes:
    return b"N" + b"\x85" * depth


def doubled(depth=60) -> bytes:
    """A tuple of two tuples of two ...: small here, enormous when written out or hashed."""
    return b"N" + b"".join(b"q\x01h\x01\x86" for _ in range(depth))


@pytest.mark.parametrize(
    "body",
    [
        b"r\xff\xff\xff\xff",
        b"N" + b"r\xff\xff\xff\xff" * 3,
        b"X\xff\xff\xff\x7f" + b"a",
        b"\x8a\xff" + b"\x7f" * 255 + b"0",
        b"\x8b\xff\xff\xff\x7f" + b"a",
        b"\x8e" + struct.pack("<Q", 2**62),
        b"(" * 100_000,
        nested(),
        doubled(),
        b"}" + doubled() + b"Ns",
        table(a=tensor(shape=None)),
        b"cos\nsystem\n(" + part("touch x") + b"tR",
    ],
)
def test_pickles_that_would_fill_the_memory(read, body):
    data = file(body)
    tracemalloc.start()
    try:
        with pytest.raises(WeightsFileError):
            read(data)
        assert tracemalloc.get_traced_memory()[1] < 2**25
    finally:
        tracemalloc.stop()


def test_a_doubled_value_is_not_written_out(read):
    for body in (tensor(offset=0, of=b"(" + doubled() + b"NNNNNtQ"), doubled()):
        with pytest.raises(WeightsFileError) as caught:
            read(file(table(a=body)))
        assert len(str(caught.value)) < 1000
