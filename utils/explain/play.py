"""Playing the games: mixtures of row and baseline row, their scores, and who earned what."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from utils.explain.coalitions import Plan
from utils.explain.games import Games
from utils.explain.model import Model


def solve(games: Games, model: Model, link: Callable, plan_of: Callable[[int], Plan]):
    """Play all games.

    Returns
    -------
    values : ndarray, shape (rows, features, outputs)
        Mean over the games of a row; zero for those who do not play.
    base : ndarray, shape (rows, outputs)
        ``base + values.sum(1)`` is the linked score of the row.
    """
    table = games.table
    of_rows = model(table.rows, keep=True)
    of_baseline = model(table.baseline, keep=True) if games.everybody else None
    full = link(of_rows)
    values = np.zeros((*table.rows.shape, model.outputs))
    for start, varying in games.blocks():
        block = values[start : start + len(varying) // games.per_row]
        sizes = varying.sum(axis=1)
        for k in np.unique(sizes[sizes > 0]):
            plan = plan_of(int(k))
            which = np.flatnonzero(sizes == k)
            step = max(1, model.batch // (max(1, len(plan.masks)) * games.lanes))
            for i in range(0, len(which), step):
                part = which[i : i + step]
                row = part // games.per_row
                lanes = Lanes.of(
                    games, start + row, part % games.per_row, varying[part]
                )
                empty = link(_empty(lanes, model, of_baseline))
                gained = _gained(lanes, plan, model, link, empty, full[start + row])
                _add(block, row, lanes.players, gained / games.per_row)
    if games.everybody:
        base = link(of_baseline.mean(axis=0, keepdims=True))
        return values, np.repeat(base, len(values), axis=0)
    return values, full - values.sum(axis=1)


@dataclass(frozen=True)
class Lanes:
    """Some games of equally many players; each has one lane a baseline row.

    Attributes
    ----------
    start, change : ndarray of unsigned int, shape (games * lanes, features)
        The row of the empty coalition; the bits that turn it into the row explained.
    players : ndarray of int, shape (games, k)
    baseline : ndarray of int, shape (games * lanes,)
        Which baseline row.
    """

    start: np.ndarray
    change: np.ndarray
    players: np.ndarray
    baseline: np.ndarray

    @classmethod
    def of(cls, games: Games, row, baseline, varying) -> "Lanes":
        """Lanes of games between `row` and `baseline` (ignored where all share one game)."""
        players = np.nonzero(varying)[1].reshape(len(varying), -1)
        if games.shared:
            baseline = np.tile(np.arange(games.lanes), len(row))
            row = np.repeat(row, games.lanes)
        x, start = games.table.rows[row], games.table.baseline[baseline]
        if not games.everybody:
            kept, start = start, x.copy()
            start[:, games.players] = kept[:, games.players]
        return cls(start, x ^ start, players, baseline)


def _empty(lanes: Lanes, model: Model, of_baseline) -> np.ndarray:
    """Scores of the empty coalitions, mean over a game's lanes: shape (games, outputs)."""
    known = of_baseline is not None
    scores = of_baseline[lanes.baseline] if known else model(lanes.start, keep=True)
    return _mean(scores, len(lanes.start) // len(lanes.players))


def _mean(scores: np.ndarray, lanes: int) -> np.ndarray:
    """Mean over each game's lanes, which stand together: (n, outputs) to (n / lanes, outputs)."""
    if lanes == 1:
        return scores
    return scores.reshape(-1, lanes, scores.shape[1]).mean(axis=1)


def _gained(lanes: Lanes, plan: Plan, model: Model, link, empty, full) -> np.ndarray:
    """What each player of each game earned: shape (k, games, outputs)."""
    gap = (full - empty).ravel()
    gained = np.outer(plan.from_gap, gap)
    done = 0
    for codes in _blocks(lanes, plan, model.batch):
        scores = model(codes.reshape(-1, codes.shape[2]))
        worth = link(_mean(scores, len(lanes.start) // len(lanes.players)))
        # flat, as NumPy is slow where the last axis has one output
        worth = worth.reshape(len(codes), -1) - empty.ravel()
        gained += plan.from_values[:, done : done + len(codes)] @ worth
        done += len(codes)
    return gained.reshape(len(gained), len(lanes.players), -1)


def _blocks(lanes: Lanes, plan: Plan, batch: int):
    """The mixtures of a plan's coalitions, some coalitions at a time."""
    asked, n = len(plan.masks), len(lanes.start)
    if plan.complete and 0 < asked * n <= batch:
        yield _all_mixtures(lanes)
        return
    step = max(1, batch // n)
    for i in range(0, asked, step):
        yield _mixtures(lanes, plan.masks[i : i + step])


def _all_mixtures(lanes: Lanes) -> np.ndarray:
    """All coalitions but the empty and the full one, in binary order, by doubling.

    Each step copies what there is and flips one player's bits in the copy, so that every mixture
    is written once.
    """
    k, (n, width) = lanes.players.shape[1], lanes.start.shape
    each = np.repeat(lanes.players, n // len(lanes.players), axis=0)
    codes = np.empty((2**k, n, width), lanes.start.dtype)
    codes[0] = lanes.start
    lane = np.arange(n)
    for bit in range(k):
        flip = np.zeros_like(lanes.start)
        flip[lane, each[:, bit]] = lanes.change[lane, each[:, bit]]
        half = 2**bit
        np.bitwise_xor(codes[:half], flip, out=codes[half : 2 * half])
    return codes[1:-1]


def _mixtures(lanes: Lanes, masks: np.ndarray) -> np.ndarray:
    """The mixtures of some coalitions: shape (coalitions, games * lanes, features)."""
    games, k = lanes.players.shape
    n, width = lanes.start.shape
    # where each feature stands among the players; k for those who do not play
    place = np.full((games, width), k)
    place[np.arange(games)[:, None], lanes.players] = np.arange(k)
    place = np.repeat(place, n // games, axis=0)
    ones = lanes.start.dtype.type(-1 % 2 ** (8 * lanes.start.itemsize))
    bits = np.zeros((len(masks), k + 1), lanes.start.dtype)
    bits[:, :k] = masks * ones
    codes = bits.take(place.ravel(), axis=1).reshape(len(masks), n, width)
    codes &= lanes.change
    codes ^= lanes.start
    return codes


def _add(block: np.ndarray, row, players, gained) -> None:
    """Add what the players gained, shape (k, games, outputs), to the rows of the block."""
    flat = block.reshape(-1, block.shape[2])
    where = (row[:, None] * block.shape[1] + players).ravel()
    for output in range(block.shape[2]):
        # one output at a time, as NumPy is fast at flat positions only
        np.add.at(flat[:, output], where, gained[..., output].T.ravel())
