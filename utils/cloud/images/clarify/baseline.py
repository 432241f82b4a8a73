"""A baseline made from the data: the centres of clusters, numbers by mean, categories by mode.

k-means where all features are numbers, else k-prototypes (Huang 1998): squared distance of the
standardised numbers plus a weight for each category that differs.
"""

import numpy as np
import pandas as pd

MOST = 12
ENOUGH = 0.1  # another cluster must take off this share of the distance
SAMPLE, ROUNDS = 5_000, 30
LEAST = 0.05  # of the rows stand behind a centre
CATEGORY = 0.5  # Huang's advice: half the spread of the numbers, which is 1


def make(
    rows: pd.DataFrame, clusters: int | None = None, seed: int = 0
) -> pd.DataFrame:
    """A few rows that stand for all.

    Parameters
    ----------
    rows : pandas.DataFrame
        Without missing values.
    clusters : int, optional
        How many; otherwise from 1 to 12, as long as one more takes a tenth off the rows' distance
        from their centres (our rule; AWS does not publish its own), without those of fewer than
        5 % of the rows.
    seed : int

    Returns
    -------
    pandas.DataFrame
        The centres, with the columns and types of `rows`; whole numbers are rounded. Centres that
        became equal stand once.

    References
    ----------
    Huang (1998), "Extensions to the k-means algorithm for clustering large data sets with
    categorical values"; Amazon SageMaker Developer Guide, "SHAP Baselines for Explainability".
    """
    random = np.random.default_rng(seed)
    if len(rows) > SAMPLE:
        rows = rows.iloc[np.sort(random.choice(len(rows), SAMPLE, replace=False))]
    table = _Table(rows)
    if clusters is not None:
        return table.centres(_clusters(table, min(clusters, len(rows)), random)[0])
    best, cost = _clusters(table, 1, random)
    for k in range(2, min(MOST, len(rows)) + 1):
        found, less = _clusters(table, k, random)
        if less > (1 - ENOUGH) * cost:
            break
        best, cost = found, less
    # the centres count alike, so a few rare rows must not make one
    share = np.bincount(best) / len(best)
    return table.centres(np.where(share[best] >= LEAST, best, -1))


class _Table:
    """Rows as standardised numbers and codes of categories."""

    def __init__(self, rows: pd.DataFrame):
        self.rows = rows
        kinds = rows.dtypes
        self.numeric = [
            c
            for c in rows
            if pd.api.types.is_numeric_dtype(kinds[c]) and kinds[c].kind != "b"
        ]
        self.others = [c for c in rows if c not in self.numeric]
        numbers = rows[self.numeric].to_numpy(float)
        spread = numbers.std(axis=0) if len(numbers) else numbers
        self.numbers = (numbers - numbers.mean(axis=0)) / np.where(
            spread > 0, spread, 1
        )
        codes = [pd.factorize(rows[c])[0] for c in self.others]
        self.codes = np.array(codes, int).reshape(len(codes), len(rows)).T

    def distance(self, numbers, codes) -> np.ndarray:
        """From every row to some centres: shape (rows, centres)."""
        apart = ((self.numbers[:, None] - numbers[None]) ** 2).sum(axis=2)
        return apart + CATEGORY * (self.codes[:, None] != codes[None]).sum(axis=2)

    def middle(self, member: np.ndarray):
        """Mean and modes of some rows."""
        modes = [np.bincount(column).argmax() for column in self.codes[member].T]
        return self.numbers[member].mean(axis=0), np.array(modes, int)

    def centres(self, cluster: np.ndarray) -> pd.DataFrame:
        """The clusters' centres as rows."""
        found = []
        for k in np.unique(cluster[cluster >= 0]):
            part = self.rows[cluster == k]
            found.append({c: _centre(part[c], c in self.numeric) for c in self.rows})
        table = pd.DataFrame(found, columns=self.rows.columns).astype(self.rows.dtypes)
        return table.drop_duplicates(ignore_index=True)


def _centre(column: pd.Series, numeric: bool):
    if not numeric:
        return column.mode().iloc[0]
    mean = column.mean()
    return round(mean) if column.dtype.kind in "iu" else mean


def _clusters(table: _Table, k: int, random) -> tuple[np.ndarray, float]:
    """Each row's cluster, and the sum of the distances, after Lloyd's rounds."""
    numbers, codes = _start(table, k, random)
    cluster = None
    for _ in range(ROUNDS):
        distance = table.distance(numbers, codes)
        before, cluster = cluster, distance.argmin(axis=1)
        if before is not None and (before == cluster).all():
            break
        for c in np.unique(cluster):
            numbers[c], codes[c] = table.middle(cluster == c)
    return cluster, float(table.distance(numbers, codes).min(axis=1).sum())


def _start(table: _Table, k: int, random):
    """k-means++: each next centre is likelier to be far from those chosen."""
    chosen = [int(random.integers(len(table.rows)))]
    while len(chosen) < k:
        away = table.distance(table.numbers[chosen], table.codes[chosen]).min(axis=1)
        total = away.sum()
        share = away / total if total > 0 else None
        chosen.append(int(random.choice(len(away), p=share)))
    return table.numbers[chosen].copy(), table.codes[chosen].copy()
