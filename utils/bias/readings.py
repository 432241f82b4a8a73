"""A metric's value in one sentence that says who is worse off, and what to be careful about."""

import numpy as np

from utils.bias.counts import Counts
from utils.bias.metrics import POST_TRAINING, Metric

FEW = 30  # rows in a cell below which a share says little

SENTENCES = {
    "CI": ("{d} has fewer rows than the rest", "{d} has more rows than the rest"),
    "DPL": (
        "{d} has the favourable label less often than the rest",
        "{d} has the favourable label more often than the rest",
    ),
    "CDDL": (
        "within strata, {d} has a larger share of the unfavourable than of the favourable labels",
        "within strata, {d} has a larger share of the favourable than of the unfavourable labels",
    ),
    "DPPL": (
        "{d} gets the favourable prediction less often than the rest",
        "{d} gets the favourable prediction more often than the rest",
    ),
    "DI": (
        "{d} gets the favourable prediction more often than the rest",
        "{d} gets the favourable prediction less often than the rest",
    ),
    "DCA": (
        "measured by the labels, the model accepts {d} more generously than the rest",
        "measured by the labels, the model accepts {d} less generously than the rest",
    ),
    "DCR": (
        "measured by the labels, the model rejects {d} less often than the rest",
        "measured by the labels, the model rejects {d} more often than the rest",
    ),
    "RD": (
        "of those who have the favourable label, {d} is recognised less often than the rest",
        "of those who have the favourable label, {d} is recognised more often than the rest",
    ),
    "SD": (
        "of those who have the unfavourable label, {d} is spared by mistake less often",
        "of those who have the unfavourable label, {d} is spared by mistake more often",
    ),
    "AD": (
        "predictions are less often right for {d}",
        "predictions are more often right for {d}",
    ),
    "TE": (
        "mistakes about {d} are more often to its disadvantage than mistakes about the rest",
        "mistakes about {d} are less often to its disadvantage than mistakes about the rest",
    ),
    "DAR": (
        "a favourable prediction is less often right for {d}",
        "a favourable prediction is more often right for {d}",
    ),
    "DRR": (
        "an unfavourable prediction is more often right for {d}",
        "an unfavourable prediction is less often right for {d}",
    ),
    "CDDPL": (
        "within strata, {d} has a larger share of the unfavourable than of the favourable "
        "predictions",
        "within strata, {d} has a larger share of the favourable than of the unfavourable "
        "predictions",
    ),
    "FT": (
        "{d} is predicted favourably more often than its nearest neighbours in the rest",
        "{d} is predicted favourably less often than its nearest neighbours in the rest",
    ),
    "GE": ("benefits are spread unevenly over people, whatever their facet",) * 2,
    "KL": ("the labels of {d} and of the rest are distributed differently",) * 2,
    "JS": ("the labels of {d} and of the rest are distributed differently",) * 2,
    "LP": ("the labels of {d} and of the rest are distributed differently",) * 2,
    "TVD": ("the labels of {d} and of the rest are distributed differently",) * 2,
    "KS": ("the labels of {d} and of the rest are distributed differently",) * 2,
}


def reading(
    metric: Metric, value: float, low: float, high: float, facet: str, chosen: str
) -> str:
    """One sentence: the finding, and whether chance alone could have made it."""
    d = f"{facet} {chosen}" if chosen.startswith("above ") else f"{facet} = {chosen}"
    if np.isnan(value):
        return "no value"
    if value == metric.parity:
        return f"no difference between {d} and the rest"
    above, below = SENTENCES[metric.key]
    sentence = (above if value > metric.parity else below).format(d=d)
    distance = metric.asks.startswith("How far apart") or metric.key == "GE"
    if not np.isnan(low) and not distance and low <= metric.parity <= high:
        sentence += "; the interval holds no difference as well"
    return sentence


def cautions(metric: Metric, counts: Counts, value: float) -> str:
    """What weakens the value: small cells, a model with one answer, shares of nobody."""
    said = []
    few = int(counts.size.min())
    if few < FEW:
        said.append(f"a facet has {few} rows, fewer than {FEW}")
    if metric.stage == POST_TRAINING and counts.predicted_favourable is not None:
        if counts.predicted_positive.sum() in (0, counts.size.sum()):
            said.append("the model predicts one class only")
        cell = _shared(metric, counts)
        if cell == 0:
            said.append(
                "infinite, as nothing stands below the line"
                if np.isinf(value)
                else "a share of no rows was taken as 0 (Clarify's rule)"
            )
        elif cell is not None and cell < FEW <= few:
            said.append(f"a share is taken of {cell} rows, fewer than {FEW}")
    elif (counts.positive == counts.size).all() or not counts.positive.any():
        said.append("there is one kind of label only")
    if metric.key in ("CDDL", "CDDPL") and counts.has_strata:
        said += _strata(counts, predicted=metric.key == "CDDPL")
    return "; ".join(said)


def _shared(metric: Metric, counts: Counts) -> int | None:
    """The smallest number of rows that the metric divides by, other than a whole facet."""
    chosen = counts.predicted_positive
    below = {
        "DI": chosen[..., 0],
        "DCA": chosen,
        "DCR": counts.size - chosen,
        "RD": counts.positive,
        "SD": counts.size - counts.positive,
        "TE": counts.confusion()[1],
        "DAR": chosen,
        "DRR": counts.size - chosen,
    }.get(metric.key)
    return None if below is None else int(below.min())


def _strata(counts: Counts, predicted: bool) -> list[str]:
    """Strata in which a share is taken of nobody, and counts as 0."""
    yes, no = (part.sum(axis=-2) for part in counts.by_stratum(predicted))
    one_kind = int((((yes == 0) | (no == 0)) & (yes + no > 0)).sum())
    if not one_kind:
        return []
    kind = "prediction" if predicted else "label"
    return [
        f"{one_kind} strata have one kind of {kind} only; shares of nobody count as 0"
    ]
