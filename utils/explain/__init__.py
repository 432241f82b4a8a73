"""Shapley values of any model, exact or by Kernel SHAP, what they cost, and partial dependence.

`exact_shapley` and `kernel_shap` answer with a `shap.Explanation`, so that every plot of shap takes
it. This package imports in a blink; shap itself (several seconds) is first imported by the first
explanation.
"""

from utils.explain.costs import Cost, cost
from utils.explain.dependence import PartialDependence, partial_dependence
from utils.explain.errors import ArgumentError, ExplainError, ModelError
from utils.explain.exact import exact_shapley
from utils.explain.importance import global_importance
from utils.explain.kernel import kernel_shap

__all__ = [
    "ArgumentError",
    "Cost",
    "ExplainError",
    "ModelError",
    "PartialDependence",
    "cost",
    "exact_shapley",
    "global_importance",
    "kernel_shap",
    "partial_dependence",
]
