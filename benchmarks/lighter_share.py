"""Where does the gap come from? One classifier, several shares of lighter-skinned training faces.

    python benchmarks/lighter_share.py --seeds 3 [--store]

Each share trains the plain classifier on 1,500 faces, with the same not-faces, for the same number
of steps. Two smaller sets have as many darker-skinned faces as 97 % leave (45) and fewer lighter
ones: is it their number, or their share?
``--store`` keeps the table that lesson 05_debiasing_vision/02 shows. The test set has a seed and
halves of the photographs of its own.
"""

import argparse
import sys
import time

import pandas as pd

from utils.backend import keras
from utils.vision.evaluation import detection_rates, false_alarm_rates
from utils.vision.networks import face_classifier
from utils.vision.runs import store_runs
from utils.vision.simulator import join, simulate_faces, simulate_not_faces
from utils.vision.training import FaceBatches

TEST_SEED = 9001
SHARES = (0.5, 0.8, 0.9, 0.97, 1.0)
# faces as a share of all, lighter share: 300 and 90 of 1,500, with 45 darker faces each
SMALLER = ((0.2, 0.85), (0.06, 0.5))
NO_TONE = "no skin tone"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--faces", type=int, default=1500)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--test", type=int, default=1200, help="faces to test on")
    parser.add_argument("--store", action="store_true")
    asked = parser.parse_args()
    test = test_set(asked.test)
    rows = []
    for seed in range(asked.seeds):
        others = simulate_not_faces(asked.faces, seed=seed)
        for part, share in (*((1, share) for share in SHARES), *SMALLER):
            begun = time.perf_counter()
            n = round(part * asked.faces)
            faces = simulate_faces(n, seed=seed, lighter_share=share)
            model = train(faces, others, seed, asked)
            told = judged(model, test, share, seed, faces)
            print(line(told, time.perf_counter() - begun), flush=True)
            rows += told
    frame = pd.DataFrame(rows)
    print(summary(frame))
    if asked.store:
        store_runs(frame, "lighter_share", "python " + " ".join(sys.argv))


def test_set(faces):
    """Faces, a quarter in each group, and as many not-faces, of photo halves not trained on."""
    shown = simulate_faces(faces, seed=TEST_SEED, photos="test")
    return join(shown, simulate_not_faces(faces, seed=TEST_SEED, photos="test"))


def train(faces, others, seed, asked):
    """The plain classifier, trained from scratch; fewer faces, more epochs: as many steps."""
    keras.utils.set_random_seed(seed)
    model = face_classifier()
    batches = FaceBatches(faces.images, others.images, seed=seed)
    full = FaceBatches(others.images, others.images)
    epochs = round(asked.epochs * len(full) / len(batches))
    model.fit(batches, epochs=epochs, verbose=0)
    return model


def judged(model, test, share, seed, faces):
    """Rows of the table: faces found by group, false alarms by skin ("": no skin tone known)."""
    scores = model.predict(test.floats(), batch_size=256, verbose=0)
    tables = {
        "TPR": detection_rates(scores, test.table),
        "FPR": false_alarm_rates(scores, test.table),
    }
    darker = int((faces.table["skin"] == "darker").sum())
    run = {"faces": len(faces), "lighter_share": share}
    run |= {"darker_faces": darker, "seed": seed}
    return [
        run
        | {"rate": rate, "group": group or NO_TONE}
        | {"n": int(row["n"]), "found": int(row["found"])}
        for rate, table in tables.items()
        for group, row in table.iterrows()
    ]


def line(rows, seconds):
    """One run in a line."""
    rates = "  ".join(
        f"{row['rate']} {row['group']} {row['found'] / row['n']:.3f}" for row in rows
    )
    run = rows[0]
    what = f"{run['faces']} faces, {run['lighter_share']:.2f} lighter"
    return f"seed {run['seed']}  {what}  {rates}  ({seconds:.0f} s)"


def summary(frame):
    """Mean rates over the seeds, and the mean gap between the groups, a row a training set."""
    sets = ["faces", "lighter_share", "darker_faces"]
    frame = frame.assign(share=frame["found"] / frame["n"])
    table = frame.pivot_table(
        index=sets, columns=["rate", "group"], values="share", sort=False
    )
    found = frame[frame["rate"] == "TPR"].groupby([*sets, "seed"])["share"]
    gaps = found.max() - found.min()
    table["gap", ""] = gaps.groupby(sets).mean()
    return table.round(3).to_string()


if __name__ == "__main__":
    main()
