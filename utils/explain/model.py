"""The model as a black box: asked in batches, its answers checked."""

from collections.abc import Callable

import numpy as np

from utils.explain.errors import ArgumentError, ModelError
from utils.explain.tables import Table

BATCH = 32_768
# cells in one batch: 32 MB of float64, however many columns there are
CELLS = 2**22


class Model:
    """Answers codes with scores of shape (n, outputs).

    Attributes
    ----------
    batch : int
        Most rows in one call.
    evaluations, calls : int
        Rows and calls so far.
    flat : bool
        Whether the model answers with one number a row, and so has one output.
    """

    def __init__(self, predict: Callable, table: Table, batch: int = BATCH, bar=None):
        if not callable(predict):
            raise ArgumentError(
                f"predict is {predict!r}; give a function from rows to scores, "
                "as model.predict_proba"
            )
        if isinstance(batch, bool) or not isinstance(batch, int) or batch < 1:
            raise ArgumentError(f"batch is {batch!r}; use a whole number from 1 up")
        self.predict, self.table, self.bar = predict, table, bar
        self.batch = max(1, min(batch, CELLS // table.rows.shape[1]))
        self.evaluations, self.calls, self.outputs, self.flat = 0, 0, None, True

    def __call__(self, codes: np.ndarray, keep: bool = False) -> np.ndarray:
        """Scores of codes of shape (n, features), in as many calls as it takes.

        Keep what is needed again: a model may write into what it gets.
        """
        parts = []
        for i in range(0, len(codes), self.batch):
            part = codes[i : i + self.batch]
            parts.append(self.ask(self.table.decode(part.copy() if keep else part)))
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def ask(self, table) -> np.ndarray:
        """One call."""
        try:
            answer = self.predict(table)
        except Exception as error:
            raise ModelError(
                f"predict was asked for {len(table):,} rows and raised "
                f"{type(error).__name__}: {error}{self._hint()}"
            ) from error
        scores = self._scores(answer, len(table))
        self.evaluations, self.calls = self.evaluations + len(table), self.calls + 1
        if self.bar is not None:
            self.bar.update(len(table))
        return scores

    def _scores(self, answer, asked: int) -> np.ndarray:
        """The answer as (asked, outputs) of finite floats; raise if it is anything else."""
        try:
            # a copy: the answer may be a view of memory that the model writes again
            scores = np.array(answer, dtype=float)
        except (TypeError, ValueError, RuntimeError) as error:
            raise ModelError(
                f"predict was asked for {asked:,} rows and answered with {_shown(answer)}, which "
                "are not numbers; give scores, as predict_proba does, not labels"
            ) from error
        if scores.ndim not in (1, 2) or len(scores) != asked:
            raise ModelError(
                f"predict was asked for {asked:,} rows and came back with shape {scores.shape}; "
                "it must answer with one score, or one row of scores, for each row"
            )
        self.flat = scores.ndim == 1 or scores.shape[1] == 1
        scores = scores.reshape(asked, -1)
        if self.outputs not in (None, scores.shape[1]):
            raise ModelError(
                f"predict came back with {self.outputs} outputs first and with "
                f"{scores.shape[1]} now; it must always have as many"
            )
        self.outputs = scores.shape[1]
        bad = np.count_nonzero(~np.isfinite(scores))
        if bad:
            raise ModelError(
                f"predict was asked for {asked:,} rows and {bad:,} of its scores are missing or "
                "infinite; explain a model that scores every mixture of row and baseline"
            )
        return scores

    def _hint(self) -> str:
        texts = self.table.texts
        if not texts:
            return ""
        names = ", ".join(map(str, texts[:3]))
        return (
            f". Not all columns hold numbers ({names}): encode them first, or let predict do it, "
            "as a pipeline with a OneHotEncoder does"
        )


def _shown(answer) -> str:
    shown = repr(answer).replace("\n", " ")
    return shown if len(shown) < 60 else shown[:57] + "..."


def identity(scores: np.ndarray) -> np.ndarray:
    """The score itself."""
    return scores


def logit(scores: np.ndarray) -> np.ndarray:
    """Log-odds of probabilities strictly between 0 and 1."""
    if (scores <= 0).any() or (scores >= 1).any():
        worst = scores[(scores <= 0) | (scores >= 1)][0]
        raise ModelError(
            f'link="logit" needs probabilities strictly between 0 and 1, and predict gave {worst}; '
            'use link="identity", or keep the probabilities off 0 and 1 in predict'
        )
    return np.log(scores) - np.log1p(-scores)


LINKS = {"identity": identity, "logit": logit}


def link_of(name: str) -> Callable:
    """The link function of that name."""
    if not isinstance(name, str) or name not in LINKS:
        raise ArgumentError(f"link is {name!r}; use {' or '.join(map(repr, LINKS))}")
    return LINKS[name]
