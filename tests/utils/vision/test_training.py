"""Batches and the resampling callback on pictures of a few pixels."""

import numpy as np
import pytest

from utils.backend import keras
from utils.vision.db_vae import DebiasingVAE
from utils.vision.training import FaceBatches, ResampleCallback


def pictures(n, first, size=16):
    """Pictures of one grey value each, by which they can be told apart."""
    values = np.arange(first, first + n, dtype=np.uint8)
    return np.broadcast_to(values[:, None, None, None], (n, size, size, 3)).copy()


FACES, OTHERS = pictures(10, 100), pictures(7, 0)


PLAIN = {"batch_size": 8, "flip": False, "shift": 0, "light": 0}


def dealt(batches):
    """Grey values of all faces of an epoch, and whether labels are right."""
    values = []
    for step in range(len(batches)):
        images, labels = batches[step]
        grey = np.rint(images[:, 0, 0, 0] * 255).astype(int)
        np.testing.assert_array_equal(labels, grey >= 100)
        assert labels.mean() == 0.5
        values += grey[labels == 1].tolist()
    return values


def test_an_epoch_holds_each_face_once_and_as_many_not_faces():
    assert sorted(dealt(FaceBatches(FACES, OTHERS, **PLAIN))) == list(range(100, 110))


def test_weights_decide_who_is_drawn():
    batches = FaceBatches(FACES, OTHERS, **PLAIN)
    batches.weights = np.eye(10)[3]
    batches.on_epoch_begin()
    assert set(dealt(batches)) == {103}


def test_the_order_changes_with_the_epoch_and_is_seeded():
    batches, again = (FaceBatches(FACES, OTHERS, **PLAIN, seed=5) for _ in "ab")
    first = dealt(batches)
    assert first == dealt(again)
    batches.on_epoch_begin()
    assert dealt(batches) != first


def striped(n=400):
    """Black pictures whose left column is bright."""
    faces = np.zeros((n, 16, 16, 3), np.uint8)
    faces[:, :, 0] = 200
    return faces


def varied(faces, **options):
    """The faces of one large batch, varied as asked and not otherwise."""
    still = {"flip": False, "shift": 0, "light": 0}
    batches = FaceBatches(faces, OTHERS, batch_size=2 * len(faces), **still | options)
    images, labels = batches[0]
    return images[labels == 1]


def test_nothing_varies_unless_asked():
    np.testing.assert_allclose(varied(striped()), striped() / 255, rtol=1e-6)


def test_about_half_are_mirrored_and_the_data_stay_as_they_were():
    faces = striped()
    turned = (varied(faces, flip=True)[:, 0, -1, 0] > 0).mean()
    assert 0.4 < turned < 0.6
    np.testing.assert_array_equal(faces, striped())


def test_pictures_move_within_the_shift_and_the_border_is_repeated():
    columns = (varied(striped(), shift=3)[:, 0, :, 0] > 0).sum(axis=1)
    # moved right by k, the bright border is k + 1 wide; moved left it is gone
    assert set(columns) == {0, 1, 2, 3, 4}


def test_light_varies_within_its_bounds_and_is_cut_off_at_white():
    brightest = varied(striped(), light=0.5).max(axis=(1, 2, 3))
    assert 0.5 * 200 / 255 <= brightest.min() < 0.6 * 200 / 255
    assert brightest.max() == 1


@pytest.mark.parametrize(
    ("faces", "others", "options", "message"),
    [
        (FACES / 255.0, OTHERS, {}, "faces must be pictures of uint8.*float64"),
        (FACES, OTHERS[0], {}, "not_faces must be pictures"),
        (FACES[:0], OTHERS, {}, "faces holds no picture"),
        (FACES, OTHERS[:0], {}, "not_faces holds no picture"),
        (FACES, pictures(3, 0, size=32), {}, "one height, width"),
        (FACES, OTHERS, {"batch_size": 7}, "even"),
        (FACES, OTHERS, {"shift": -1}, "shift must not be negative"),
        (FACES, OTHERS, {"light": 1}, "light must be in"),
    ],
)
def test_batches_refused(faces, others, options, message):
    with pytest.raises(ValueError, match=message):
        FaceBatches(faces, others, **options)


@pytest.fixture(scope="module")
def trained():
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    faces = rng.integers(0, 60, (40, 16, 16, 3), dtype=np.uint8)
    faces[:2] = 255  # two that look like nobody else
    batches = FaceBatches(faces, OTHERS, batch_size=16)
    model = DebiasingVAE(2, size=16, filters=2)
    model.compile(keras.optimizers.Adam(1e-3), jit_compile=False)
    said = []
    callback = ResampleCallback(
        batches, watch={"odd": np.arange(40) < 2}, report=said.append, alpha=0.01
    )
    model.fit(batches, epochs=3, callbacks=[callback], verbose=0)
    return batches, callback, said


def test_the_warm_up_draws_all_alike(trained):
    _, callback, _ = trained
    first = callback.history.iloc[0]
    assert (first["epoch"], first["effective"]) == (1, pytest.approx(40))
    assert first["odd"] == pytest.approx(2 / 40)


def test_faces_that_look_like_nobody_else_are_drawn_more(trained):
    batches, callback, _ = trained
    assert callback.history["odd"].iloc[-1] > 3 * 2 / 40
    assert batches.weights[:2].min() > 5 * np.median(batches.weights[2:])


def test_each_epoch_is_told(trained):
    _, _, said = trained
    assert len(said) == 3
    assert said[0] == "epoch 1: 40 of 40 faces effective; drawn: odd 5.0%"


def test_a_watched_group_of_the_wrong_length():
    batches = FaceBatches(FACES, OTHERS)
    with pytest.raises(ValueError, match=r"watch\['darker'\].*10 faces.*\(3,\)"):
        ResampleCallback(batches, watch={"darker": [True, False, True]})
