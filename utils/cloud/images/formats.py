"""Training data: a channel's files as numbers, with errors that name the file and the line."""

import json
import warnings
from pathlib import Path

import numpy as np

from utils.cloud.images import recordio
from utils.cloud.images.container import ClientError, Container

UNFIT = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)
CSV, JSON_LINES, RECORDIO = "text/csv", "application/jsonlines", recordio.CONTENT_TYPE


def read_channel(
    container: Container,
    channel: str,
    labelled: bool | None = None,
    content_type: str | None = None,
) -> tuple[np.ndarray, np.ndarray | None]:
    """All files of a channel.

    Parameters
    ----------
    container, channel : Container, str
        Whose channel, and its name, e.g. ``train``.
    labelled : bool, optional
        Whether there is a label. If omitted: CSV's ``label_size`` says (1 if not given, as on
        AWS), otherwise the label field.
    content_type : str, optional
        Read as this, whatever the channel says.

    Returns
    -------
    features : ndarray of float64, shape (rows, features)
    labels : ndarray of float64, shape (rows,), or None
        None without labels.

    Raises
    ------
    ClientError
        If the content type is another one, a row has another width than the first, or something
        is not a finite number; the message names the file and the line.
    """
    content_type = content_type or container.content_type(channel)
    readers = {CSV: _csv, JSON_LINES: _json_lines, RECORDIO: _recordio}
    if content_type not in readers:
        raise ClientError(
            f"the channel {channel!r} has the content type {content_type!r}; it must be one of "
            + ", ".join(readers)
        )
    if labelled is None and content_type == CSV:
        labelled = label_size(container, channel) > 0
    parts = [readers[content_type](p, labelled) for p in container.files(channel)]
    widths = {features.shape[1] for features, _ in parts}
    if len(widths) > 1:
        raise ClientError(
            f"the files of the channel {channel!r} have rows of {sorted(widths)} features; "
            "all must have the same number"
        )
    features = np.concatenate([features for features, _ in parts])
    if any(labels is None for _, labels in parts):
        return features, None
    return features, np.concatenate([labels for _, labels in parts])


def label_size(container: Container, channel: str) -> int:
    """How many columns of a CSV channel are labels: ``text/csv;label_size=0`` says none."""
    given = container.channels.get(channel, {}).get("ContentType") or CSV
    for part in given.split(";")[1:]:
        name, _, value = part.partition("=")
        if name.strip().lower() == "label_size":
            if value.strip() not in ("0", "1"):
                raise ClientError(
                    f"the channel {channel!r} has label_size={value.strip()}; it must be 0 or 1"
                )
            return int(value)
    return 1


def _csv(path: Path, labelled: bool):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table = np.loadtxt(
                path, delimiter=",", comments=None, quotechar='"', ndmin=2,
                encoding="utf-8-sig",
            )  # fmt: skip
    except ValueError:
        raise _bad_csv(path) from None
    if table.size == 0:
        raise ClientError(f"{path.name} is empty")
    if not np.isfinite(table).all():
        raise _bad_csv(path)
    if not labelled:
        return table, None
    if table.shape[1] < 2:
        raise ClientError(
            f"{path.name}: one column; the label and at least one feature are needed"
        )
    return table[:, 1:], table[:, 0]


def _bad_csv(path: Path) -> ClientError:
    """What is wrong, found by reading line by line once the quick reader has given up."""
    width = None
    for line, row in enumerate(_lines(path), 1):
        cells = [cell.strip().strip('"') for cell in row.split(",")]
        if not row.strip():
            continue
        width = width or len(cells)
        for column, cell in enumerate(cells, 1):
            if not _finite(cell):
                hint = "; the CSV must have no header" if line == 1 else ""
                return ClientError(
                    f"{path.name}, line {line}, column {column}: {cell!r} is not a finite "
                    f"number{hint}"
                )
        if len(cells) != width:
            return ClientError(
                f"{path.name}, line {line}: {len(cells)} columns; the lines before it have {width}"
            )
    return ClientError(f"{path.name} is not CSV")


def _lines(path: Path) -> list[str]:
    # bytes that are no text become signs that are no numbers
    return path.read_text("utf-8-sig", errors="replace").splitlines()


def _finite(cell: str) -> bool:
    try:
        return bool(np.isfinite(float(cell)))
    except ValueError:
        return False


def _json_lines(path: Path, labelled: bool | None):
    rows, labels = [], []
    for line, text in enumerate(_lines(path), 1):
        if not text.strip():
            continue
        try:
            row = json.loads(text)
            rows.append([float(value) for value in row["features"]])
            label = row.get("label") if labelled is not False else None
            labels.append(None if label is None else float(label))
        except UNFIT:
            raise ClientError(
                f'{path.name}, line {line}: each line must be {{"features": [numbers], '
                '"label": number}'
            ) from None
    return _together(path, "line", rows, labels, labelled)


def _recordio(path: Path, labelled: bool | None):
    rows, labels = [], []
    try:
        for payload in recordio.frames(path.read_bytes()):
            features, label = recordio.read_record(payload)
            rows.append(features["values"])
            wanted = labelled is not False and "values" in label
            labels.append(float(label["values"][0]) if wanted else None)
    except (recordio.RecordError, IndexError) as error:
        raise ClientError(f"{path.name}, record {len(rows) + 1}: {error}") from None
    except KeyError:
        raise ClientError(
            f"{path.name}, record {len(rows) + 1}: no feature named 'values'"
        ) from None
    return _together(path, "record", rows, labels, labelled)


def _together(path: Path, unit: str, rows: list, labels: list, labelled: bool | None):
    """Rows and labels as arrays, once they are known to be alike and finite."""
    if not rows:
        raise ClientError(f"{path.name} is empty")
    if labelled is None:
        labelled = labels[0] is not None
    for number, (row, label) in enumerate(zip(rows, labels, strict=True), 1):
        where = f"{path.name}, {unit} {number}"
        if len(row) != len(rows[0]):
            raise ClientError(
                f"{where}: {len(row)} features; the first one has {len(rows[0])}"
            )
        if labelled and label is None:
            raise ClientError(f"{where}: no label")
        if not np.isfinite(row).all() or (labelled and not np.isfinite(label)):
            raise ClientError(f"{where}: a value is not a finite number")
    return np.array(rows, float), np.array(labels, float) if labelled else None
