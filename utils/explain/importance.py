"""From one explanation a row to one number a feature."""

import numpy as np

from utils.explain.errors import ArgumentError

METHODS = {
    "mean_abs": lambda values: np.abs(values).mean(axis=0),
    "median": lambda values: np.median(values, axis=0),
    "mean_sq": lambda values: np.square(values).mean(axis=0),
}


def global_importance(explanation, agg_method: str = "mean_abs") -> np.ndarray:
    """How much each feature moves the scores over all rows explained.

    Parameters
    ----------
    explanation : shap.Explanation
    agg_method : {"mean_abs", "median", "mean_sq"}
        Clarify's: mean of the absolute values, median of the values, mean of their squares.

    Returns
    -------
    ndarray, shape (features,) or (features, outputs)
        In the order of ``explanation.feature_names``, in the scores' unit (squared for
        ``mean_sq``). From 0 up, except ``median``, which has a sign. Zero: the feature moves no
        score (for ``median``: not one way more than the other).

    Raises
    ------
    ArgumentError
        If there is no such method.

    References
    ----------
    SageMaker Python SDK, ``SHAPConfig``, agg_method.
    """
    if agg_method not in METHODS:
        raise ArgumentError(
            f"agg_method is {agg_method!r}; use {', '.join(METHODS)} (there is no plain mean: "
            "values of opposite sign would cancel)"
        )
    return METHODS[agg_method](np.asarray(explanation.values))
