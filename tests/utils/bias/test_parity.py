"""The same numbers as smclarify 0.5, fairlearn and aif360 where they measure the same."""

import inspect

import numpy as np
import pandas as pd
import pytest
import smclarify.bias.metrics as peer
from fairlearn.metrics import MetricFrame, demographic_parity_difference, selection_rate
from sklearn.metrics import accuracy_score, precision_score, recall_score

from tests.utils.bias.frames import random_frame
from utils.bias import BiasError, bias_report, metrics
from utils.datasets import load_adult, load_compas

BLOCKS, PER_BLOCK = 10, 500
PEERS = {f.__name__: f for f in (*peer.PRETRAINING_METRICS, *peer.POSTTRAINING_METRICS)}
COUNTED = [key for key in PEERS if key != "FT"]


def theirs(frame, in_d, yes, predicted=None, group=None) -> dict:
    """Each of smclarify's metrics, or the error it raises."""
    given = {
        "df": frame,
        "feature": in_d,
        "sensitive_facet_index": in_d,
        "label": yes,
        "positive_label_index": yes,
        "predicted_label": predicted,
        "positive_predicted_label_index": predicted,
        "group_variable": group,
    }
    found = {}
    for key in COUNTED:
        names = inspect.signature(PEERS[key]).parameters
        try:
            found[key] = float(PEERS[key](**{name: given[name] for name in names}))
        except (ValueError, AttributeError) as error:
            found[key] = error
    return found


def ours(counts) -> dict:
    found = {}
    for key in COUNTED:
        try:
            found[key] = metrics.REGISTRY[key].function(counts)
        except BiasError as error:
            found[key] = error
    return found


def differing(mine: dict, other: dict, keys=COUNTED) -> dict:
    """Where the two disagree: a number against a number, a reason against an error."""
    odd = {}
    for key in keys:
        a, b = mine[key], other[key]
        if isinstance(a, Exception) or isinstance(b, Exception):
            if isinstance(a, Exception) != isinstance(b, Exception):
                odd[key] = a, b
        elif not (a == b or abs(a - b) <= 1e-12):
            odd[key] = a, b
    return odd


def counts_of(frame, convention):
    from utils.bias.analysis import Analysis

    analysis = Analysis.of(
        frame, "facet", "label", [True], [1], "predicted", "group", False
    )
    ((name, choice),) = analysis.facets()
    return analysis.counts(name, choice, convention)


@pytest.mark.parametrize("block", range(BLOCKS))
def test_five_thousand_random_frames(block):
    random = np.random.default_rng(block)
    compared = 0
    while compared < PER_BLOCK:
        frame = random_frame(random)
        if frame["facet"].nunique() < 2 or frame["label"].nunique() < 2:
            continue  # refused as arguments; tested with the report
        compared += 1
        yes, predicted = frame["label"].eq(1), frame["predicted"].eq(1)
        other = theirs(frame, frame["facet"], yes, predicted, frame["group"])
        assert differing(ours(counts_of(frame, "smclarify")), other) == {}, frame
        if frame.groupby("facet")["label"].nunique().min() == 2:
            assert differing(ours(counts_of(frame, "standard")), other) == {}, frame


def compas():
    frame = load_compas()
    yes, low = frame["two_year_recid"].eq(0), frame["score_text"].eq("Low")
    return frame, frame["race"].eq("African-American"), yes, low, frame["age_group"]


def adult():
    frame = load_adult()
    yes = frame["income"].eq(">50K")
    guess = frame["education_num"].ge(12) & frame["marital_status"].eq(
        "Married-civ-spouse"
    )
    return frame, frame["sex"].eq("Female"), yes, guess, frame["occupation"].cat.codes


@pytest.mark.parametrize("data", [compas, adult])
@pytest.mark.parametrize("convention", ["standard", "smclarify"])
def test_real_data(data, convention):
    frame, in_d, yes, predicted, group = data()
    columns = {"d": in_d, "yes": yes, "predicted": predicted, "group": group}
    report = bias_report(
        pd.DataFrame(columns),
        "d",
        "yes",
        facet_values=[True],
        label_values=[True],
        predicted_label="predicted",
        group_variable="group",
        interval=None,
        convention=convention,
    )
    mine = {key: report.value(key) for key in COUNTED}
    other = theirs(frame, in_d, yes, predicted, pd.Series(np.asarray(group)))
    assert differing(mine, other) == {}


def test_fairlearn_agrees():
    _, in_d, yes, predicted, _ = compas()
    frame = pd.DataFrame({"d": in_d, "yes": yes, "predicted": predicted})
    report = bias_report(
        frame, "d", "yes", facet_values=[True], label_values=[True], predicted_label="predicted",
        interval=None,
    )  # fmt: skip
    by_group = MetricFrame(
        metrics={
            "rate": selection_rate,
            "recall": recall_score,
            "precision": precision_score,
            "accuracy": accuracy_score,
        },
        y_true=yes,
        y_pred=predicted,
        sensitive_features=in_d,
    ).by_group
    a, d = by_group.loc[False], by_group.loc[True]
    assert report.value("DPPL") == pytest.approx(a["rate"] - d["rate"], abs=1e-12)
    assert report.value("DI") == pytest.approx(d["rate"] / a["rate"], abs=1e-12)
    assert report.value("RD") == pytest.approx(a["recall"] - d["recall"], abs=1e-12)
    assert report.value("DAR") == pytest.approx(
        a["precision"] - d["precision"], abs=1e-12
    )
    assert report.value("AD") == pytest.approx(a["accuracy"] - d["accuracy"], abs=1e-12)
    parity = demographic_parity_difference(yes, predicted, sensitive_features=in_d)
    assert abs(report.value("DPPL")) == pytest.approx(parity, abs=1e-12)


def test_aif360_agrees():
    from aif360.sklearn import metrics as aif

    _, in_d, yes, predicted, _ = compas()
    index = pd.MultiIndex.from_arrays([(~in_d).astype(int)], names=["a"])
    truth = pd.Series(yes.astype(int).to_numpy(), index=index)
    guess = pd.Series(predicted.astype(int).to_numpy(), index=index)
    frame = pd.DataFrame({"d": in_d, "yes": yes, "predicted": predicted})
    report = bias_report(
        frame, "d", "yes", facet_values=[True], label_values=[True], predicted_label="predicted",
        interval=None,
    )  # fmt: skip
    same = {
        "DI": aif.disparate_impact_ratio(truth, guess, prot_attr="a", priv_group=1),
        "DPPL": -aif.statistical_parity_difference(
            truth, guess, prot_attr="a", priv_group=1
        ),
        "RD": -aif.equal_opportunity_difference(
            truth, guess, prot_attr="a", priv_group=1
        ),
        "GE": aif.generalized_entropy_error(truth, guess, alpha=2),
    }
    for key, value in same.items():
        assert report.value(key) == pytest.approx(value, abs=1e-12), key


def test_reweighing_agrees_with_aif360():
    from aif360.sklearn.preprocessing import Reweighing

    from utils.bias.mitigation import reweighing

    _, in_d, yes, _, _ = compas()
    index = pd.MultiIndex.from_arrays([(~in_d).astype(int)], names=["a"])
    X = pd.DataFrame({"x": 0}, index=index)
    truth = pd.Series(yes.astype(int).to_numpy(), index=index)
    _, weights = Reweighing("a").fit_transform(X, truth)
    assert reweighing(in_d, yes) == pytest.approx(weights, abs=1e-12)
