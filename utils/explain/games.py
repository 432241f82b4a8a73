"""One game for every row and baseline row: who plays, and what each coalition is worth.

Shapley values are linear in the game, so the values against a hundred baseline rows are the mean
of a hundred games against one. In each of them only the features that differ play; the coalitions
of the others would be the same row again. A link other than the identity is taken of the mean over
the baseline, and then all baseline rows share one game.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from utils.explain.errors import ArgumentError
from utils.explain.model import CELLS
from utils.explain.tables import Table


@dataclass(frozen=True)
class Games:
    """Rows against baseline rows.

    Attributes
    ----------
    table : Table
    players : ndarray of int
        Positions of the features that play; the others stay as they are in the row.
    shared : bool
        Whether all baseline rows share one game.
    """

    table: Table
    players: np.ndarray
    shared: bool

    @property
    def lanes(self) -> int:
        """Baseline rows in one game."""
        return len(self.table.baseline) if self.shared else 1

    @property
    def per_row(self) -> int:
        """Games of one row."""
        return 1 if self.shared else len(self.table.baseline)

    @property
    def everybody(self) -> bool:
        """Whether all features play."""
        return len(self.players) == self.table.rows.shape[1]

    def blocks(self) -> Iterator[tuple[int, np.ndarray]]:
        """First row of a block, and which features vary in its games, shape (games, features).

        Blocks bound the memory however many rows there are.
        """
        rows, baseline = self.table.rows, self.table.baseline
        step = max(1, CELLS // baseline.size)
        for start in range(0, len(rows), step):
            differs = rows[start : start + step, None] != baseline
            if not self.everybody:
                out = np.ones(rows.shape[1], bool)
                out[self.players] = False
                differs[..., out] = False
            if self.shared:
                yield start, differs.any(axis=1)
            else:
                yield start, differs.reshape(-1, rows.shape[1])

    @cached_property
    def sizes(self) -> np.ndarray:
        """How many games have 0, 1, 2, ... features that vary."""
        most = self.table.rows.shape[1] + 1
        counts = np.zeros(most, np.int64)
        for _, varying in self.blocks():
            counts += np.bincount(varying.sum(axis=1), minlength=most)
        return counts

    def evaluations(self, inner: Callable[[int], int]) -> int:
        """Rows that the model will be asked for, where k varying features take `inner(k)`."""
        counts = self.sizes
        asked = sum(int(n) * inner(k) for k, n in enumerate(counts) if k and n)
        if self.everybody:
            return len(self.table.rows) + len(self.table.baseline) + asked * self.lanes
        return len(self.table.rows) + (asked + int(counts[1:].sum())) * self.lanes


def players_of(features, table: Table) -> np.ndarray:
    """Positions of the named features; all of them for None."""
    width = table.rows.shape[1]
    if features is None:
        return np.arange(width)
    if isinstance(features, (str, int, np.integer)):
        features = [features]
    known = {name: f for f, name in enumerate(table.names or [])}
    positions = []
    for feature in features:
        whole = isinstance(feature, (int, np.integer))
        if feature in known:
            positions.append(known[feature])
        elif whole and not isinstance(feature, bool) and 0 <= feature < width:
            positions.append(int(feature))
        else:
            names = f", or {', '.join(map(str, list(known)[:12]))}" if known else ""
            raise ArgumentError(
                f"features has {feature!r}; use positions from 0 to {width - 1}{names}"
            )
    if not positions or len({*positions}) < len(positions):
        raise ArgumentError(
            f"features is {list(features)}; name at least one feature, each once"
        )
    return np.array(positions)
