"""The 21 metrics of SageMaker Clarify: one function each over `Counts`, and a registry by stage.

>>> from utils import bias
>>> counts = bias.Counts.of(a=(60, 6, 8, 26), d=(20, 2, 5, 23))  # TP, FP, FN, TN
>>> round(bias.metrics.recall_difference(counts), 4)
0.0824
"""

from utils.bias.flip import flip_test
from utils.bias.metrics.posttraining import (
    accuracy_difference,
    conditional_demographic_disparity_in_predicted_labels,
    difference_in_acceptance_rates,
    difference_in_conditional_acceptance,
    difference_in_conditional_rejection,
    difference_in_predicted_label_proportions,
    difference_in_rejection_rates,
    disparate_impact,
    generalized_entropy,
    recall_difference,
    specificity_difference,
    treatment_equality,
)
from utils.bias.metrics.pretraining import (
    class_imbalance,
    conditional_demographic_disparity_in_labels,
    difference_in_label_proportions,
    jensen_shannon,
    kolmogorov_smirnov,
    kullback_leibler,
    lp_norm,
    total_variation_distance,
)
from utils.bias.metrics.registry import (
    POST_TRAINING,
    PRE_TRAINING,
    REGISTRY,
    Metric,
    by_stage,
    divide,
)

__all__ = [
    "POST_TRAINING",
    "PRE_TRAINING",
    "REGISTRY",
    "Metric",
    "accuracy_difference",
    "by_stage",
    "class_imbalance",
    "conditional_demographic_disparity_in_labels",
    "conditional_demographic_disparity_in_predicted_labels",
    "difference_in_acceptance_rates",
    "difference_in_conditional_acceptance",
    "difference_in_conditional_rejection",
    "difference_in_label_proportions",
    "difference_in_predicted_label_proportions",
    "difference_in_rejection_rates",
    "disparate_impact",
    "divide",
    "flip_test",
    "generalized_entropy",
    "jensen_shannon",
    "kolmogorov_smirnov",
    "kullback_leibler",
    "lp_norm",
    "recall_difference",
    "specificity_difference",
    "total_variation_distance",
    "treatment_equality",
]
