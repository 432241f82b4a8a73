"""Rates by group, by hand; intervals against statsmodels; what is refused."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from utils.vision.evaluation import detection_rates, false_alarm_rates, gap


@pytest.fixture
def table():
    groups = ["DM", "LF", "LM", "DF", "LF", "LF", "", ""]
    skin = ["darker", "lighter", "lighter", "darker", *["lighter"] * 3, "darker"]
    return pd.DataFrame({"face": [1] * 6 + [0] * 2, "group": groups, "skin": skin})


SCORES = np.array([-1.0, 2, 3, 0, 5, -0.5, 4, -4])


def test_found_by_hand(table):
    rates = detection_rates(SCORES, table)
    assert list(rates.index) == ["LF", "LM", "DF", "DM"]
    assert rates["n"].tolist() == [3, 1, 1, 1]
    assert rates["found"].tolist() == [2, 1, 0, 0]  # a score of 0 is not found
    assert gap(rates) == 1


def test_false_alarms_count_not_faces_alone(table):
    alarms = false_alarm_rates(SCORES[:, None], table)
    assert alarms["n"].to_dict() == {"darker": 1, "lighter": 1}
    assert alarms["rate"].to_dict() == {"darker": 0, "lighter": 1}


def test_interval_is_wilson(table):
    row = detection_rates(SCORES, table).loc["LF"]
    assert (row["low"], row["high"]) == proportion_confint(2, 3, method="wilson")


def test_threshold(table):
    assert detection_rates(SCORES, table, threshold=2)["found"].sum() == 2


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        (SCORES[:-1], "one number a row"),
        (np.stack([SCORES, SCORES], 1), "one number a row"),
        (np.full(8, np.nan), "diverge"),
    ],
)
def test_scores_refused(table, scores, message):
    with pytest.raises(ValueError, match=message):
        detection_rates(scores, table)


def test_no_face_no_rate(table):
    nobody = table.assign(face=0)
    with pytest.raises(ValueError, match="no row with face = 1"):
        detection_rates(SCORES, nobody)
    with pytest.raises(ValueError, match="no row with face = 1"):
        detection_rates([], table.iloc[:0])
