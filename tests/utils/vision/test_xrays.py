"""Radiographs: MedMNIST's format from a small file of the test's own, and the simulator."""

import hashlib
import zipfile

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline

from utils.vision import xrays
from utils.vision.real import ImageFileError
from utils.vision.xrays import load_xrays, simulate_xrays


def arrays(**changed):
    """Twelve images in MedMNIST's format; every pixel of the k-th is k, odd ones are pneumonia."""
    known = {}
    for part, first, n in (("train", 0, 6), ("val", 6, 2), ("test", 8, 4)):
        k = np.arange(first, first + n)
        known[f"{part}_images"] = np.tile(k[:, None, None], (1, 28, 28)).astype(
            np.uint8
        )
        known[f"{part}_labels"] = (k % 2).astype(np.uint8)[:, None]
    return {**known, **changed}


@pytest.fixture
def write(tmp_path):
    def writer(**changed):
        path = tmp_path / "pneumoniamnist.npz"
        kept = {name: a for name, a in arrays(**changed).items() if a is not None}
        np.savez_compressed(path, **kept)
        return path

    return writer


@pytest.fixture
def home(monkeypatch, tmp_path):
    """The folder of MedMNIST, empty."""
    place = tmp_path / "home" / ".medmnist" / "pneumoniamnist.npz"
    monkeypatch.setattr(xrays, "FILE", place)
    return place


def test_a_file_is_read_with_its_labels(write):
    found = load_xrays(write(), n=100)
    assert found.source == "PneumoniaMNIST"
    assert found.images.shape == (6, 28, 28)
    np.testing.assert_array_equal(found.labels, found.images[:, 0, 0] % 2)
    assert set(found.images[:, 0, 0]) == set(range(6))


def test_parts_do_not_meet(write):
    assert set(load_xrays(write(), part="test").images[:, 0, 0]) == {8, 9, 10, 11}


def test_a_draw_has_its_seed(write):
    path = write()
    draws = [load_xrays(path, n=3, seed=seed).images[:, 0, 0] for seed in (0, 0, 1, 2)]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert any((draws[0] != other).any() for other in draws[2:])
    assert len(set(draws[0])) == 3


def test_the_file_of_medmnist_is_found(write, home):
    home.parent.mkdir(parents=True)
    write().rename(home)
    assert load_xrays(n=2).source == "PneumoniaMNIST"


def test_without_a_file_they_are_simulated(home):
    assert load_xrays(n=2).source == "simulated radiographs"


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"train_images": None}, "train_images and train_labels"),
        ({"train_labels": None}, "train_images and train_labels"),
        ({"train_images": np.zeros((6, 28, 28))}, "float64"),
        ({"train_images": np.zeros((6, 28, 20), np.uint8)}, r"\(6, 28, 20\)"),
        ({"train_images": np.zeros((6, 28, 28, 3), np.uint8)}, r"\(6, 28, 28, 3\)"),
        ({"train_images": np.zeros((0, 28, 28), np.uint8)}, r"\(0, 28, 28\)"),
        ({"train_labels": np.zeros((5, 1), np.uint8)}, r"\(5, 1\)"),
        ({"train_labels": np.full((6, 1), 2)}, "besides 0"),
        ({"train_labels": np.array([None] * 6)}, "Object arrays"),
    ],
)
def test_files_that_are_refused(write, changed, what):
    with pytest.raises(ImageFileError, match=what):
        load_xrays(write(**changed))


@pytest.mark.parametrize("data", [b"", b"not zip", b"PK\x03\x04 cut off"])
def test_another_kind_of_file(tmp_path, data):
    path = tmp_path / "other.npz"
    path.write_bytes(data)
    with pytest.raises(ImageFileError, match="no file of MedMNIST"):
        load_xrays(path)


def test_a_file_that_unpacks_to_more_than_it_should(tmp_path, monkeypatch):
    monkeypatch.setattr(xrays, "MAX_UNPACKED", 1000)
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("train_images.npy", bytes(10_000))
    with pytest.raises(ImageFileError, match="unpacks to more than 1,000"):
        load_xrays(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_xrays(tmp_path / "none.npz")


def test_a_download_is_checked_and_kept(write, home, monkeypatch):
    published = write()
    monkeypatch.setattr(xrays, "URL", published.as_uri())
    monkeypatch.setattr(xrays, "MD5", hashlib.md5(published.read_bytes()).hexdigest())
    assert load_xrays(n=2, download=True).source == "PneumoniaMNIST"
    assert home.read_bytes() == published.read_bytes()
    assert len(list(home.parent.iterdir())) == 1


def test_a_download_of_something_else_leaves_nothing(write, home, monkeypatch):
    monkeypatch.setattr(xrays, "URL", write().as_uri())
    with pytest.raises(ConnectionError, match=r"something else.*download=False"):
        load_xrays(download=True)
    assert not home.exists()


def test_a_download_without_a_network(home, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(xrays, "URL", "http://127.0.0.1:9/pneumoniamnist.npz")
    with pytest.raises(ConnectionError, match=r"could not be fetched.*by hand"):
        load_xrays(download=True)


@pytest.mark.parametrize("n", [0, -1, 1.5, True])
def test_numbers_that_are_none(n):
    with pytest.raises(ValueError, match="n is"):
        simulate_xrays(n)


def test_parts_that_are_none():
    with pytest.raises(ValueError, match="part is 'val'"):
        load_xrays(part="val")


@pytest.fixture(scope="module")
def train():
    return simulate_xrays(600)


@pytest.fixture(scope="module")
def test():
    return simulate_xrays(300, part="test")


def test_the_simulated_have_shape_type_and_range(train):
    assert train.images.shape == (600, 96, 96)
    assert train.images.dtype == np.uint8
    assert train.labels.sum() == 300
    assert 90 < train.images.mean() < 180
    assert (train.images.std(axis=(1, 2)) > 20).all()


def test_one_seed_one_set_of_images(train):
    few, again, other = simulate_xrays(5), simulate_xrays(5), simulate_xrays(5, seed=1)
    np.testing.assert_array_equal(few.images, again.images)
    assert (few.images != other.images).any()
    assert (few.images != simulate_xrays(5, part="test").images).any()


def test_brightness_alone_tells_nearly_nothing(train, test):
    for films in (train, test):
        flat = films.images.reshape(len(films), -1).astype(float)
        for score in (flat.mean(axis=1), flat.std(axis=1), np.median(flat, axis=1)):
            area = roc_auc_score(films.labels, score)
            assert 0.35 < area < 0.65


def test_a_plain_model_learns_them_and_not_perfectly(train, test):
    def thumbnails(films):
        return (
            films.images.reshape(-1, 24, 4, 24, 4).mean(axis=(2, 4)).reshape(-1, 576)
            / 255
        )

    model = make_pipeline(PCA(60, random_state=0), LogisticRegression(max_iter=1000))
    model.fit(thumbnails(train), train.labels)
    score = model.decision_function(thumbnails(test))
    assert 0.75 < roc_auc_score(test.labels, score) < 0.99


def test_lungs_are_darker_than_what_surrounds_them(train):
    film = train.images[train.labels == 0].mean(axis=0)
    heart, right_lung, left_lung, liver = (
        film[60:68, 52:58],
        film[30:50, 22:34],
        film[30:50, 64:74],
        film[86:94, 20:40],
    )
    assert right_lung.mean() + 40 < min(heart.mean(), liver.mean())
    assert left_lung.mean() + 40 < min(heart.mean(), liver.mean())


def test_only_the_sick_have_patches_in_their_lungs(train):
    """The sick half is brighter where the patches are drawn, and alike elsewhere."""
    healthy, sick = (train.images[train.labels == k].mean(axis=0) for k in (0, 1))
    lung, shoulder = (slice(40, 66), slice(20, 32)), (slice(2, 12), slice(20, 76))
    assert sick[lung].mean() - healthy[lung].mean() > 8
    assert abs(sick[shoulder].mean() - healthy[shoulder].mean()) < 6
