"""What one pass over the rows leaves: facet × label × prediction × stratum → how many.

Every count-based metric is arithmetic on that tiny table, so all metrics, all facets, and their
intervals cost nothing more than the pass (`utils.bias.passes`).
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Table:
    """Distinct combinations of some columns' values, and how many rows have each.

    Attributes
    ----------
    columns : dict of str to list
        Each column's distinct values by the column's key; None stands for a missing value.
    codes : numpy.ndarray of int, shape (columns, combinations)
        Position of the value in its column's list.
    n : numpy.ndarray of int, shape (combinations,)
        Rows.
    """

    columns: dict[str, list]
    codes: np.ndarray
    n: np.ndarray

    def dense(self, keys: list[str]) -> np.ndarray:
        """Rows by the values of some columns, an array with an axis a column."""
        sizes = [len(self.columns[key]) for key in keys]
        order = list(self.columns)
        codes = [self.codes[order.index(key)] for key in keys]
        cell = np.ravel_multi_index(codes, sizes) if len(self.n) else np.zeros(0, int)
        totals = np.zeros(int(np.prod(sizes)), np.int64)
        np.add.at(totals, cell, self.n)
        return totals.reshape(sizes)

    def marginal(self, key: str) -> dict[Any, int]:
        """Rows by value of one column."""
        return dict(zip(self.columns[key], self.dense([key]).tolist(), strict=True))


@dataclass(frozen=True)
class Counts:
    """The numbers from which every metric of one facet is computed.

    Attributes
    ----------
    n : numpy.ndarray, shape (..., 2, labels, predictions, strata)
        Rows by facet (0: *a*, advantaged; 1: *d*, disadvantaged), label value, predicted value and
        stratum. Leading axes, if any, are bootstrap replicates, and metrics keep them.
    favourable : numpy.ndarray of bool, shape (labels,)
        Which label values are favourable.
    predicted_favourable : numpy.ndarray of bool, shape (predictions,), or None
        Which predicted values are; None where nothing was predicted.
    has_strata : bool
        Whether a group variable was given.
    convention : {"standard", "smclarify"}
        Which definition the divergences follow where the two differ.
    """

    n: np.ndarray
    favourable: np.ndarray
    predicted_favourable: np.ndarray | None = None
    has_strata: bool = False
    convention: str = "standard"

    @classmethod
    def of(cls, a, d) -> "Counts":
        """Counts from two confusion matrices, each ``(TP, FP, FN, TN)``.

        Examples
        --------
        >>> Counts.of(a=(60, 6, 8, 26), d=(20, 2, 5, 23)).size.tolist()
        [100, 50]
        """
        n = np.empty((2, 2, 2, 1), int)
        for facet, (tp, fp, fn, tn) in enumerate((a, d)):
            n[facet, :, :, 0] = [[tn, fp], [fn, tp]]
        outcome = np.array([False, True])
        return cls(n, outcome, outcome)

    @cached_property
    def size(self) -> np.ndarray:
        """Rows by facet, shape (..., 2)."""
        return self.n.sum(axis=(-3, -2, -1))

    @cached_property
    def by_label(self) -> np.ndarray:
        """Rows by facet and label value, shape (..., 2, labels)."""
        return self.n.sum(axis=(-2, -1))

    @cached_property
    def positive(self) -> np.ndarray:
        """Rows with a favourable label by facet, shape (..., 2)."""
        return self.by_label[..., self.favourable].sum(axis=-1)

    @cached_property
    def predicted_positive(self) -> np.ndarray:
        """Rows with a favourable prediction by facet, shape (..., 2)."""
        by_prediction = self.n.sum(axis=(-3, -1))
        return by_prediction[..., self.predicted_favourable].sum(axis=-1)

    @cached_property
    def _confusion(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        table = self.n.sum(axis=-1)
        yes, p_yes = self.favourable, self.predicted_favourable

        def cell(label, predicted):
            return table[..., label, :][..., predicted].sum(axis=(-2, -1))

        return (
            cell(yes, p_yes),
            cell(~yes, p_yes),
            cell(yes, ~p_yes),
            cell(~yes, ~p_yes),
        )

    def confusion(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """True and false positives, false and true negatives by facet, shape (..., 2) each."""
        return self._confusion

    def by_stratum(self, predicted: bool) -> tuple[np.ndarray, np.ndarray]:
        """Favourable and unfavourable rows by facet and stratum, shape (..., 2, strata)."""
        if predicted:
            table, yes = self.n.sum(axis=-3), self.predicted_favourable
        else:
            table, yes = self.n.sum(axis=-2), self.favourable
        return table[..., yes, :].sum(axis=-2), table[..., ~yes, :].sum(axis=-2)


@dataclass(frozen=True)
class Column:
    """A column to count, with a threshold if it is to be cut in two.

    Attributes
    ----------
    key : str
        Its part in the analysis, such as ``"label"``; a column may play several.
    name : str
        Its name in the data.
    threshold : float, optional
        Values above it become True, the others False: an exclusive lower bound.
    """

    key: str
    name: str
    threshold: float | None = None
