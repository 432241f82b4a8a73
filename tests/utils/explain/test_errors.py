"""Every error, and what it says."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from tests.utils.explain.games import chance, curved, people
from utils.explain import (
    ArgumentError,
    ExplainError,
    ModelError,
    cost,
    exact_shapley,
    global_importance,
    kernel_shap,
    partial_dependence,
)

ROWS, OTHERS = people()
both = pytest.mark.parametrize("method", [exact_shapley, kernel_shap])


@both
@pytest.mark.parametrize(
    "rows, baseline, said",
    [
        (ROWS[:0], OTHERS, "rows has no rows"),
        (ROWS, OTHERS[:0], "baseline has no rows"),
        (ROWS[:, :0], OTHERS[:, :0], "rows has no columns"),
        (ROWS[0], OTHERS, r"rows has shape \(5,\).*rows\[:1\]"),
        (ROWS[None], OTHERS, r"rows has shape \(1, 6, 5\)"),
        (csr_matrix(ROWS), OTHERS, r"rows has shape \(\).*toarray"),
        (ROWS, OTHERS[:, :4], "rows has 5 columns and baseline 4"),
        (ROWS, OTHERS[0, :4], "rows has 5 columns and baseline 4"),
    ],
)
def test_shapes(method, rows, baseline, said):
    with pytest.raises(ArgumentError, match=said):
        method(curved, rows, baseline)


@both
def test_missing_in_rows(method):
    rows = ROWS.copy()
    rows[2, 1] = rows[4, 4] = np.nan
    with pytest.raises(
        ArgumentError, match=r"rows has 2 missing values, the first in row 2, column 1"
    ):
        method(curved, rows, OTHERS)


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_missing_in_a_frame_of_texts(missing):
    rows = pd.DataFrame({"age": [1.0, 2], "sex": ["Male", "Female"]})
    baseline = pd.DataFrame({"age": [1.0], "sex": [missing]})
    with pytest.raises(
        ArgumentError, match=r"baseline has 1 missing values.* column 'sex'"
    ):
        exact_shapley(curved, rows, baseline)


@both
def test_missing_scores(method):
    def forgetful(x):
        return np.where(x[:, 0] > 0, np.nan, 1.0)

    with pytest.raises(ModelError, match=r"6 rows and \d of its scores are missing"):
        method(forgetful, ROWS, OTHERS)


@both
@pytest.mark.parametrize(
    "answer, shape",
    [
        (lambda x: curved(x)[:-1], r"6 rows and came back with shape \(5,\)"),
        (lambda x: 0.5, r"6 rows and came back with shape \(\)"),
        (lambda x: x[:, :, None], r"6 rows and came back with shape \(6, 5, 1\)"),
        (lambda x: curved(x)[None], r"6 rows and came back with shape \(1, 6\)"),
    ],
)
def test_the_wrong_length(method, answer, shape):
    with pytest.raises(ModelError, match=shape):
        method(answer, ROWS, OTHERS)


def test_the_number_of_outputs_changes():
    def moody(x):
        return x[:, : 1 + (len(x) != 6)]

    with pytest.raises(ModelError, match="1 outputs first and with 2 now"):
        exact_shapley(moody, ROWS, OTHERS)


@both
def test_a_model_that_raises(method):
    def broken(x):
        raise KeyError("weights")

    with pytest.raises(ModelError, match="6 rows and raised KeyError: 'weights'") as e:
        method(broken, ROWS, OTHERS)
    assert isinstance(e.value.__cause__, KeyError)


def test_a_model_that_raises_later_says_how_many_rows():
    def small(x):
        if len(x) > 10:
            raise MemoryError("too much")
        return curved(x)

    with pytest.raises(
        ModelError, match=r"asked for [\d,]{2,} rows and raised MemoryError"
    ):
        exact_shapley(small, ROWS, OTHERS)


def test_labels_instead_of_scores():
    with pytest.raises(ModelError, match="not numbers; give scores, as predict_proba"):
        exact_shapley(lambda x: ["<=50K"] * len(x), ROWS, OTHERS)


def test_text_that_the_model_cannot_take():
    rows = np.array([["39", "Male"], ["50", "Female"]], dtype=object)

    def numbers_only(x):
        return x.astype(float)[:, 0]

    with pytest.raises(
        ModelError, match=r"could not convert.*not all|Not all columns.*1"
    ):
        exact_shapley(numbers_only, rows, rows[:1])


def test_text_names_its_columns():
    rows = pd.DataFrame({"age": [39, 50], "sex": ["Male", "Female"]})
    with pytest.raises(ModelError, match=r"numbers \(sex\): encode them first"):
        exact_shapley(lambda x: x.astype(float)["age"], rows, rows[:1])


@both
def test_no_model(method):
    with pytest.raises(ArgumentError, match="predict is None; give a function"):
        method(None, ROWS, OTHERS)


@both
@pytest.mark.parametrize("link", ["log", None, np.log])
def test_links(method, link):
    with pytest.raises(ArgumentError, match=r"link is .*'identity' or 'logit'"):
        method(chance, ROWS, OTHERS, link=link)


@pytest.mark.parametrize("score", [0.0, 1.0, 1.5, -0.1])
def test_log_odds_of_what_is_no_probability(score):
    with pytest.raises(ModelError, match=f"strictly between 0 and 1.*gave {score}"):
        exact_shapley(lambda x: np.full(len(x), score), ROWS, OTHERS, link="logit")


@both
@pytest.mark.parametrize(
    "features, said",
    [
        (["age"], r"features has 'age'; use positions from 0 to 4"),
        ([5], "features has 5"),
        ([-1], "features has -1"),
        ([True], "features has True"),
        ([], "name at least one feature"),
        ([1, 1], "each once"),
    ],
)
def test_features(method, features, said):
    with pytest.raises(ArgumentError, match=said):
        method(curved, ROWS, OTHERS, features=features)


@pytest.mark.parametrize("batch", [0, 1.5, True])
def test_batches(batch):
    with pytest.raises(ArgumentError, match="batch is"):
        exact_shapley(curved, ROWS, OTHERS, batch=batch)


def test_columns_that_differ():
    frame = pd.DataFrame(ROWS, columns=list("abcde"))
    with pytest.raises(ArgumentError, match=r"differ in the columns \['e', 'label'\]"):
        exact_shapley(curved, frame, frame.rename(columns={"e": "label"}))


def test_columns_named_twice():
    frame = pd.DataFrame(ROWS, columns=list("aacde"))
    with pytest.raises(ArgumentError, match="the column 'a' more than once"):
        exact_shapley(curved, frame, frame)


def test_a_category_that_the_rows_do_not_know():
    rows = pd.DataFrame({"sex": pd.Categorical(["Male", "Female"])})
    with pytest.raises(
        ArgumentError, match=r"baseline has 'male' in 'sex'.*Female, Male"
    ):
        exact_shapley(curved, rows, [["male"]])


def test_aggregation():
    found = exact_shapley(curved, ROWS, OTHERS)
    with pytest.raises(ArgumentError, match="'mean'; use mean_abs, median, mean_sq"):
        global_importance(found, "mean")


def test_method_of_cost():
    with pytest.raises(ArgumentError, match="method is 'shap'"):
        cost(curved, ROWS, OTHERS, method="shap")


@pytest.mark.parametrize("resolution", [1, 0, 2.5, True])
def test_grid(resolution):
    with pytest.raises(ArgumentError, match="grid_resolution is"):
        partial_dependence(curved, ROWS, 0, resolution)


@pytest.mark.parametrize(
    "rows, feature, said",
    [
        (ROWS[:0], 0, "rows has no rows"),
        (ROWS, "age", "features has 'age'"),
        (np.array([[0.0], [1], [np.inf]]), 0, "infinite"),
    ],
)
def test_dependence(rows, feature, said):
    with pytest.raises(ArgumentError, match=said):
        partial_dependence(lambda x: x[:, 0], rows, feature, 2)


def test_they_are_value_errors():
    assert issubclass(ArgumentError, ExplainError)
    assert issubclass(ModelError, ExplainError)
    assert issubclass(ExplainError, ValueError)
