"""A job's folders, made by hand, and small data whose answers are known."""

import json
from pathlib import Path

import numpy as np

from utils.cloud.images import Container


def container(
    root: Path, hyperparameters: dict, channels: dict, content_type="text/csv"
) -> Container:
    """A container whose channels hold one file each: a table becomes CSV, bytes stay bytes."""
    (root / "input/config").mkdir(parents=True)
    for name in ("model", "output"):
        (root / name).mkdir()
    for name, content in channels.items():
        folder = root / "input/data" / name
        folder.mkdir(parents=True)
        if isinstance(content, bytes):
            (folder / "part").write_bytes(content)
        else:
            np.savetxt(folder / "part.csv", content, delimiter=",", fmt="%.10g")
    config = {name: {"ContentType": content_type} for name in channels}
    values = {k: str(v) for k, v in hyperparameters.items()}
    (root / "input/config/inputdataconfig.json").write_text(json.dumps(config))
    (root / "input/config/hyperparameters.json").write_text(json.dumps(values))
    return Container(root)


def reported(job: Container) -> dict[str, float]:
    """The metrics a job reported: name → the last value."""
    lines = (job.output_dir / "metrics.jsonl").read_text().splitlines()
    return {m["MetricName"]: m["Value"] for m in map(json.loads, lines)}


def two_classes(rows=600, seed=0, share=0.5):
    """Labels, then two features on very different scales; a yes is likelier where they are high."""
    random = np.random.default_rng(seed)
    X = random.normal(size=(rows, 2))
    offset = np.quantile(X.sum(axis=1), 1 - share)
    chance = 1 / (1 + np.exp(-2 * (X.sum(axis=1) - offset)))
    y = random.random(rows) < chance
    return np.column_stack([y, 50 + 20 * X[:, 0], 0.01 * X[:, 1]])


def line(rows=400, seed=0):
    """A target that is 3·a − 2·b + 10 with a little noise, then a and b."""
    random = np.random.default_rng(seed)
    X = random.normal(size=(rows, 2)) * [5, 0.5] + [100, 1]
    y = X @ [3, -2] + 10 + random.normal(size=rows) * 0.1
    return np.column_stack([y, X])


def three_classes(rows=600, seed=0):
    """Three clouds of points, labels 0, 1 and 2, mostly apart."""
    random = np.random.default_rng(seed)
    y = random.integers(0, 3, rows)
    centres = np.array([[0, 0], [4, 0], [0, 4]])
    return np.column_stack([y, centres[y] + random.normal(size=(rows, 2))])
