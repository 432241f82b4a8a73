"""An autoencoder and a variational autoencoder for small pictures, as Keras models."""

from utils.backend import keras, tf
from utils.vision.networks import decoder, trunk

PACKAGE = "debiasing_ai"


def reconstruction_error(images, rebuilt):
    """Mean absolute difference of the pixels, one number a picture, in [0, 1]."""
    return tf.reduce_mean(tf.abs(images - rebuilt), axis=(1, 2, 3))


def kl_divergence(mean, log_variance):
    r"""How far the code's normal distribution is from the standard one, a number a picture.

    .. math:: \tfrac12 \sum_i (e^{\log\sigma_i^2} + \mu_i^2 - 1 - \log\sigma_i^2)

    Zero: every latent has mean 0 and variance 1, the code says nothing about the picture.
    """
    terms = tf.exp(log_variance) + tf.square(mean) - 1.0 - log_variance
    return 0.5 * tf.reduce_sum(terms, axis=1)


def draw_codes(mean, log_variance, seed):
    """Codes drawn from the normal distributions that the encoder describes."""
    noise = keras.random.normal(tf.shape(mean), seed=seed)
    return mean + tf.exp(0.5 * log_variance) * noise


class PartedModel(keras.Model):
    """A Keras model whose loss is a sum of named parts, each of them reported by ``fit``.

    A subclass says in ``loss_parts(images, labels)`` what the parts are, each a scalar; their sum
    is trained.
    """

    parts = ()

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        names = ("loss", *self.parts)
        self.trackers = {name: keras.metrics.Mean(name) for name in names}

    @property
    def metrics(self):
        return list(self.trackers.values())

    def loss_parts(self, images, labels, training):
        raise NotImplementedError("a subclass says what its loss is made of")

    def train_step(self, data):
        images, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            parts = self.loss_parts(images, labels, training=True)
            loss = tf.add_n(list(parts.values()))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(
            zip(gradients, self.trainable_variables, strict=True)
        )
        return self._report(loss, parts)

    def test_step(self, data):
        images, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        parts = self.loss_parts(images, labels, training=False)
        return self._report(tf.add_n(list(parts.values())), parts)

    def _report(self, loss, parts):
        for name, value in {"loss": loss, **parts}.items():
            self.trackers[name].update_state(value)
        return {name: tracker.result() for name, tracker in self.trackers.items()}


@keras.saving.register_keras_serializable(PACKAGE)
class Autoencoder(PartedModel):
    """Pictures squeezed through a few numbers and rebuilt from them.

    Parameters
    ----------
    latents : int
        Numbers a code.
    size, channels, filters : int
        As of `utils.vision.networks.trunk`.
    """

    parts = ("reconstruction",)

    def __init__(self, latents=32, *, size=64, channels=3, filters=12, **kwargs):
        super().__init__(**kwargs)
        self.shape_of = {"size": size, "channels": channels, "filters": filters}
        self.latents = latents
        self.encoder = trunk(latents, **self.shape_of, name="encoder")
        self.decoder = decoder(latents, **self.shape_of)
        self.built = True

    def encode(self, images, training=False):
        """Codes of pictures, shape (n, latents)."""
        return self.encoder(images, training=training)

    def decode(self, codes, training=False):
        """Pictures of codes, in [0, 1]."""
        return self.decoder(codes, training=training)

    def call(self, images, training=False):
        return self.decode(self.encode(images, training), training)

    def loss_parts(self, images, labels, training):
        rebuilt = self(images, training=training)
        return {"reconstruction": tf.reduce_mean(reconstruction_error(images, rebuilt))}

    def get_config(self):
        return {**super().get_config(), "latents": self.latents, **self.shape_of}


@keras.saving.register_keras_serializable(PACKAGE)
class VariationalAutoencoder(PartedModel):
    """An autoencoder whose codes are distributions, kept near the standard normal one.

    Calling it, or ``predict``, rebuilds a picture from the mean of its code; training draws.

    Parameters
    ----------
    latents : int
        Numbers a code; the encoder gives a mean and a log variance for each.
    kl_weight : float
        Weight of the divergence beside the mean absolute error of the pixels. Zero: nothing keeps
        the codes together. Large: codes forget the pictures.
    size, channels, filters : int
        As of `utils.vision.networks.trunk`.
    seed : int
        Of the draws.

    References
    ----------
    Kingma and Welling, "Auto-Encoding Variational Bayes", 2014.
    """

    parts = ("reconstruction", "kl")

    def __init__(
        self,
        latents=32,
        *,
        kl_weight=5e-4,
        size=64,
        channels=3,
        filters=12,
        seed=0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.shape_of = {"size": size, "channels": channels, "filters": filters}
        self.latents, self.kl_weight, self.seed = latents, kl_weight, seed
        self.encoder = trunk(2 * latents, **self.shape_of, name="encoder")
        self.decoder = decoder(latents, **self.shape_of)
        self.draws = keras.random.SeedGenerator(seed)
        self.built = True

    def encode(self, images, training=False):
        """Mean and log variance of the codes of pictures, each of shape (n, latents)."""
        return tf.split(self.encoder(images, training=training), 2, axis=1)

    def decode(self, codes, training=False):
        """Pictures of codes, in [0, 1]."""
        return self.decoder(codes, training=training)

    def call(self, images, training=False):
        mean, _ = self.encode(images, training)
        return self.decode(mean, training)

    def loss_parts(self, images, labels, training):
        mean, log_variance = self.encode(images, training)
        rebuilt = self.decode(draw_codes(mean, log_variance, self.draws), training)
        return {
            "reconstruction": tf.reduce_mean(reconstruction_error(images, rebuilt)),
            "kl": self.kl_weight * tf.reduce_mean(kl_divergence(mean, log_variance)),
        }

    def get_config(self):
        own = {"latents": self.latents, "kl_weight": self.kl_weight, "seed": self.seed}
        return {**super().get_config(), **own, **self.shape_of}
