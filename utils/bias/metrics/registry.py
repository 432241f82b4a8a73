r"""What the metrics share: the registry, the division rule, their notation.

Notation: facet *a* is advantaged, *d* disadvantaged; :math:`q` is the share of favourable labels,
:math:`q'` of favourable predictions. Signs are **not** uniform: each docstring says what zero and
what a positive value mean. Every function takes leading replicate axes along, so that a bootstrap
is one call.

Division rule (Clarify's): 0/0 counts as 0, x/0 as infinity, and two equal infinities differ by 0.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

import numpy as np

from utils.bias.counts import Counts
from utils.bias.errors import BiasError, EmptyFacetError, NotApplicableError

PRE_TRAINING, POST_TRAINING = "pre_training", "post_training"


@dataclass(frozen=True)
class Metric:
    """A metric as the registry knows it.

    Attributes
    ----------
    key : str
        Clarify's short name.
    stage : {"pre_training", "post_training"}
    asks : str
        The question it answers; metrics of one question stand together in a report.
    function : callable
        `Counts` → value.
    parity : float
        The value that means no difference.
    worse : {"d", "a", "none"}
        Whom a value above parity disadvantages.
    unit : str
    """

    key: str
    stage: str
    asks: str
    function: Callable
    parity: float = 0.0
    worse: str = "d"
    unit: str = "difference of shares"

    @property
    def description(self) -> str:
        """The first line of the docstring, without its full stop."""
        return self.function.__doc__.strip().splitlines()[0].rstrip(".")


REGISTRY: dict[str, Metric] = {}


def metric(key: str, stage: str, asks: str, **about):
    """Register a metric, and check before it runs that both facets have rows."""

    def register(function):
        @wraps(function)
        def checked(counts: Counts, **options):
            size = counts.size
            for facet, name in enumerate("ad"):
                if not np.any(size[..., facet]):
                    raise EmptyFacetError(
                        f"facet {name} has no rows, so nothing can be compared"
                    )
            if stage == POST_TRAINING and counts.predicted_favourable is None:
                raise NotApplicableError("no predicted label was given")
            with np.errstate(divide="ignore", invalid="ignore"):
                value = function(counts, **options)
            return value if counts.n.ndim > 4 else float(value)

        REGISTRY[key] = Metric(key, stage, asks, checked, **about)
        return checked

    return register


def by_stage(stage: str) -> dict[str, Metric]:
    """The registry's metrics of one stage, in the order in which their questions are taught."""
    if stage not in (PRE_TRAINING, POST_TRAINING):
        raise BiasError(
            f'stage is {stage!r}; use "{PRE_TRAINING}" or "{POST_TRAINING}"'
        )
    found = [m for m in REGISTRY.values() if m.stage == stage]
    return {m.key: m for m in sorted(found, key=lambda m: QUESTIONS.index(m.asks))}


def divide(a, b):
    """a / b by the division rule."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    quotient = np.divide(
        a, b, out=np.zeros(np.broadcast_shapes(a.shape, b.shape)), where=b != 0
    )
    return np.where((b == 0) & (a != 0), np.copysign(np.inf, a), quotient)


def minus(x, y):
    """x − y, where two equal infinities differ by 0."""
    with np.errstate(invalid="ignore"):
        return np.where(x == y, 0.0, np.asarray(x) - np.asarray(y))


WHO = "Who is in the data?"
LABELS = "Who has the favourable label?"
DISTANCE = "How far apart are the label distributions?"
WITHIN = "Does it persist within strata?"
CHOSEN = "Who gets the favourable prediction?"
DESERVING = "Do predictions match the labels as often?"
ERRORS = "Whose mistakes, and which?"
TRUST = "Does a prediction mean the same?"
ALIKE = "Are like cases treated alike?"
QUESTIONS = [WHO, LABELS, DISTANCE, CHOSEN, WITHIN, DESERVING, ERRORS, TRUST, ALIKE]


def of_a_and_d(values):
    """A value by facet, shape (..., 2), as two: *a*'s and *d*'s."""
    return values[..., 0], values[..., 1]


def conditional_disparity(counts: Counts, predicted: bool):
    """Conditional demographic disparity of labels or of predictions."""
    if not counts.has_strata:
        raise NotApplicableError("Group variable is empty or not provided")
    yes, no = counts.by_stratum(predicted)
    for part, name in ((yes, "favourable"), (no, "unfavourable")):
        if not part.any():
            kind = "predictions" if predicted else "labels"
            raise NotApplicableError(f"there are no {name} {kind}")
    share_no = divide(no[..., 1, :], no.sum(axis=-2))
    share_yes = divide(yes[..., 1, :], yes.sum(axis=-2))
    size = (yes + no).sum(axis=-2)
    return divide((size * (share_no - share_yes)).sum(axis=-1), size.sum(axis=-1))
