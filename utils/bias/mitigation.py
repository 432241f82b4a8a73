"""Mitigation before training: reweighing, Fair-SMOTE and situation testing.

Constraints (during) and thresholds (after) are fairlearn's; `utils.bias.trade_offs` sets all of
them side by side. Nothing here removes bias: each method moves some gaps, at a cost.
"""

import numpy as np
import pandas as pd
from imblearn.base import BaseSampler
from sklearn.base import clone
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils import check_random_state

from utils.bias.errors import ArgumentError, BiasError, nearest


def reweighing(facet, label) -> np.ndarray:
    r"""Weights that make facet and label independent in the weighted rows.

    .. math:: w(g, y) = \frac{P(g)\,P(y)}{P(g, y)}

    Parameters
    ----------
    facet, label : array-like, shape (rows,)

    Returns
    -------
    numpy.ndarray of float, shape (rows,)
        Above 0; mean 1 if every combination occurs. Above 1: the combination is rarer than
        independence would have it.

    References
    ----------
    Kamiran and Calders (2012), "Data preprocessing techniques for classification without
    discrimination".
    """
    facet, label = pd.Series(facet), pd.Series(label)
    if len(facet) != len(label) or not len(facet):
        raise ArgumentError(
            f"facet has {len(facet)} and label {len(label)} rows; give as many, some"
        )
    for name, column in (("facet", facet), ("label", label)):
        if column.isna().any():
            raise ArgumentError(
                f"{name} has {column.isna().sum()} missing values; leave those rows out"
            )
    g, y = pd.factorize(facet)[0], pd.factorize(label)[0]
    joint = np.zeros((g.max() + 1, y.max() + 1))
    np.add.at(joint, (g, y), 1 / len(g))
    return (joint.sum(axis=1)[g] * joint.sum(axis=0)[y]) / joint[g, y]


class FairSMOTE(BaseSampler):
    """Make all class × facet cells as large as the largest, with plausible new rows.

    A new row starts from a parent drawn from its cell. Each of its numbers moves, with probability
    `crossover`, by `mutation` times the difference of two of the parent's nearest neighbours in the
    cell, within the cell's range; each category is drawn, with the same probability, from parent
    and neighbours. Facet and label stay the cell's.

    Parameters
    ----------
    facet : str
        Column of the facet in ``X``.
    k_neighbors : int
        Neighbours to draw the two from.
    crossover, mutation : float
        In [0, 1]; 0.8 in the paper.
    random_state : int, optional

    Notes
    -----
    Differs from the authors' script where that takes the absolute value of a number (which breaks
    columns below 0): here new numbers stay within the cell's range, whole numbers stay whole.

    References
    ----------
    Chakraborty, Majumder and Menzies (2021), "Bias in machine learning software: why? how? what to
    do?", FSE, arXiv 2105.12195.
    """

    _sampling_type = "over-sampling"
    _parameter_constraints: dict = {}  # noqa: RUF012  scikit-learn's own way to say so

    def __init__(
        self, facet, *, k_neighbors=5, crossover=0.8, mutation=0.8, random_state=None
    ):
        super().__init__(sampling_strategy="auto")
        self.facet = facet
        self.k_neighbors = k_neighbors
        self.crossover = crossover
        self.mutation = mutation
        self.random_state = random_state

    def fit_resample(self, X, y, **params):
        """Balance; returns new X (a frame) and y, the given rows first."""
        X = _with_facet(X, self.facet, y)
        y = pd.Series(np.asarray(y), index=X.index)
        random = check_random_state(self.random_state)
        cells = list(
            X.groupby([X[self.facet].astype("str"), y], observed=True).indices.values()
        )
        largest = max(len(rows) for rows in cells)
        near = _encoded(X.drop(columns=self.facet))
        parts, labels = [X], [y]
        for rows in cells:
            missing = largest - len(rows)
            if missing:
                parts.append(self._new_rows(X.iloc[rows], near[rows], missing, random))
                labels.append(pd.Series(np.repeat(y.iloc[rows[0]], missing)))
        frame = pd.concat(parts, ignore_index=True).astype(X.dtypes.to_dict())
        self.sample_indices_ = np.arange(len(X))
        return frame, pd.concat(labels, ignore_index=True).to_numpy()

    def _fit_resample(self, X, y, **params):
        return self.fit_resample(X, y)

    def _new_rows(self, cell, near, size, random) -> pd.DataFrame:
        """`size` new rows for one cell."""
        if len(cell) < 3:
            raise BiasError(
                f"a class × {self.facet} cell has {len(cell)} rows; Fair-SMOTE needs three or more"
            )
        k = min(self.k_neighbors + 1, len(cell))
        neighbours = (
            NearestNeighbors(n_neighbors=k).fit(near).kneighbors(return_distance=False)
        )
        parent = random.randint(len(cell), size=size)
        order = random.random_sample((size, neighbours.shape[1])).argsort(axis=1)
        first, second = neighbours[parent[:, None], order[:, :2]].T
        new = {}
        for column in cell:
            values = cell[column].to_numpy()
            moved = random.random_sample(size) < self.crossover
            if pd.api.types.is_numeric_dtype(cell[column]) and values.dtype != bool:
                step = self.mutation * (values[first] - values[second].astype(float))
                child = np.clip(
                    values[parent] + step * moved, values.min(), values.max()
                )
                new[column] = np.rint(child) if values.dtype.kind in "iu" else child
            else:
                which = random.randint(3, size=size) * moved
                new[column] = values[np.choose(which, [parent, first, second])]
        return pd.DataFrame(new)


class SituationTesting(BaseSampler):
    """Drop training rows that a model would label otherwise for another facet value.

    Parameters
    ----------
    facet : str
        Column of the facet in ``X``; it must have two values.
    estimator : estimator, optional
        Judges the rows; logistic regression by default.

    References
    ----------
    Chakraborty, Majumder and Menzies (2021), arXiv 2105.12195.
    """

    _sampling_type = "clean-sampling"
    _parameter_constraints: dict = {}  # noqa: RUF012

    def __init__(self, facet, *, estimator=None):
        super().__init__(sampling_strategy="auto")
        self.facet = facet
        self.estimator = estimator

    def fit_resample(self, X, y, **params):
        """Drop the rows; returns the kept X and y, and sets `dropped_`, the share dropped."""
        X = _with_facet(X, self.facet, y)
        values = list(pd.unique(X[self.facet]))
        if len(values) != 2:
            raise BiasError(
                f"situation testing swaps two facet values; {self.facet!r} has {len(values)}"
            )
        judge = (
            clone(self.estimator)
            if self.estimator is not None
            else logistic_regression()
        )
        judge.fit(X, y)
        swap = {values[0]: values[1], values[1]: values[0]}
        swapped = X.assign(
            **{self.facet: X[self.facet].map(swap).astype(X[self.facet].dtype)}
        )
        keep = np.flatnonzero(judge.predict(X) == judge.predict(swapped))
        self.dropped_ = 1 - len(keep) / len(X)
        self.sample_indices_ = keep
        return X.iloc[keep].reset_index(drop=True), np.asarray(y)[keep]

    def _fit_resample(self, X, y, **params):
        return self.fit_resample(X, y)


def logistic_regression():
    """Scaled numbers, one-hot categories, logistic regression: the course's plain model."""
    numbers = make_column_selector(dtype_include="number")
    others = make_column_selector(dtype_exclude="number")
    prepare = make_column_transformer(
        (StandardScaler(), numbers), (OneHotEncoder(handle_unknown="ignore"), others)
    )
    return make_pipeline(prepare, LogisticRegression(max_iter=1000))


def _with_facet(X, facet, y) -> pd.DataFrame:
    """`X` with plain row numbers, once it is a frame with the facet and as many labels."""
    if not isinstance(X, pd.DataFrame):
        raise ArgumentError(
            f"X is a {type(X).__name__}; give a pandas frame with column {facet!r}"
        )
    if facet not in X:
        raise ArgumentError(f"no column {facet!r} in X; {nearest(facet, X.columns)}")
    if len(X) != len(y):
        raise ArgumentError(f"X has {len(X)} rows and y {len(y)}; give as many")
    return X.reset_index(drop=True)


def _encoded(X: pd.DataFrame) -> np.ndarray:
    """Numbers on one scale and categories one-hot, for distances."""
    numbers = X.select_dtypes("number")
    spread = numbers.std(ddof=0).replace(0, 1)
    parts = [((numbers - numbers.mean()) / spread).to_numpy(float)]
    others = X.drop(columns=numbers.columns)
    if len(others.columns):
        parts.append(pd.get_dummies(others.astype("str"), dtype=float).to_numpy())
    return np.hstack(parts)
