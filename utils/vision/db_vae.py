"""The debiasing variational autoencoder (DB-VAE) of Amini et al. (2019): the model.

One trunk answers two questions about a picture: is it a face, and how does it look. The second
answer is learnt without labels, from faces alone, and says which faces are rare.
"""

import numpy as np

from utils.backend import keras, tf
from utils.vision.autoencoders import (
    PACKAGE,
    PartedModel,
    draw_codes,
    kl_divergence,
    reconstruction_error,
)
from utils.vision.networks import decoder, trunk


@keras.saving.register_keras_serializable(PACKAGE)
class DebiasingVAE(PartedModel):
    """A face classifier and a variational autoencoder of faces that share a trunk.

    Calling it, or ``predict``, gives the logit of "face", as `face_classifier` does. Not-faces
    train the classifier alone: they are neither decoded nor part of the divergence.

    Parameters
    ----------
    latents : int
        Numbers a code.
    kl_weight, reconstruction_weight : float
        Weights of the divergence and of the mean absolute error beside the cross-entropy.
    size, channels, filters : int
        As of `utils.vision.networks.trunk`.
    seed : int
        Of the draws.

    References
    ----------
    Amini et al., "Uncovering and Mitigating Algorithmic Bias through Learned Latent Structure",
    AIES 2019. MIT 6.S191, lab 2, for the weights and for the absolute error (the paper has a
    general norm).
    """

    parts = ("classification", "reconstruction", "kl")

    def __init__(
        self,
        latents=32,
        *,
        kl_weight=5e-4,
        reconstruction_weight=1.0,
        size=64,
        channels=3,
        filters=12,
        seed=0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.shape_of = {"size": size, "channels": channels, "filters": filters}
        self.latents, self.seed = latents, seed
        self.kl_weight = kl_weight
        self.reconstruction_weight = reconstruction_weight
        self.encoder = trunk(1 + 2 * latents, **self.shape_of, name="encoder")
        self.decoder = decoder(latents, **self.shape_of)
        self.draws = keras.random.SeedGenerator(seed)
        self.built = True

    def encode(self, images, training=False):
        """Logit of "face" (n, 1), mean and log variance of the code (n, latents)."""
        sizes = [1, self.latents, self.latents]
        return tf.split(self.encoder(images, training=training), sizes, axis=1)

    def decode(self, codes, training=False):
        """Pictures of codes, in [0, 1]."""
        return self.decoder(codes, training=training)

    def call(self, images, training=False):
        return self.encode(images, training)[0]

    def reconstruct(self, images):
        """Pictures rebuilt from the mean of their codes."""
        return self.decode(self.encode(images)[1])

    def code_means(self, images, batch_size=256):
        """Means of the codes of many pictures, an array of shape (n, latents)."""
        # predict() takes half as long again, at every epoch
        parts = [
            self.encoder.predict_on_batch(images[k : k + batch_size])
            for k in range(0, len(images), batch_size)
        ]
        return np.concatenate(parts)[:, 1 : 1 + self.latents]

    def loss_parts(self, images, labels, training):
        labels = tf.cast(tf.reshape(labels, (-1,)), tf.float32)
        logit, mean, log_variance = self.encode(images, training)
        entropy = tf.nn.sigmoid_cross_entropy_with_logits(labels, logit[:, 0])
        rows = _rows_of_faces(labels)
        face = tf.gather(labels, rows)
        mean, log_variance = tf.gather(mean, rows), tf.gather(log_variance, rows)
        rebuilt = self.decode(draw_codes(mean, log_variance, self.draws), training)
        error = face * reconstruction_error(tf.gather(images, rows), rebuilt)
        divergence = face * kl_divergence(mean, log_variance)
        n = tf.cast(tf.shape(images)[0], tf.float32)
        return {
            "classification": tf.reduce_mean(entropy),
            "reconstruction": self.reconstruction_weight * tf.reduce_sum(error) / n,
            "kl": self.kl_weight * tf.reduce_sum(divergence) / n,
        }

    def get_config(self):
        own = {
            "latents": self.latents,
            "kl_weight": self.kl_weight,
            "reconstruction_weight": self.reconstruction_weight,
            "seed": self.seed,
        }
        return {**super().get_config(), **own, **self.shape_of}


def _rows_of_faces(labels):
    """Where the faces are: decoding is most of the work, and only they need it.

    A batch without a face gives its first row, whose label then weighs it with zero, because the
    gradient of a convolution over no picture is an error in TensorFlow.
    """
    face = labels > 0.5
    return tf.cond(
        tf.reduce_any(face),
        lambda: tf.where(face)[:, 0],
        lambda: tf.zeros((1,), tf.int64),
    )
