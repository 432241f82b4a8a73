"""Mitigations side by side: what each does to quality and to every gap, on the same splits."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.model_selection import StratifiedShuffleSplit
from tqdm.auto import tqdm

from utils.bias import metrics as formulas
from utils.bias.counts import Counts
from utils.bias.errors import ArgumentError, nearest
from utils.bias.mitigation import (
    FairSMOTE,
    SituationTesting,
    logistic_regression,
    reweighing,
)


@dataclass(frozen=True)
class Split:
    """One train and test split, as the mitigation methods see it."""

    X: pd.DataFrame
    y: np.ndarray
    facet: str
    X_test: pd.DataFrame
    seed: int


def nothing(split: Split) -> np.ndarray:
    """The model as it is."""
    return logistic_regression().fit(split.X, split.y).predict(split.X_test)


def without_column(split: Split) -> np.ndarray:
    """The facet's column dropped."""
    model = logistic_regression().fit(split.X.drop(columns=split.facet), split.y)
    return model.predict(split.X_test.drop(columns=split.facet))


def reweighed(split: Split) -> np.ndarray:
    """Rows weighted so that facet and label are independent."""
    weights = reweighing(split.X[split.facet], split.y)
    model = logistic_regression()
    model.fit(split.X, split.y, logisticregression__sample_weight=weights)
    return model.predict(split.X_test)


def fair_smote(split: Split) -> np.ndarray:
    """Class × facet cells balanced by new rows."""
    sampler = FairSMOTE(split.facet, random_state=split.seed)
    return (
        logistic_regression()
        .fit(*sampler.fit_resample(split.X, split.y))
        .predict(split.X_test)
    )


def fair_smote_tested(split: Split) -> np.ndarray:
    """The same, then rows dropped by situation testing."""
    X, y = FairSMOTE(split.facet, random_state=split.seed).fit_resample(
        split.X, split.y
    )
    X, y = SituationTesting(split.facet).fit_resample(X, y)
    return logistic_regression().fit(X, y).predict(split.X_test)


def constrained(split: Split) -> np.ndarray:
    """Demographic parity as a constraint while learning (exponentiated gradient)."""
    from fairlearn.reductions import DemographicParity, ExponentiatedGradient

    prepare, last = _two_steps()
    model = ExponentiatedGradient(last, DemographicParity(), max_iter=20)
    model.fit(
        prepare.fit_transform(split.X), split.y, sensitive_features=split.X[split.facet]
    )
    return model.predict(prepare.transform(split.X_test), random_state=split.seed)


def thresholds(split: Split) -> np.ndarray:
    """A threshold a facet value, for equalized odds, after learning (randomised)."""
    from fairlearn.postprocessing import ThresholdOptimizer

    prepare, last = _two_steps()
    model = ThresholdOptimizer(
        estimator=last, constraints="equalized_odds", predict_method="predict_proba"
    )
    facet, facet_test = (
        split.X[split.facet].astype("str"),
        split.X_test[split.facet].astype("str"),
    )
    model.fit(prepare.fit_transform(split.X), split.y, sensitive_features=facet)
    return model.predict(
        prepare.transform(split.X_test),
        sensitive_features=facet_test,
        random_state=split.seed,
    )


METHODS: dict[str, Callable[[Split], np.ndarray]] = {
    "nothing": nothing,
    "column dropped": without_column,
    "reweighing": reweighed,
    "Fair-SMOTE": fair_smote,
    "Fair-SMOTE, tested": fair_smote_tested,
    "constraint": constrained,
    "thresholds": thresholds,
}
QUALITY = ("accuracy", "recall", "precision", "F1")
GAPS = tuple(
    k for k in formulas.by_stage(formulas.POST_TRAINING) if k not in ("FT", "CDDPL")
)


def compare_mitigations(
    frame: pd.DataFrame,
    features: list[str],
    facet: str,
    label: str,
    *,
    facet_values: list,
    label_values: list,
    methods: list[str] | None = None,
    splits: int = 10,
    test_size: float = 0.2,
    level: float = 0.95,
    seed: int = 0,
    progress: bool = False,
) -> pd.DataFrame:
    """Train with and without each mitigation, on the same splits, and measure all of it.

    Parameters
    ----------
    frame : pandas.DataFrame
    features : list of str
        Columns to learn from, with or without the facet, which is added.
    facet, label : str
    facet_values, label_values : list
        Facet *d* and the favourable outcome, as in `bias_report`.
    methods : list of str, optional
        Names from `METHODS`; all by default.
    splits : int
        Repeated stratified splits, at least 2.
    test_size : float
        Share of the rows to test on.
    level : float
        Of the intervals over the splits: Nadeau and Bengio's corrected t, since splits overlap.
    seed : int
    progress : bool
        Show a bar.

    Returns
    -------
    pandas.DataFrame
        A row a method and measure (accuracy, recall, precision, F1 and each post-training gap):
        ``value`` (mean over the splits), ``low``, ``high``, and the splits' own ``values``.

    Raises
    ------
    ArgumentError
        If a method or a column is unknown.

    References
    ----------
    Nadeau and Bengio (2003), "Inference for the generalization error".
    """
    names = list(METHODS) if methods is None else list(methods)
    meant = {
        facet: ("facet_values", facet_values),
        label: ("label_values", label_values),
    }
    _check_arguments(frame, features, meant, names, splits)
    X = frame[list(dict.fromkeys([*features, facet]))].reset_index(drop=True)
    y = frame[label].isin(label_values).to_numpy().astype(int)
    in_d = frame[facet].isin(facet_values).to_numpy()
    X[facet] = np.where(in_d, "d", "a")
    cells = in_d * 2 + y
    shuffle = StratifiedShuffleSplit(splits, test_size=test_size, random_state=seed)
    rows = []
    work = [
        (i, parts, name)
        for i, parts in enumerate(shuffle.split(X, cells))
        for name in names
    ]
    for number, (train, test), name in tqdm(work, disable=not progress, leave=False):
        split = Split(X.iloc[train], y[train], facet, X.iloc[test], seed + number)
        predicted = np.asarray(METHODS[name](split)).astype(int)
        measured = measure(in_d[test], y[test], predicted)
        rows += [
            (name, measure_name, value) for measure_name, value in measured.items()
        ]
    ratio = test_size / (1 - test_size)
    return _summary(
        pd.DataFrame(rows, columns=["method", "measure", "value"]), ratio, level
    )


def _check_arguments(frame, features, meant, names, splits) -> None:
    """Raise unless every method, column and value is there, and nothing is missing."""
    for name in names:
        if name not in METHODS:
            raise ArgumentError(f"no method {name!r}; {nearest(name, METHODS)}")
    for column in (*features, *meant):
        if column not in frame:
            raise ArgumentError(
                f"no column {column!r}; {nearest(column, frame.columns)}"
            )
    for column, (argument, values) in meant.items():
        if missing := int(frame[column].isna().sum()):
            raise ArgumentError(
                f"column {column!r} has {missing} missing values; leave those rows out"
            )
        present = frame[column].unique().tolist()
        for value in values:
            if value not in present:
                raise ArgumentError(
                    f"{argument} has {value!r}, which is not in column {column!r}; "
                    f"{nearest(value, present)}"
                )
    if splits < 2:
        raise ArgumentError(f"splits is {splits}; an interval needs at least 2")


def measure(in_d, y, predicted) -> dict[str, float]:
    """Quality and every gap of some predictions (1 favourable, 0 not)."""
    n = np.zeros((2, 2, 2, 1), int)
    np.add.at(n, (np.asarray(in_d, int), np.asarray(y), np.asarray(predicted), 0), 1)
    counts = Counts(n, np.array([False, True]), np.array([False, True]))
    tp, fp, fn, tn = (int(part.sum()) for part in counts.confusion())
    quality = {
        "accuracy": (tp + tn) / n.sum(),
        "recall": formulas.divide(tp, tp + fn),
        "precision": formulas.divide(tp, tp + fp),
        "F1": formulas.divide(2 * tp, 2 * tp + fp + fn),
    }
    gaps = {key: formulas.REGISTRY[key].function(counts) for key in GAPS}
    return {name: float(value) for name, value in (quality | gaps).items()}


def _summary(rows: pd.DataFrame, ratio: float, level: float) -> pd.DataFrame:
    """Mean and corrected t interval over the splits."""
    result = []
    for (method, name), group in rows.groupby(["method", "measure"], sort=False):
        values = group["value"].to_numpy()
        mean, k = values.mean(), len(values)
        error = np.sqrt((1 / k + ratio) * values.var(ddof=1))
        half = stats.t.ppf((1 + level) / 2, k - 1) * error
        result.append((method, name, mean, mean - half, mean + half, values))
    columns = ["method", "measure", "value", "low", "high", "values"]
    return pd.DataFrame(result, columns=columns).set_index(["method", "measure"])


def _two_steps():
    """The plain model's preparation and its last step: fairlearn wants numbers and an estimator."""
    model = logistic_regression()
    return model[0], model[1]
