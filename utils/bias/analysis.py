"""From the caller's arguments and one count table to the counts of each facet."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np

from utils.bias.counts import Column, Counts, Table
from utils.bias.errors import ArgumentError, NotApplicableError, nearest
from utils.bias.facets import Choice, choose, each_value, same, threshold_of
from utils.bias.flip import FlipTest, flip_test
from utils.bias.passes import as_narwhals, count, highest

LABEL, PREDICTED, GROUP = "label", "predicted label", "group variable"


@dataclass(frozen=True)
class Analysis:
    """One pass over the rows, and what the caller wants to know of it.

    Attributes
    ----------
    frame : Any
        The caller's data, looked at again only by the flip test and for the end of an interval.
    table : Table
    columns : dict of str to Column
        By their part: ``"facet race"``, ``"label"``, …
    facet_values : dict
        What the caller said of each facet.
    favourable, predicted_favourable : Choice
    """

    frame: Any
    table: Table
    columns: dict[str, Column]
    facet_values: dict
    favourable: Choice
    predicted_favourable: Choice | None

    @classmethod
    def of(
        cls,
        frame,
        facet,
        label,
        facet_values,
        label_values,
        predicted_label,
        group,
        progress,
    ) -> "Analysis":
        """Count the rows, and check every argument against them."""
        names = [facet] if isinstance(facet, str) else list(facet)
        by_facet = _by_facet(names, facet_values)
        if label_values is None:
            raise ArgumentError(
                f"label_values is missing: which values of {label!r} are favourable?"
            )
        columns = _columns(names, by_facet, label, label_values, predicted_label, group)
        table = count(frame, columns.values(), progress)
        if not table.n.sum():
            raise ArgumentError("frame has no rows")
        for name in names:
            _check_cut(frame, table, columns[_key(name)], "facet_values")
        favourable = _favourable(frame, table, columns[LABEL], label_values)
        predicted = None
        if predicted_label is not None:
            _check_kinds(table, columns)
            predicted = _predicted(table, columns[PREDICTED], label_values)
        return cls(frame, table, columns, by_facet, favourable, predicted)

    @property
    def rows(self) -> int:
        """Rows of the data."""
        return int(self.table.n.sum())

    def missing(self) -> dict[str, int]:
        """Rows without a value, by column: left out, except that a missing stratum is a stratum."""
        parts = {
            c.name: self.table.marginal(key).get(None, 0)
            for key, c in self.columns.items()
        }
        return {name: rows for name, rows in parts.items() if rows}

    def facets(self) -> Iterator[tuple[str, Choice]]:
        """Each facet and each choice of facet *d* within it."""
        for name, values in self.facet_values.items():
            key = _key(name)
            present = self.table.columns[key]
            threshold = self.columns[key].threshold
            if threshold is not None:
                above = np.array([value is True for value in present])
                yield name, Choice(f"above {threshold:g}", above)
            elif values is not None:
                yield name, choose(present, name, values, "facet_values")
            else:
                for choice in each_value(self.table.marginal(key), name):
                    yield name, choice

    def present(self, facet: str) -> list:
        """A facet's values, None for those missing; of one that is cut, whether above."""
        return self.table.columns[_key(facet)]

    def intervals(self) -> dict[str, str]:
        """Clarify's text for each threshold, such as ``(40.0, 80.0]`` for ``above 40``."""
        cut = [c for c in self.columns.values() if c.threshold is not None]
        tops = {c.name: highest(self.frame, c.name) for c in cut}
        if LABEL in self.columns and PREDICTED in self.columns and cut:
            label, predicted = self.columns[LABEL].name, self.columns[PREDICTED].name
            if label in tops and predicted in tops:
                # Clarify takes the larger of the two
                tops[label] = max(tops[label], tops[predicted])
        return {c.name: f"({float(c.threshold)}, {tops[c.name]}]" for c in cut}

    def counts(self, name: str, choice: Choice, convention: str = "standard") -> Counts:
        """The counts of one facet: *d* is what was chosen, *a* the rest."""
        parts = [_key(name), LABEL] + [
            k for k in (PREDICTED, GROUP) if k in self.columns
        ]
        cells = self.table.dense(parts)
        if PREDICTED not in self.columns:
            cells = np.expand_dims(cells, 2)
        if GROUP not in self.columns:
            cells = np.expand_dims(cells, 3)
        known = [self._known(_key(name)), self._known(LABEL)]
        cells = (
            cells[known[0] & ~choice.chosen][:, known[1]],
            cells[choice.chosen][:, known[1]],
        )
        n = np.stack([part.sum(axis=0) for part in cells])
        predicted = None
        if self.predicted_favourable is not None:
            kept = self._known(PREDICTED)
            n, predicted = n[:, :, kept], self.predicted_favourable.chosen[kept]
        return Counts(
            n,
            self.favourable.chosen[known[1]],
            predicted,
            GROUP in self.columns,
            convention,
        )

    def _known(self, key: str) -> np.ndarray:
        return np.array([value is not None for value in self.table.columns[key]])

    def flip_test(self, name: str, choice: Choice, features: list[str]) -> FlipTest:
        """The flip test of one facet, on the rows themselves."""
        if self.predicted_favourable is None:
            raise NotApplicableError("no predicted label was given")
        label, predicted = self.columns[LABEL].name, self.columns[PREDICTED].name
        rows = _read(
            self.frame, list(dict.fromkeys([name, label, predicted, *features]))
        )
        kept = ~(
            rows[name].is_null() | rows[label].is_null() | rows[predicted].is_null()
        )
        kept = kept.to_numpy()
        in_d = self._flags(rows[name], _key(name), choice)
        yes = self._flags(rows[predicted], PREDICTED, self.predicted_favourable)
        matrix = np.column_stack([rows[f].to_numpy() for f in features])[kept]
        return flip_test(matrix, in_d[kept], yes[kept])

    def flip_features(self, facet: str, named: list[str] | None = None) -> list[str]:
        """The flip test's columns: those named, or every number; as in smclarify, never the facet
        itself, the label or the predicted label, and other facets and the strata as any column."""
        parts = (_key(facet), LABEL, PREDICTED)
        out = {self.columns[part].name for part in parts if part in self.columns}
        found = self._numbers() if named is None else named
        found = [c for c in found if c not in out]
        if not found:
            raise NotApplicableError(
                "the flip test needs a numeric column beside those analysed"
            )
        return found

    def _numbers(self) -> list[str]:
        native = None if isinstance(self.frame, str | Path) else as_narwhals(self.frame)
        if native is None or isinstance(native, nw.LazyFrame):
            raise NotApplicableError(
                "name the flip test's columns in features: it reads rows"
            )
        kinds = native.collect_schema()
        return [c for c, k in kinds.items() if k.is_numeric() or k == nw.Boolean]

    def _flags(self, series: nw.Series, key: str, choice: Choice) -> np.ndarray:
        """Which rows are meant by a choice."""
        threshold = self.columns[key].threshold
        if threshold is not None:
            return (series > threshold).fill_null(False).to_numpy().astype(bool)
        present = self.table.columns[key]
        values = [v for v, c in zip(present, choice.chosen, strict=True) if c]
        return series.is_in(values).fill_null(False).to_numpy().astype(bool)


def _key(facet: str) -> str:
    return f"facet {facet}"


def _by_facet(names: list[str], facet_values) -> dict:
    """What the caller said of each facet."""
    if not names:
        raise ArgumentError("facet is empty; name at least one column")
    if isinstance(facet_values, dict):
        strange = [name for name in facet_values if name not in names]
        if strange:
            raise ArgumentError(
                f"facet_values has {strange[0]!r}; {nearest(strange[0], names)}"
            )
        return {name: facet_values.get(name) for name in names}
    if facet_values is not None and len(names) > 1:
        raise ArgumentError(
            f"facet_values is {facet_values!r} for {len(names)} facets; give a dict, as "
            f"{{{names[0]!r}: {facet_values!r}}}"
        )
    return dict.fromkeys(names, facet_values)


def _columns(
    names, by_facet, label, label_values, predicted_label, group
) -> dict[str, Column]:
    """Every column by its part, with its threshold."""
    parts = {
        _key(n): Column(_key(n), n, threshold_of(by_facet[n], "facet_values"))
        for n in names
    }
    cut = threshold_of(label_values, "label_values")
    parts[LABEL] = Column(LABEL, label, cut)
    if predicted_label is not None:
        parts[PREDICTED] = Column(PREDICTED, predicted_label, cut)
    if group is not None:
        parts[GROUP] = Column(GROUP, group)
    for name in names:
        if name in (label, predicted_label):
            raise ArgumentError(
                f"column {name!r} is both facet and label; they must differ"
            )
    return parts


def _check_cut(frame, table: Table, column: Column, argument: str) -> None:
    """Raise unless a threshold leaves rows on both sides."""
    if column.threshold is None:
        return
    sides = table.marginal(column.key)
    if sides.get(True) and sides.get(False):
        return
    found = f"all of {column.name!r} lies above"
    if not sides.get(True):
        top = highest(frame, column.name)
        found = f"no row of {column.name!r} is above (its highest value is {top:g})"
    raise ArgumentError(
        f"{argument} is the threshold {column.threshold:g} and {found}; values above a threshold "
        "are meant, so take one within the column's range"
    )


def _favourable(frame, table: Table, column: Column, label_values) -> Choice:
    present = table.columns[column.key]
    if column.threshold is None:
        return choose(present, column.name, label_values, "label_values")
    _check_cut(frame, table, column, "label_values")
    return Choice(f"above {column.threshold:g}", np.array([v is True for v in present]))


def _predicted(table: Table, column: Column, label_values) -> Choice:
    """Favourable predictions; a model may predict one class only, so a value may be absent."""
    present = table.columns[column.key]
    if column.threshold is not None:
        return Choice(
            f"above {column.threshold:g}", np.array([v is True for v in present])
        )
    chosen = np.array(
        [v is not None and any(same(v, w) for w in label_values) for v in present]
    )
    return Choice(",".join(map(str, label_values)), chosen)


def _check_kinds(table: Table, columns: dict[str, Column]) -> None:
    """Raise if labels and predictions are not values of one kind."""
    kinds = [
        {kind_of(v) for v in table.columns[key] if v is not None}
        for key in (LABEL, PREDICTED)
    ]
    if columns[LABEL].threshold is None and kinds[1] - kinds[0]:
        label, predicted = columns[LABEL].name, columns[PREDICTED].name
        found = " and ".join(
            f"{name!r} holds {', '.join(sorted(kind)) or 'nothing'}"
            for name, kind in ((label, kinds[0]), (predicted, kinds[1]))
        )
        raise ArgumentError(
            f"predicted_label does not match label: {found}; bring both to one kind, for scores by "
            "a threshold"
        )


def kind_of(value) -> str:
    """A value's kind in words."""
    if isinstance(value, bool | np.bool_):
        return "truth values"
    if isinstance(value, int | float | np.number):
        return "numbers"
    return (
        "texts" if isinstance(value, str) else f"values of type {type(value).__name__}"
    )


def _read(frame, names: list[str]):
    """Some columns of the data in memory, as narwhals sees them."""
    if isinstance(frame, str | Path):
        import pyarrow.parquet as pq

        return nw.from_native(pq.read_table(frame, columns=names), eager_only=True)
    native = as_narwhals(frame)
    present = native.collect_schema().names()
    for name in names:
        if name not in present:
            raise ArgumentError(f"features has {name!r}; {nearest(name, present)}")
    rows = native.select(*names)
    return rows.collect() if isinstance(rows, nw.LazyFrame) else rows
