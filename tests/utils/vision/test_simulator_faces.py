"""Simulated faces: exact shares, the same bytes for a call, what tone decides and what not."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from utils.vision.simulator import GROUPS, attributes, faces, simulate_faces


def drawn(n, **asked):
    return simulate_faces(n, **{"seed": 0, "cache": False} | asked)


def test_pictures_and_table():
    made = drawn(30)
    assert made.images.shape == (30, 64, 64, 3)
    assert made.images.dtype == np.uint8
    table = made.table
    assert list(table.index) == list(range(30))
    assert set(table["face"]) == {1}
    assert set(table["kind"]) == {"face"}
    assert np.issubdtype(table["tone"].dtype, np.integer)
    assert not table.isna().any().any()


def test_every_picture_shows_something_else():
    images = drawn(20).images.reshape(20, -1)
    assert len(np.unique(images, axis=0)) == 20
    assert (images.std(axis=1) > 5).all()


def test_none_at_all():
    made = drawn(0)
    assert made.images.shape == (0, 64, 64, 3)
    assert list(made.table.columns) == list(drawn(1).table.columns)


def test_the_group_says_skin_and_presentation():
    table = drawn(40).table
    assert (table["skin"] == np.where(table["tone"] <= 5, "lighter", "darker")).all()
    first = table["skin"].str[0].str.upper() + table["presentation"].str[0].str.upper()
    assert (table["group"] == first).all()
    assert set(table["group"]) == set(GROUPS)


@pytest.mark.parametrize("share, lighter", [(0, 0), (0.97, 97), (1, 100), (0.125, 13)])
def test_share_of_lighter_skin_is_exact(share, lighter):
    tones = drawn(100, lighter_share=share).table["tone"]
    assert (tones <= 5).sum() == lighter
    within = tones[tones <= 5].value_counts()
    assert lighter == 0 or within.max() - within.min() <= 1


def test_share_of_feminine_presentation_is_exact_in_each_tone():
    table = drawn(200, feminine_share=0.25).table
    feminine = (table["presentation"] == "feminine").groupby(table["tone"]).sum()
    assert feminine.sum() == 50
    assert feminine.between(4, 6).all()


def test_groups_are_equal_by_default():
    assert set(drawn(200).table["group"].value_counts()) == {50}


def test_tones_and_presentations_that_are_given():
    tones, presentation = [10, 1, 6], ["masculine", "feminine", "feminine"]
    table = drawn(3, tones=tones, presentation=pd.Series(presentation)).table
    assert table["tone"].tolist() == tones
    assert table["group"].tolist() == ["DM", "LF", "DF"]


def test_a_given_presentation_keeps_the_share_of_lighter_skin():
    given = np.repeat(["feminine", "masculine"], [10, 30])
    table = drawn(40, presentation=given, lighter_share=0.8).table
    assert table.groupby("presentation")["skin"].apply(
        lambda s: (s == "lighter").sum()
    ).tolist() == [
        8,
        24,
    ]


def test_order_is_random():
    lighter = drawn(100, lighter_share=0.5).table["tone"] <= 5
    assert 30 < np.abs(np.diff(lighter.astype(int))).sum() < 70


def test_same_call_same_bytes():
    first, second = drawn(20, seed=3), drawn(20, seed=3)
    assert first.images.tobytes() == second.images.tobytes()
    pd.testing.assert_frame_equal(first.table, second.table)


@pytest.mark.parametrize("chunk", [1, 7])
def test_the_size_of_a_chunk_changes_nothing(monkeypatch, chunk):
    whole = drawn(20)
    monkeypatch.setattr(faces, "CHUNK", chunk)
    assert whole.images.tobytes() == drawn(20).images.tobytes()


def test_another_seed_other_people():
    assert (drawn(50, seed=1).table["age"] != drawn(50, seed=2).table["age"]).all()


def test_training_and_test_share_no_person():
    train, test = drawn(50, photos="train").table, drawn(50, photos="test").table
    assert not set(train["age"]) & set(test["age"])


def test_same_people_in_another_skin():
    """Besides skin, only the colours of hair and eyes may depend on the tone."""
    light, dark = (drawn(60, tones=[tone] * 60) for tone in (1, 10))
    differs = [c for c in light.table if (light.table[c] != dark.table[c]).any()]
    assert set(differs) <= {"tone", "skin", "group", "hair_colour", "iris"}
    assert (
        light.images.mean(axis=(1, 2, 3)) > dark.images.mean(axis=(1, 2, 3))
    ).mean() > 0.95


def test_features_stand_out_less_from_darker_skin():
    """Contrast across eyes, nose and mouth of the same bald, frontal people."""

    def contrast(tone):
        table = drawn(200, tones=[tone] * 200).table.assign(
            hair="none", hat=0, yaw=0.0, roll=0.0
        )
        chances = faces.portrait_chances(np.random.default_rng(1), table)
        brush = attributes.brush(chances, slice(0, 200))
        return (
            faces.draw_portraits(brush, "train")[:, :, 24:48, 24:40]
            .std(axis=(2, 3))
            .mean()
        )

    by_tone = [contrast(tone) for tone in (2, 5, 7, 10)]
    assert by_tone == sorted(by_tone, reverse=True)
    assert by_tone[-1] < 0.5 * by_tone[0]


def test_monk_scale_is_the_published_one():
    assert attributes.MONK_SCALE[0] == "#f6ede4"
    assert attributes.MONK_SCALE[-1] == "#292420"
    np.testing.assert_allclose(
        attributes.skin_colours([1, 10], [0, 0])[:, 1] * 255, [0x29, 0x24, 0x20]
    )
    np.testing.assert_allclose(
        attributes.skin_colours([1], [0.5])[:, 0] * 255,
        [(0xF6 + 0xF3) / 2, (0xED + 0xE7) / 2, (0xE4 + 0xDB) / 2],
    )


@pytest.mark.parametrize("kind", ["HAIR_STYLES", "HAIR_COLOURS", "IRISES"])
def test_shares_of_looks_add_up(kind):
    shares = np.array([entry[:2] for entry in getattr(attributes, kind).values()])
    np.testing.assert_allclose(shares.sum(axis=0), 1)


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"n": -1}, "n is -1; it must be 0 or more"),
        ({"n": 2.5}, "n is 2.5; it must be a whole number"),
        ({"seed": -3}, "seed is -3; it must be 0 or more"),
        ({"seed": None}, "seed is None; it must be a whole number"),
        ({"lighter_share": 97}, "lighter_share is 97; a share lies from 0 to 1"),
        ({"lighter_share": float("nan")}, "lighter_share is nan"),
        ({"feminine_share": "half"}, "feminine_share is 'half'"),
        ({"feminine_share": -0.1}, "feminine_share is -0.1"),
        (
            {"tones": [1, 2]},
            r"tones has shape \(2,\); it needs one entry for each of 3",
        ),
        (
            {"tones": [1, 11, 2]},
            "tones has 11; Monk tones are whole numbers from 1 to 10",
        ),
        ({"tones": [0, 1, 2]}, "tones has 0"),
        ({"tones": [1, 2.5, 3]}, "tones has 2.5"),
        ({"presentation": ["feminine"]}, r"presentation has shape \(1,\)"),
        (
            {"presentation": ["feminine", "F", "masculine"]},
            "presentation has 'F'; it must be 'fem",
        ),
        (
            {"photos": "validation"},
            "photos is 'validation'; it must be one of train, test",
        ),
    ],
)
def test_arguments_that_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        simulate_faces(**{"n": 3, "seed": 0} | wrong)


def test_import_is_light():
    code = "import sys, utils.vision.simulator; sys.exit('tensorflow' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
