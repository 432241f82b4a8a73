"""Partial dependence: the mean score if everybody had the same value of one feature."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from utils.explain.errors import ArgumentError
from utils.explain.games import players_of
from utils.explain.job import PATIENCE
from utils.explain.kernel import check_whole
from utils.explain.model import BATCH, Model
from utils.explain.tables import read


@dataclass(frozen=True)
class PartialDependence:
    """One feature's curve.

    Attributes
    ----------
    feature : str or int
        Name, or position where columns have no names.
    kind : {"numerical", "categorical"}
    values : ndarray, shape (values,)
        The values asked, in order: equally far apart, or the distinct values.
    predictions : ndarray, shape (outputs, values)
        Mean score over all rows with the feature set to each value.
    share : ndarray, shape (values,)
        Share of rows nearest to each value, or with it; adds up to 1.
    """

    feature: object
    kind: str
    values: np.ndarray
    predictions: np.ndarray
    share: np.ndarray


def partial_dependence(
    predict: Callable,
    rows,
    feature,
    grid_resolution: int = 15,
    *,
    ends: bool = True,
    progress: bool = True,
    batch: int = BATCH,
) -> PartialDependence:
    """Partial dependence of the scores on one feature.

    Every row gets each value of the feature in turn, and the scores are averaged. It asks the model
    for people who may not exist (five years old and married): look at ``share`` before reading the
    ends of the curve. A flat curve says no effect on the mean, not no effect on anybody.

    Parameters
    ----------
    predict : callable
        From rows to scores, shape (n,) or (n, outputs).
    rows : array-like or data frame, shape (rows, features)
    feature : str or int
        Name or position.
    grid_resolution : int
        Number of values asked of a number, each for the bucket of rows nearest to it. Where it has
        no more distinct values than that, and for categories (text, categorical, truth values),
        all are asked.
    ends : bool
        Whether the first and the last value asked are the smallest and the largest there are. If
        not, the range is divided into equally wide buckets and their middles are asked, as Clarify
        does; the ends themselves, such as a count of zero, are then not asked.
    progress : bool
        A bar, for what takes longer than two seconds.
    batch : int
        Most rows in one call of `predict`; fewer where there are many columns.

    Returns
    -------
    PartialDependence

    Raises
    ------
    ArgumentError
        If there are no rows, a value is missing, or there is no such feature.
    ModelError
        If `predict` raises, or does not answer with one finite score a row.

    References
    ----------
    Friedman (2001); Amazon SageMaker Developer Guide, "Partial Dependence Plots: Analysis
    Configuration and Output" (the central values of `grid_resolution` buckets).
    """
    check_whole("grid_resolution", grid_resolution, 2)
    known = read(rows, rows[:1])
    f = int(players_of(feature, known)[0])
    column = rows.iloc[:, f] if known.names is not None else known.data[:, f]
    kind, values, share = _grid(pd.Series(column), grid_resolution, ends)
    # the grid plays the baseline: rows of it differ from the first row in this feature only
    grid = _with(rows, f, values)
    table = read(rows, grid)
    with tqdm(
        total=len(table.rows) * len(values),
        disable=not progress,
        delay=PATIENCE,
        desc="evaluations",
        unit_scale=True,
        leave=False,
    ) as bar:
        model = Model(predict, table, batch, bar)
        total = _totals(model, f)
    name = known.names[f] if known.names is not None else f
    return PartialDependence(name, kind, values, total.T / len(table.rows), share)


def _grid(column: pd.Series, buckets: int, ends: bool):
    """Kind, values and share of rows of each."""
    column = column.infer_objects()
    numerical = pd.api.types.is_numeric_dtype(column) and column.dtype.kind != "b"
    kind = "numerical" if numerical else "categorical"
    if not numerical or column.nunique() <= buckets:
        share = column.value_counts(normalize=True, sort=False).sort_index()
        share = share[share > 0]
        return kind, share.index.to_numpy(), share.to_numpy()
    low, high = float(column.min()), float(column.max())
    if not np.isfinite([low, high]).all():
        raise ArgumentError("rows has infinite values in this feature; cut them off")
    if ends:
        values = np.linspace(low, high, buckets)
        edges = np.r_[low, (values[1:] + values[:-1]) / 2, high]
    else:
        edges = np.linspace(low, high, buckets + 1)
        values = (edges[1:] + edges[:-1]) / 2
    count, _ = np.histogram(column, edges)
    return kind, values, count / len(column)


def _with(rows, f: int, values):
    """The first row, once for each value of feature f."""
    if not isinstance(rows, pd.DataFrame):
        grid = np.repeat(np.asarray(rows)[:1], len(values), axis=0)
        grid = grid.astype(np.result_type(grid, values))
        grid[:, f] = values
        return grid
    grid = rows.iloc[np.zeros(len(values), int)].reset_index(drop=True)
    name, kind = rows.columns[f], rows.dtypes.iloc[f]
    # a number may get a fraction, anything else keeps its type
    number = pd.api.types.is_numeric_dtype(kind)
    grid[name] = pd.Series(values, dtype=None if number else kind)
    return grid


def _totals(model: Model, f: int) -> np.ndarray:
    """Sum of the scores of all rows at each value: shape (values, outputs)."""
    rows, grid = model.table.rows, model.table.baseline[:, f]
    total = None
    for start in range(0, len(rows) * len(grid), model.batch):
        at = np.arange(start, min(start + model.batch, len(rows) * len(grid)))
        value, row = np.divmod(at, len(rows))
        codes = rows[row]
        codes[:, f] = grid[value]
        scores = model(codes)
        if total is None:
            total = np.zeros((len(grid), model.outputs))
        # the values of one batch stand in order: add each run
        first = np.flatnonzero(np.diff(value, prepend=-1))
        total[value[first]] += np.add.reduceat(scores, first, axis=0)
    return total
