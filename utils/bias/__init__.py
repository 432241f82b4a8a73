"""Bias metrics, reports, intervals and mitigation: one pass over the rows, then arithmetic.

`bias_report` measures, `intersections` crosses facets, `compare` sets two reports side by side.
"""

from utils.bias import metrics
from utils.bias.comparison import compare, intersections
from utils.bias.counts import Counts
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
    "BiasError",
    "BiasReport",
    "Counts",
    "EmptyFacetError",
    "FlipTest",
    "NotApplicableError",
    "bias_report",
    "compare",
    "flip_test",
    "intersections",
    "metrics",
]
