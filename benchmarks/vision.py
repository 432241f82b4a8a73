"""How fast are the simulator, and the DB-VAE beside MIT's published training loop?

    python benchmarks/vision.py [--faces 1500] [--epochs 3]

The loop of MIT 6.S191's lab 2 is re-implemented step by step on the same pictures, network, batch
size and optimiser: a GradientTape step a batch that decodes every picture and masks the faces in
the loss, resampling weights by NumPy, batches drawn from them one by one. It runs twice: each step
compiled by tf.function, as the lab does, and plainly. Both sides see every face once an epoch and
report their loss on the same pictures at the end.

Compiled, both spend nearly all their time in the same convolutions: what ours can save is decoding
the pictures that are not faces, some copies, and no more.
"""

import argparse
import time

import numpy as np

from utils.backend import keras, tf
from utils.vision.autoencoders import draw_codes, kl_divergence, reconstruction_error
from utils.vision.db_vae import DebiasingVAE
from utils.vision.simulator import simulate_faces, simulate_not_faces
from utils.vision.training import FaceBatches, ResampleCallback

BATCH, SETTINGS = 64, {"combine": "max"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--faces", type=int, default=1500)
    parser.add_argument("--epochs", type=int, default=3)
    asked = parser.parse_args()
    faces = speed("faces", simulate_faces, asked.faces).images
    others = speed("not-faces", simulate_not_faces, asked.faces).images
    ours = timed(train_by_fit, faces, others, asked.epochs)
    print(f"DB-VAE, Keras fit:         {told(ours)}")
    for name, compiled in (("tf.function", True), ("plain", False)):
        loop = timed(train_by_loop, faces, others, asked.epochs, compiled)
        ratio = loop[0] / ours[0]
        print(f"MIT's loop, {name:12s}   {told(loop)}   {ratio:.2f} times ours")


def speed(name, simulate, n):
    """Pictures a second of wall time, without the cache."""
    simulate(8, seed=1, cache=False)
    begun = time.perf_counter()
    drawn = simulate(n, seed=0, cache=False)
    print(f"simulator, {name}: {n / (time.perf_counter() - begun):.0f} a second")
    return drawn


def timed(train, faces, others, epochs, *options):
    """Seconds an epoch without the first, which also compiles, and the loss afterwards."""
    keras.utils.set_random_seed(0)
    model = DebiasingVAE(32)
    model.compile(keras.optimizers.Adam(5e-4), jit_compile=False)
    seconds = train(model, faces, others, epochs + 1, *options)
    pictures = np.concatenate([faces[:500], others[:500]]) / np.float32(255)
    labels = np.repeat(np.float32([1, 0]), 500)
    model.draws = 0
    parts = model.loss_parts(pictures, labels, training=False)
    return float(np.median(seconds[1:])), float(sum(parts.values()))


def told(result):
    return f"{result[0]:6.2f} s an epoch, loss {result[1]:.3f}"


def train_by_fit(model, faces, others, epochs):
    """As the course trains: ``fit``, batches and a callback."""
    still = {"flip": False, "shift": 0, "light": 0}
    batches = FaceBatches(faces, others, batch_size=BATCH, **still)
    begun, ended = [], []
    watch = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda *_: begun.append(time.perf_counter()),
        on_epoch_end=lambda *_: ended.append(time.perf_counter()),
    )
    resample = ResampleCallback(batches, **SETTINGS)
    model.fit(batches, epochs=epochs, callbacks=[watch, resample], verbose=0)
    return np.subtract(ended, begun)


def train_by_loop(model, faces, others, epochs, compiled):
    """As MIT's lab trains: resample, then draw, decode and mask batch by batch."""
    step = tf.function(one_step) if compiled else one_step
    random = np.random.default_rng(0)
    seconds = []
    for _ in range(epochs):
        begun = time.perf_counter()
        weights = weights_of_mit(model, faces)
        for _ in range(-(-len(faces) // (BATCH // 2))):
            drawn = random.choice(len(faces), BATCH // 2, replace=False, p=weights)
            beside = random.choice(len(others), BATCH // 2, replace=False)
            pictures = np.concatenate([faces[np.sort(drawn)], others[np.sort(beside)]])
            labels = np.repeat(np.float32([1, 0]), BATCH // 2)
            step(model, tf.constant(pictures / np.float32(255)), tf.constant(labels))
        seconds.append(time.perf_counter() - begun)
    return seconds


def one_step(model, pictures, labels):
    """Forward and backward through encoder and decoder for all pictures of a batch."""
    with tf.GradientTape() as tape:
        logit, mean, log_variance = model.encode(pictures, training=True)
        rebuilt = model.decode(draw_codes(mean, log_variance, model.draws), True)
        entropy = tf.nn.sigmoid_cross_entropy_with_logits(labels, logit[:, 0])
        vae = reconstruction_error(pictures, rebuilt)
        vae += model.kl_weight * kl_divergence(mean, log_variance)
        loss = tf.reduce_mean(entropy + labels * vae)
    gradients = tape.gradient(loss, model.trainable_variables)
    model.optimizer.apply_gradients(
        zip(gradients, model.trainable_variables, strict=True)
    )
    return loss


def weights_of_mit(model, faces, bins=10, smooth=1e-3):
    """The lab's resampling: a histogram a latent, the largest probability of them all."""
    codes = []
    for start in range(0, len(faces), 1024):
        pictures = faces[start : start + 1024] / np.float32(255)
        codes.append(model.encode(pictures)[1].numpy())
    codes = np.concatenate(codes)
    weights = np.zeros(len(codes))
    for column in codes.T:
        density, edges = np.histogram(column, density=True, bins=bins)
        edges[0], edges[-1] = -np.inf, np.inf
        smoothed = density + smooth
        smoothed /= smoothed.sum()
        inverse = 1.0 / smoothed[np.digitize(column, edges) - 1]
        weights = np.maximum(weights, inverse / inverse.sum())
    return weights / weights.sum()


if __name__ == "__main__":
    main()
