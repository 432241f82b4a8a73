"""Claims on the speed, agreement and memory of Shapley values, beside shap's KernelExplainer.

Twelve features of Adult, a logistic regression and a small Keras network, the same `predict` for
both sides in one run. Ours enumerates every coalition. The peer does so too, or draws its default
number of samples, both times without its selection of features, which would take longer. Baselines
are the most frequent values, the mean and a hundred people. Times are a row, medians of four runs;
memory is the process's peak above what it held before.

    python benchmarks/shapley.py            about two minutes
"""

import argparse
import logging
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from bias_metrics import Watch

from utils.datasets import load_adult
from utils.explain import cost, exact_shapley, kernel_shap

LEFT_OUT = ["fnlwgt", "education", "income"]


class Timed:
    """A model that knows how long it took to answer."""

    def __init__(self, predict):
        self.predict, self.seconds, self.first = predict, 0.0, None

    def __call__(self, rows):
        started = time.perf_counter()
        self.first = self.first or started
        answer = self.predict(rows)
        self.seconds += time.perf_counter() - started
        return answer

    @property
    def wall(self) -> float:
        """Since the first question."""
        return time.perf_counter() - self.first


def people() -> tuple[np.ndarray, np.ndarray]:
    """Twelve features as numbers on one scale, and who earns more than 50,000 dollars."""
    adult = load_adult()
    features = adult.drop(columns=LEFT_OUT)
    for name in features.select_dtypes("category"):
        features[name] = features[name].cat.codes
    features = features.to_numpy(float)
    scaled = (features - features.mean(axis=0)) / features.std(axis=0)
    return scaled, (adult["income"] == ">50K").to_numpy()


def usual(rows: np.ndarray) -> np.ndarray:
    """One baseline row: the most frequent value of each feature."""
    most = [np.unique(column, return_counts=True) for column in rows.T]
    return np.array([[values[counts.argmax()] for values, counts in most]])


def logistic(rows, rich):
    """Logistic regression of scikit-learn."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression().fit(rows, rich)
    return lambda x: model.predict_proba(x)[:, 1]


def network(rows, rich):
    """Two small hidden layers; called directly, which is Keras' fastest way for small inputs."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(n, activation="relu") for n in (32, 16)]
    layers.append(keras.layers.Dense(1, activation="sigmoid"))
    model = keras.Sequential([keras.Input((12,)), *layers])
    model.compile("adam", "binary_crossentropy")
    model.fit(rows, rich, epochs=2, batch_size=256, verbose=0)
    return lambda x: model(x.astype("float32")).numpy()[:, 0]


def speed(name: str, predict, rows, baseline, ours: int, theirs: int, goal: int):
    """Time a row of both, the agreement, and our share of time inside the model."""
    import shap

    peer = shap.KernelExplainer(predict, baseline)
    options = {"silent": True, "l1_reg": 0}
    sampled = a_row(lambda part: peer.shap_values(part, **options), rows, theirs)
    options["nsamples"] = 2**12
    exact = a_row(lambda part: peer.shap_values(part, **options), rows, theirs)
    # ours gets more rows, as large batches are its point; the peer goes row by row
    model = Timed(predict)
    own = a_row(lambda part: exact_shapley(model, part, baseline), rows, ours)
    share = model.seconds / model.wall
    found = exact_shapley(model, rows[:3], baseline)
    apart = np.abs(peer.shap_values(rows[:3], **options) - found.values).max()
    print(
        f"{name:<36}{1e3 * own:8.3f} ms a row, {exact / own:6,.0f} times as fast as the peer "
        f"when it is exact, {sampled / own:,.0f} by its default (goal {goal}); "
        f"{share:.0%} in the model; apart by {apart:.0e}",
        flush=True,
    )


def a_row(explain, rows, n: int) -> float:
    """Median seconds a row of four runs, after one that is not counted."""
    explain(rows[:2])
    took = []
    for run in range(4):
        part = rows[run * n : (run + 1) * n]
        started = time.perf_counter()
        explain(part)
        took.append((time.perf_counter() - started) / n)
    return float(np.median(took))


def sampling(predict, rows, baseline) -> None:
    """Kernel SHAP's error by number of samples, as a share of the largest value."""
    exact = exact_shapley(predict, rows, baseline).values
    for n in (50, 200, 800):
        off = [
            kernel_shap(predict, rows, baseline, n, seed=seed).values - exact
            for seed in range(10)
        ]
        error = np.sqrt(np.mean(np.square(off))) / np.abs(exact).max()
        print(
            f"{f'kernel_shap, {n} samples':<38} error {error:.2%} of the largest value"
        )


def prediction(predict, rows, baseline) -> None:
    """The estimate of `cost` beside the time that it then took."""
    said = cost(predict, rows, baseline, method="exact")
    started = time.perf_counter()
    exact_shapley(predict, rows, baseline)
    took = time.perf_counter() - started
    print(f"{'cost, before running':<38} {said}; it took {took:.1f} seconds")


def memory() -> None:
    """Peak for a few and for many rows, each in a process of its own."""
    for rows, baseline in ((1_000, 1), (30_000, 1), (30, 100), (300, 100)):
        code = f"from shapley import peak_of; peak_of({rows}, {baseline})"
        run = subprocess.run(
            [sys.executable, "-c", code],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        )
        what = f"memory, {rows:,} rows, baseline {baseline}"
        print(f"{what:<38} {float(run.stdout):.0f} MB", flush=True)


def peak_of(rows: int, baseline: int) -> None:
    """For `memory`: print the extra peak in megabytes, with the cheapest model there is."""
    table, _ = people()
    exact_shapley(lambda x: x[:, 0], table[:10], table[-1:])
    watch = Watch()
    exact_shapley(lambda x: x[:, 0], table[:rows], table[-baseline:])
    print(watch.stop())


def main() -> None:
    logging.getLogger("shap").setLevel(logging.ERROR)
    rows, rich = people()
    # all twelve features differ from a mean, and about six from the most frequent values
    mean, one, many = rows.mean(axis=0), usual(rows), rows[-100:]
    models = {"logistic regression": logistic, "Keras network": network}
    for (name, build), goals in zip(models.items(), ((100, 10), (100, 3)), strict=True):
        predict = build(rows, rich)
        speed(f"{name}, most frequent", predict, rows, one, 4_000, 50, goals[0])
        speed(f"{name}, mean", predict, rows, mean[None], 200, 10, goals[0])
        speed(f"{name}, 100 rows", predict, rows, many, 50, 3, goals[1])
    predict = logistic(rows, rich)
    sampling(predict, rows[:20], many[:20])
    prediction(predict, rows[:200], many)
    memory()


if __name__ == "__main__":
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    main()
