"""SHAP values and partial dependence of the model, from Clarify's configuration."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from utils.cloud import storage
from utils.cloud.images.clarify import baseline as clusters
from utils.cloud.images.clarify import sources
from utils.cloud.images.clarify.config import Config
from utils.cloud.images.clarify.data import Dataset, column
from utils.cloud.images.clarify.samples import enough
from utils.cloud.images.container import ClientError
from utils.explain import (
    ExplainError,
    ModelError,
    PartialDependence,
    cost,
    global_importance,
    kernel_shap,
    partial_dependence,
)

GRID, TOP = 15, 10


@dataclass(frozen=True)
class Shap:
    """The SHAP values of all rows.

    Attributes
    ----------
    features : list of str
        Those that were explained.
    outputs : list of str
        The classes, by ``label_headers`` or as ``label0``.
    values : ndarray, shape (rows, features, outputs)
        NaN in the rows that were left out because a value is missing.
    importance : ndarray, shape (features, outputs)
    expected : ndarray, shape (outputs,)
        The score of the baseline.
    baseline : pandas.DataFrame
    method : str
        How values became importance: ``mean_abs``, ``median`` or ``mean_sq``.
    left_out : int
        Rows with missing values.
    notes : list of str
        What was done otherwise than asked, and why.
    made : bool
        Whether the baseline was made from the data.
    """

    features: list[str]
    outputs: list[str]
    values: np.ndarray
    importance: np.ndarray
    expected: np.ndarray
    baseline: pd.DataFrame
    method: str
    left_out: int
    notes: list[str]
    made: bool

    def ranked(self) -> list[str]:
        """The features, the most important first (over all classes)."""
        total = np.abs(self.importance).sum(axis=1)
        return [self.features[i] for i in np.argsort(-total, kind="stable")]

    def local(self) -> pd.DataFrame:
        """One column a feature and class, one row a row of the data set."""
        return pd.DataFrame(
            {
                f"{feature}_{output}": self.values[:, f, k]
                for k, output in enumerate(self.outputs)
                for f, feature in enumerate(self.features)
            }
        )

    def to_clarify(self) -> dict:
        """As it stands in ``analysis.json`` under ``kernel_shap``."""
        return {
            output: {
                "global_shap_values": {
                    feature: float(self.importance[f, k])
                    for f, feature in enumerate(self.features)
                },
                "expected_value": float(self.expected[k]),
            }
            for k, output in enumerate(self.outputs)
        }


def rows_of(data: Dataset) -> tuple[pd.DataFrame, np.ndarray]:
    """The features of the rows without missing values, and which rows these are."""
    frame = data.frame(data.features)
    complete = ~frame.isna().any(axis=1).to_numpy()
    if not complete.any():
        worst = frame.isna().mean().idxmax()
        raise ClientError(
            f"dataset: every row misses a value (most often {worst!r}), so none can be explained; "
            "fill them in, or leave a column out with excluded_columns"
        )
    if not complete.all():
        print(
            f"{(~complete).sum():,} of {len(frame):,} rows miss a value and are not explained: a "
            "missing value is equal to nothing.",
            flush=True,
        )
    return frame[complete].reset_index(drop=True), complete


def given_baseline(
    config: Config, data: Dataset, s3, folder: Path
) -> pd.DataFrame | None:
    """The baseline of the configuration; None where it is to be made from the data.

    Raises
    ------
    ClientError
        If a row has not as many values as there are features, or one is not of its column's kind.
    """
    given = (config.method("shap") or {}).get("baseline")
    if given is None:
        return None
    name = "methods.shap.baseline"
    if isinstance(given, str):
        folder.mkdir()
        try:
            files = sorted(storage.download(s3(), given, folder))
        except storage.StorageError as error:
            raise ClientError(f"{name}: {error}") from None
        given = pd.concat([_table(file, data.features, name) for file in files])
        given = given.to_numpy(object).tolist()
    for i, row in enumerate(given):
        if len(row) != len(data.features):
            raise ClientError(
                f"{name}[{i}]: found {len(row)} values; there are {len(data.features)} features "
                f"({', '.join(data.features[:6])}, …), and the label is none of them"
            )
    table = pd.DataFrame(given, columns=data.features, dtype=object)
    return pd.DataFrame({c: _like(table[c], data, c, name) for c in data.features})


def _table(file: Path, features: list[str], name: str) -> pd.DataFrame:
    if file.suffix in (".jsonl", ".json"):
        rows = [sources.parsed(line, file.name) for line in file.open(encoding="utf-8")]
        rows = [r.get("features") if isinstance(r, dict) else r for r in rows]
        return pd.DataFrame(rows)
    try:
        table = pd.read_csv(file, header=None)
    except ValueError as error:
        raise ClientError(f"{name}: {file.name} is not CSV: {error}") from None
    headed = [str(v).strip() for v in table.iloc[0]] == features
    return pd.read_csv(file) if headed else table


def _like(values: pd.Series, data: Dataset, feature: str, name: str) -> pd.Series:
    if not data.is_numeric(feature):
        return values.map(str)
    numbers = pd.to_numeric(values, errors="coerce")
    if numbers.isna().any():
        wrong = values[numbers.isna()].iloc[0]
        raise ClientError(
            f"{name}: found {wrong!r} for {feature!r}, which holds numbers in the data set"
        )
    return numbers


def named(config: Config, data: Dataset, method: str, field: str) -> list[str] | None:
    """The features that a method names; None where it names none."""
    given = (config.method(method) or {}).get(field)
    if given is None:
        return None
    found = [
        column(one, data.columns, f"methods.{method}.{field}[{i}]")
        for i, one in enumerate(given)
    ]
    for i, one in enumerate(found):
        if one not in data.features:
            raise ClientError(
                f"methods.{method}.{field}[{i}]: {one!r} is not given to the model, so there is "
                "nothing to explain"
            )
    return found


def shap_values(
    config: Config, data: Dataset, model, rows, complete, baseline, features=None
) -> Shap:
    """SHAP values of all complete rows.

    Parameters
    ----------
    model : Endpoint
    rows, complete
        As from `rows_of`.
    baseline : pandas.DataFrame or None
        As from `given_baseline`.
    features : list of str, optional
        As from `named`.

    Raises
    ------
    ClientError
        If the model cannot be explained: its own message.
    """
    settings = config.method("shap")
    seed = settings.get("seed", 0)
    made = baseline is None
    if made:
        baseline = clusters.make(rows, settings.get("num_clusters"), seed)
        print(f"Made a baseline of {len(baseline)} row(s) from the data.", flush=True)
    link = "logit" if settings.get("use_logit") else "identity"
    with _said():
        notes, wanted = [], settings.get("num_samples")
        taken = enough(wanted, rows, baseline, features)
        if taken != wanted:
            notes = [
                f"num_samples is {wanted}, too few to settle the values; {taken} were taken, twice "
                "the number of features that vary"
            ]
            print(*notes, flush=True)
        told = cost(
            model.scores, rows, baseline, taken, features, link, probe_seconds=0.5
        )
        print(
            f"SHAP: {len(rows):,} rows, {len(baseline)} baseline row(s): {told}",
            flush=True,
        )
        found = kernel_shap(
            model.scores, rows, baseline, taken, features, link, seed, progress=False
        )
    return _collected(config, data, found, complete, baseline, features, notes, made)


def _collected(config, data, found, complete, baseline, features, notes, made) -> Shap:
    method = config.method("shap").get("agg_method", "mean_abs")
    explained = features or list(data.features)
    places = [data.features.index(f) for f in explained]
    values = np.asarray(found.values)
    values = values.reshape(len(values), len(data.features), -1)[:, places]
    importance = np.asarray(global_importance(found, method))
    importance = importance.reshape(len(data.features), -1)[places]
    every = np.full((len(complete), *values.shape[1:]), np.nan)
    every[complete] = values
    base = np.asarray(found.base_values).reshape(len(values), -1).mean(axis=0)
    outputs = names_of(config.predictor.get("label_headers"), values.shape[2])
    left = int((~complete).sum())
    return Shap(
        explained, outputs, every, importance, base, baseline, method, left, notes, made
    )


def names_of(headers: list | None, outputs: int) -> list[str]:
    """The classes by their headers, or as ``label0``, ``label1``, …"""
    if headers and len(headers) == outputs:
        return [str(header) for header in headers]
    return [f"label{k}" for k in range(outputs)]


def curves(
    config: Config, model, rows: pd.DataFrame, features: list[str]
) -> list[PartialDependence]:
    """Partial dependence on each of some features; of numbers, at the middles of the buckets."""
    grid = config.method("pdp").get("grid_resolution", GRID)
    with _said():
        return [
            partial_dependence(
                model.scores, rows, feature, grid, ends=False, progress=False
            )
            for feature in features
        ]


def dependent(config: Config, named: list[str] | None, shap: Shap | None) -> list[str]:
    """The features whose partial dependence is shown: those named, else the most important."""
    if named is not None:
        return named
    return shap.ranked()[: config.method("pdp").get("top_k_features", TOP)]


def pdp_to_clarify(curve: PartialDependence) -> dict:
    """A curve as it stands in ``analysis.json`` under ``pdp``."""
    return {
        "feature_name": str(curve.feature),
        "data_type": curve.kind,
        "feature_values": [
            v.item() if isinstance(v, np.generic) else v for v in curve.values
        ],
        "model_predictions": curve.predictions.tolist(),
        "data_distribution": curve.share.tolist(),
    }


@contextlib.contextmanager
def _said():
    """Turn what `utils.explain` cannot do into the job's failure, with the cause first."""
    try:
        yield
    except ModelError as error:
        if isinstance(error.__cause__, ClientError):
            raise error.__cause__ from None
        raise ClientError(f"predictor: {error}") from None
    except ExplainError as error:
        raise ClientError(f"methods.shap: {error}") from None
