"""Bias metrics by `bias_report`, from Clarify's configuration."""

import contextlib
import warnings
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa

from utils.bias import ArgumentError, BiasReport, bias_report, metrics
from utils.bias.analysis import Analysis
from utils.bias.facets import is_number
from utils.cloud.images.clarify.config import Config
from utils.cloud.images.clarify.data import Dataset
from utils.cloud.images.container import ClientError

FLIPPED = (
    200_000  # rows up to which the flip test, which compares rows with rows, is run
)
PREDICTED = "predicted_label"


@dataclass(frozen=True)
class Asked:
    """A facet of the configuration: its column, and its values or threshold (None: each value)."""

    position: int
    column: str
    values: object

    @property
    def label(self) -> str:
        """The values as a report writes them."""
        if self.values is None:
            return "each value"
        if is_number(self.values):
            return f"above {self.values:g}"
        return ",".join(map(str, self.values))


@dataclass(frozen=True)
class Group:
    """How many there are of a facet, and what share of them has the favourable outcome.

    Attributes
    ----------
    facet, name : str
    rows : int
    share : float
        Of the rows that have a facet value and a label.
    favourable, predicted : float
        Shares of favourable labels and predictions; NaN for nobody, and without predictions.
    """

    facet: str
    name: str
    rows: int
    share: float
    favourable: float
    predicted: float


def favourable(config: Config, data: Dataset):
    """The favourable labels: a list of values, or a number as threshold."""
    given = config.get("label_values_or_threshold")
    return _values(data, data.label, given, "label_values_or_threshold")


def asked(config: Config, data: Dataset) -> list[Asked]:
    """The facets, each with its values of its column's kind.

    Raises
    ------
    ClientError
        If a column of numbers has neither values nor a threshold.
    """
    found = []
    for i, facet in enumerate(config.get("facet")):
        name, given = data.facets[i], facet.get("value_or_threshold")
        if given is None and data.is_continuous(name):
            raise ClientError(
                f"facet[{i}].value_or_threshold: it is missing, and {name!r} holds numbers of many "
                "values; give a threshold, as [40]: those above it are the group in question"
            )
        field = f"facet[{i}].value_or_threshold"
        values = None if given is None else _values(data, name, given, field)
        found.append(Asked(i, name, values))
    return found


def choices(config: Config, data: Dataset) -> list[str]:
    """What was taken as values and what as a threshold, in words: never decided in silence."""
    label = favourable(config, data)
    said = [_choice(data, "label", data.label, label)]
    for entry in asked(config, data):
        said.append(_choice(data, "facet", entry.column, entry.values))
    return said


def _choice(data: Dataset, part: str, column: str, values) -> str:
    if values is None:
        return f"{part} {column}: each value against the rest"
    if is_number(values):
        return f"{part} {column}: above {values:g}, a threshold"
    text = f"{part} {column}: {', '.join(map(str, values))}"
    if len(values) == 1 and data.is_numeric(column) and data.has_more_than(column, 2):
        text += (
            f" as a value, not a threshold, as {column} holds whole numbers of which fewer than "
            "5 % are distinct (Clarify's rule)"
        )
    return text


def _values(data: Dataset, column: str, given: list, field: str):
    """Values of the column's kind; one number for a continuous column is a threshold."""
    if data.is_continuous(column):
        numbers = [_number(v) for v in given]
        if len(given) == 1 and numbers[0] is not None:
            return numbers[0]
    kind = data.schema.field(column).type
    if pa.types.is_boolean(kind):
        words = {"true": True, "false": False, "1": True, "0": False}
        return [words.get(str(v).lower(), v) for v in given]
    if data.is_numeric(column):
        strange = [v for v in given if _number(v) is None]
        if strange:
            raise ClientError(
                f"{field}: found {strange[0]!r}; the column {column!r} holds numbers"
            )
        return [_number(v) for v in given]
    return [str(v) for v in given]


def _number(value):
    if is_number(value):
        return value
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return int(number) if number.is_integer() else number


def as_labels(predicted: list, data: Dataset, known: list) -> list:
    """Predicted labels of the kind of the label column.

    Parameters
    ----------
    predicted : list
    data : Dataset
    known : list
        The label's values.

    Raises
    ------
    ClientError
        If the predictions are no values of the label's kind: then nothing could be compared.
    """
    if data.is_numeric(data.label):
        numbers = [_number(v) for v in predicted]
        fits = not any(n is None for n in numbers)
        # whole labels and scores between them: nobody has said where the label stands
        whole = all(float(k).is_integer() for k in known)
        fits = fits and not (
            whole and known and not any(float(n).is_integer() for n in numbers)
        )
        found = numbers if fits else predicted
    elif known and isinstance(known[0], bool):
        found = [bool(v) if v in (0, 1) else v for v in predicted]
        fits = all(isinstance(v, bool) for v in found)
    else:
        found = [str(v) for v in predicted]
        fits = not known or any(v in known for v in set(found))
    if not fits:
        values = ", ".join(repr(v) for v in list(dict.fromkeys(found))[:4])
        labels = ", ".join(repr(v) for v in known[:4])
        raise ClientError(
            f"predictor: the model's predicted labels are {values}, and the label {data.label!r} "
            f"is {labels}; say with predictor.label where the label stands in the answer, or name "
            "with predictor.label_headers the classes that the scores belong to"
        )
    return found


def report_on(config: Config, data: Dataset, interval: float = 0.95) -> BiasReport:
    """Every metric asked for, of every facet.

    A facet without rows gets metrics without value and the reason; a label that is not there, or
    not of one kind with the predictions, is an error.

    Raises
    ------
    ClientError
    """
    entries, values = asked(config, data), favourable(config, data)
    predicted = (
        data.predicted if config.method("post_training_bias") is not None else None
    )
    wanted = [
        n
        for m in ("pre_training_bias", "post_training_bias")
        for n in _names(config, m)
    ]
    features = _flip_features(data, wanted)
    settings = {
        "label": data.label,
        "label_values": values,
        "predicted_label": predicted,
        "group_variable": data.group,
        "metrics": wanted,
        "interval": interval,
        "features": features or None,
    }
    found = []
    for together in _rounds(entries):
        found += _reports(data, together, settings)
    joined = _joined(found)
    return replace(joined, frame=_flip_reason(joined.frame, data, features))


def _names(config: Config, method: str) -> list[str]:
    names = config.metrics(method)
    stage = method.removesuffix("_bias")
    return list(metrics.by_stage(stage)) if names == "all" else names


def _rounds(entries: list[Asked]) -> list[list[Asked]]:
    """Facets that one pass can take: each column once."""
    rounds: list[list[Asked]] = []
    for entry in entries:
        for together in rounds:
            if entry.column not in {e.column for e in together}:
                together.append(entry)
                break
        else:
            rounds.append([entry])
    return rounds


def _reports(data, entries, settings) -> list[BiasReport]:
    """One report of all facets; facet by facet where one of them cannot be measured."""
    try:
        with warnings.catch_warnings():
            # the rule by which whole numbers are categories is said in the job's log
            warnings.simplefilter("ignore", UserWarning)
            return [
                bias_report(
                    data.folder,
                    [e.column for e in entries],
                    facet_values={e.column: e.values for e in entries},
                    **settings,
                )
            ]
    except ArgumentError as error:
        if len(entries) > 1:
            return [r for e in entries for r in _reports(data, [e], settings)]
        message = str(error).replace(
            "facet_values", f"facet[{entries[0].position}].value_or_threshold"
        )
        if message.startswith("facet"):
            return [_absent(data, entries[0], settings, message)]
        message = message.replace("label_values", "label_values_or_threshold")
        raise ClientError(message) from None


def _absent(data: Dataset, entry: Asked, settings, reason: str) -> BiasReport:
    """A report without values, for a facet that has no rows or no rest."""
    print(f"WARNING: {reason}", flush=True)
    reason = f"nothing can be compared, as facet a or d has no rows: {reason}"
    rows = []
    for key in settings["metrics"]:
        about = metrics.REGISTRY[key]
        rows.append(
            {
                "stage": about.stage,
                "facet": entry.column,
                "facet_value": entry.label,
                "metric": key,
                "description": about.description,
                "asks": about.asks,
                "value": np.nan,
                "low": np.nan,
                "high": np.nan,
                "n_a": data.rows,
                "n_d": 0,
                "counts": "",
                "reason": reason,
                "caution": "",
                "reading": reason,
            }
        )
    values = settings["label_values"]
    text = f"above {values:g}" if is_number(values) else ",".join(map(str, values))
    level = settings["interval"]
    return BiasReport(pd.DataFrame(rows), settings["label"], text, {}, data.rows, level)


def _joined(reports: list[BiasReport]) -> BiasReport:
    missing, intervals = {}, {}
    for report in reports:
        missing |= report.missing
        intervals |= report.intervals
    frame = pd.concat([report.frame for report in reports], ignore_index=True)
    return replace(reports[0], frame=frame, missing=missing, intervals=intervals)


def _flip_features(data: Dataset, wanted) -> list[str]:
    """The numeric features: what the flip test goes by, but for the facet it is about."""
    if "FT" not in wanted or data.rows > FLIPPED:
        return []
    kinds = {f.name: f.type for f in data.schema}
    return [
        name
        for name in data.features
        if name in kinds and (data.is_numeric(name) or pa.types.is_boolean(kinds[name]))
    ]


def _flip_reason(frame: pd.DataFrame, data: Dataset, features) -> pd.DataFrame:
    """Say in the configuration's words why there is no flip test."""
    none = (frame["metric"] == "FT") & frame["reason"].str.startswith("name the flip")
    if features or not none.any():
        return frame
    reason = "the flip test needs a numeric column beside those analysed"
    if data.rows > FLIPPED:
        reason = f"the flip test compares rows with rows and is left out above {FLIPPED:,} rows"
    frame.loc[none, ["reason", "reading"]] = reason
    return frame


def groups(config: Config, data: Dataset) -> list[Group]:
    """Who is in the data: each facet's groups."""
    values, found = favourable(config, data), []
    predicted = (
        data.predicted if config.method("post_training_bias") is not None else None
    )
    for entry in asked(config, data):
        with contextlib.suppress(ArgumentError), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            analysis = Analysis.of(
                data.folder,
                entry.column,
                data.label,
                entry.values,
                values,
                predicted,
                None,
                False,
            )
            for name, choice in analysis.facets():
                counts = analysis.counts(name, choice)
                found.append(_group(counts, 1, name, choice.label))
                if entry.values is not None:
                    found.append(_group(counts, 0, name, _rest(analysis, name, choice)))
    return found


def _rest(analysis: Analysis, name: str, choice, most: int = 5) -> str:
    """Everybody else, by name where they are few."""
    present = analysis.present(name)
    others = [v for v, d in zip(present, choice.chosen, strict=True) if not d]
    others = [str(value) for value in others if value is not None]
    if choice.label.startswith("above ") or len(others) > most:
        return "the rest"
    return f"the rest ({', '.join(others)})"


def _group(counts, side: int, facet: str, name: str) -> Group:
    rows = int(counts.size[side])
    predicted = np.nan
    if counts.predicted_favourable is not None:
        predicted = counts.predicted_positive[side] / rows if rows else np.nan
    yes = counts.positive[side] / rows if rows else np.nan
    return Group(
        facet, name, rows, rows / counts.size.sum(), float(yes), float(predicted)
    )
