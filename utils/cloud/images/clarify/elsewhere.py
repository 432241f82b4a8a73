"""Facets and predicted labels that come in data sets of their own, put beside the rows."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa

from utils.cloud import storage
from utils.cloud.images.clarify import sources
from utils.cloud.images.clarify.config import Config
from utils.cloud.images.clarify.data import Dataset
from utils.cloud.images.container import ClientError

PARTS = {
    "facet_dataset_uri": "facet_headers",
    "predicted_label_dataset_uri": "predicted_label_headers",
}


def beside(config: Config, data: Dataset, s3, folder: Path) -> Dataset:
    """The data set with the columns of ``facet_dataset_uri`` and the like.

    Rows belong together by the join source where the other data set has that column, else by
    their order.

    Raises
    ------
    ClientError
        If the other data set cannot be read, or its rows do not match.
    """
    for address, headers in PARTS.items():
        if address not in config.given:
            continue
        place = folder / address
        other = _fetched(s3(), config.get(address), config.get(headers), address, place)
        wanted = [*data.facets, data.predicted, data.group]
        wanted = [c for c in other.columns if c in wanted and c != data.join]
        found = _Rows(other, data.join, address, data.rows)
        more = data.extended(place / "joined", lambda t, f=found, w=wanted: f.of(t, w))
        data = replace(more, features=[c for c in data.features if c not in wanted])
    return data


def _fetched(s3, uri: str, headers: list[str], field: str, folder: Path):
    source, target = folder / "source", folder / "parquet"
    source.mkdir(parents=True)
    target.mkdir()
    try:
        files = storage.download(s3, uri, source)
    except storage.StorageError as error:
        raise ClientError(f"{field}: {error}") from None
    columns = sources.csv_columns(sorted(files), headers)
    sources.from_csv(sorted(files), columns, False, columns, target)
    return Dataset(target, columns).frame(columns)


class _Rows:
    """Hands out the rows of the other data set as the rows of the first come by."""

    def __init__(self, other: pd.DataFrame, join: str | None, field: str, rows: int):
        self.other, self.field, self.done = other, field, 0
        self.join = join if join in other.columns else None
        if self.join is not None:
            if other[join].duplicated().any():
                twice = other.loc[other[join].duplicated(), join].iloc[0]
                raise ClientError(
                    f"{field}: the join source {join!r} has {twice!r} twice"
                )
            self.index = pd.Index(other[join])
        elif len(other) != rows:
            raise ClientError(
                f"{field}: it has {len(other):,} rows and the data set {rows:,}; they go together "
                "by their order unless both have the column of joinsource_name_or_index"
            )

    def of(self, table: pa.Table, wanted: list[str]) -> dict:
        """The wanted columns for some rows."""
        if self.join is None:
            part = self.other.iloc[self.done : self.done + len(table)]
            self.done += len(table)
        else:
            keys = table[self.join].to_pandas()
            at = self.index.get_indexer(keys)
            if (at < 0).any():
                raise ClientError(
                    f"{self.field}: no row has {self.join} = {keys[at < 0].iloc[0]!r}"
                )
            part = self.other.iloc[at]
        return {name: part[name].array for name in wanted}
