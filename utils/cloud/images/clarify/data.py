"""The data set: Parquet files with the columns that the analysis needs, and each column's part."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from utils.bias.errors import nearest
from utils.bias.facets import UNIQUENESS
from utils.cloud.images.clarify import sources
from utils.cloud.images.clarify.config import Config
from utils.cloud.images.clarify.schema import CSV, JSON_LINES, PARQUET
from utils.cloud.images.container import ClientError

MANY = 10_000  # numbers with more distinct values than this are continuous, however many rows
STEP = 65_536


@dataclass(frozen=True)
class Dataset:
    """The rows on disk.

    Attributes
    ----------
    folder : Path
        Of Parquet files.
    columns : list of str
        All columns of the data as given, in their order.
    label, predicted, group, join : str or None
        Their columns.
    facets : list of str
        In the order of the configuration.
    features : list of str
        What the model gets: the columns without label, predicted label, join source and those
        excluded.
    """

    folder: Path
    columns: list[str]
    label: str | None = None
    predicted: str | None = None
    group: str | None = None
    join: str | None = None
    facets: list[str] = field(default_factory=list)
    features: list[str] = field(default_factory=list)

    @property
    def files(self) -> list[Path]:
        """The Parquet files, in order."""
        return sorted(self.folder.rglob("*.parquet"))

    @cached_property
    def rows(self) -> int:
        """How many rows there are."""
        return sum(pq.read_metadata(file).num_rows for file in self.files)

    @cached_property
    def schema(self) -> pa.Schema:
        """Names and types of the columns that are on disk."""
        return pq.read_schema(self.files[0])

    def batches(self, columns: list[str] | None = None) -> Iterator[pa.Table]:
        """Some columns, some rows at a time."""
        for file in self.files:
            reader = pq.ParquetFile(file)
            for batch in reader.iter_batches(STEP, columns=columns):
                table = _plain(pa.Table.from_batches([batch]))
                yield table if columns is None else table.select(columns)

    def frame(self, columns: list[str]) -> pd.DataFrame:
        """Some columns, all rows, in memory."""
        tables = [pq.read_table(file, columns=columns) for file in self.files]
        table = pa.concat_tables(tables, promote_options="permissive")
        return _plain(table).select(columns).to_pandas()

    def extended(self, folder: Path, more: Callable[[pa.Table], dict]) -> "Dataset":
        """A copy with further columns, computed some rows at a time."""
        folder.mkdir()
        writer = None
        for table in self.batches():
            for name, values in more(table).items():
                table = table.append_column(name, pa.array(values, from_pandas=True))
            if writer is None:
                writer = pq.ParquetWriter(folder / "part-0.parquet", table.schema)
            writer.write_table(table.cast(writer.schema))
        writer.close()
        return replace(self, folder=folder)

    def is_numeric(self, column: str) -> bool:
        """Whether a column holds numbers."""
        kind = self.schema.field(column).type
        return pa.types.is_integer(kind) or pa.types.is_floating(kind)

    def is_continuous(self, column: str) -> bool:
        """Whether a column is to be cut by a threshold.

        Stated rule: numbers, more than two of them, which are decimals, or at least 5 % of which
        are distinct (Clarify's rule), or more than 10,000 of which are.
        """
        if not self.is_numeric(column):
            return False
        if pa.types.is_floating(self.schema.field(column).type):
            return self.has_more_than(column, 2)
        distinct, rows = self._distinct(column, MANY)
        return distinct > MANY or (distinct > 2 and distinct >= UNIQUENESS * rows)

    def has_more_than(self, column: str, most: int) -> bool:
        """Whether a column of numbers has more than so many distinct values."""
        return self._distinct(column, most)[0] > most

    def _distinct(self, column: str, most: int) -> tuple[int, int]:
        """Distinct values and rows that have one, read until there are more than `most`."""
        seen, rows = np.array([]), 0
        for table in self.batches([column]):
            values = pc.drop_null(table[column]).to_numpy()
            values = values[values == values]
            seen, rows = np.union1d(seen, values), rows + len(values)
            if len(seen) > most:
                break
        return len(seen), rows


def _plain(table: pa.Table) -> pa.Table:
    """Categories as what they stand for: a model is asked about any mixture of values."""
    schema = table.schema
    for i, part in enumerate(schema):
        if pa.types.is_dictionary(part.type):
            schema = schema.set(i, part.with_type(part.type.value_type))
    return table.cast(schema)


def read(config: Config, source: Path, folder: Path) -> Dataset:
    """The data set of a configuration.

    Parameters
    ----------
    config : Config
    source : Path
        The folder of the input ``dataset``.
    folder : Path
        Where the Parquet files go.

    Raises
    ------
    ClientError
        If the data cannot be read, or a column that the configuration names is not there.
    """
    files = [f for f in sorted(source.rglob("*")) if f.is_file() and f.stat().st_size]
    if not files:
        raise ClientError(
            "dataset: there are no files; the input named dataset must bring at least one"
        )
    folder.mkdir(parents=True)
    kind, headers = config.get("dataset_type"), config.get("headers")
    if kind == CSV:
        columns = sources.csv_columns(files, headers)
        found = _parts(config, columns)
        sources.from_csv(
            files, columns, not headers, _needed(config, found, columns), folder
        )
    elif kind == PARQUET:
        columns = _link(files, folder)
        found = _parts(config, columns)
    else:
        names = ("features", "label", "predicted_label")
        paths = {n: config.get(n) for n in names if config.get(n) is not None}
        if config.get("predicted_label_dataset_uri"):
            paths.pop("predicted_label", None)
        make = sources.from_json_lines if kind == JSON_LINES else sources.from_json
        columns = make(files, sources.Records(paths, headers), folder)
        found = _parts(config, columns, list(paths)[1:])
    data = Dataset(folder, columns, **found)
    if not data.rows:
        raise ClientError("dataset: it has no rows")
    return data


def _link(files, folder) -> list[str]:
    """Parquet files under names that end so, without a copy where the file system can."""
    for number, file in enumerate(files):
        part = folder / f"part-{number:05}.parquet"
        try:
            os.link(file, part)
        except OSError:
            shutil.copyfile(file, part)
        try:
            schema = pq.read_schema(part)
        except pa.ArrowException as error:
            raise ClientError(f"dataset: {file.name} is not Parquet: {error}") from None
    return schema.names


def _parts(config: Config, columns: list[str], last: list[str] | None = None) -> dict:
    """Which column plays which part; `last`: the parts whose columns stand at the end."""
    places = {} if last is None else dict(zip(last, columns[-len(last) :], strict=True))
    if last == []:
        places = {}

    def at(given, name, others=()):
        return None if given is None else column(given, [*columns, *others], name)

    own_facets = "facet_dataset_uri" not in config.given
    more = [] if own_facets else config.get("facet_headers")
    label = places.get("label") or at(config.get("label"), "label")
    predicted = places.get("predicted_label")
    if predicted is None and config.has_predictions:
        elsewhere = config.get("predicted_label_headers")
        predicted = column(
            config.get("predicted_label"), elsewhere or columns, "predicted_label"
        )
    facets = [
        column(f["name_or_index"], more or columns, f"facet[{i}].name_or_index")
        for i, f in enumerate(config.get("facet", []))
    ]
    join = at(config.get("joinsource_name_or_index"), "joinsource_name_or_index")
    excluded = [
        at(given, f"excluded_columns[{i}]")
        for i, given in enumerate(config.get("excluded_columns", []))
    ]
    group = at(config.get("group_variable"), "group_variable", more)
    for i, facet in enumerate(facets):
        if facet in (label, predicted):
            raise ClientError(
                f"facet[{i}].name_or_index: {facet!r} is the label; they must differ"
            )
    out = {label, predicted, join, *excluded}
    return {
        "label": label,
        "predicted": predicted,
        "group": group,
        "join": join,
        "facets": facets,
        "features": [name for name in columns if name not in out],
    }


def column(given, columns: list[str], name: str) -> str:
    """A column by its name or position; `name` is the field that gives it."""
    if isinstance(given, int):
        if given >= len(columns):
            raise ClientError(
                f"{name}: found {given}; there are {len(columns)} columns, from 0 to "
                f"{len(columns) - 1}"
            )
        return columns[given]
    if given not in columns:
        raise ClientError(
            f"{name}: there is no column {given!r}; {nearest(given, columns)}"
        )
    return given


def _needed(config: Config, found: dict, columns: list[str]) -> list[str]:
    """The columns to read: without a model, only those that are analysed."""
    named = [found["label"], found["predicted"], found["group"], found["join"]]
    named = [name for name in [*found["facets"], *named] if name]
    asks = config.wants_explanations or config.method("post_training_bias") is not None
    wanted = [*found["features"], *named] if asks else named
    elsewhere = [] if "facet_dataset_uri" not in config.given else found["facets"]
    return [c for c in dict.fromkeys(wanted) if c in columns and c not in elsewhere]
