"""Does drawing rare faces more often narrow the gap? Four models, several seeds, one test set.

    python benchmarks/db_vae.py --seeds 3 [--store]
    python benchmarks/db_vae.py --seeds 3 --file train_face.h5

Training faces are 97 % lighter-skinned. The plain classifier, the same trunk with the autoencoder's
loss but without resampling, the DB-VAE with the paper's product of histograms (tempered) and with
distances to neighbours see the same pictures for the same number of epochs.
``--store`` keeps the table that lesson 05_debiasing_vision/04 shows. The test set's seed and photo
halves are its own; settings were chosen on another seed.

``--file`` trains on photographs instead, from a file as MIT 6.S191's. A tenth of them is kept back
and judged as the group "file": whose faces they are is not recorded there, so that the gap is
still that of the simulated groups, which such a network has never seen.
"""

import argparse
import sys
import time

import numpy as np
import pandas as pd

from utils.backend import keras
from utils.vision.db_vae import DebiasingVAE
from utils.vision.evaluation import GROUPS, detection_rates, false_alarm_rates, gap
from utils.vision.networks import face_classifier
from utils.vision.real import load_face_file
from utils.vision.runs import store_runs
from utils.vision.simulator import (
    FaceSet,
    join,
    simulate_faces,
    simulate_not_faces,
)
from utils.vision.training import FaceBatches, ResampleCallback

TEST_SEED, TUNING_SEED = 9001, 7001
VARIANTS = (
    "classifier",
    "DB-VAE without resampling",
    "DB-VAE",
    "DB-VAE, neighbours",
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--faces", type=int, default=4000)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--alpha", type=float, default=0.05)
    parser.add_argument("--effective", type=float, default=0.05)
    parser.add_argument("--tuning", action="store_true", help="seeds for choosing")
    parser.add_argument("--variants", nargs="*", choices=VARIANTS)
    parser.add_argument("--file", help="faces and others as MIT's train_face.h5")
    parser.add_argument("--store", action="store_true")
    asked = parser.parse_args()
    if asked.file and asked.store:
        parser.error("--store keeps the lesson's table, which is of simulated faces")
    test = test_set(TUNING_SEED if asked.tuning else TEST_SEED)
    if asked.file:
        photos, kept_back = photographs(asked.file, 2 * asked.faces)
        test = join(test, kept_back)
    rows = []
    first = 100 if asked.tuning else 0
    for seed in range(first, first + asked.seeds):
        if asked.file:
            faces, others = (photos.subset(photos.table["face"] == k) for k in (1, 0))
        else:
            faces = simulate_faces(asked.faces, seed=seed, lighter_share=0.97)
            others = simulate_not_faces(asked.faces, seed=seed)
        for variant in asked.variants or VARIANTS:
            begun = time.perf_counter()
            model = train(variant, faces, others, seed, asked)
            seconds = time.perf_counter() - begun
            told = judged(model, test, variant, seed)
            print(line(told, seconds), flush=True)
            rows += told
    frame = pd.DataFrame(rows)
    print(summary(frame))
    if asked.store:
        store_runs(frame, "db_vae", "python " + " ".join(sys.argv))


def test_set(seed):
    """600 faces a group and 2,400 not-faces from the photo halves that training never sees."""
    faces = simulate_faces(2400, seed=seed, photos="test")
    return join(faces, simulate_not_faces(2400, seed=seed, photos="test"))


def photographs(path, most):
    """What to train on and the tenth to test on, of at most so many images of the file."""
    whole = load_face_file(path)
    order = np.random.default_rng(0).permutation(len(whole))[:most]
    kind = {"group": "file", "skin": "file"}
    table = pd.DataFrame({"face": whole.labels[order]}).assign(**kind)
    pictures = FaceSet(whole.images[order], table)
    tenth = np.arange(len(order)) < len(order) // 10
    return pictures.subset(~tenth), pictures.subset(tenth)


def train(variant, faces, others, seed, asked):
    """One model, trained from scratch."""
    keras.utils.set_random_seed(seed)
    batches = FaceBatches(faces.images, others.images, seed=seed)
    callbacks = []
    # steps that shrink to nothing: what the last few batches held matters less
    rate = keras.optimizers.schedules.CosineDecay(1e-3, len(batches) * asked.epochs)
    if variant == "classifier":
        model = face_classifier(learning_rate=rate)
    else:
        model = DebiasingVAE(32, seed=seed)
        model.compile(keras.optimizers.Adam(rate), jit_compile=False)
    if variant in ("DB-VAE", "DB-VAE, neighbours"):
        settings = {"alpha": asked.alpha, "effective_share": asked.effective}
        settings["combine"] = "product" if variant == "DB-VAE" else "neighbours"
        callbacks.append(ResampleCallback(batches, **settings))
    model.fit(batches, epochs=asked.epochs, callbacks=callbacks, verbose=0)
    return model


def judged(model, test, variant, seed):
    """Rows of the table: true positives by group, false positives by skin tone."""
    scores = model.predict(test.floats(), batch_size=256, verbose=0)
    found = detection_rates(scores, test.table)
    alarms = false_alarm_rates(scores, test.table)
    rows = []
    for rate, table in (("TPR", found), ("FPR", alarms)):
        for group, row in table.iterrows():
            kept = {"n": int(row["n"]), "found": int(row["found"])}
            told = {"variant": variant, "seed": seed, "rate": rate, "group": group}
            rows.append(told | kept)
    return rows


def line(rows, seconds):
    rates = {row["group"]: row["found"] / row["n"] for row in rows}
    told = "  ".join(f"{group} {rate:.3f}" for group, rate in rates.items())
    return f"seed {rows[0]['seed']}  {rows[0]['variant']:26s} {told}  ({seconds:.0f} s)"


def summary(frame):
    """Mean rates over the seeds, and each model's mean gap between its groups."""
    frame = frame.assign(rate_=frame["found"] / frame["n"])
    found = frame[(frame["rate"] == "TPR") & frame["group"].isin(GROUPS)]
    table = frame.pivot_table(
        index="variant", columns=["rate", "group"], values="rate_", sort=False
    )
    gaps = found.groupby(["variant", "seed"])[["rate_"]].apply(
        lambda part: gap(part.rename(columns={"rate_": "rate"}))
    )
    table["gap", ""] = gaps.groupby("variant").mean()
    return table.round(3).to_string()


if __name__ == "__main__":
    main()
