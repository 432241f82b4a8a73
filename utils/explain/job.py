"""What both methods do around their games: read, count, play, hand over."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from tqdm.auto import tqdm

from utils.explain.games import Games, players_of
from utils.explain.model import Model, identity, link_of
from utils.explain.play import solve
from utils.explain.tables import read

# seconds before the bar shows
PATIENCE = 2


@dataclass(frozen=True)
class Job:
    """Everything that is known before the model is asked."""

    predict: Callable
    games: Games
    link: Callable

    @classmethod
    def of(cls, predict, rows, baseline, features, link: str) -> "Job":
        """Read and check the arguments."""
        link = link_of(link)
        table = read(rows, baseline)
        shared = link is not identity and len(table.baseline) > 1
        return cls(predict, Games(table, players_of(features, table), shared), link)

    def run(self, plan_of: Callable, inner: Callable, progress: bool, batch: int):
        """Play the games and explain, as shap.Explanation."""
        started = time.perf_counter()
        total = self.games.evaluations(inner)
        with tqdm(
            total=total,
            disable=not progress,
            delay=PATIENCE,
            desc="evaluations",
            unit_scale=True,
            leave=False,
        ) as bar:
            model = Model(self.predict, self.games.table, batch, bar)
            values, base = solve(self.games, model, self.link, plan_of)
        if model.flat:
            values, base = values[..., 0], base[..., 0]
        return self.explanation(values, base, time.perf_counter() - started)

    def explanation(self, values, base, seconds: float):
        """The result in the class that shap's plots take."""
        # here and not above: shap's import takes seconds, as it brings numba
        from shap import Explanation

        table = self.games.table
        width = table.rows.shape[1]
        return Explanation(
            values,
            base_values=base,
            data=np.asarray(table.data),
            feature_names=table.names or [f"Feature {f}" for f in range(width)],
            compute_time=seconds,
        )
