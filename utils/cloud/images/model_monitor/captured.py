"""Captured requests as a table: features, predictions and, once merged, labels."""

import csv
import io
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime

import jmespath
import pandas as pd
from jmespath.exceptions import JMESPathError

from utils.cloud.images.container import ClientError
from utils.cloud.images.model_monitor.events import lines, name_of
from utils.cloud.images.model_monitor.settings import Settings

USUAL = ("features", "instances[*].features", "instances")
LINES = "application/jsonlines"


@dataclass
class Captured:
    """The requests of a window, a row a record.

    Attributes
    ----------
    features : pandas.DataFrame
        Columns by position, or by name where a request names them.
    outputs : pandas.DataFrame
        What the model answered, as it came, for data quality.
    predicted, probability, label : list
        As the settings' attributes say; empty where none does.
    events : int
        Requests; one may hold several records.
    """

    features: pd.DataFrame = field(default_factory=pd.DataFrame)
    outputs: pd.DataFrame = field(default_factory=pd.DataFrame)
    predicted: list = field(default_factory=list)
    probability: list = field(default_factory=list)
    label: list = field(default_factory=list)
    events: int = 0


def read(
    settings: Settings, label: str | None = None, labelled: bool = False
) -> Captured:
    """All records of the window below ``dataset_source``.

    Parameters
    ----------
    settings : Settings
    label : str, optional
        JMESPath to the label in ground truth that is JSON.
    labelled : bool
        Whether the requests are merged with ground truth.

    Raises
    ------
    ClientError
        If there is none, an encoding is BASE64, or parts of a request do not fit together: the
        message names the request.
    """
    start, end = settings.window
    found, features, outputs, outside = Captured(), [], [], 0
    for event in lines(settings.path("dataset_source")):
        if not start <= _time(event) < end:
            outside += 1
            continue
        found.events += 1
        rows, answers = _request(event, settings)
        features += rows
        outputs += answers
        for name, attribute in (
            ("predicted", settings.get("inference_attribute")),
            ("probability", settings.get("probability_attribute")),
        ):
            if attribute is not None:
                values = _values(event, "endpointOutput", attribute)
                getattr(found, name).extend(_fit(event, values, rows, name))
        if labelled:
            found.label += _fit(event, _labels(event, label), rows, "label")
    if not found.events:
        raise ClientError(
            f"Job inputs had no data: no request was captured from {start:%Y-%m-%d %H:%M:%S} to "
            f"{end:%Y-%m-%d %H:%M:%S} UTC; {outside} in the same folders are earlier or later"
        )
    found.features, found.outputs = _table(features, "input"), _table(outputs, "output")
    return found


def plain(value):
    """Text as the number that it is, whole numbers as int; empty text as None."""
    if isinstance(value, str):
        text = value.strip()
        for kind in (int, float):
            try:
                value = kind(text)
                break
            except ValueError:
                continue
        else:
            return text or None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _time(event) -> datetime:
    text = event["eventMetadata"].get("inferenceTime", "")
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise ClientError(
            f"request {name_of(event)!r}: its inferenceTime is {text!r}"
        ) from None


def _request(event, settings):
    """Rows of features and of answers, as lists or objects."""
    part = _part(event, "endpointInput")
    attribute = settings.get("features_attribute")
    if part["encoding"] == "CSV":
        rows = _csv(part)
    else:
        rows = [
            row for doc in _documents(event, part) for row in _found(doc, attribute)
        ]
    if not rows:
        where = f" at {attribute!r}" if attribute else ""
        raise ClientError(f"request {name_of(event)!r}: no features were found{where}")
    answer = event["captureData"].get("endpointOutput")
    answers = _csv(answer) if answer and answer["encoding"] == "CSV" else []
    return rows, answers


def _part(event, name):
    part = event.get("captureData", {}).get(name)
    if part is None:
        mode = "Input" if name == "endpointInput" else "Output"
        raise ClientError(
            f"request {name_of(event)!r}: no {name} was captured; the endpoint configuration's "
            f"captureOptions need the captureMode {mode}"
        )
    if part.get("encoding") not in ("CSV", "JSON"):
        kind = part.get("observedContentType", "its content type")
        raise ClientError(
            f"request {name_of(event)!r}: its {name} was captured in {part.get('encoding')}, which "
            f"no monitor reads; name {kind} in the endpoint configuration's "
            "captureContentTypeHeader (csvContentTypes or jsonContentTypes)"
        )
    return part


def _csv(part):
    return [row for row in csv.reader(io.StringIO(part["data"])) if row]


def _documents(event, part):
    by_line = LINES in part.get("observedContentType", LINES)
    texts = part["data"].splitlines() if by_line else [part["data"]]
    try:
        return [json.loads(text) for text in texts if text.strip()]
    except ValueError as error:
        raise ClientError(
            f"request {name_of(event)!r}: what was captured is not JSON: {error}"
        ) from None


def search(document, attribute: str):
    """What stands at a JMESPath (a JSONPath's leading ``$.`` is left out)."""
    try:
        return jmespath.search(
            attribute.removeprefix("$").removeprefix(".") or "@", document
        )
    except JMESPathError as error:
        raise ClientError(f"{attribute!r} is not a JMESPath: {error}") from None


def _found(document, attribute):
    """The rows of features in a document."""
    for path in [attribute] if attribute else USUAL:
        rows = search(document, path)
        if isinstance(rows, list) and rows:
            return rows if isinstance(rows[0], list | dict) else [rows]
        if isinstance(rows, dict):
            return [rows]
    return [document] if not attribute and isinstance(document, dict) else []


def _values(event, name, attribute):
    """One value a record from the model's answer."""
    part = _part(event, name)
    if part["encoding"] == "CSV":
        try:
            return [plain(row[int(attribute)]) for row in _csv(part)]
        except (ValueError, IndexError):
            raise ClientError(
                f"request {name_of(event)!r}: the answer is CSV, so {attribute!r} must be a "
                f"position from 0 in {part['data'][:80]!r}"
            ) from None
    values = []
    for document in _documents(event, part):
        here = search(document, attribute)
        if here is None:
            raise ClientError(
                f"request {name_of(event)!r}: nothing stands at {attribute!r} in the answer "
                f"{part['data'][:120]!r}"
            )
        values += here if isinstance(here, list) else [here]
    return [plain(value) for value in values]


def _labels(event, attribute):
    part = event.get("groundTruthData")
    if part is None:
        raise ClientError(f"request {name_of(event)!r} has no ground truth")
    text = part.get("data", "")
    if part.get("encoding") == "JSON":
        document = _documents(event, {"data": text, "observedContentType": ""})[0]
        if isinstance(document, dict):
            document = search(document, attribute or "label")
        values = document if isinstance(document, list) else [document]
    else:
        values = [row[0] for row in csv.reader(io.StringIO(text)) if row]
    values = [plain(value) for value in values]
    if not values or None in values:
        raise ClientError(
            f"request {name_of(event)!r}: no label in its ground truth {text[:80]!r}"
        )
    return values


def _fit(event, values, rows, what):
    if len(values) != len(rows):
        raise ClientError(
            f"request {name_of(event)!r} has {len(rows)} records and {len(values)} values of "
            f"{what}; there must be one a record"
        )
    return values


def _table(rows, what):
    widths = {len(row) for row in rows}
    if len(widths) > 1:
        raise ClientError(
            f"the captured {what} has records of {sorted(widths)} values; all must have as many"
        )
    if not rows:
        return pd.DataFrame()
    if isinstance(rows[0], dict):
        return pd.DataFrame([{k: plain(v) for k, v in row.items()} for row in rows])
    return pd.DataFrame([[plain(value) for value in row] for row in rows])
