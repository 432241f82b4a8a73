"""The report: what it says of a small frame, of trouble in the data, and of wrong arguments."""

import json
import re
import warnings

import numpy as np
import pandas as pd
import pytest
from smclarify.bias.metrics.posttraining import FT

from tests.utils.bias.frames import loans
from utils import bias
from utils.bias import ArgumentError, bias_report
from utils.datasets import load_adult, load_compas


def report_of(frame=None, **options):
    given = {"facet_values": ["w"], "label_values": [1], "predicted_label": "predicted"}
    frame = loans() if frame is None else frame
    return bias_report(frame, "sex", "approved", **{**given, **options})


def test_values_by_hand():
    report = report_of()
    assert report.value("CI") == (8 - 4) / 12
    assert report.value("DPL") == 6 / 8 - 1 / 4
    assert report.value("DI") == pytest.approx((2 / 4) / (6 / 8))
    assert report.value("RD") == pytest.approx(5 / 6 - 1 / 1)


def test_a_row_carries_what_one_needs_to_check_it():
    row = report_of().row("RD")
    assert (row["n_a"], row["n_d"]) == (8, 4)
    assert row["counts"] == "a: TP 5 FP 1 FN 1 TN 1; d: TP 1 FP 1 FN 0 TN 2"
    assert row["description"] == "Recall Difference (RD)"
    assert "sex = w is recognised more often than the rest" in row["reading"]


def test_every_metric_has_a_row_and_pre_comes_first():
    report = report_of(group_variable="branch")
    assert len(report.frame) == 21
    assert (
        report.frame["stage"].tolist() == ["pre_training"] * 8 + ["post_training"] * 13
    )


def test_without_predictions_only_the_data_are_measured():
    assert set(report_of(predicted_label=None).frame["stage"]) == {"pre_training"}


def test_some_metrics_only():
    assert report_of(metrics=["DPL", "CI"]).frame["metric"].tolist() == ["CI", "DPL"]


def test_each_value_against_the_rest():
    frame = load_compas()
    report = bias_report(
        frame, "race", "two_year_recid", label_values=[0], metrics=["DPL"]
    )
    assert report.frame["facet_value"].tolist() == sorted(frame["race"].unique())
    one = bias_report(
        frame,
        "race",
        "two_year_recid",
        label_values=[0],
        facet_values=["Other"],
        metrics=["DPL"],
    )
    assert report.value("DPL", facet_value="Other") == one.value("DPL")


def test_several_facets_one_by_one():
    report = bias_report(
        load_adult(), ["sex", "race"], "income", label_values=[">50K"], metrics=["DPL"],
        facet_values={"sex": ["Female"]},
    )  # fmt: skip
    assert report.frame["facet"].value_counts().to_dict() == {"race": 5, "sex": 1}


def test_thresholds_of_facet_and_label():
    report = bias_report(
        loans(), "income", "approved", facet_values=3, label_values=[1], metrics=["DPL"]
    )
    assert report.row("DPL")["facet_value"] == "above 3"
    assert report.value("DPL") == pytest.approx(2 / 7 - 5 / 5)
    by_score = bias_report(
        loans(), "sex", "income", facet_values=["w"], label_values=3, metrics=["DPL"]
    )
    assert by_score.value("DPL") == pytest.approx(4 / 8 - 1 / 4)
    assert by_score.label_value == "above 3"
    assert (
        "income above 3 has the favourable label more often"
        in report.row("DPL")["reading"]
    )


def test_thresholds_are_intervals_to_clarify(tmp_path):
    loans().to_parquet(tmp_path / "rows.parquet")
    for frame in (loans(), tmp_path / "rows.parquet"):
        analysis = bias_report(
            frame,
            "income",
            "approved",
            facet_values=3,
            label_values=[1],
            metrics=["DPL"],
        ).to_clarify()["pre_training_bias_metrics"]
        assert analysis["facets"]["income"][0]["value_or_threshold"] == "(3.0, 5.0]"
        assert analysis["label_value_or_threshold"] == "1"


def test_strata_with_one_kind_of_label_are_told():
    frame = loans().assign(branch=lambda f: f["approved"].astype(str))
    report = report_of(frame, group_variable="branch", metrics=["CDDL"])
    assert "2 strata have one kind of label only" in report.row("CDDL")["caution"]


def test_as_text():
    lines = repr(report_of(metrics=["DPL"])).splitlines()
    assert lines[0] == "Bias report: approved = 1, 12 rows"
    assert lines[2].split()[:3] == ["w", "DPL", "0.500"]


def test_values_that_do_not_occur_are_no_groups():
    frame = loans().astype({"sex": pd.CategoricalDtype(["m", "w", "x"])})
    frame["code"] = frame["sex"].map({"m": 3, "w": 7}).astype(int)
    report = bias_report(frame, "sex", "approved", label_values=[1], metrics=["CI"])
    assert report.frame["facet_value"].tolist() == ["m", "w"]
    with pytest.raises(
        ArgumentError, match=r"facet_values has 5 \(int\), which is not in"
    ):
        bias_report(frame, "code", "approved", facet_values=[5], label_values=[1])


def test_more_than_two_labels():
    report = bias_report(
        load_compas(), "sex", "score_text", facet_values=["Female"], label_values=["Low"],
        metrics=["DPL", "TVD"],
    )  # fmt: skip
    assert report.value("TVD") >= abs(report.value("DPL"))


def test_missing_values_are_left_out_and_told():
    frame = loans()
    frame.loc[[0, 1], "sex"] = None
    report = report_of(frame)
    assert report.missing == {"sex": 2}
    assert report.rows == 12
    assert report.row("CI")[["n_a", "n_d"]].tolist() == [6, 4]


def test_a_missing_stratum_is_a_stratum():
    frame = loans()
    frame.loc[[0, 1], "branch"] = None
    report = report_of(frame, group_variable="branch")
    assert report.row("CDDL")[["n_a", "n_d"]].tolist() == [8, 4]


def test_no_group_variable_is_a_reason_and_not_an_error():
    row = report_of().row("CDDL")
    assert np.isnan(row["value"])
    assert row["reason"] == "Group variable is empty or not provided"


@pytest.mark.parametrize("constant", [0, 1])
def test_a_model_with_one_answer(constant):
    report = report_of(loans().assign(predicted=constant))
    assert (
        report.frame[report.frame["stage"] == "post_training"]["reading"] != ""
    ).all()
    assert "one class only" in report.row("RD")["caution"]
    assert report.value("DPPL") == 0


def test_one_label_value():
    report = report_of(loans().assign(approved=1), group_variable="branch")
    assert report.value("DPL") == 0
    assert report.row("DPL")["caution"].endswith("there is one kind of label only")
    assert report.row("CDDL")["reason"] == "there are no unfavourable labels"


def test_an_empty_facet():
    report = report_of(loans().assign(sex="w"))
    reasons = set(report.frame.loc[report.frame["metric"] != "GE", "reason"])
    assert reasons == {
        "facet a has no rows, so nothing can be compared",
        "facet a has no rows",
    }


def test_nobody_is_chosen():
    row = report_of(loans().assign(predicted=0)).row("DI")
    assert row["value"] == 0
    assert row["reading"] == "nobody gets the favourable prediction"
    assert "a share of no rows was taken as 0" in row["caution"]


def test_the_flip_test_says_what_it_went_by():
    row = report_of().row("FT")
    assert row["counts"].endswith("by income")
    row = report_of(features=["income", "approved", "predicted"]).row("FT")
    assert row["counts"].endswith("by income")


def test_the_flip_test_goes_by_other_facets_and_strata_as_smclarify_does():
    """What else is asked about does not change a facet's own test."""
    frame = loans()
    frame["man"] = frame["sex"].eq("m").astype(int)
    frame["rich"] = frame["income"].gt(3).astype(int)
    frame["branch"] = frame["branch"].eq("x").astype(int)
    given = {"label_values": [1], "predicted_label": "predicted", "metrics": ["FT"]}
    values = {"man": [0], "rich": [0]}
    both = bias_report(
        frame,
        [*values],
        "approved",
        facet_values=values,
        group_variable="branch",
        **given,
    )
    for facet, by in {
        "man": "branch, income, rich",
        "rich": "branch, income, man",
    }.items():
        alone = bias_report(frame, facet, "approved", facet_values=[0], **given)
        row = both.row("FT", facet)
        assert row["counts"].endswith(f"by {by}")
        assert row["counts"] == alone.row("FT")["counts"]


def test_the_flip_test_is_smclarify_s_without_naming_columns():
    """Scattered points, so that no two neighbours are equally far."""
    random = np.random.default_rng(5)
    frame = pd.DataFrame(random.normal(size=(60, 2)), columns=["u", "v"])
    for name in ("man", "old", "label", "predicted"):
        frame[name] = random.integers(0, 2, 60)
    report = bias_report(
        frame,
        ["man", "old"],
        "label",
        facet_values={"man": [0], "old": [1]},
        label_values=[1],
        predicted_label="predicted",
    )
    for facet, value in {"man": 0, "old": 1}.items():
        features = frame.drop(columns=[facet, "label", "predicted"])
        right = FT(features, frame[facet] == value, frame["predicted"] == 1)
        assert report.value("FT", facet) == pytest.approx(right, abs=1e-12)


def test_the_flip_test_without_any_column():
    frame = loans()[["sex", "approved", "predicted"]]
    row = report_of(frame).row("FT")
    assert np.isnan(row["value"])
    assert "needs a numeric column beside" in row["reason"]
    only = report_of(features=["approved"]).row("FT")
    assert "needs a numeric column beside" in only["reason"]


def test_an_infinite_ratio():
    frame = loans().assign(predicted=[0] * 8 + [1] * 4)
    report = report_of(frame)
    assert report.value("DI") == np.inf
    assert "infinite" in report.row("DI")["caution"]
    assert "infinite" in report.row("DCA")["caution"]
    assert "∞" in report._repr_html_()


def test_few_rows_are_told():
    assert "a facet has 4 rows, fewer than 30" in report_of().row("DPL")["caution"]


def test_a_facet_with_a_thousand_values():
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"f": random.permutation(np.arange(4000) % 1000).astype(str)})
    frame["y"] = random.integers(0, 2, 4000)
    report = bias_report(
        frame, "f", "y", label_values=[1], interval=None, metrics=["DPL"]
    )
    assert len(report.frame) == 1000


def test_whole_numbers_as_groups_are_told():
    frame = pd.concat([loans()] * 20).assign(
        code=lambda f: f["sex"].eq("w").astype(int)
    )
    with pytest.warns(UserWarning, match="'code' holds whole numbers .* below 5%"):
        report = bias_report(
            frame, "code", "approved", label_values=[1], metrics=["CI"]
        )
    assert report.frame["facet_value"].tolist() == ["0", "1"]


def test_numbers_without_a_threshold_are_refused():
    with pytest.raises(
        ArgumentError, match="taken as continuous: give facet_values a number"
    ):
        bias_report(loans(), "income", "approved", label_values=[1])


WRONG = {
    "facet": (
        {"facet_values": ["woman"]},
        r"facet_values has 'woman' \(str\), which is not in",
    ),
    "label": (
        {"label_values": ["1"]},
        r"label_values has '1' \(str\), which is not in column",
    ),
    "all": ({"label_values": [0, 1]}, "label_values names every value of 'approved'"),
    "text": (
        {"facet_values": "w"},
        r"facet_values is 'w'; give a list of values, as \['w'\]",
    ),
    "empty": ({"facet_values": []}, "facet_values is empty"),
    "none": (
        {"label_values": None},
        "label_values is missing: which values of 'approved'",
    ),
    "metric": ({"metrics": ["DPLL"]}, r"no metric 'DPLL'; did you mean 'D"),
    "metrics": ({"metrics": "DPL"}, r'give "all" or a list, as \[\'DPL\'\]'),
    "no metric": ({"metrics": []}, "metrics is empty"),
    "interval": ({"interval": 95}, "interval is 95; use a level between 0 and 1"),
    "convention": ({"convention": "aws"}, 'use "standard" or "smclarify"'),
    "needs": ({"metrics": ["DI"], "predicted_label": None}, "DI needs predictions"),
    "same": ({"predicted_label": "sex"}, "'sex' is both facet and label"),
    "infinite": ({"label_values": float("nan")}, "a threshold must be a finite number"),
    "high": (
        {"label_values": 5},
        r"threshold 5 and no row of 'approved' is above \(its highest value is 1\)",
    ),
    "low": ({"label_values": -1}, "threshold -1 and all of 'approved' lies above"),
    "dict": (
        {"facet_values": {"sexx": ["w"]}},
        r"facet_values has 'sexx'; did you mean 'sex'",
    ),
    "column": (
        {"predicted_label": "prediction"},
        r"no column 'prediction'; did you mean",
    ),
    "features": ({"features": ["incme"]}, None),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_arguments_are_named(case):
    options, message = WRONG[case]
    if message is None:
        assert "did you mean 'income'" in report_of(**options).row("FT")["reason"]
        return
    with pytest.raises(ArgumentError, match=message):
        report_of(**options)


def test_labels_and_predictions_of_different_kinds():
    frame = loans().assign(predicted=lambda f: f["predicted"].map({0: "no", 1: "yes"}))
    with pytest.raises(
        ArgumentError, match="'approved' holds numbers and 'predicted' holds texts"
    ):
        report_of(frame)


def test_no_rows():
    with pytest.raises(ArgumentError, match="frame has no rows"):
        report_of(loans().head(0))


def test_value_of_a_metric_that_stands_there_twice():
    report = bias_report(
        load_compas(), "race", "two_year_recid", label_values=[0], metrics=["CI"]
    )
    with pytest.raises(ArgumentError, match="name facet and facet_value"):
        report.value("CI")
    with pytest.raises(
        ArgumentError, match="no facet_value 'Others' here; did you mean 'Other'"
    ):
        report.value("CI", facet_value="Others")


def test_same_seed_same_intervals():
    a, b, c = (report_of(seed=s).frame["low"] for s in (1, 1, 2))
    assert a.equals(b)
    assert not a.equals(c)


def test_intervals_are_optional():
    assert report_of(interval=None).frame[["low", "high"]].isna().all().all()


def test_no_warning_on_ordinary_data():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report_of(group_variable="branch")


def test_clarifys_shape():
    frame = loans().assign(predicted=[0] * 8 + [1] * 4)
    analysis = report_of(frame).to_clarify()
    assert json.loads(json.dumps(analysis, allow_nan=False)) == analysis
    assert analysis["version"] == "1.0"
    post = analysis["post_training_bias_metrics"]
    assert (post["label"], post["label_value_or_threshold"]) == ("approved", "1")
    (entry,) = post["facets"]["sex"]
    assert entry["value_or_threshold"] == "w"
    names = [m["name"] for m in entry["metrics"]]
    assert names == sorted(names)
    by_name = {m["name"]: m for m in entry["metrics"]}
    assert by_name["DI"]["value"] == "Infinity"
    assert by_name["CDDPL"] == {
        "name": "CDDPL",
        "description": "Conditional Demographic Disparity in Predicted Labels (CDDPL)",
        "value": None,
        "error": "Group variable is empty or not provided",
    }


def test_page_stands_alone(tmp_path):
    path = report_of(
        loans().assign(sex=lambda f: f["sex"] + "<b>"), facet_values=["w<b>"]
    ).to_html(tmp_path / "report.html")
    page = path.read_text()
    assert "http" not in page
    assert "w&lt;b&gt;" in page
    assert "w<b>" not in page
    assert page.count('<svg role="img"') == page.count("<title>") - 1 > 15
    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", page)
    assert headings == [
        "What was asked",
        "In short",
        "How to read the gaps",
        "Gaps in the data",
        "Gaps in the predictions",
        "What could not be computed",
        "Limits",
    ]


def test_page_of_few_rows_does_not_reassure(tmp_path):
    page = report_of().to_html(tmp_path / "report.html").read_text()
    assert "sex = w is compared on few rows (4 against 8)" in page


def test_page_without_intervals_claims_nothing_of_chance(tmp_path):
    path = report_of(interval=None).to_html(tmp_path / "report.html")
    page = path.read_text()
    assert "There are no intervals" in page
    assert "A blue one" not in page
    assert "bootstrap" not in page


def test_notebook_runs_without_the_data(tmp_path):
    from tools.notebooks import execute, read

    path = report_of().to_notebook(tmp_path / "report.ipynb")
    execute([path])
    assert "Recall" in str(read(path).cells) or "RD" in str(read(path).cells[2].outputs)


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(bias.BiasError, match="there is no folder"):
        report_of().to_html(tmp_path / "no" / "report.html")


def test_picture_shows_every_metric():
    import matplotlib as mpl

    mpl.use("Agg")
    report = report_of()
    ax = report.plot()
    ticks = [t.get_text() for t in ax.get_yticklabels()]
    assert len(ticks) == len(report.frame)
    assert "DI − 1" in ticks
    assert "not applicable" in [t.get_text() for t in ax.texts]


def test_intersections():
    report = bias.intersections(
        load_compas(),
        ["race", "sex"],
        "two_year_recid",
        label_values=[0],
        metrics=["DPL"],
    )
    assert "African-American × Male" in set(report.frame["facet_value"])
    assert report.frame["facet"].unique().tolist() == ["race × sex"]


@pytest.mark.parametrize(
    "facets, message",
    [(["race"], "name at least two"), (["race", "gender"], "no column 'gender'")],
)
def test_intersections_need_two_columns(facets, message):
    with pytest.raises(ArgumentError, match=message):
        bias.intersections(load_compas(), facets, "two_year_recid", label_values=[0])


def test_compare_says_what_came_closer():
    before = report_of(metrics=["DPPL", "DI"])
    after = report_of(
        loans().assign(predicted=lambda f: f["approved"]), metrics=["DPPL", "DI"]
    )
    table = bias.compare(before, after).set_index("metric")
    assert table.loc["DPPL", "change"] == pytest.approx(0.5 - 0.25)
    assert not table.loc["DPPL", "closer"]
    assert bias.compare(after, before)["closer"].all()


def test_compare_does_not_guess():
    table = bias.compare(report_of(), report_of()).set_index("metric")
    assert table.loc["CDDL", "closer"] is pd.NA
    assert not table.loc["DPL", "closer"]


def test_compare_needs_something_in_common():
    other = bias_report(
        loans(), "branch", "approved", facet_values=["x"], label_values=[1]
    )
    with pytest.raises(ArgumentError, match="before has sex=w and after has branch=x"):
        bias.compare(report_of(), other)
