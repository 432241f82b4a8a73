"""How well faces are found, group by group: rates with their intervals."""

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

GROUPS = ["LF", "LM", "DF", "DM"]


def detection_rates(scores, table, *, by="group", threshold=0.0):
    """Share of the faces that are found, a row a group (the true positive rate).

    Parameters
    ----------
    scores : array of float, shape (n,) or (n, 1)
        Logits of "face"; a picture counts as found where the score is above `threshold`.
    table : pandas.DataFrame, n rows
        Column ``face`` (0 or 1), and the column `by`; as of a `FaceSet`.
    by : str
        Column that names the groups.
    threshold : float
        In the scores' unit; 0 is a probability of a half.

    Returns
    -------
    pandas.DataFrame
        Index the groups; columns ``n`` (faces), ``found``, ``rate``, ``low`` and ``high`` (shares
        in [0, 1], 95 % Wilson interval). Only faces count.

    Raises
    ------
    ValueError
        If scores and table differ in length, scores are not finite, or there is no face.
    """
    return _rates(scores, table, 1, by, threshold)


def false_alarm_rates(scores, table, *, by="skin", threshold=0.0):
    """Share of the not-faces that are taken for a face, a row a group (the false positive rate).

    As `detection_rates`, over the rows whose ``face`` is 0.
    """
    return _rates(scores, table, 0, by, threshold)


def gap(rates):
    """Largest minus smallest rate of the groups, in [0, 1]; zero says that all are equal."""
    return float(rates["rate"].max() - rates["rate"].min())


def _rates(scores, table, face, by, threshold):
    scores = np.asarray(scores, dtype=float)
    if scores.shape not in {(len(table),), (len(table), 1)}:
        raise ValueError(
            f"scores must hold one number a row of table ({len(table)}), "
            f"found shape {scores.shape}"
        )
    if not np.isfinite(scores).all():
        raise ValueError(
            "scores hold values that are not finite: did training diverge?"
        )
    rows = table["face"].to_numpy() == face
    if not rows.any():
        raise ValueError(
            f"table has no row with face = {face}: no rate can be computed"
        )
    found = pd.Series(scores.ravel()[rows] > threshold)
    groups = table.loc[rows, by].to_numpy()
    counts = found.groupby(groups).agg(["size", "sum"]).astype(int)
    counts.columns = ["n", "found"]
    counts["rate"] = counts["found"] / counts["n"]
    low, high = proportion_confint(counts["found"], counts["n"], method="wilson")
    counts["low"], counts["high"] = low, high
    order = [group for group in GROUPS if group in counts.index]
    return counts.loc[order] if len(order) == len(counts) else counts
