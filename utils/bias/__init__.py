"""Bias metrics, reports, intervals and mitigation: one pass over the rows, then arithmetic.

`bias_report` measures, `intersections` crosses facets, `compare` sets two reports side by side,
`bias_drift` and `attribution_drift` watch a model after deployment.
"""

from utils.bias import metrics
from utils.bias.comparison import compare, intersections
from utils.bias.counts import Counts
from utils.bias.drift import (
    AttributionDrift,
    attribution_drift,
    bias_drift,
    distribution_distance,
)
from utils.bias.errors import (
    ArgumentError,
    BiasError,
    EmptyFacetError,
    NotApplicableError,
)
from utils.bias.flip import FlipTest, flip_test
from utils.bias.report import BiasReport, bias_report

__all__ = [
    "ArgumentError",
    "AttributionDrift",
    "BiasError",
    "BiasReport",
    "Counts",
    "EmptyFacetError",
    "FlipTest",
    "NotApplicableError",
    "attribution_drift",
    "bias_drift",
    "bias_report",
    "compare",
    "distribution_distance",
    "flip_test",
    "intersections",
    "metrics",
]
