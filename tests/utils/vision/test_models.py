"""Networks, autoencoders, DB-VAE: shapes, what trains what, saving, errors."""

import numpy as np
import pytest

from utils.backend import keras, tf
from utils.vision.autoencoders import (
    Autoencoder,
    VariationalAutoencoder,
    kl_divergence,
    reconstruction_error,
)
from utils.vision.db_vae import DebiasingVAE
from utils.vision.networks import decoder, face_classifier, trunk

SMALL = {"size": 16, "filters": 2}


@pytest.fixture
def images():
    return np.random.default_rng(0).random((12, 16, 16, 3), dtype=np.float32)


def compiled(model, rate=1e-2):
    model.compile(keras.optimizers.Adam(rate), jit_compile=False)
    return model


@pytest.mark.parametrize(("size", "channels"), [(16, 1), (32, 3), (64, 3)])
def test_trunk_and_decoder_are_each_others_shape(size, channels):
    shape = {"size": size, "channels": channels, "filters": 2}
    pictures = np.zeros((2, size, size, channels), np.float32)
    codes = trunk(5, **shape)(pictures)
    assert codes.shape == (2, 5)
    assert decoder(5, **shape)(codes).shape == pictures.shape


def test_decoded_pictures_are_pictures():
    rebuilt = decoder(3, **SMALL)(100 * np.random.default_rng(0).normal(size=(4, 3)))
    assert 0 <= np.min(rebuilt) <= np.max(rebuilt) <= 1


@pytest.mark.parametrize("make", [trunk, decoder])
@pytest.mark.parametrize("size", [0, 25, -16])
def test_a_size_that_cannot_be_halved_four_times(make, size):
    with pytest.raises(ValueError, match="multiple of 16"):
        make(1, size=size)


def test_the_classifier_learns_dark_from_bright(images):
    keras.utils.set_random_seed(0)
    images[:6] /= 4
    labels = np.repeat([0.0, 1], 6)
    model = face_classifier(**SMALL, learning_rate=0.01)
    model.fit(images, labels, epochs=20, verbose=0)
    assert model.evaluate(images, labels, verbose=0)[1] == 1


def test_parts_by_hand():
    ones, zeros = np.ones((1, 2, 2, 3), np.float32), np.zeros((1, 2, 2, 3), np.float32)
    assert reconstruction_error(ones, zeros).numpy() == [1]
    standard = kl_divergence(tf.zeros((1, 4)), tf.zeros((1, 4)))
    assert standard.numpy() == [0]
    # mean 2, variance 1: half of 2 squared
    assert kl_divergence(tf.constant([[2.0]]), tf.zeros((1, 1))).numpy() == [2]


@pytest.mark.parametrize("kind", [Autoencoder, VariationalAutoencoder])
def test_autoencoders_learn_to_rebuild(kind, images):
    keras.utils.set_random_seed(0)
    flat = np.broadcast_to(images[:, :1, :1], images.shape)  # one colour a picture
    model = compiled(kind(4, size=16, filters=6))
    history = model.fit(flat, epochs=80, verbose=0).history
    assert history["reconstruction"][-1] < 0.7 * history["reconstruction"][0]
    assert model.predict(images, verbose=0).shape == images.shape


def test_a_heavy_kl_weight_empties_the_codes(images):
    keras.utils.set_random_seed(0)
    model = compiled(VariationalAutoencoder(4, kl_weight=10, **SMALL))
    model.fit(images, epochs=60, verbose=0)
    mean, log_variance = model.encode(images)
    assert np.abs(mean).max() < 0.2
    assert np.abs(log_variance).max() < 0.3


def test_parts_add_up_to_the_loss(images):
    labels = np.repeat([1.0, 0], 6)
    model = compiled(DebiasingVAE(3, **SMALL))
    logs = model.fit(images, labels, batch_size=12, epochs=1, verbose=0).history
    parts = ("classification", "reconstruction", "kl")
    assert logs["loss"][0] == pytest.approx(sum(logs[part][0] for part in parts))


def gradients(model, images, labels):
    with tf.GradientTape() as tape:
        parts = model.loss_parts(images, tf.constant(labels), training=True)
        loss = tf.add_n(list(parts.values()))
    watched = [model.encoder.trainable_variables[0], *model.decoder.trainable_variables]
    return tape.gradient(loss, watched)


def test_not_faces_train_the_classifier_and_not_the_decoder(images):
    first, *rest = gradients(DebiasingVAE(3, **SMALL), images, [0.0] * 12)
    assert np.abs(first).max() > 0
    assert max(np.abs(part).max() for part in rest) == 0


def test_faces_train_both(images):
    first, *rest = gradients(DebiasingVAE(3, **SMALL), images, [1.0] * 12)
    assert np.abs(first).max() > 0
    assert max(np.abs(part).max() for part in rest) > 0


def test_leaving_out_not_faces_is_the_masked_loss_of_the_paper(images):
    """The same parts, computed the long way: decode everything, then multiply by the label."""
    labels = np.array([1, 0, 0, 1, 1, 0] * 2, np.float32)
    model = DebiasingVAE(3, **SMALL)
    model.draws = 1  # a whole number draws the same noise each time
    _, mean, log_variance = model.encode(images)
    face = labels == 1
    noise = keras.random.normal((face.sum(), 3), seed=1)
    codes = np.zeros((12, 3), np.float32)
    codes[face] = mean[face] + tf.exp(0.5 * log_variance)[face] * noise
    error = labels * reconstruction_error(images, model.decode(codes)).numpy()
    divergence = labels * kl_divergence(mean, log_variance).numpy()
    parts = model.loss_parts(images, labels, training=False)
    assert parts["reconstruction"].numpy() == pytest.approx(error.mean(), rel=1e-5)
    assert parts["kl"].numpy() == pytest.approx(5e-4 * divergence.mean(), rel=1e-5)


def test_predictions_are_logits_and_code_means_are_the_means(images):
    model = DebiasingVAE(3, **SMALL)
    logit, mean, _ = model.encode(images)
    np.testing.assert_allclose(model.predict(images, verbose=0), logit, rtol=1e-5)
    np.testing.assert_allclose(model.code_means(images, batch_size=5), mean, rtol=1e-4)


@pytest.mark.parametrize("kind", [Autoencoder, VariationalAutoencoder, DebiasingVAE])
def test_saved_and_loaded(kind, images, tmp_path):
    model = compiled(kind(3, **SMALL))
    model.fit(images, np.repeat([1.0, 0], 6), epochs=1, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(
        again.predict(images, verbose=0), model.predict(images, verbose=0)
    )
    assert again.get_config() == model.get_config()


def test_two_trainings_give_the_same_figures(images):
    def figures():
        keras.utils.set_random_seed(3)
        model = compiled(DebiasingVAE(3, **SMALL, seed=3))
        return model.fit(images, np.repeat([1.0, 0], 6), epochs=3, verbose=0).history

    assert figures() == figures()


def test_pictures_of_another_size_are_refused(images):
    with pytest.raises(ValueError, match="incompatible"):
        DebiasingVAE(3, size=32, filters=2).predict(images, verbose=0)
