"""Rows as the body of a request to a model, and its answer as scores and labels."""

import csv
import io
import json
from dataclasses import dataclass

import jmespath
import numpy as np
import pandas as pd

from utils.bias.facets import is_number
from utils.cloud.images.clarify.schema import CSV, JSON_LINES


class AnswerError(ValueError):
    """A model's answer in which there is no prediction where it was looked for."""


def body(rows: pd.DataFrame, content_type: str, template="", record="") -> str:
    """Rows as CSV, JSON Lines or JSON.

    Parameters
    ----------
    rows : pandas.DataFrame
    content_type : {"text/csv", "application/jsonlines", "application/json"}
    template : str
        Clarify's ``content_template``: ``$features`` (JSON Lines), ``$records`` or ``$record``.
    record : str
        Its ``record_template`` for JSON: ``$features`` and ``$feature_names``, ``$features_kvp``,
        or ``"${name}"`` for each feature.
    """
    if content_type == CSV:
        return rows.to_csv(header=False, index=False, lineterminator="\n").rstrip("\n")
    values = [[_plain(v) for v in row] for row in rows.itertuples(index=False)]
    if content_type == JSON_LINES:
        return "\n".join(
            template.replace("$features", json.dumps(row)) for row in values
        )
    names = list(rows.columns)
    records = [_record(record, names, row) for row in values]
    if "$records" in template:
        return template.replace("$records", f"[{', '.join(records)}]")
    return template.replace("$record", records[0])


def at_once(content_type: str, template: str) -> int | None:
    """How many rows fit one request by its template: one for ``$record``, else any."""
    single = content_type not in (CSV, JSON_LINES) and "$records" not in template
    return 1 if single else None


def _record(template: str, names: list[str], row: list) -> str:
    if "$features_kvp" in template:
        pairs = json.dumps(dict(zip(names, row, strict=True)))
        return template.replace("$features_kvp", pairs)
    for name, value in zip(names, row, strict=True):
        template = template.replace(f'"${{{name}}}"', json.dumps(value))
    template = template.replace("$feature_names", json.dumps(names))
    return template.replace("$features", json.dumps(row))


def _plain(value):
    return value.item() if isinstance(value, np.generic) else value


def answers(text: str, content_type: str, rows: int) -> list:
    """A model's answer, one record a row: a list of cells for CSV, an object for JSON Lines.

    Raises
    ------
    AnswerError
        If there are not as many records as rows.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if content_type == CSV:
        found = [
            [_cell(c) for c in line]
            for line in csv.reader(io.StringIO("\n".join(lines)))
        ]
        if len(found) == 1 and rows > 1:
            # as AWS's XGBoost container answers: all scores in one line
            found = [[cell] for cell in found[0]]
    else:
        try:
            found = [json.loads(line) for line in lines]
        except ValueError as error:
            raise AnswerError(
                f"it is not JSON Lines ({error}): {text[:80]!r}"
            ) from None
    if len(found) != rows:
        raise AnswerError(
            f"it was asked for {rows:,} rows and answered with {len(found):,} records: "
            f"{text[:80]!r}"
        )
    return found


def _cell(text: str):
    text = text.strip()
    if text.startswith("["):  # several scores in one cell
        try:
            return json.loads(text)
        except ValueError:
            return text
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text


@dataclass(frozen=True)
class Reading:
    """Where in an answer the prediction stands, and what to make of it.

    Attributes
    ----------
    label, probability : int, str or None
        Position in CSV, JMESPath in JSON.
    headers : tuple
        The classes to which the scores belong.
    threshold : float or None
        A single score above it is the positive class; None: scores are compared as they are.
    explicit : bool
        Whether the threshold was given, so that a numeric label is cut by it as well.
    """

    label: int | str | None = None
    probability: int | str | None = None
    headers: tuple = ()
    threshold: float | None = 0.5
    explicit: bool = False

    def of(self, text: str, content_type: str, rows: int) -> tuple[list, list]:
        """What stands at `label` and at `probability`, for each row; None where nothing is asked.

        Raises
        ------
        AnswerError
        """
        if content_type in (CSV, JSON_LINES):
            found = answers(text, content_type, rows)
            return tuple(
                None if at is None else [_at(record, at, name) for record in found]
                for at, name in (
                    (self.label, "label"),
                    (self._scores_at, "probability"),
                )
            )
        try:
            document = json.loads(text)
        except ValueError as error:
            raise AnswerError(f"it is not JSON ({error}): {text[:80]!r}") from None
        return self._of_document(document, rows)

    @property
    def _scores_at(self):
        # without either, the whole record is the score, or the scores
        if self.label is None and self.probability is None:
            return slice(None)
        return self.probability

    def _of_document(self, document, rows):
        parts = []
        for at, name in ((self.label, "label"), (self.probability, "probability")):
            found = None if at is None else _at(document, at, name)
            if found is not None and not isinstance(found, list):
                found = [found]
            if found is not None and len(found) != rows:
                if rows != 1:
                    raise AnswerError(
                        f"{name} {at!r} finds {len(found):,} values for {rows:,} rows"
                    )
                found = [found]
            parts.append(found)
        return tuple(parts)

    def scores(self, text: str, content_type: str, rows: int) -> np.ndarray:
        """Scores of shape (rows,), or (rows, classes) where there are several.

        Raises
        ------
        AnswerError
        """
        labels, scores = self.of(text, content_type, rows)
        found = labels if scores is None else scores
        found = [v[0] if isinstance(v, list) and len(v) == 1 else v for v in found]
        try:
            return np.array(found, dtype=float)
        except (TypeError, ValueError):
            raise AnswerError(
                f"its scores are not numbers, or not as many for each row: {str(found[0])[:80]}; "
                "say where the probability stands"
            ) from None

    def labels(self, text: str, content_type: str, rows: int) -> list:
        """The predicted label of each row.

        Raises
        ------
        AnswerError
        """
        labels, scores = self.of(text, content_type, rows)
        if scores is not None and any(
            isinstance(s, list) and len(s) > 1 for s in scores
        ):
            return [
                self._likeliest(score, labels[i] if labels is not None else None)
                for i, score in enumerate(scores)
            ]
        if labels is not None:
            numbers = all(is_number(v) for v in labels)
            cut = self.explicit and scores is None and numbers
            return [self._cut(v) for v in labels] if cut else labels
        return [self._cut(s[0] if isinstance(s, list) else s) for s in scores]

    def _likeliest(self, scores, labels):
        headers = labels if isinstance(labels, list) else self.headers
        if len(headers) != len(scores):
            raise AnswerError(
                f"it has {len(scores)} scores a row and there are {len(headers)} labels; give one "
                "for each in predictor.label_headers"
            )
        return headers[int(np.argmax(scores))]

    def _cut(self, score):
        if self.threshold is None:
            return score
        if not is_number(score):
            raise AnswerError(
                f"it says {score!r}, which is no score; say in predictor.label that it is the label"
            )
        above = score > self.threshold
        if len(self.headers) == 1:
            return self.headers[0] if above else f"not {self.headers[0]}"
        return self.headers[int(above)] if len(self.headers) == 2 else int(above)


def _at(record, at, name):
    """What stands at a position or a JMESPath."""
    if isinstance(at, slice):
        return record
    if isinstance(at, int):
        if not isinstance(record, list) or at >= len(record):
            raise AnswerError(f"{name} is {at}, and a record is {str(record)[:80]}")
        return record[at]
    found = jmespath.search(at, record)
    if found is None:
        raise AnswerError(f"{name} {at!r} finds nothing in {str(record)[:80]}")
    return found
