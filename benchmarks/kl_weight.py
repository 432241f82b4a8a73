"""What does the weight of the divergence trade? Autoencoders on faces of 32 by 32 pixels.

    python benchmarks/kl_weight.py --seeds 3 [--store]

An autoencoder and variational autoencoders with three weights see the same 2,000 faces, 97 % of
them lighter-skinned. Measured on faces that training never saw: the error of the rebuilt pictures
by group, and of 500 pictures decoded from random codes how far the nearest training face is and how
many are dark where a face would be. ``--store`` keeps the table that lesson
05_debiasing_vision/03 shows.
"""

import argparse
import sys
import time

import numpy as np
import pandas as pd
from sklearn.neighbors import NearestNeighbors

from utils.backend import keras
from utils.vision.autoencoders import Autoencoder, VariationalAutoencoder
from utils.vision.evaluation import GROUPS
from utils.vision.runs import store_runs
from utils.vision.simulator import simulate_faces

TEST_SEED, WEIGHTS = 9001, (0.0, 5e-5, 5e-4, 5e-3)
FACE = (slice(None), slice(14, 24), slice(11, 21))
SHAPE = {"size": 32, "filters": 12}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--faces", type=int, default=2000)
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--store", action="store_true")
    asked = parser.parse_args()
    test = simulate_faces(1200, seed=TEST_SEED, photos="test")
    rows = []
    for seed in range(asked.seeds):
        pictures = shrunk(simulate_faces(asked.faces, seed=seed, lighter_share=0.97))
        for weight in WEIGHTS:
            begun = time.perf_counter()
            model = train(pictures, weight, seed, asked.epochs)
            told = judged(model, pictures, test, weight, seed)
            rows += told
            figures = "  ".join(
                f"{row['measure']} {row['group']} {row['value']:.3f}" for row in told
            )
            seconds = time.perf_counter() - begun
            print(
                f"seed {seed}  {name(weight)}  {figures}  ({seconds:.0f} s)", flush=True
            )
    if asked.store:
        store_runs(pd.DataFrame(rows), "kl_weight", "python " + " ".join(sys.argv))


def name(weight):
    return "autoencoder" if weight == 0 else f"VAE, KL weight {weight:g}"


def shrunk(faces):
    """Pictures of 32 by 32 pixels: each the mean of four."""
    return faces.floats().reshape(-1, 32, 2, 32, 2, 3).mean(axis=(2, 4))


def train(pictures, weight, seed, epochs):
    keras.utils.set_random_seed(seed)
    if weight == 0:
        model = Autoencoder(32, **SHAPE)
    else:
        model = VariationalAutoencoder(32, kl_weight=weight, seed=seed, **SHAPE)
    model.compile(keras.optimizers.Adam(2e-3), jit_compile=False)
    model.fit(pictures, batch_size=64, epochs=epochs, verbose=0)
    return model


def judged(model, pictures, test, weight, seed):
    """Rows of the table: measure, group, value."""
    seen = shrunk(test)
    errors = np.abs(model.predict(seen, verbose=0) - seen).mean(axis=(1, 2, 3))
    codes = np.random.default_rng(seed).normal(size=(500, 32)).astype(np.float32)
    drawn = np.asarray(model.decode(codes))
    near = NearestNeighbors(n_neighbors=1, metric="manhattan")
    near.fit(pictures.reshape(len(pictures), -1))
    distance = near.kneighbors(drawn.reshape(500, -1))[0].mean() / pictures[0].size
    table, brightness = test.table, seen[FACE].mean(axis=(1, 2, 3))
    middle = np.mean(
        [brightness[table["skin"] == skin].mean() for skin in ("lighter", "darker")]
    )
    values = [
        ("error", group, errors[table["group"] == group].mean()) for group in GROUPS
    ]
    values += [
        ("distance", "", distance),
        ("darker faces drawn", "", (drawn[FACE].mean(axis=(1, 2, 3)) < middle).mean()),
    ]
    told = {"model": name(weight), "kl_weight": weight, "seed": seed}
    return [told | {"measure": m, "group": g, "value": v} for m, g, v in values]


if __name__ == "__main__":
    main()
