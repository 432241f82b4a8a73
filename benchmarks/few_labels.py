"""How far do few labels go, with a borrowed network and without? Two tasks, several seeds.

    python benchmarks/few_labels.py --seeds 3 [--store]

Simulated radiographs (with opacities or without), and real faces (the hundred of scikit-image's
LFW subset) against pieces of other photographs. LFW's own backgrounds are not used: one number, the
sharpness, tells them from the faces. Seven ways to learn from 10 to 200 labels, judged by the AUC
and the accuracy on images that none of them saw. ``--store`` keeps the table that lesson
05_debiasing_vision/01 shows. The settings of the networks were chosen with ``--tuning`` (other
seeds, another test set, radiographs); the strength of the penalty is chosen by cross-validation
among the labelled images.
"""

import argparse
import sys
import time
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment
from skimage import data
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from utils.backend import keras, tf
from utils.vision.pretrained import efficientnet_lite0, prepare
from utils.vision.real import load_real_faces
from utils.vision.runs import store_runs
from utils.vision.xrays import simulate_xrays

TEST_SEED, TUNING_SEED = 9005, 7001
# the middle was chosen among five depths, on films with another test seed
SIZE, SMALL, MIDDLE = 96, 48, "blocks.10.add"
LABELS = {"xrays": (10, 20, 50, 100, 200), "faces": (10, 20, 50, 100)}
STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
BATCH = 16
# what is not a face is cut from the first row to be labelled, from the second to test
PHOTOS = (
    ("camera", "coins", "brick", "rocket", "page", "moon"),
    ("coffee", "gravel", "chelsea", "grass", "retina", "immunohistochemistry"),
)
SHRINK = (2, 3, 4, 6, 8)
# chosen with --tuning: learning rate, steps
FROM_SCRATCH, UNFROZEN, NAIVELY = (3e-3, 600), (1e-3, 100), (1e-3, 100)
GRID = {
    "from scratch": [(3e-4, 600), (1e-3, 200), (1e-3, 600), (3e-3, 200), (3e-3, 600)],
    "unfrozen": [(1e-4, 100), (3e-4, 100), (1e-3, 50), (1e-3, 100), (3e-3, 50)],
    "naive": [(1e-4, 100), (3e-4, 100), (1e-3, 30), (1e-3, 100), (3e-3, 30)],
}


@dataclass
class Task:
    """Images of a task in every form that an approach wants; `pool` rows may be labelled."""

    name: str
    labels: np.ndarray
    forms: dict
    pool: np.ndarray
    test: np.ndarray


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--tuning", choices=GRID, help="print a grid, on other seeds")
    parser.add_argument("--store", action="store_true")
    asked = parser.parse_args()
    borrowed = Borrowed()
    if asked.tuning:
        return tune(asked.tuning, borrowed, asked.seeds)
    rows = []
    for seed in range(asked.seeds):
        for task in (xrays(seed, TEST_SEED, borrowed), faces(seed, borrowed)):
            begun = time.perf_counter()
            rows += judged(task, seed, borrowed)
            seconds = time.perf_counter() - begun
            print(f"{task.name}, seed {seed}: {seconds:.0f} s", flush=True)
    frame = pd.DataFrame(rows)
    table = frame.groupby(["task", "approach", "labels"], sort=False)
    for measure in ("auc", "accuracy"):
        told = table[measure].agg(["mean", "min", "max"])
        print(measure, told.round(3).unstack("labels").to_string(), sep="\n")
    if asked.store:
        store_runs(frame, "few_labels", "python " + " ".join(sys.argv))


def tune(approach, borrowed, seeds):
    """Mean AUC of an approach for each setting, on seeds and images used for nothing else."""
    rows = []
    for seed in range(100, 100 + seeds):
        task = xrays(seed, TUNING_SEED, borrowed)
        for n in (20, 100):
            for setting in GRID[approach]:
                scores = learned(approach, task, n, seed, borrowed, setting)
                auc = roc_auc_score(task.labels[task.test], scores)
                rows.append((n, setting, auc))
                print(seed, *rows[-1], flush=True)
    frame = pd.DataFrame(rows, columns=["labels", "setting", "auc"])
    print(frame.groupby(["labels", "setting"])["auc"].agg(["mean", "min", "max"]))


class Borrowed:
    """EfficientNet-Lite0 in two parts, and the networks that are trained; each is built once."""

    def __init__(self):
        self.whole = efficientnet_lite0(SIZE, top=False)
        self.ready = self.whole.get_weights()
        self.middle = self.whole.get_layer(MIDDLE).output
        pooled = keras.layers.GlobalAveragePooling2D()(self.middle)
        outputs = [self.middle, pooled, self.whole.output]
        self.features = keras.Model(self.whole.input, outputs)
        self.trained = {}

    def network(self, approach):
        """A network of this kind, with its starting weights."""
        if approach not in self.trained:
            model = getattr(self, approach.replace(" ", "_"))()
            optimizer = keras.optimizers.Adam()
            loss = keras.losses.BinaryCrossentropy(from_logits=True)
            model.compile(optimizer, loss, jit_compile=False)
            optimizer.build(model.trainable_variables)
            state = [variable.numpy() for variable in optimizer.variables]
            self.trained[approach] = model, model.get_weights(), state
        model, weights, state = self.trained[approach]
        model.set_weights(weights)
        for variable, value in zip(model.optimizer.variables, state, strict=True):
            variable.assign(value)
        if approach == "from scratch":
            model.set_weights(self.from_scratch().get_weights())
        return model

    def unfrozen(self):
        """Blocks 11 to 15 and a head; batch normalisation keeps ImageNet's statistics."""
        copy = keras.models.clone_model(self.whole)
        copy.set_weights(self.ready)
        for layer in copy.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.trainable = False
        tail = keras.Model(copy.get_layer(MIDDLE).output, copy.output)
        inputs = keras.Input(self.middle.shape[1:])
        return keras.Model(inputs, head(tail(inputs)))

    def naive(self):
        """A new head, and every weight trained at once, batch normalisation as well."""
        copy = keras.models.clone_model(self.whole)
        copy.set_weights(self.ready)
        return keras.Model(copy.input, keras.layers.Dense(1)(copy.output))

    def from_scratch(self):
        """Four convolutions and a dense layer; images are flipped and shifted at random."""
        inputs = keras.Input((SMALL, SMALL, 1))
        x = keras.layers.Rescaling(1 / 255, offset=-0.5)(inputs)
        x = keras.layers.RandomFlip("horizontal")(x)
        x = keras.layers.RandomTranslation(0.06, 0.06, fill_mode="nearest")(x)
        for filters, kernel in ((12, 5), (24, 5), (48, 3), (72, 3)):
            x = keras.layers.Conv2D(filters, kernel, 2, "same", activation="relu")(x)
        x = keras.layers.Dense(64, activation="relu")(keras.layers.Flatten()(x))
        return keras.Model(inputs, keras.layers.Dense(1)(keras.layers.Dropout(0.3)(x)))


def head(x):
    """One logit, at first 0 for every image."""
    x = keras.layers.Dropout(0.3)(x)
    return keras.layers.Dense(1, kernel_initializer="zeros")(x)


def xrays(seed, test_seed, borrowed):
    """Simulated radiographs: 200 that may be labelled, 600 to test."""
    pool = simulate_xrays(240, seed=seed)
    test = simulate_xrays(600, seed=test_seed, part="test")
    images = np.concatenate([pool.images, test.images])
    labels = np.concatenate([pool.labels, test.labels])
    pixels = images.reshape(-1, 24, 4, 24, 4).mean((2, 4))
    rows = np.split(np.arange(len(labels)), [len(pool)])
    return Task("xrays", labels, forms(images, pixels, borrowed), *rows)


def faces(seed, borrowed):
    """Half of the faces, with counterparts, may be labelled; a new division for each seed."""
    real = levelled(load_real_faces().images[:100])
    halves = np.split(np.random.default_rng(seed).permutation(100), 2)
    parts = []
    for half, photos in zip(halves, PHOTOS, strict=True):
        parts += [real[half], counterparts(real[half], photos)]
    images, labels = np.concatenate(parts), np.tile(np.repeat([1, 0], 50), 2)
    return Task(
        "faces", labels, forms(images, images, borrowed), *np.split(np.arange(200), 2)
    )


def levelled(images):
    """The same brightness and contrast for every image."""
    x = images.astype(float)
    x = (x - x.mean((1, 2), keepdims=True)) / x.std((1, 2), keepdims=True)
    return (118 + 30 * x).clip(0, 255).round().astype(np.uint8)


def sharpness(images):
    """How far a pixel is, on average, from the mean of its four neighbours."""
    x = images.astype(float)
    around = x[:, 2:, 1:-1] + x[:, :-2, 1:-1] + x[:, 1:-1, 2:] + x[:, 1:-1, :-2]
    return np.abs(x[:, 1:-1, 1:-1] - around / 4).mean((1, 2))


def pieces(name):
    """Pieces of 25 × 25 pixels of a photograph that was made smaller; none that is flat."""
    photo = getattr(data, name)()
    grey = photo.mean(2) if photo.ndim == 3 else photo.astype(float)
    cut = []
    for k in SHRINK:
        high, wide = (side // k for side in grey.shape)
        small = grey[: high * k, : wide * k].reshape(high, k, wide, k).mean((1, 3))
        places = [
            (r, c) for r in range(0, high - 24, 12) for c in range(0, wide - 24, 12)
        ]
        cut += [small[r : r + 25, c : c + 25] for r, c in places]
    cut = np.stack(cut)
    return cut[cut.std((1, 2)) > 10]


def counterparts(real, photos):
    """For every face a piece of these photographs that is as sharp, none twice."""
    found = levelled(np.concatenate([pieces(name) for name in photos]))
    apart = np.abs(sharpness(real)[:, None] - sharpness(found)[None])
    return found[linear_sum_assignment(apart)[1]]


def forms(images, pixels, borrowed):
    """What each approach takes as its input."""
    prepared = prepare(images, SIZE)
    middle, pooled, last = borrowed.features.predict(prepared, batch_size=64, verbose=0)
    return {
        "three rulers": rulers(images),
        "pixels": pixels.reshape(len(pixels), -1) / 255,
        "frozen, last layer": last,
        "frozen, block 10": pooled,
        "unfrozen": middle,
        "from scratch": prepare(images, SMALL)[..., :1].astype(np.float32),
        "naive": prepared,
    }


def rulers(images):
    """Brightness, contrast and sharpness of each image."""
    numbers = images.mean((1, 2)), images.std((1, 2)), sharpness(images)
    return np.column_stack(numbers)


def judged(task, seed, borrowed):
    """Rows of the table: every approach and number of labels, one draw of labelled images."""
    rows = []
    for n in LABELS[task.name]:
        for approach in task.forms:
            told = {"task": task.name, "approach": approach, "labels": n, "seed": seed}
            scores = learned(approach, task, n, seed, borrowed)
            rows.append(told | judgement(task.labels[task.test], scores))
    return rows


def judgement(labels, scores):
    """AUC and accuracy, a score above 0 being taken for the label 1."""
    right = ((scores > 0) == labels).mean()
    auc = roc_auc_score(labels, scores)
    return {"auc": auc, "accuracy": right, "n_test": len(labels)}


def learned(approach, task, n, seed, borrowed, setting=None):
    """Scores of the test images after learning from `n` labels, half of each kind."""
    X, y = task.forms[approach], task.labels
    chosen = balanced(y, task.pool, n, seed)
    X_labelled, y_labelled, X_test = X[chosen], y[chosen], X[task.test]
    settings = {"from scratch": FROM_SCRATCH, "unfrozen": UNFROZEN, "naive": NAIVELY}
    if approach in settings:
        rate, steps = setting or settings[approach]
        return train(
            approach, borrowed, X_labelled, y_labelled, X_test, rate, steps, seed
        )
    # small matrices: threads would only wait for each other
    with threadpool_limits(1):
        fitted = regression().fit(X_labelled, y_labelled)
    return fitted.decision_function(X_test)


def balanced(labels, pool, n, seed):
    """`n` rows of the pool, half with label 1; the rows for few labels are among those for more."""
    rng = np.random.default_rng(seed)
    order = [rng.permutation(pool[labels[pool] == k])[: n // 2] for k in (0, 1)]
    return np.concatenate(order)


def regression():
    """Logistic regression, its penalty chosen by five folds among the labelled images."""
    # turning the axes changes nothing in a model with this penalty; it leaves few of them
    steps = [("scale", StandardScaler()), ("turn", PCA())]
    steps.append(("head", LogisticRegression(max_iter=5000)))
    return GridSearchCV(
        Pipeline(steps), {"head__C": STRENGTHS}, cv=5, scoring="neg_log_loss"
    )


def train(approach, borrowed, X, y, X_test, rate, steps, seed):
    """Scores of the test images after so many steps on batches drawn with equal shares."""
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    model = borrowed.network(approach)
    model.optimizer.learning_rate.assign(rate)
    kinds = [np.flatnonzero(y == k) for k in (0, 1)]
    for _ in range(steps):
        rows = np.concatenate([rng.choice(kind, BATCH // 2) for kind in kinds])
        model.train_on_batch(X[rows], y[rows, None].astype(np.float32))
    parts = [model.predict_on_batch(part) for part in in_parts(X_test)]
    return np.concatenate(parts)[: len(X_test), 0]


def in_parts(images, size=128):
    """Parts of equal length, so that one graph serves all; the last is filled up."""
    filled = np.resize(images, (-(-len(images) // size) * size, *images.shape[1:]))
    return np.split(filled, len(filled) // size)


if __name__ == "__main__":
    # one graph for all: TensorFlow's own splitting of an operation gains nothing on two cores
    tf.config.threading.set_inter_op_parallelism_threads(1)
    main()
