"""Real faces: scikit-image's two hundred, and a small file in the format of MIT's course."""

import subprocess
import sys

import h5py
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from utils.backend import keras
from utils.vision.db_vae import DebiasingVAE
from utils.vision.real import ImageFileError, Images, load_face_file, load_real_faces
from utils.vision.training import FaceBatches, ResampleCallback


def test_a_hundred_faces_come_first():
    faces = load_real_faces()
    assert faces.images.shape == (200, 25, 25)
    assert faces.images.dtype == np.uint8
    np.testing.assert_array_equal(faces.labels, [1] * 100 + [0] * 100)
    assert (faces.images.min(), faces.images.max()) == (0, 255)


def test_the_first_hundred_look_like_faces():
    """Eyes are darker than forehead and cheeks: in the mean face, not in the mean background."""
    faces = load_real_faces()

    def dip(label):
        rows = faces.images[faces.labels == label][:, :, 4:21].mean(axis=(0, 2))
        return min(rows[3], rows[12]) - rows[8]

    assert dip(1) > 25
    assert dip(0) < 10


def test_what_the_datasheet_says_of_shortcuts():
    """Black margins and sharpness tell the classes apart without a face being looked for."""
    faces = load_real_faces()
    x, y = faces.images.astype(float), faces.labels
    margin = (x <= 1).mean(axis=(1, 2)) > 0.05
    assert (margin[y == 0].sum(), margin[y == 1].sum()) == (64, 1)
    around = x[:, 2:, 1:-1] + x[:, :-2, 1:-1] + x[:, 1:-1, 2:] + x[:, 1:-1, :-2]
    for edge in (0, 4):
        inner = slice(edge, 23 - edge)
        blurred = np.abs(x[:, 1:-1, 1:-1] - around / 4)[:, inner, inner]
        assert roc_auc_score(y, blurred.mean(axis=(1, 2))) > 0.99


def test_floats_have_an_axis_of_channels():
    grey = Images(np.full((2, 4, 4), 255, np.uint8), np.array([0, 1]), "a test")
    assert grey.floats().shape == (2, 4, 4, 1)
    assert grey.floats().dtype == np.float32
    assert grey.floats().max() == 1
    assert len(grey) == 2


@pytest.fixture
def write(tmp_path):
    def writer(**tables):
        path = tmp_path / "train_face.h5"
        with h5py.File(path, "w") as file:
            for name, values in tables.items():
                file[name] = values
        return path

    return writer


def images(n=6):
    """Pure blue in the file's order of channels, a shade for each image."""
    values = np.zeros((n, 64, 64, 3), np.uint8)
    values[..., 0] = np.arange(n)[:, None, None] + 100
    return values


def labels(*values):
    return np.array(values)[:, None]


LABELS = labels(1, 0, 1, 1, 0, 0)


def test_channels_come_out_as_rgb(write):
    faces = load_face_file(write(images=images(), labels=LABELS))
    np.testing.assert_array_equal(faces.images[2, 0, 0], [0, 0, 102])
    np.testing.assert_array_equal(faces.labels, [1, 0, 1, 1, 0, 0])
    assert faces.source == "train_face.h5"


def test_some_are_drawn_with_their_labels(write):
    path = write(images=images(), labels=LABELS)
    some, again = load_face_file(path, n=4, seed=1), load_face_file(path, n=4, seed=1)
    shades = some.images[:, 0, 0, 2] - 100
    assert len(set(shades)) == 4
    np.testing.assert_array_equal(some.labels, LABELS.ravel()[shades])
    np.testing.assert_array_equal(some.images, again.images)


def test_labels_may_be_a_row_of_floats(write):
    faces = load_face_file(write(images=images(2), labels=np.array([1.0, 0.0])))
    np.testing.assert_array_equal(faces.labels, [1, 0])


@pytest.mark.parametrize(
    ("tables", "what"),
    [
        ({"images": images()}, "no table 'labels'"),
        ({"labels": LABELS}, "no table 'images'"),
        (
            {"images": images()[:, :32], "labels": LABELS},
            r"\(6, 32, 64, 3\).*is needed",
        ),
        ({"images": images() / 255, "labels": LABELS}, "images is float64"),
        ({"images": images(5), "labels": LABELS}, r"labels is int64 \(6, 1\)"),
        ({"images": images(2), "labels": np.array([b"a", b"b"])}, "labels is"),
        ({"images": images(3), "labels": labels(0, 1, 2)}, "besides 0"),
        ({"images": images(2), "labels": labels(0.0, np.nan)}, "besides 0"),
        ({"images": images(2), "labels": labels(0, 0)}, "no faces among the 2"),
        ({"images": images(2), "labels": labels(1, 1)}, "nothing but faces"),
        ({"images": images(0), "labels": np.zeros((0, 1))}, "no faces among the 0"),
    ],
)
def test_files_that_are_refused(write, tables, what):
    with pytest.raises(ImageFileError, match=what):
        load_face_file(write(**tables))


def test_a_group_is_no_table(write, tmp_path):
    path = write(labels=LABELS)
    with h5py.File(path, "a") as file:
        file.create_group("images")
    with pytest.raises(ImageFileError, match="no table 'images'"):
        load_face_file(path)


def test_more_than_fits_into_memory(tmp_path):
    """A small file may promise many images: nothing of it is read."""
    path = tmp_path / "huge.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset(
            "images", (10**6, 64, 64, 3), np.uint8, chunks=(1, 64, 64, 3)
        )
        file["labels"] = np.zeros((10**6, 1), np.uint8)
    with pytest.raises(ImageFileError, match=r"1,000,000 images; give n"):
        load_face_file(path)


@pytest.mark.parametrize("n", [0, -1, 7, 2.0, True])
def test_numbers_that_are_none(write, n):
    with pytest.raises(ValueError, match=r"n is .* from 1 to 6"):
        load_face_file(write(images=images(), labels=LABELS), n=n)


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="is not there"):
        load_face_file(tmp_path / "none.h5")


def test_another_kind_of_file(tmp_path):
    path = tmp_path / "faces.h5"
    path.write_bytes(b"not HDF5")
    with pytest.raises(ImageFileError, match="cannot be read as HDF5"):
        load_face_file(path)


def test_no_tensorflow_is_imported():
    code = (
        "import sys, utils.vision.real, utils.vision.xrays; "
        "sys.exit('tensorflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_files_pictures_train_the_models_of_the_course(write):
    """They take the place of simulated faces, with no change but where they come from."""
    photos = load_face_file(write(images=images(), labels=LABELS))
    faces, others = (photos.images[photos.labels == label] for label in (1, 0))
    batches = FaceBatches(faces, others, batch_size=4)
    model = DebiasingVAE(2, filters=2)
    model.compile(keras.optimizers.Adam(1e-3), jit_compile=False)
    told = model.fit(batches, callbacks=[ResampleCallback(batches)], verbose=0)
    assert np.isfinite(told.history["loss"]).all()
    assert model.predict(photos.floats(), verbose=0).shape == (len(photos), 1)
