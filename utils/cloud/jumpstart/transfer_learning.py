"""Fine-tunes the text classifier on a folder that holds a headerless ``data.csv``.

First column: the class, a whole number from 0 to k-1. Second column: the text.
"""

import argparse
import csv
import os
import tarfile
import tempfile
from pathlib import Path

import numpy as np
import text_classifier


def read(path):
    """Classes (array) and texts (list) of ``data.csv``; errors name the line."""
    if not path.is_file():
        found = sorted(p.name for p in path.parent.iterdir()) or ["nothing"]
        raise SystemExit(f"no data.csv in the training folder; it holds {found}")
    classes, texts = [], []
    with path.open(encoding="utf-8-sig", newline="") as file:
        for line, row in enumerate(csv.reader(file), 1):
            if len(row) != 2 or not row[0].strip().isdecimal() or not row[1].strip():
                raise SystemExit(
                    f"data.csv, line {line}: {row}; each line is a class (0, 1, …) "
                    "and a text, without a header"
                )
            classes.append(int(row[0]))
            texts.append(row[1])
    found = sorted(set(classes))
    if found != list(range(len(found))) or len(found) < 2:
        raise SystemExit(
            f"data.csv: classes {found[:20]}; use 0 to k-1, each at least once, k >= 2"
        )
    return np.array(classes), texts


def pretrained():
    """The model to start from: the archive in the channel ``model``."""
    folder = Path(os.environ["SM_CHANNEL_MODEL"])
    with tempfile.TemporaryDirectory() as unpacked:
        with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
            archive.extractall(unpacked, filter="data")
        return text_classifier.load(unpacked)


def split(classes, share, seed):
    """Rows held back for validation: of each class the same share, none of a single row."""
    random, held = np.random.default_rng(seed), np.zeros(len(classes), bool)
    for one in np.unique(classes):
        rows = random.permutation(np.flatnonzero(classes == one))
        held[rows[: min(round(share * len(rows)), len(rows) - 1)]] = True
    return held


def main():
    """Read, keep the body, learn a head, check it on the rows held back, save."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--regularisation-strength", type=float, default=0.1)
    parser.add_argument("--validation-split-ratio", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    classes, texts = read(Path(os.environ["SM_CHANNEL_TRAINING"]) / "data.csv")
    held = split(classes, given.validation_split_ratio, given.seed)
    labels = list(range(classes.max() + 1))
    learnt = text_classifier.fit(
        [text for text, out in zip(texts, held, strict=True) if not out],
        classes[~held],
        labels,
        pretrained().rarity,
        1 / given.regularisation_strength,
    )
    print(f"{len(labels)} classes, {(~held).sum()} texts to learn from")
    if held.any():
        own = [text for text, out in zip(texts, held, strict=True) if out]
        right = learnt.probabilities(own).argmax(axis=1) == classes[held]
        print(f"val_accuracy: {right.mean():.4f} on {held.sum()} texts")
    text_classifier.save(os.environ["SM_MODEL_DIR"], learnt)


if __name__ == "__main__":
    main()
