"""How rows become a table: one pass, wherever the rows are.

In-memory frames go through dictionary codes and one bincount, lazy ones through narwhals'
group-by, Parquet files by row group.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import narwhals as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from tqdm.auto import tqdm

from utils.bias.counts import Column, Table
from utils.bias.errors import ArgumentError, nearest

# rows a step: the working copy of the keys stays in the processor's cache
CHUNK = 1 << 18


def count(frame, columns: Iterable[Column], progress: bool = False) -> Table:
    """Count the combinations of some columns' values in one pass.

    Parameters
    ----------
    frame : data frame, lazy frame or path
        pandas, polars, pyarrow (in memory); DuckDB, polars LazyFrame, Dask, PySpark (lazy); the
        path of a Parquet file or of a folder of them.
    columns : iterable of Column
    progress : bool
        Show a progress bar (Parquet only).

    Returns
    -------
    Table

    Raises
    ------
    ArgumentError
        If a column is not there (the nearest name is suggested) or the frame is of no known kind.
    """
    columns = list(columns)
    if isinstance(frame, str | Path):
        return _count_parquet(Path(frame), columns, progress)
    native = as_narwhals(frame)
    schema = native.collect_schema()
    _check_columns(columns, schema.names())
    for column in columns:
        _check_kind(column, schema[column.name].is_numeric(), schema[column.name])
    if isinstance(native, nw.LazyFrame):
        return _count_lazy(native, columns)
    text = any(schema[column.name] == nw.String for column in columns)
    return _count_codes(
        len(native),
        columns,
        lambda column: _codes(native[column.name], column),
        at_once=text and len(native) > CHUNK,
    )


def highest(frame, name: str) -> float:
    """The largest value of a numeric column, missing ones aside."""
    if isinstance(frame, str | Path):
        path = Path(frame)
        files = sorted(path.rglob("*.parquet")) if path.is_dir() else [path]
        parts = (pq.ParquetFile(f).iter_batches(columns=[name]) for f in files)
        found = [pc.max(batch[name]).as_py() for part in parts for batch in part]
        return float(max(v for v in found if v is not None))
    rows = as_narwhals(frame).select(nw.col(name).max())
    rows = rows.collect() if isinstance(rows, nw.LazyFrame) else rows
    return float(rows[name].to_list()[0])


def as_narwhals(frame):
    """The frame as narwhals sees it, or an error that lists the kinds it knows."""
    try:
        return nw.from_native(frame)
    except TypeError:
        raise ArgumentError(
            f"frame is a {type(frame).__name__}; give a pandas, polars, pyarrow, DuckDB, Dask or "
            "PySpark frame, or the path of a Parquet file"
        ) from None


def _check_columns(columns: list[Column], present: list[str]) -> None:
    for column in columns:
        if column.name not in present:
            raise ArgumentError(
                f"no column {column.name!r}; {nearest(column.name, present)}"
            )


def _check_kind(column: Column, numeric: bool, kind) -> None:
    if column.threshold is not None and not numeric:
        raise ArgumentError(
            f"{column.threshold:g} is a threshold and column {column.name!r} holds {kind}; give a "
            "list of values"
        )


def _count_lazy(frame: nw.LazyFrame, columns: list[Column]) -> Table:
    """Group by all columns at once, wherever the frame lives."""
    expressions = []
    schema = frame.collect_schema()
    for position, column in enumerate(columns):
        value = nw.col(column.name)
        if schema[column.name].is_float():  # not a number is no value, nor above any
            value = value.fill_nan(None)
        if column.threshold is not None:
            value = value > column.threshold
        expressions.append(value.alias(f"c{position}"))
    keys = [f"c{position}" for position in range(len(columns))]
    grouped = (
        frame.select(*expressions).group_by(*keys).agg(nw.len().alias("n")).collect()
    )
    n = np.asarray(grouped["n"].to_list(), dtype=np.int64)
    parts = [_distinct(grouped[key].to_list()) for key in keys]
    return _table(
        columns, [values for values, _ in parts], [codes for _, codes in parts], n
    )


def _count_codes(
    rows: int, columns: list[Column], codes_of: Callable, at_once: bool = False
) -> Table:
    """Mix the columns' codes into one key and count the keys."""
    if at_once:  # encoding text takes long and leaves Python's lock alone
        with ThreadPoolExecutor() as pool:
            coded = list(pool.map(codes_of, columns))
    else:
        coded = [codes_of(column) for column in columns]
    sizes = [len(values) for _, values in coded]
    cells = int(np.prod(sizes, dtype=float)) if coded else 1
    if cells > 4 * max(rows, 1 << 16):
        return _count_sparse(columns, coded)
    totals = np.zeros(cells, np.int64)
    # below, not up to: each column's size must fit the type as well
    kind = np.uint8 if cells < 256 else np.uint16 if cells < 65536 else np.int64
    for start in range(0, rows, CHUNK):
        key = np.zeros(min(CHUNK, rows - start), kind)
        for position, ((codes, _), size) in enumerate(zip(coded, sizes, strict=True)):
            part = codes[start : start + CHUNK]
            if position:
                np.multiply(key, kind(size), out=key)
            np.add(key, part.astype(kind, copy=False), out=key)
        totals += np.bincount(key, minlength=cells)
    found = np.flatnonzero(totals)
    codes = np.unravel_index(found, sizes) if coded else []
    return _table(columns, [values for _, values in coded], codes, totals[found])


def _count_sparse(columns: list[Column], coded) -> Table:
    """The same where the combinations are far more than the rows: sort instead of a dense table."""
    stacked = np.stack([codes.astype(np.int64) for codes, _ in coded])
    codes, n = np.unique(stacked, axis=1, return_counts=True)
    return _table(columns, [values for _, values in coded], codes, n)


def _codes(series: nw.Series, column: Column) -> tuple[np.ndarray, list]:
    """Integer codes of a series and the values they stand for."""
    if column.threshold is not None:
        return _threshold_codes(series, column.threshold)
    if series.implementation.is_pandas_like() and series.dtype == nw.Categorical:
        native = series.to_native().array  # not .cat, which copies the codes
        codes, values = native.codes, native.categories.tolist()
        missing = codes.min(initial=0) < 0
        return (codes + 1, [None, *values]) if missing else (codes, values)
    if series.dtype == nw.Boolean and not series.null_count():
        return np.asarray(series.to_numpy(), dtype=bool).view(np.int8), [False, True]
    if series.dtype.is_integer() and not series.null_count() and len(series):
        low, high = series.min(), series.max()
        if low >= 0 and high < 256:
            return series.to_numpy(), list(range(high + 1))
    return _arrow_codes(series.to_arrow())


def _threshold_codes(series: nw.Series, threshold: float) -> tuple[np.ndarray, list]:
    """Codes of whether a series is above a threshold; a missing value is neither."""
    missing = series.is_null()
    if series.dtype.is_float():
        missing = missing | series.is_nan().fill_null(True)
    missing = missing.to_numpy().astype(bool)
    above = (series > threshold).fill_null(False).to_numpy().astype(bool)
    if not missing.any():
        return above.view(np.int8), [False, True]
    return np.where(missing, 2, above).astype(np.int8), [False, True, None]


def _arrow_codes(array) -> tuple[np.ndarray, list]:
    """Dictionary codes of an Arrow array; a missing value gets a code of its own."""
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks() if array.num_chunks != 1 else array.chunk(0)
    if pa.types.is_floating(array.type):
        array = pc.if_else(pc.is_nan(array), None, array)
    if not pa.types.is_dictionary(array.type):
        array = pc.dictionary_encode(array, null_encoding="encode")
        return array.indices.to_numpy(
            zero_copy_only=False
        ), array.dictionary.to_pylist()
    indices, values = array.indices, array.dictionary.to_pylist()
    if indices.null_count:
        indices, values = pc.fill_null(indices, len(values)), [*values, None]
    return indices.to_numpy(zero_copy_only=False), values


def _count_parquet(path: Path, columns: list[Column], progress: bool) -> Table:
    """Count row group by row group, so that memory does not grow with the file."""
    if not path.exists():
        raise ArgumentError(
            f"frame is the path {str(path)!r}, and there is no such file"
        )
    files = sorted(path.rglob("*.parquet")) if path.is_dir() else [path]
    totals: dict[tuple, int] = {}
    with ThreadPoolExecutor(1) as ahead:  # one group is read while another is counted
        groups = [group for file in files for group in _row_groups(file, columns)]
        waiting = [ahead.submit(read) for read in groups[:1]]
        for position in tqdm(
            range(len(groups)), disable=not progress, desc="row groups"
        ):
            part = waiting.pop().result()
            waiting += [
                ahead.submit(read) for read in groups[position + 1 : position + 2]
            ]
            for values, n in _rows_of(
                _count_codes(len(part), columns, _part_codes(part))
            ):
                totals[values] = totals.get(values, 0) + n
    parts = [_distinct([v[i] for v in totals]) for i in range(len(columns))]
    n = np.fromiter(totals.values(), np.int64, len(totals))
    return _table(
        columns, [values for values, _ in parts], [codes for _, codes in parts], n
    )


def _row_groups(file: Path, columns: list[Column]) -> list[Callable]:
    """One function a row group of the file, which reads its columns; text comes as codes."""
    schema = pq.read_schema(file)
    _check_columns(columns, schema.names)
    for column in columns:
        kind = schema.field(column.name).type
        _check_kind(
            column, pa.types.is_integer(kind) or pa.types.is_floating(kind), kind
        )
    text = [
        f.name
        for f in schema
        if pa.types.is_string(f.type) or pa.types.is_large_string(f.type)
    ]
    reader = pq.ParquetFile(file, read_dictionary=text)
    names = list(dict.fromkeys(column.name for column in columns))
    return [
        partial(reader.read_row_group, group, columns=names)
        for group in range(reader.num_row_groups)
    ]


def _part_codes(part: pa.Table) -> Callable:
    def codes_of(column: Column):
        array = part[column.name]
        if column.threshold is not None:
            if pa.types.is_floating(array.type):
                array = pc.if_else(pc.is_nan(array), None, array)
            array = pc.greater(array, column.threshold)
        elif pa.types.is_dictionary(array.type):
            array = array.unify_dictionaries()
        return _arrow_codes(array)

    return codes_of


def _rows_of(table: Table):
    lists = list(table.columns.values())
    for position, n in enumerate(table.n.tolist()):
        yield (
            tuple(v[c] for v, c in zip(lists, table.codes[:, position], strict=True)),
            n,
        )


def _distinct(values: list) -> tuple[list, np.ndarray]:
    """Distinct values in order of appearance, and each row's position among them."""
    cleaned = [None if v is None or v != v else v for v in values]
    distinct = {
        value: position for position, value in enumerate(dict.fromkeys(cleaned))
    }
    return list(distinct), np.array(
        [distinct[value] for value in cleaned], dtype=np.int64
    )


def _table(columns: list[Column], values: list[list], codes, n: np.ndarray) -> Table:
    """A table of the values that occur, in an order that no library's habits decide.

    Categories and ranges may hold values that do not occur, and a seeded bootstrap draws the cells
    in their order.
    """
    kept, recoded = {}, []
    for column, present, code in zip(columns, values, codes, strict=True):
        used, again = np.unique(np.asarray(code, np.int64), return_inverse=True)
        found = [present[position] for position in used]
        order = sorted(range(len(found)), key=lambda i: in_order(found[i]))
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        kept[column.key] = [found[position] for position in order]
        recoded.append(rank[again])
    codes = np.array(recoded, np.int64).reshape(len(columns), len(n))
    cells = np.lexsort(codes[::-1])
    return Table(kept, codes[:, cells], n[cells])


def in_order(value) -> tuple:
    """A key that sorts values of any kind: by kind, then by value, missing ones last."""
    if value is None:
        return 2, "", ""
    if isinstance(value, int | float | np.number | np.bool_):
        return 0, "", float(value)
    return 1, type(value).__name__, str(value)
