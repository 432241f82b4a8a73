"""Mitigation: formulas by hand, the sampler's promises, and the published effect on COMPAS."""

import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import make_pipeline
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer

from utils.bias import ArgumentError, BiasError
from utils.bias.mitigation import (
    FairSMOTE,
    SituationTesting,
    logistic_regression,
    reweighing,
)
from utils.bias.trade_offs import METHODS, compare_mitigations, measure
from utils.datasets import load_compas


def test_weights_by_hand():
    """a: 3 yes, 1 no; d: 1 yes, 3 no. A yes of a is too frequent, a yes of d too rare."""
    weights = reweighing(list("aaaadddd"), [1, 1, 1, 0, 1, 0, 0, 0])
    assert weights.tolist() == pytest.approx([2 / 3] * 3 + [2] + [2] + [2 / 3] * 3)


def test_weights_make_facet_and_label_independent():
    random = np.random.default_rng(0)
    g, y = random.integers(0, 3, 500), random.integers(0, 2, 500)
    weights = reweighing(g, y)
    shares = [np.average(y[g == k], weights=weights[g == k]) for k in range(3)]
    assert shares == pytest.approx([y.mean()] * 3)
    assert weights.mean() == pytest.approx(1)


def test_weights_need_as_many_labels():
    with pytest.raises(ArgumentError, match="facet has 2 and label 3 rows"):
        reweighing([0, 1], [0, 1, 1])


def test_weights_of_missing_values_are_refused():
    with pytest.raises(ArgumentError, match="facet has 1 missing values"):
        reweighing([np.nan, "a", "d", "a"], [0, 1, 0, 1])


def rows(n=200, seed=0):
    random = np.random.default_rng(seed)
    facet = np.where(random.random(n) < 0.7, "a", "d")
    X = pd.DataFrame(
        {
            "race": facet,
            "priors": random.poisson(2, n),
            "score": random.normal(0, 1, n),
            "degree": pd.Categorical(random.choice(["F", "M"], n)),
            "young": random.random(n) < 0.3,
        }
    )
    y = (random.random(n) < np.where(facet == "a", 0.7, 0.3)).astype(int)
    return X, y


def test_all_cells_become_as_large_as_the_largest():
    X, y = rows()
    new_X, new_y = FairSMOTE("race", random_state=0).fit_resample(X, y)
    cells = pd.Series(new_y).groupby([new_X["race"], new_y]).size()
    largest = pd.Series(y).groupby([X["race"], y]).size().max()
    assert cells.tolist() == [largest] * 4


def test_given_rows_stay_and_come_first():
    X, y = rows()
    new_X, new_y = FairSMOTE("race", random_state=0).fit_resample(X, y)
    pd.testing.assert_frame_equal(new_X.head(len(X)), X)
    assert (new_y[: len(y)] == y).all()


def test_new_rows_are_plausible():
    X, y = rows()
    new_X, _ = FairSMOTE("race", random_state=0).fit_resample(X, y)
    assert new_X.dtypes.to_dict() == X.dtypes.to_dict()
    assert new_X["priors"].between(X["priors"].min(), X["priors"].max()).all()
    assert new_X["score"].between(X["score"].min(), X["score"].max()).all()
    assert new_X["score"].min() < 0  # upstream's absolute value would forbid it
    assert not new_X.isna().any().any()


def test_new_numbers_are_new():
    X, y = rows()
    new_X, _ = FairSMOTE("race", random_state=0).fit_resample(X, y)
    made = new_X.iloc[len(X) :]
    assert (~made["score"].isin(X["score"])).mean() > 0.6


def test_parents_come_from_the_whole_cell():
    """Upstream indexes the wrong array, so that every parent is row 0 or 1."""
    X, y = rows()
    made = FairSMOTE("race", random_state=0).fit_resample(X, y)[0].iloc[len(X) :]
    assert made["priors"].nunique() > 4


def test_same_seed_same_rows():
    X, y = rows()
    a, b, c = (
        FairSMOTE("race", random_state=s).fit_resample(X, y)[0] for s in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(a, b)
    assert not a.equals(c)


def test_sampler_fits_a_pipeline():
    X, y = rows()
    numbers = FunctionTransformer(lambda frame: frame[["priors", "score"]])
    model = make_pipeline(
        FairSMOTE("race", random_state=0), numbers, LogisticRegression()
    )
    assert set(model.fit(X, y).predict(X)) <= {0, 1}


def test_a_cell_that_is_too_small():
    X, y = rows()
    keep = ~((X["race"] == "d") & (y == 1))
    keep.iloc[np.flatnonzero(~keep)[:2]] = True
    with pytest.raises(BiasError, match="cell has 2 rows"):
        FairSMOTE("race").fit_resample(X[keep], y[keep])


def test_the_facet_must_be_a_column():
    X, y = rows()
    with pytest.raises(
        ArgumentError, match="no column 'rase' in X; did you mean 'race'"
    ):
        FairSMOTE("rase").fit_resample(X, y)
    with pytest.raises(ArgumentError, match="X is a ndarray; give a pandas frame"):
        FairSMOTE("race").fit_resample(X.to_numpy(), y)


def test_situation_testing_drops_exactly_the_flipped():
    frame = load_compas(filtered=True).query(
        "race in ['African-American', 'Caucasian']"
    )
    X = frame[["race", "priors_count", "sex", "age_group"]].reset_index(drop=True)
    X, y = X.astype({"race": "str"}), frame["two_year_recid"].to_numpy()
    tester = SituationTesting("race")
    kept, kept_y = tester.fit_resample(X, y)
    judge = logistic_regression().fit(X, y)
    swap = {"African-American": "Caucasian", "Caucasian": "African-American"}
    swapped = X.assign(race=X["race"].map(swap))
    flipped = judge.predict(X) != judge.predict(swapped)
    assert 0 < flipped.mean() < 1
    assert len(kept) == len(kept_y) == (~flipped).sum()
    assert tester.dropped_ == pytest.approx(flipped.mean())


def test_numbers_alone_are_enough():
    X, y = rows()
    balanced, _ = FairSMOTE("race", random_state=0).fit_resample(
        X[["race", "priors"]], y
    )
    assert len(balanced) > len(X)


def test_as_many_labels_as_rows():
    X, y = rows()
    with pytest.raises(ArgumentError, match="X has 200 rows and y 199"):
        FairSMOTE("race").fit_resample(X, y[1:])


def test_situation_testing_needs_two_values():
    X, y = rows()
    with pytest.raises(BiasError, match="'race' has 1"):
        SituationTesting("race").fit_resample(X[X["race"] == "a"], y[X["race"] == "a"])


@pytest.fixture(scope="module")
def compared():
    frame = load_compas(filtered=True)
    frame = frame[frame["race"].isin(["African-American", "Caucasian"])]
    features = ["sex", "age_group", "priors_count", "charge_degree"]
    return compare_mitigations(
        frame,
        features,
        "race",
        "two_year_recid",
        facet_values=["African-American"],
        label_values=[0],
        methods=["nothing", "column dropped", "Fair-SMOTE", "reweighing"],
    )


def test_fair_smote_moves_disparate_impact_as_published(compared):
    value = compared["value"]
    assert value["nothing", "DI"] == pytest.approx(0.61, abs=0.05)
    assert value["column dropped", "DI"] == pytest.approx(0.68, abs=0.03)
    assert value["Fair-SMOTE", "DI"] == pytest.approx(0.93, abs=0.06)


def test_fair_smote_costs_about_a_point_of_accuracy_and_some_recall(compared):
    value = compared["value"]
    assert -0.03 < value["Fair-SMOTE", "accuracy"] - value["nothing", "accuracy"] < 0
    assert value["Fair-SMOTE", "recall"] < value["nothing", "recall"]
    assert value["Fair-SMOTE", "F1"] < value["nothing", "F1"]


def test_intervals_hold_the_mean(compared):
    assert (compared["low"] <= compared["value"]).all()
    assert (compared["value"] <= compared["high"]).all()
    assert compared["values"].map(len).eq(10).all()


def test_every_method_runs_and_is_seeded():
    frame = load_compas(filtered=True).head(1500)
    options = {"facet_values": ["African-American"], "label_values": [0], "splits": 2}
    runs = [
        compare_mitigations(
            frame, ["priors_count", "sex"], "race", "two_year_recid", **options
        )
        for _ in range(2)
    ]
    assert set(runs[0].index.get_level_values("method")) == set(METHODS)
    pd.testing.assert_series_equal(runs[0]["value"], runs[1]["value"])


def test_measure_by_hand():
    found = measure([0, 0, 0, 1, 1], [1, 1, 0, 1, 0], [1, 0, 0, 0, 0])
    assert found["accuracy"] == 0.6
    assert found["recall"] == pytest.approx(1 / 3)
    assert found["DPPL"] == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    "wrong, message",
    [
        (
            {"methods": ["fairsmote"]},
            r"no method 'fairsmote'; did you mean 'Fair-SMOTE'",
        ),
        (
            {"facet_values": ["Othr"]},
            "facet_values has 'Othr', .* did you mean 'Other'",
        ),
        ({"splits": 1}, "splits is 1; an interval needs at least 2"),
        (
            {"features": ["prior_count"]},
            r"no column 'prior_count'; did you mean 'priors_count'",
        ),
    ],
)
def test_wrong_arguments_are_named(wrong, message):
    options = {
        "facet_values": ["Other"],
        "label_values": [0],
        "features": ["age"],
        **wrong,
    }
    with pytest.raises(ArgumentError, match=message):
        compare_mitigations(
            load_compas(), facet="race", label="two_year_recid", **options
        )


def test_missing_values_are_not_taken_for_an_outcome():
    frame = load_compas().astype({"two_year_recid": "float"})
    frame.loc[[3], "two_year_recid"] = np.nan
    with pytest.raises(ArgumentError, match="'two_year_recid' has 1 missing values"):
        compare_mitigations(
            frame,
            ["age"],
            "race",
            "two_year_recid",
            facet_values=["Other"],
            label_values=[0],
        )
