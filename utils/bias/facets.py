"""From a column and what the caller said of it to facets, favourable outcomes and thresholds."""

import warnings
from dataclasses import dataclass
from numbers import Number

import numpy as np

from utils.bias.errors import ArgumentError, nearest

UNIQUENESS = 0.05  # Clarify's rule: from this share of distinct values on, numbers are continuous


@dataclass(frozen=True)
class Choice:
    """Which of a column's values are meant.

    Attributes
    ----------
    label : str
        The values joined by commas, or ``above 40`` for a threshold.
    chosen : numpy.ndarray of bool, shape (values,)
        Over the column's values in the count table; missing values are never chosen.
    """

    label: str
    chosen: np.ndarray


def is_number(value) -> bool:
    """Whether a caller's argument is a threshold and not a list of values."""
    return isinstance(value, Number) and not isinstance(value, bool)


def threshold_of(values, argument: str) -> float | None:
    """The threshold in an argument that may be a threshold or a list of values."""
    if is_number(values):
        if not np.isfinite(values):
            raise ArgumentError(
                f"{argument} is {values}; a threshold must be a finite number"
            )
        return float(values)
    if values is not None and (isinstance(values, str) or not np.iterable(values)):
        raise ArgumentError(
            f"{argument} is {values!r}; give a list of values, as [{values!r}], or a number as a "
            "threshold (values above it are meant)"
        )
    return None


def choose(present: list, column: str, values: list, argument: str) -> Choice:
    """Find the caller's values among those present in a column, or say what is there."""
    values = list(values)
    if not values:
        raise ArgumentError(
            f"{argument} is empty; give at least one value of {column!r}"
        )
    chosen = np.zeros(len(present), bool)
    for value in values:
        found = [i for i, p in enumerate(present) if p is not None and same(p, value)]
        if not found:
            kinds = sorted({type(p).__name__ for p in present if p is not None})
            raise ArgumentError(
                f"{argument} has {value!r} ({type(value).__name__}), which is not in column "
                f"{column!r} ({', '.join(kinds)}); {nearest(value, [repr(p) for p in present])}"
            )
        chosen[found] = True
    known = np.array([p is not None for p in present])
    if known.sum() > 1 and chosen[known].all():
        raise ArgumentError(
            f"{argument} names every value of {column!r} ({', '.join(map(repr, values))}); "
            "leave at least one out, as there is nothing to compare with"
        )
    return Choice(",".join(map(str, values)), chosen)


def same(present, value) -> bool:
    """Equal as values of one kind: True is not 1, and "1" is not 1."""
    if isinstance(present, bool | np.bool_) != isinstance(value, bool | np.bool_):
        return False
    return present == value


def each_value(rows_by_value: dict, column: str) -> list[Choice]:
    """One choice a value, each against the rest; numbers by Clarify's rule, with a warning."""
    present = list(rows_by_value)
    known = [i for i, value in enumerate(present) if value is not None]
    values = [present[i] for i in known]
    if values and all(is_number(v) for v in values):
        rows = sum(n for value, n in rows_by_value.items() if value is not None)
        share = len(values) / rows
        if share >= UNIQUENESS or any(isinstance(v, float) for v in values):
            raise ArgumentError(
                f"column {column!r} holds numbers ({len(values)} distinct in {rows:,} rows) and is "
                "taken as continuous: give facet_values a number as threshold, or a list of values"
            )
        warnings.warn(
            f"column {column!r} holds whole numbers with {share:.1%} distinct values, below "
            f"{UNIQUENESS:.0%}: taken as categories, each against the rest. Give facet_values to "
            "say what you mean.",
            stacklevel=4,
        )
    if len(values) < 2:
        raise ArgumentError(
            f"facet {column!r} has {len(values)} value(s); there is nothing to compare"
        )
    choices = []
    for position in known:
        chosen = np.zeros(len(present), bool)
        chosen[position] = True
        choices.append(Choice(str(present[position]), chosen))
    return choices
