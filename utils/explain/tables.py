"""Rows and baseline as integer codes: cells are mixed as bits, whatever they hold.

Numbers are their own bits, everything else is a position in a list of distinct values. The model
always gets back what it would have got: the same kind of table, the same types.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from utils.explain.errors import ArgumentError

PLAIN = "biuf"


@dataclass(frozen=True)
class Table:
    """Rows to explain and rows to compare them with, as codes of one unsigned type.

    Attributes
    ----------
    rows, baseline : ndarray of unsigned int, shape (rows, features) and (baseline rows, features)
        Two cells of a column are equal exactly where their codes are.
    data : ndarray, shape (rows, features)
        The rows as given.
    names : list of str or None
        The columns of a data frame.
    values : list of arrays or None
        Distinct values of each column; None where codes are the bits of numbers.
    dtype : numpy dtype
        Of the matrix that the model gets.
    """

    rows: np.ndarray
    baseline: np.ndarray
    data: np.ndarray
    names: list | None
    values: list | None
    dtype: np.dtype

    @cached_property
    def texts(self) -> list:
        """The columns that do not hold plain numbers, by name or position."""
        if self.values is None:
            return []
        names = self.names or range(len(self.values))
        texts = (not _all_numbers(v) for v in self.values)
        return [name for name, text in zip(names, texts, strict=True) if text]

    def decode(self, codes: np.ndarray):
        """What the model gets for codes of shape (n, features): a matrix or a data frame."""
        if self.values is None:
            matrix = codes.view(self.dtype)
            if self.names is None:
                return matrix
            return pd.DataFrame(matrix, columns=self.names, copy=False)
        columns = [v.take(codes[:, f]) for f, v in enumerate(self.values)]
        if self.names is not None:
            # with its type said: pandas makes str of objects that are all texts
            kinds = [getattr(c.dtype, "numpy_dtype", c.dtype) for c in columns]
            series = map(pd.Series, columns, [None] * len(kinds), kinds)
            frame = pd.DataFrame(dict(enumerate(series)), copy=False)
            return frame.set_axis(self.names, axis=1)
        matrix = np.empty(codes.shape, self.dtype)
        for f, column in enumerate(columns):
            matrix[:, f] = column
        return matrix


def read(rows, baseline) -> Table:
    """Check rows and baseline, and turn them into codes.

    Raises
    ------
    ArgumentError
        If one has no rows or the wrong shape, columns do not match, or a value is missing.
    """
    framed = isinstance(rows, pd.DataFrame)
    rows = rows if framed else _matrix(rows, "rows")
    baseline = _like(rows, baseline) if framed else _matrix(baseline, "baseline")
    for name, table in (("rows", rows), ("baseline", baseline)):
        if 0 in table.shape:
            what = "no rows" if len(table) == 0 else "no columns"
            raise ArgumentError(f"{name} has {what}; give at least one")
    if rows.shape[1] != baseline.shape[1]:
        raise ArgumentError(
            f"rows has {rows.shape[1]} columns and baseline {baseline.shape[1]}; "
            "give the same features in the same order, without the label"
        )
    for name, table in (("rows", rows), ("baseline", baseline)):
        _check_missing(table, name)
    return _encode_frame(rows, baseline) if framed else _encode(rows, baseline)


def _matrix(table, name: str) -> np.ndarray:
    """A two-dimensional array; a single baseline row may come flat."""
    matrix = np.asarray(table)
    if matrix.dtype.kind in "US" and not isinstance(table, np.ndarray):
        # a list of numbers and texts: NumPy would make texts of the numbers
        matrix = np.asarray(table, dtype=object)
    if matrix.ndim == 1 and name == "baseline" and matrix.size:
        matrix = matrix[None]
    if matrix.ndim != 2:
        raise ArgumentError(
            f"{name} has shape {matrix.shape}; give rows by features "
            "(one row: rows[:1] or row.reshape(1, -1); a sparse matrix: its toarray())"
        )
    return matrix


def _like(rows: pd.DataFrame, baseline) -> pd.DataFrame:
    """The baseline as a frame with the columns of `rows`, their order and their categories."""
    if rows.columns.has_duplicates:
        twice = rows.columns[rows.columns.duplicated()][0]
        raise ArgumentError(f"rows has the column {twice!r} more than once; rename one")
    if isinstance(baseline, pd.Series):
        baseline = baseline.to_frame().T.infer_objects()
    if isinstance(baseline, pd.DataFrame):
        differing = rows.columns.symmetric_difference(baseline.columns, sort=False)
        if len(differing):
            raise ArgumentError(
                f"rows and baseline differ in the columns {list(differing)[:5]}; "
                "give both the same columns, without the label"
            )
        baseline = baseline[rows.columns]
    else:
        matrix = _matrix(baseline, "baseline")
        if matrix.shape[1] != rows.shape[1]:
            return matrix
        baseline = pd.DataFrame(matrix, columns=rows.columns).infer_objects()
    kinds = {c: t for c, t in rows.dtypes.items() if isinstance(t, pd.CategoricalDtype)}
    for column, kind in kinds.items():
        _check_categories(baseline[column], kind)
    return baseline.astype(kinds)


def _check_categories(column: pd.Series, kind) -> None:
    new = set(column.dropna()) - set(kind.categories)
    if new:
        raise ArgumentError(
            f"baseline has {new.pop()!r} in {column.name!r}, which is not a category of rows; "
            f"there are {', '.join(map(str, kind.categories[:12]))}"
        )


def _check_missing(table, name: str) -> None:
    """Raise on the first missing value."""
    missing = np.asarray(pd.isna(table))
    if missing.any():
        row, column = np.argwhere(missing)[0]
        if isinstance(table, pd.DataFrame):
            column = repr(table.columns[column])
        raise ArgumentError(
            f"{name} has {missing.sum()} missing values, the first in row {row}, column {column}; "
            "a missing value is equal to nothing, so fill it or drop the row"
        )


def _encode(rows: np.ndarray, baseline: np.ndarray) -> Table:
    if rows.dtype.kind in PLAIN and baseline.dtype.kind in PLAIN:
        return _bits(rows, baseline, rows, None)
    both = np.concatenate([rows, baseline])
    columns = [both[:, f] for f in range(both.shape[1])]
    return _positions(columns, rows, None, both.dtype)


def _encode_frame(rows: pd.DataFrame, baseline: pd.DataFrame) -> Table:
    kinds = {*rows.dtypes, *baseline.dtypes}
    names = list(rows.columns)
    kind = kinds.pop()
    if not kinds and isinstance(kind, np.dtype) and kind.kind in PLAIN:
        return _bits(rows.to_numpy(), baseline.to_numpy(), rows.to_numpy(), names)
    columns = [pd.concat([rows[c], baseline[c]]).array for c in names]
    return _positions(columns, rows.to_numpy(), names, np.dtype(object))


def _bits(rows, baseline, data, names) -> Table:
    """Numbers: their bits are their codes."""
    dtype = np.result_type(rows, baseline)
    if dtype.itemsize not in (1, 2, 4, 8):
        dtype = np.dtype(float)
    if dtype.kind == "f":
        # -0.0 and 0.0 are equal but have different bits
        rows, baseline = rows + dtype.type(0), baseline + dtype.type(0)
    bits = np.dtype(f"u{dtype.itemsize}")
    codes = (
        np.ascontiguousarray(t.astype(dtype, copy=False)).view(bits)
        for t in (rows, baseline)
    )
    return Table(*codes, data, names, None, dtype)


def _positions(columns: list, data, names, dtype) -> Table:
    """Anything else: a cell's code is where its value first stands among the distinct ones."""
    codes, values = [], []
    for column in columns:
        found, _ = pd.factorize(column)
        _, first = np.unique(found, return_index=True)
        codes.append(found.astype(np.uint32))
        values.append(column.take(first))
    codes = np.stack(codes, axis=1)
    return Table(codes[: len(data)], codes[len(data) :], data, names, values, dtype)


def _all_numbers(values) -> bool:
    kind = getattr(values.dtype, "kind", "O")
    return kind in PLAIN or all(
        isinstance(v, (int, float, np.number)) for v in np.asarray(values)
    )
