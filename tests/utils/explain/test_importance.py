"""One number a feature; shap's plots take what we explain; the bar shows only when asked."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from tests.utils.explain.games import curved, people, two_outputs
from utils.explain import exact_shapley, global_importance, kernel_shap

mpl.use("Agg")


@pytest.mark.parametrize(
    "method, right",
    [
        ("mean_abs", [2, 2 / np.sqrt(3)]),
        ("median", [1, 0]),
        ("mean_sq", [14 / 3, 2]),
    ],
)
def test_by_hand(method, right):
    """In a sum every value is the feature's own distance from the baseline, here zero."""
    rows = np.array([[-3.0, 0], [1, -np.sqrt(3)], [2, np.sqrt(3)]])
    found = exact_shapley(lambda x: x.sum(axis=1), rows, np.zeros((1, 2)))
    np.testing.assert_allclose(global_importance(found, method), right, atol=1e-12)


def test_several_outputs():
    rows, others = people()
    found = exact_shapley(two_outputs, rows, others)
    assert global_importance(found).shape == (5, 2)


@pytest.mark.parametrize("kind", ["beeswarm", "bar", "waterfall", "scatter", "heatmap"])
@pytest.mark.parametrize("framed", [True, False])
def test_shaps_plots(kind, framed):
    import shap
    from matplotlib import pyplot as plt

    rows, others = people(rows=20)
    rows = pd.DataFrame(rows, columns=list("abcde")) if framed else rows
    found = kernel_shap(lambda x: curved(np.asarray(x)), rows, others)
    one = {"waterfall": found[0], "scatter": found[:, 0]}.get(kind, found)
    getattr(shap.plots, kind)(one, show=False)
    labels = [text.get_text() for text in plt.gcf().findobj(mpl.text.Text)]
    assert any(("a" if framed else "Feature 0") in label for label in labels)
    plt.close("all")


def test_a_beeswarm_of_texts():
    import shap
    from matplotlib import pyplot as plt

    rows = pd.DataFrame({"sex": ["m", "f", "m"], "age": [1, 2, 3]})
    found = exact_shapley(lambda x: x["age"] * (x["sex"] == "m"), rows, rows[1:2])
    shap.plots.beeswarm(found, show=False)
    assert plt.gcf().axes
    plt.close("all")


def test_a_bar_for_the_patient(capsys, monkeypatch):
    monkeypatch.setattr("utils.explain.job.PATIENCE", 0)
    rows, others = people()
    exact_shapley(curved, rows, others, progress=False)
    assert not capsys.readouterr().err
    exact_shapley(curved, rows, others)
    assert "evaluations: " in capsys.readouterr().err


def test_no_bar_for_what_is_quick(capsys):
    rows, others = people()
    exact_shapley(curved, rows, others)
    assert not capsys.readouterr().err
