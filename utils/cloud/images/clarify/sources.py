"""CSV, JSON Lines and JSON as Parquet files, some rows at a time.

Everything after this reads Parquet, of which one can take the columns that one needs.
"""

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

import jmespath
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from utils.cloud.images.container import ClientError

BLOCK = 64 * 1024**2  # bytes of CSV from which the columns' types are taken
CHUNK = 50_000  # JSON records at a time
NO_VALUE = ["", "NA", "N/A", "NaN", "nan", "NULL", "null"]
UNFIT = re.compile(r"In CSV column #(\d+): CSV conversion error")


def csv_columns(files: list[Path], headers: list[str] | None) -> list[str]:
    """The columns of CSV files: as told, or by the files' first line.

    Raises
    ------
    ClientError
        If there are not as many names as columns, or a name comes twice.
    """
    first = _first_line(files[0])
    columns = headers or [cell.strip() for cell in first]
    if len(columns) != len(first):
        raise ClientError(
            f"headers: found {len(columns)} names ({', '.join(columns[:4])}, …); the rows of "
            f"{files[0].name} have {len(first)} columns, the label among them"
        )
    if not headers and all(_is_number(cell) for cell in columns):
        raise ClientError(
            f"headers: they are missing, and the first line of {files[0].name} holds numbers "
            f"({', '.join(columns[:4])}, …); name the columns, the label among them"
        )
    return once(columns, "headers")


def once(columns: list[str], field: str) -> list[str]:
    """The columns, none of them named twice."""
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise ClientError(f"{field}: {twice[0]!r} comes twice; give each column a name")
    return columns


def from_csv(
    files: list[Path], columns: list[str], headed: bool, keep, folder: Path
) -> None:
    """Write the columns `keep` of CSV files as Parquet files.

    Types come from the first 64 MB of the first file; where a later value does not fit, its column
    is read again as decimals, then as text.
    """
    types: dict[str, pa.DataType] = {}
    while True:
        try:
            for number, file in enumerate(files):
                skip = 1 if headed or _first_line(file) == columns else 0
                part = folder / f"part-{number:05}.parquet"
                _one_csv(file, part, columns, skip, keep, types)
            return
        except pa.ArrowInvalid as error:
            found = UNFIT.search(str(error))
            name = columns[int(found[1])] if found else None
            if name is None or types.get(name) == pa.string():
                raise ClientError(f"dataset: {file.name}: {error}") from None
            types[name] = pa.float64() if types.get(name) == pa.int64() else pa.string()


def _one_csv(file, part, columns, skip, keep, types):
    reader = pc.open_csv(
        file,
        read_options=pc.ReadOptions(
            column_names=columns, skip_rows=skip, block_size=BLOCK
        ),
        convert_options=pc.ConvertOptions(
            include_columns=keep,
            column_types=types,
            null_values=NO_VALUE,
            strings_can_be_null=True,
        ),
    )
    dates = [f.name for f in reader.schema if pa.types.is_temporal(f.type)]
    if dates:
        # a date goes to the model as it stands in the file
        types.update(dict.fromkeys(dates, pa.string()))
        _one_csv(file, part, columns, skip, keep, types)
        return
    for field in reader.schema:
        # the next files have the same types; a column without any value yet may have any
        types.setdefault(
            field.name, pa.int64() if pa.types.is_null(field.type) else field.type
        )
    with pq.ParquetWriter(part, reader.schema) as writer:
        for batch in reader:
            writer.write_batch(batch)


def _first_line(file: Path) -> list[str]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            return next(csv.reader(lines))
    except StopIteration:
        raise ClientError(f"dataset: {file.name} is empty") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise ClientError(f"dataset: {file.name} is not CSV: {error}") from None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


class Records:
    """Where in a JSON record the features, the label and the predicted label stand.

    Parameters
    ----------
    paths : dict of str to str
        ``features``, and ``label`` and ``predicted_label`` where they are given: JMESPaths.
    headers : list of str, optional
        The features' names, then the label's, then the predicted label's.
    """

    def __init__(self, paths: dict[str, str], headers: list[str] | None):
        self.paths = {name: compiled(path, name) for name, path in paths.items()}
        self.headers, self.width = headers, None
        self.given, self.seen = paths, set()

    def columns(self, features: int) -> list[str]:
        """The names of all columns, once it is known how many features there are."""
        others = [name for name in self.given if name != "features"]
        if self.headers is None:
            return [f"feature{i}" for i in range(features)] + [
                self.given[name] for name in others
            ]
        if len(self.headers) != features + len(others):
            raise ClientError(
                f"headers: found {len(self.headers)} names; the records have {features} features"
                + "".join(f" and a {name.replace('_', ' ')}" for name in others)
                + ": name the features first, then "
                + " and ".join(f"the {name.replace('_', ' ')}" for name in others)
            )
        return once(self.headers, "headers")

    def row(self, record, where: str) -> list:
        """One record's features, label and predicted label."""
        row = self._take("features", record, where)
        if not isinstance(row, list) or any(isinstance(v, list | dict) for v in row):
            raise ClientError(
                f"features: {self.given['features']!r} finds {str(row)[:60]!r} in {where}; it must "
                "find a list of values"
            )
        if self.width not in (None, len(row)):
            raise ClientError(
                f"dataset: {where} has {len(row)} features; those before have {self.width}"
            )
        self.width = len(row)
        others = [name for name in self.given if name != "features"]
        return [*row, *(self._take(name, record, where) for name in others)]

    def _take(self, name, record, where):
        found = self.paths[name].search(record)
        if found is not None:
            self.seen.add(name)
        elif name == "features":
            raise ClientError(
                f"{name}: {self.given[name]!r} finds nothing in {where} ({str(record)[:80]})"
            )
        return found

    def check(self) -> None:
        """Raise if a path found nothing in any record; here and there a value may be missing."""
        for name in self.given:
            if name not in self.seen:
                raise ClientError(
                    f"{name}: {self.given[name]!r} finds nothing in any record"
                )


def compiled(path: str, field: str):
    """A JMESPath, or a `ClientError` that names the field."""
    try:
        return jmespath.compile(path)
    except jmespath.exceptions.JMESPathError as error:
        raise ClientError(
            f"{field}: {path!r} is no JMESPath: {str(error).splitlines()[0]}"
        ) from None


def from_json_lines(files: list[Path], records: Records, folder: Path) -> list[str]:
    """Write JSON Lines as Parquet files; the columns' names."""

    def rows() -> Iterator[list]:
        for file in files:
            with file.open(encoding="utf-8-sig") as lines:
                for number, line in enumerate(lines, 1):
                    if line.strip():
                        where = f"{file.name}, line {number}"
                        yield records.row(parsed(line, where), where)

    return _write(rows(), records, folder)


def from_json(files: list[Path], records: Records, folder: Path) -> list[str]:
    """The same of JSON files, where each JMESPath finds the values of all records."""

    def rows() -> Iterator[list]:
        for file in files:
            document = parsed(file.read_text(encoding="utf-8-sig"), file.name)
            parts = {
                name: records._take(name, document, file.name) for name in records.given
            }
            records.check()
            if len({len(part) for part in parts.values()}) > 1:
                counts = ", ".join(f"{len(v)} by {k}" for k, v in parts.items())
                raise ClientError(
                    f"dataset: {file.name} has unlike numbers of records: {counts}"
                )
            features, *others = parts.values()
            for number, row in enumerate(features):
                if not isinstance(row, list):
                    raise ClientError(
                        f"features: {records.given['features']!r} must find a list of lists in "
                        f"{file.name}; record {number} is {str(row)[:60]!r}"
                    )
                records.width = len(row)
                yield [*row, *(other[number] for other in others)]

    return _write(rows(), records, folder)


def parsed(text: str, where: str):
    """A JSON value, or a `ClientError` that says where it is none."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise ClientError(f"dataset: {where} is not JSON: {error}") from None


def _write(rows: Iterator[list], records: Records, folder: Path) -> list[str]:
    columns, schemas, chunk = [], [], []

    def flush():
        nonlocal columns
        columns = columns or records.columns(records.width)
        table = _table(chunk, columns)
        pq.write_table(table, folder / f"part-{len(schemas):05}.parquet")
        schemas.append(table.schema)
        chunk.clear()

    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK:
            flush()
    if chunk:
        flush()
    if not schemas:
        raise ClientError("dataset: it has no records")
    records.check()
    if any(schema != schemas[0] for schema in schemas):
        _unify(folder, schemas)
    return columns


def _table(rows: list[list], columns: list[str]) -> pa.Table:
    arrays = []
    for name, values in zip(columns, zip(*rows, strict=True), strict=True):
        try:
            arrays.append(pa.array(values, from_pandas=True))
        except pa.ArrowException:
            kinds = sorted({type(v).__name__ for v in values if v is not None})
            raise ClientError(
                f"dataset: {name!r} holds values of several kinds ({', '.join(kinds)}); bring them "
                "to one"
            ) from None
    return pa.table(dict(zip(columns, arrays, strict=True)))


def _unify(folder: Path, schemas: list[pa.Schema]) -> None:
    """Whole numbers here and decimals there: decimals everywhere."""
    try:
        schema = pa.unify_schemas(schemas, promote_options="permissive")
    except pa.ArrowException as error:
        raise ClientError(
            f"dataset: a column holds values of several kinds: {error}"
        ) from None
    for file in sorted(folder.glob("*.parquet")):
        pq.write_table(pq.read_table(file).cast(schema), file)
