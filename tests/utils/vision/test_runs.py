"""Stored runs: what is written is read, with date and command; a failure leaves nothing half."""

import pandas as pd
import pytest

from utils.vision import runs
from utils.vision.runs import store_runs, stored_runs


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "files", lambda package: tmp_path)
    return tmp_path


def test_what_is_stored_is_read(folder):
    frame = pd.DataFrame({"group": ["", "DF"], "rate": [0.123456, 1]})
    store_runs(frame, "small", "python benchmarks/x.py --seeds 3: all")
    read = stored_runs("small")
    assert read["group"].tolist() == ["", "DF"]
    assert read["rate"].tolist() == [0.1235, 1]
    assert read.attrs["command"] == "python benchmarks/x.py --seeds 3: all"
    assert set(read.attrs) == {"date", "command", "machine"}
    assert [path.name for path in folder.iterdir()] == ["small.csv"]


def test_a_name_that_is_not_stored(folder):
    store_runs(pd.DataFrame({"a": [1]}), "small", "x")
    with pytest.raises(FileNotFoundError, match=r"'large'; there are \['small'\]"):
        stored_runs("large")


def test_a_write_that_fails_keeps_the_old_table(folder):
    store_runs(pd.DataFrame({"a": [1]}), "small", "x")

    class Broken(pd.DataFrame):
        def to_csv(self, *args, **kwargs):
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        store_runs(Broken({"a": [2]}), "small", "x")
    assert stored_runs("small")["a"].tolist() == [1]
