"""Not-faces: kinds and tones in exact shares, and structure, not colour, tells them from faces."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from utils.vision.simulator import (
    faces,
    join,
    not_faces,
    simulate_faces,
    simulate_not_faces,
)


def drawn(n, **asked):
    return simulate_not_faces(n, **{"seed": 0, "cache": False} | asked)


def test_kinds_in_exact_shares():
    kinds = drawn(200).table["kind"].value_counts()
    assert kinds.to_dict() == {
        "photo": 60,
        "skin": 40,
        "scrambled": 30,
        "misassembled": 70,
    }


def test_tones_are_balanced_in_each_kind():
    table = drawn(200).table
    counts = table.groupby("kind")["tone"].value_counts().unstack(fill_value=0)
    assert counts.pop(0).to_dict() == {
        "photo": 30,
        "skin": 0,
        "scrambled": 0,
        "misassembled": 0,
    }
    assert set(counts.loc["photo"]) == {3}
    assert set(counts.loc["misassembled"]) == {7}


def test_table():
    table = drawn(100).table
    assert set(table["face"]) == {0}
    assert set(table["group"]) == {""}
    assert list(table.columns) == list(
        simulate_faces(1, seed=0, cache=False).table.columns
    )
    person = table["kind"].isin(["scrambled", "misassembled"])
    assert table.loc[person, "age"].notna().all()
    assert table.loc[~person, "age"].isna().all()
    assert set(table.loc[~person, "hair"]) == {""}
    assert (table.loc[table["tone"] == 0, "skin"] == "").all()


@pytest.mark.parametrize("n", [0, 1, 2, 7])
def test_few(n):
    assert len(drawn(n)) == n


def test_same_call_same_bytes():
    assert drawn(40).images.tobytes() == drawn(40).images.tobytes()
    assert drawn(40).images.tobytes() != drawn(40, seed=1).images.tobytes()
    assert drawn(40).images.tobytes() != drawn(40, photos="test").images.tobytes()


@pytest.mark.parametrize("chunk", [1, 7])
def test_the_size_of_a_chunk_changes_nothing(monkeypatch, chunk):
    whole = drawn(40)
    monkeypatch.setattr(faces, "CHUNK", chunk)
    assert whole.images.tobytes() == drawn(40).images.tobytes()


def test_other_people_than_the_faces_of_the_same_seed():
    portraits = simulate_faces(40, seed=0, cache=False).table
    assert not set(drawn(40).table["age"].dropna()) & set(portraits["age"])


def test_a_scrambled_face_has_the_tiles_of_a_face():
    table = simulate_faces(3, seed=5, cache=False).table
    chances = faces.portrait_chances(np.random.default_rng(0), table)
    chances |= not_faces._blobs(np.random.default_rng(1), 3)
    brush = faces.attributes.brush(chances, slice(0, 3))
    face, scrambled = (
        faces.draw_portraits(brush, "train"),
        not_faces._scrambled(brush, "train"),
    )
    assert (np.sort(face.ravel()) == np.sort(scrambled.ravel())).all()
    for i, order in enumerate(chances["tiles"].T):
        for place, tile in enumerate(order):
            there, here = (
                np.s_[:, i, t // 4 * 16 :, t % 4 * 16 :] for t in (place, int(tile))
            )
            np.testing.assert_array_equal(
                scrambled[there][:, :16, :16], face[here][:, :16, :16]
            )


def test_misassembled_faces_are_not_whole():
    """In none are both eyes and the mouth there, and where they belong."""
    mistakes = not_faces._mistakes(np.random.default_rng(0), 2000)
    right = np.ones(2000, bool)
    for feature in ("left_eye", "right_eye", "mouth"):
        far = np.hypot(mistakes[f"{feature}_right"], mistakes[f"{feature}_down"])
        right &= (mistakes[f"{feature}_on"] > 0) & (far < 0.12)
    assert right.mean() < 0.002


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"n": -1}, "n is -1; it must be 0 or more"),
        ({"seed": "a"}, "seed is 'a'; it must be a whole number"),
        ({"photos": "all"}, "photos is 'all'; it must be one of train, test"),
    ],
)
def test_arguments_that_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        simulate_not_faces(**{"n": 3, "seed": 0} | wrong)


def colours(made):
    pictures = made.floats()
    return np.hstack([pictures.mean(axis=(1, 2)), pictures.std(axis=(1, 2))])


@pytest.mark.parametrize("share", [0.5, 0.97])
def test_colour_does_not_tell_a_face(share):
    """Means and deviations of red, green and blue decide hardly better than a coin (AUC 0.5)."""
    train = join(
        simulate_faces(700, seed=1, lighter_share=share, cache=False),
        simulate_not_faces(700, seed=1, cache=False),
    )
    test = join(
        simulate_faces(700, seed=2, photos="test", cache=False),
        simulate_not_faces(700, seed=2, photos="test", cache=False),
    )
    model = make_pipeline(StandardScaler(), LogisticRegression())
    model.fit(colours(train), train.table["face"])
    score = model.decision_function(colours(test))
    assert roc_auc_score(test.table["face"], score) < 0.62
    # the mean colour alone is no better than chance
    model.fit(colours(train)[:, :3], train.table["face"])
    score = model.decision_function(colours(test)[:, :3])
    assert roc_auc_score(test.table["face"], score) < 0.55
