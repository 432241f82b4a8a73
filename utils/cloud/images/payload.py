"""What a model server is sent and answers: CSV, JSON, JSON Lines, RecordIO-protobuf."""

import json
from collections.abc import Iterable

import numpy as np

from utils.cloud.images import recordio
from utils.cloud.images.container import InvocationError
from utils.cloud.images.recordio import CONTENT_TYPE as RECORDIO

CSV, JSON, JSON_LINES = "text/csv", "application/json", "application/jsonlines"
SHAPE = '{"instances": [{"features": [numbers]}]}'


def plain(content_type: str | None) -> str:
    """A content type without its parameters, in lower case; "" for none."""
    return (content_type or "").split(";")[0].strip().lower()


def accepted(accept: str | None, offered: Iterable[str], default: str) -> str:
    """The content type of the answer.

    Parameters
    ----------
    accept : str or None
        The request's ``Accept``; several are tried in their order. None, "" and ``*/*``: `default`.
    offered : iterable of str
        What can be written.
    default : str
        What is written if the request does not say.

    Raises
    ------
    InvocationError
        406, if none of them can be written.
    """
    wanted = [plain(part) for part in (accept or "*/*").split(",")]
    for name in wanted:
        if name in ("", "*/*", "application/*"):
            return default
        if name in offered:
            return name
    raise InvocationError(
        406, f"Accept is {accept!r}; it must be one of {', '.join(offered)}"
    )


def rows(body: bytes, content_type: str | None, width: int) -> np.ndarray:
    """The rows of a request.

    Parameters
    ----------
    body : bytes
        The request's body.
    content_type : str or None
        Its content type; none: CSV.
    width : int
        How many features the model knows.

    Returns
    -------
    ndarray of float64, shape (rows, width)

    Raises
    ------
    InvocationError
        415 for another content type; 400 for a body that cannot be read, a row of another width,
        something that is not a finite number. The message names the row.
    """
    name = plain(content_type) or CSV
    if name not in READERS:
        raise InvocationError(
            415, f"ContentType is {name!r}; it must be one of {', '.join(READERS)}"
        )
    found = READERS[name](body)
    if not found:
        raise InvocationError(400, "the body has no rows")
    for number, row in enumerate(found, 1):
        if len(row) != width:
            raise InvocationError(
                400, f"row {number}: {len(row)} features; the model expects {width}"
            )
    try:
        table = np.array(found, float)
    except (ValueError, TypeError, OverflowError):
        table = None
    if table is None or table.ndim != 2 or not np.isfinite(table).all():
        raise _not_a_number(found)
    return table


def _not_a_number(found: list) -> InvocationError:
    for number, row in enumerate(found, 1):
        for column, value in enumerate(row, 1):
            try:
                fine = np.isfinite(float(value))
            except (ValueError, TypeError, OverflowError):
                fine = False
            if not fine:
                return InvocationError(
                    400,
                    f"row {number}, feature {column}: {value!r} is not a finite number",
                )
    return InvocationError(400, "the body is not a table of numbers")


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvocationError(400, f"the body is not UTF-8: {error}") from None


def _csv(body: bytes) -> list:
    return [line.split(",") for line in _text(body).splitlines() if line.strip()]


def _json(body: bytes) -> list:
    document = _document(_text(body), "the body")
    if isinstance(document, dict) and isinstance(document.get("instances"), list):
        return [_features(one, n) for n, one in enumerate(document["instances"], 1)]
    raise InvocationError(400, f"the body must be {SHAPE}")


def _json_lines(body: bytes) -> list:
    lines = [line for line in _text(body).splitlines() if line.strip()]
    return [
        _features(_document(line, f"row {n}"), n) for n, line in enumerate(lines, 1)
    ]


def _document(text: str, where: str):
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvocationError(400, f"{where} is not JSON: {error}") from None


def _features(instance, number: int) -> list:
    """The numbers of one instance; also in the longer form, and sparse."""
    if isinstance(instance, dict):
        if "data" in instance and isinstance(instance["data"], dict):
            instance = instance["data"]
        features = instance.get("features")
        if isinstance(features, dict) and isinstance(features.get("values"), list):
            return (
                _sparse(features, number) if "keys" in features else features["values"]
            )
        if isinstance(features, list):
            return features
    raise InvocationError(400, f"row {number}: each instance must be as in {SHAPE}")


def _sparse(features: dict, number: int) -> list:
    try:
        (length,) = features["shape"]
        if length > recordio.LARGEST_SPARSE:
            raise ValueError
        full = [0.0] * length
        for key, value in zip(features["keys"], features["values"], strict=True):
            if key < 0:
                raise ValueError
            full[key] = value
        return full
    except (KeyError, TypeError, ValueError, IndexError):
        raise InvocationError(
            400,
            f'row {number}: sparse features need "keys", "values" and "shape" that fit together',
        ) from None


def _recordio(body: bytes) -> list:
    try:
        return [recordio.read_record(one)[0]["values"] for one in recordio.frames(body)]
    except recordio.RecordError as error:
        raise InvocationError(
            400, f"the body is not RecordIO-protobuf: {error}"
        ) from None
    except KeyError:
        raise InvocationError(400, "a record has no feature named 'values'") from None


READERS = {CSV: _csv, JSON: _json, JSON_LINES: _json_lines, RECORDIO: _recordio}


def json_lines(predictions: list[dict]) -> bytes:
    """One object a line."""
    return b"".join(json.dumps(one).encode() + b"\n" for one in predictions)


def records(predictions: list[dict]) -> bytes:
    """RecordIO-protobuf: a record without features a prediction, its members as labels."""
    return b"".join(
        recordio.write_record(
            {},
            {name: np.atleast_1d(np.float32(value)) for name, value in one.items()},
        )
        for one in predictions
    )
