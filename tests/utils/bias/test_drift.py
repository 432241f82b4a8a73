"""Drift by disjoint intervals, by nDCG, and the distance of two samples."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from tests.utils.bias.frames import loans
from utils.bias import (
    ArgumentError,
    NotApplicableError,
    attribution_drift,
    bias_drift,
    bias_report,
    distribution_distance,
)


def people(men, women):
    """A thousand men and as many women, of whom these shares are approved."""
    frame = pd.DataFrame({"sex": ["m"] * 1000 + ["w"] * 1000})
    yes = [1] * int(1000 * men) + [0] * (1000 - int(1000 * men))
    yes += [1] * int(1000 * women) + [0] * (1000 - int(1000 * women))
    return frame.assign(approved=yes)


def report(frame, **options):
    options = {"facet_values": ["w"], "label_values": [1], **options}
    return bias_report(frame, "sex", "approved", **options)


def row(found, metric):
    return found.set_index("metric").loc[metric]


def test_the_same_data_have_not_drifted():
    found = bias_drift(report(people(0.6, 0.5)), report(people(0.6, 0.5)))
    assert not found["drifted"].any()
    assert set(found["direction"]) == {""}
    assert "have values in common" in row(found, "DPL")["reading"]


def test_a_gap_that_grows_has_drifted():
    found = row(bias_drift(report(people(0.6, 0.5)), report(people(0.8, 0.3))), "DPL")
    assert found["drifted"]
    assert found["baseline"] == pytest.approx(0.1)
    assert found["value"] == pytest.approx(0.5)
    assert found["low"] > found["allowed_high"]
    assert found["direction"] == "further from parity"
    assert "sex = w has the favourable label less often" in found["reading"]


def test_a_gap_that_shrinks_has_drifted_from_a_report_but_not_from_constraints():
    before, now = report(people(0.8, 0.3)), report(people(0.6, 0.5))
    found = row(bias_drift(before, now), "DPL")
    assert found["drifted"]
    assert found["direction"] == "closer to parity"
    assert not row(bias_drift(before.to_clarify(), now), "DPL")["drifted"]


def test_constraints_allow_as_much_on_the_other_side():
    """The guide's example: with 0.2 in the baseline, -0.3 is a violation and 0.1 is none."""
    constraints = report(people(0.6, 0.4)).to_clarify()
    other = row(bias_drift(constraints, report(people(0.3, 0.6))), "DPL")
    assert other["drifted"]
    assert other["direction"] == "beyond parity"
    assert (other["allowed_low"], other["allowed_high"]) == pytest.approx((-0.2, 0.2))
    assert not row(bias_drift(constraints, report(people(0.5, 0.4))), "DPL")["drifted"]


def test_constraints_of_a_ratio_are_around_one():
    frame = people(0.6, 0.4).assign(predicted=people(0.8, 0.4)["approved"])
    given = report(frame, predicted_label="predicted")
    found = row(bias_drift(given.to_clarify(), given), "DI")
    assert (found["allowed_low"], found["allowed_high"]) == pytest.approx((0.5, 1.5))


def test_a_few_rows_raise_no_alarm():
    few = people(0.8, 0.3).iloc[::100]
    before, now = report(people(0.6, 0.5)), report(few)
    found = row(bias_drift(before, now), "DPL")
    assert found["value"] == pytest.approx(0.5)
    assert not found["drifted"]


def test_a_metric_without_value_is_no_drift_and_says_why():
    found = row(bias_drift(report(loans()), report(loans())), "CDDL")
    assert pd.isna(found["drifted"])
    assert "group" in found["reading"].lower()


def test_thresholds_are_the_same_facet_whatever_the_highest_value():
    frame = people(0.6, 0.5).assign(age=np.arange(2000) % 60 + 18)
    older = frame.assign(age=frame["age"] + 5)
    options = {"facet_values": 40, "label_values": [1], "metrics": ["DPL", "CI"]}
    before = bias_report(frame, "age", "approved", **options).to_clarify()
    now = bias_report(older, "age", "approved", **options)
    assert "(40.0, 77" in str(before)
    found = bias_drift(before, now)
    assert set(found["facet_value"]) == {"above 40"}
    assert len(found) == 2


def test_infinite_constraints_allow_everything():
    constraints = report(people(0.6, 0.4)).to_clarify()
    constraints["pre_training_bias_metrics"]["facets"]["sex"][0]["metrics"] = [
        {"name": "DPL", "description": "", "value": "Infinity"},
        {"name": "XYZ", "description": "a metric of somebody else's", "value": 1},
    ]
    found = bias_drift(constraints, report(people(1.0, 0.0)))
    assert list(found["metric"]) == ["DPL"]
    assert not found["drifted"].any()


def test_reports_need_intervals():
    plain = report(people(0.6, 0.5), interval=None)
    with pytest.raises(ArgumentError, match="window has no intervals"):
        bias_drift(report(people(0.6, 0.5)), plain)
    with pytest.raises(ArgumentError, match="baseline has no intervals"):
        bias_drift(plain, report(people(0.6, 0.5)))


def test_reports_need_something_in_common():
    men = report(people(0.6, 0.5), facet_values=["m"])
    with pytest.raises(ArgumentError, match="baseline has sex=w and window has sex=m"):
        bias_drift(report(people(0.6, 0.5)), men)
    with pytest.raises(ArgumentError, match="baseline has no bias metrics"):
        bias_drift({"version": "1.0"}, men)


def test_the_guides_example_of_attributions():
    before = {"SAT": 0.70, "GPA": 0.50, "rank": 0.05}
    drift = attribution_drift(before, {"SAT": 0.10, "GPA": 0.20, "rank": 0.70})
    by_hand = (0.05 + 0.50 / math.log2(3) + 0.70 / 2) / (
        0.70 + 0.50 / math.log2(3) + 0.05 / 2
    )
    assert drift.ndcg == pytest.approx(by_hand)
    assert drift.ndcg == pytest.approx(0.6876, abs=1e-4)
    assert drift.drifted
    assert drift.reading == "nDCG 0.688, below 0.9: rank leads, not SAT"
    assert list(drift.frame["rank_live"]) == [3, 2, 1]


def test_the_order_counts_and_not_the_size():
    drift = attribution_drift({"a": 3, "b": 2, "c": 1}, {"c": 0.1, "a": 9, "b": 0.2})
    assert drift.ndcg == 1
    assert not drift.drifted
    assert "a still comes first" in drift.reading


sizes = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=2, max_size=8
).filter(lambda pairs: any(a for a, _ in pairs))


@given(sizes)
def test_sklearn_agrees_with_ties_too(pairs):
    before, now = ({str(i): p[k] for i, p in enumerate(pairs)} for k in (0, 1))
    expected = ndcg_score([list(before.values())], [list(now.values())])
    assert attribution_drift(before, now).ndcg == pytest.approx(expected)


def test_attributions_that_cannot_be_compared():
    with pytest.raises(ArgumentError, match=r"live lacks \['b'\] and has \['c'\]"):
        attribution_drift({"a": 1, "b": 1}, {"a": 1, "c": 1})
    with pytest.raises(ArgumentError, match=r"baseline has -1\.0 for 'a'"):
        attribution_drift({"a": -1}, {"a": 1})
    with pytest.raises(ArgumentError, match="live has nan for 'a'"):
        attribution_drift({"a": 1}, {"a": float("nan")})
    with pytest.raises(ArgumentError, match="live is empty"):
        attribution_drift({"a": 1}, {})
    with pytest.raises(NotApplicableError, match="zero"):
        attribution_drift({"a": 0}, {"a": 1})


numbers = st.lists(st.integers(-5, 5), min_size=1, max_size=12)


@given(numbers, numbers)
def test_distance_of_numbers_is_that_of_cumulative_shares(first, second):
    expected = max(
        abs(np.mean(np.array(first) <= x) - np.mean(np.array(second) <= x))
        for x in first + second
    )
    assert distribution_distance(first, second) == pytest.approx(expected)


def test_distance_of_categories_by_hand():
    before, now = {"x": 6, "y": 4}, {"x": 3, "z": 7}
    assert distribution_distance(before, now) == pytest.approx(0.7)
    assert distribution_distance(before, before) == 0


def test_distance_leaves_missing_numbers_out():
    assert distribution_distance([1, 2, np.nan], [1, 2]) == 0
    with pytest.raises(NotApplicableError, match="empty"):
        distribution_distance([np.nan], [1])
    with pytest.raises(NotApplicableError, match="empty"):
        distribution_distance({}, {"x": 1})
