"""The cache of pictures: hits, damage, interruption, room."""

import os
import time

import numpy as np
import pandas as pd
import pytest

from utils.vision.simulator import cache, simulate_faces, simulate_not_faces


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("DEBIASING_CACHE", str(tmp_path))
    return tmp_path / "faces"


def never():
    raise AssertionError("drawn although it is in the cache")


@pytest.mark.parametrize("simulate", [simulate_faces, simulate_not_faces])
def test_what_comes_from_the_cache_is_what_was_drawn(folder, simulate):
    fresh = simulate(12, seed=0, cache=False)
    assert not folder.exists()
    simulate(12, seed=0)
    (file,) = folder.iterdir()
    kept = cache.cached(("x",), lambda: simulate(12, seed=0))
    for found in (kept, simulate(12, seed=0), cache.cached(("x",), never)):
        assert found.images.tobytes() == fresh.images.tobytes()
        pd.testing.assert_frame_equal(found.table, fresh.table)
    assert file in folder.iterdir()


def test_every_argument_makes_another_file(folder):
    simulate_faces(2, seed=0)
    for other in (
        {"n": 3},
        {"seed": 1},
        {"photos": "test"},
        {"lighter_share": 0.4},
        {"feminine_share": 0.4},
        {"tones": [1, 2]},
        {"tones": np.array([2, 1])},
        {"presentation": ["feminine", "masculine"]},
    ):
        simulate_faces(**{"n": 2, "seed": 0} | other)
    simulate_not_faces(2, seed=0)
    assert len(list(folder.iterdir())) == 10


def test_another_simulator_finds_nothing(folder, monkeypatch):
    simulate_faces(2, seed=0)
    monkeypatch.setattr(cache, "_source", lambda: b"changed")
    simulate_faces(2, seed=0)
    assert len(list(folder.iterdir())) == 2


def flip_a_bit(content):
    content[len(content) // 2] ^= 1
    return content


@pytest.mark.parametrize(
    "damage",
    [
        flip_a_bit,
        lambda content: content[:1000],
        lambda content: b"",
        lambda content: b"no",
    ],
)
def test_a_damaged_file_is_made_anew(folder, damage):
    fresh = simulate_faces(12, seed=0)
    (file,) = folder.iterdir()
    whole = file.read_bytes()
    file.write_bytes(damage(bytearray(whole)))
    assert simulate_faces(12, seed=0).images.tobytes() == fresh.images.tobytes()
    assert [f.name for f in folder.iterdir()] == [file.name]
    assert len(file.read_bytes()) == len(whole)


def test_a_file_that_would_run_code_is_not_read(folder):
    """Objects are pickled; the cache holds plain arrays only, and takes no others."""
    simulate_faces(2, seed=0)
    (file,) = folder.iterdir()
    with file.open("wb") as stream:
        np.savez(stream, images=np.array([object()]))
    assert len(simulate_faces(2, seed=0)) == 2


@pytest.mark.parametrize("interrupted", ["savez", "replace"])
def test_an_interruption_leaves_nothing(folder, monkeypatch, interrupted):
    def interrupt(*args, **keywords):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(np if interrupted == "savez" else os, interrupted, interrupt)
        with pytest.raises(KeyboardInterrupt):
            simulate_faces(2, seed=0)
    assert list(folder.iterdir()) == []
    assert len(simulate_faces(2, seed=0)) == 2


def test_what_a_killed_process_left_is_removed(folder):
    folder.mkdir(parents=True)
    old, new = folder / "a.part", folder / "b.part"
    for file in (old, new):
        file.touch()
    os.utime(old, (time.time() - 2 * cache.ABANDONED,) * 2)
    simulate_faces(2, seed=0)
    assert not old.exists()
    assert new.exists()


def test_the_longest_unused_goes_first(folder, monkeypatch):
    def file_of(seed):
        before = set(folder.glob("*.npz"))
        simulate_faces(4, seed=seed)
        (file,) = set(folder.glob("*.npz")) - before
        return file

    files = [file_of(seed) for seed in range(3)]
    for age, file in zip((300, 200, 100), files, strict=True):
        os.utime(file, (time.time() - age,) * 2)
    # used again, so that the second is now the one longest unused
    simulate_faces(4, seed=0)
    monkeypatch.setattr(cache, "LIMIT", int(3.5 * files[0].stat().st_size))
    newest = file_of(3)
    assert set(folder.iterdir()) == {files[0], files[2], newest}


def test_a_set_above_the_limit_is_not_kept(folder, monkeypatch):
    monkeypatch.setattr(cache, "LIMIT", 1000)
    assert len(simulate_faces(2, seed=0)) == 2
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_written_to(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("DEBIASING_CACHE", str(tmp_path / "file"))
    assert len(simulate_faces(2, seed=0)) == 2


def test_the_folder_is_the_users_own(monkeypatch):
    monkeypatch.delenv("DEBIASING_CACHE")
    assert cache.folder().parent.name == "debiasing-ai"
