"""The training loop: known optima, and what each hyperparameter does to it."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from utils.cloud.images.linear_learner.hyperparameters import parse
from utils.cloud.images.linear_learner.optimise import Fleet, epochs

PLAIN = {
    "num_models": "1",
    "l1": "0",
    "wd": "0",
    "use_lr_scheduler": "false",
    "init_scale": "1e-9",
}


def run(X, y, kind="regressor", outputs=1, weights=None, **given):
    settings = parse(
        {"predictor_type": kind} | PLAIN | {k: str(v) for k, v in given.items()}
    )
    fleet = Fleet.of(settings)
    *_, last = epochs(X, y, settings, fleet, outputs, weights)
    return last


def plane(rows=200, noise=0.1):
    random = np.random.default_rng(0)
    X = random.normal(size=(rows, 3))
    return X, X @ [1.5, -2, 0.5] + 0.7 + noise * random.normal(size=rows)


def yes_or_no(rows=400):
    random = np.random.default_rng(1)
    X = random.normal(size=(rows, 3))
    chance = 1 / (1 + np.exp(-(X @ [1.5, -2, 0.5] + 0.7)))
    return X, (random.random(rows) < chance).astype(float)


def test_one_step_by_hand():
    """Two rows, one batch: mean gradient 2·(−1·1 + −3·2)/2 = −7 and −4; rate 0.1."""
    X, y = np.array([[1.0], [2]]), np.array([1.0, 3])
    state = run(X, y, optimizer="sgd", learning_rate=0.1, epochs=1)
    assert state.weights.ravel() == pytest.approx([0.7], abs=1e-6)
    assert state.bias.ravel() == pytest.approx([0.4], abs=1e-6)
    assert state.losses == pytest.approx([(1 + 9) / 2], abs=1e-6)


def test_squared_loss_finds_the_closed_form():
    X, y = plane()
    exact = np.linalg.lstsq(np.column_stack([X, np.ones(len(X))]), y, rcond=None)[0]
    state = run(X, y, optimizer="sgd", learning_rate=0.3, epochs=200)
    found = [*state.weights.ravel(), *state.bias.ravel()]
    np.testing.assert_allclose(found, exact, atol=1e-8)


def test_l2_finds_the_closed_form():
    """Mean squared error + wd/2·w²: (XᵀX/n + wd/2) w = Xᵀy/n."""
    X, y = plane()
    exact = np.linalg.solve(X.T @ X / 200 + np.eye(3) / 2, X.T @ y / 200)
    state = run(
        X, y, optimizer="sgd", learning_rate=0.2, epochs=200, wd=1, use_bias="false"
    )
    np.testing.assert_allclose(state.weights.ravel(), exact, atol=1e-8)
    assert state.bias.ravel().tolist() == [0]


def test_l1_takes_a_useless_feature_out():
    X, y = plane()
    X = np.column_stack([X, np.random.default_rng(5).normal(size=len(X))])
    options = {"optimizer": "sgd", "learning_rate": 0.01, "epochs": 400}
    free, pulled = run(X, y, **options), run(X, y, l1=0.2, **options)
    assert abs(pulled.weights[3, 0, 0]) < 0.01 < abs(pulled.weights[2, 0, 0])
    assert np.abs(pulled.weights).sum() < np.abs(free.weights).sum()


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rmsprop"])
def test_logistic_finds_what_scikit_learn_finds(optimizer):
    X, y = yes_or_no()
    exact = LogisticRegression(C=np.inf, tol=1e-8).fit(X, y)
    rate = {"sgd": 1, "adam": 0.05, "rmsprop": 0.01}[optimizer]
    state = run(
        X, y, "binary_classifier", optimizer=optimizer, learning_rate=rate, epochs=800
    )
    np.testing.assert_allclose(state.weights.ravel(), exact.coef_.ravel(), atol=0.01)
    np.testing.assert_allclose(state.bias.ravel(), exact.intercept_, atol=0.01)


def test_softmax_finds_what_scikit_learn_finds():
    random = np.random.default_rng(2)
    X, y = random.normal(size=(300, 2)), random.integers(0, 3, 300)
    X += np.array([[1, 0], [0, 1], [-1, 0]])[y]
    exact = LogisticRegression(C=np.inf, tol=1e-8).fit(X, y)
    state = run(
        X, y, "multiclass_classifier", 3, num_classes=3, optimizer="sgd",
        learning_rate=1, epochs=500,
    )  # fmt: skip
    scores = state.scores(X)[:, 0]
    expected = exact.decision_function(X)
    np.testing.assert_allclose(
        scores - scores[:, :1], expected - expected[:, :1], atol=0.01
    )


@pytest.mark.parametrize(
    "loss, share_below", [("quantile_loss", 0.9), ("absolute_loss", 0.5)]
)
def test_quantiles(loss, share_below):
    """With a bias alone, the quantile loss finds the quantile, the absolute one the median."""
    y = np.random.default_rng(3).exponential(size=500)
    state = run(
        np.zeros((500, 1)), y, loss=loss, quantile=0.9, optimizer="sgd",
        learning_rate=0.02, epochs=1500,
    )  # fmt: skip
    assert (y < state.bias[0, 0]).mean() == pytest.approx(share_below, abs=0.02)


@pytest.mark.parametrize(
    "loss",
    ["huber_loss", "eps_insensitive_squared_loss", "eps_insensitive_absolute_loss"],
)
def test_the_other_losses_find_the_plane(loss):
    X, y = plane(noise=0)
    state = run(X, y, loss=loss, optimizer="adam", learning_rate=0.02, epochs=800)
    np.testing.assert_allclose(state.weights.ravel(), [1.5, -2, 0.5], atol=0.03)


def test_hinge_loss_separates():
    X = np.array([[2.0, 1], [3, 2], [-2, -1], [-3, -1]])
    y = np.array([1.0, 1, 0, 0])
    state = run(X, y, "binary_classifier", loss="hinge_loss", epochs=100)
    assert ((state.scores(X)[:, 0] > 0) == y).all() and state.losses[0] < 0.01


def test_momentum_is_faster_downhill():
    X, y = plane()
    options = {"optimizer": "sgd", "learning_rate": 0.01, "epochs": 20}
    slow, fast = run(X, y, **options), run(X, y, momentum=0.9, **options)
    assert fast.losses[0] < slow.losses[0] / 2


def test_the_schedule_shrinks_the_steps():
    """Factor 0.1 after every batch, to 0.001 at the least: 0.1 + 0.01 + 0.001 + 0.001."""
    settings = {"use_lr_scheduler": "true", "lr_scheduler_step": 1}
    settings |= {"lr_scheduler_factor": 0.1, "lr_scheduler_minimum_lr": 0.001}
    state = run(
        np.zeros((1, 1)), np.array([100.0]), loss="absolute_loss", optimizer="sgd",
        learning_rate=0.1, epochs=4, **settings,
    )  # fmt: skip
    assert state.bias[0, 0] == pytest.approx(0.112)


def test_bias_multipliers():
    X, y = np.zeros((1, 1)), np.array([100.0])
    options = {"loss": "absolute_loss", "optimizer": "sgd", "learning_rate": 0.1}
    state = run(X, y, epochs=1, bias_lr_mult=5, **options)
    assert state.bias[0, 0] == pytest.approx(0.5)
    # the second step: 0.5 × (1 − 0.5 × 2 × 0.5) further
    state = run(X, y, epochs=2, bias_lr_mult=5, wd=2, bias_wd_mult=0.5, **options)
    assert state.bias[0, 0] == pytest.approx(0.5 + 0.5 * (1 - 0.5))


def test_models_side_by_side_are_those_alone():
    """The weights of each are what it finds by itself: the fleet shares only the batches."""
    X, y = yes_or_no()
    options = {"kind": "binary_classifier", "learning_rate": 0.05, "epochs": 3}
    together = run(X, y, num_models=8, l1="auto", wd="auto", **options)
    for model in (0, 3):
        wd = (0.0, 1e-5, 1e-4, 1e-2)[model]
        alone = run(X, y, wd=wd, **options)
        np.testing.assert_allclose(
            together.weights[:, model], alone.weights[:, 0], atol=1e-6
        )


def test_weights_by_class_are_copies_of_rows():
    X, y = yes_or_no(100)
    several = np.repeat(np.arange(100), np.where(y == 1, 3, 1))
    weights = np.array([[1.0], [3.0]]), np.array([1.0, 3.0])
    options = {"kind": "binary_classifier", "learning_rate": 0.05, "epochs": 5}
    weighted = run(X, y, weights=weights, **options)
    copied = run(X[several], y[several], **options)
    np.testing.assert_allclose(weighted.weights, copied.weights, atol=1e-8)
    assert weighted.losses == pytest.approx(copied.losses)


def test_normal_start():
    X, y = plane()
    state = run(
        X, y, init_method="normal", init_sigma=3, init_bias=4, learning_rate=1e-12,
        epochs=1, num_models=500,
    )  # fmt: skip
    assert state.weights.std() == pytest.approx(3, rel=0.1)
    assert state.bias == pytest.approx(4)


def test_the_same_twice():
    X, y = plane()
    first, second = run(X, y), run(X, y)
    assert (first.weights == second.weights).all()


def test_the_grid():
    settings = parse({"predictor_type": "regressor"})
    fleet = Fleet.of(settings)
    assert len(fleet) == 32
    assert (fleet.learning_rate[0], fleet.l1[0], fleet.wd[0]) == (0.05, 0, 0)
    combinations = set(zip(fleet.learning_rate, fleet.l1, fleet.wd, strict=True))
    assert len(combinations) == 32
    fixed = Fleet.of(parse({"predictor_type": "regressor", "learning_rate": "0.3"}))
    assert (fixed.learning_rate == 0.3).all() and len(set(fixed.wd)) == 4
