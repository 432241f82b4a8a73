"""Linear Learner's jobs from the channels to the model, its log and its metrics."""

import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tests.utils.cloud.images.support import (
    container,
    line,
    reported,
    three_classes,
    two_classes,
)
from utils.cloud.images import AlgorithmError, ClientError, recordio
from utils.cloud.images.linear_learner import load, train
from utils.cloud.images.linear_learner.artefact import load as load_model
from utils.cloud.images.linear_learner.hyperparameters import parse
from utils.cloud.images.linear_learner.training import Data, Scaler, class_weights

BINARY = {"predictor_type": "binary_classifier", "mini_batch_size": 100}
MULTI = {"predictor_type": "multiclass_classifier", "num_classes": 3} | {
    "mini_batch_size": 100
}
REGRESSOR = {"predictor_type": "regressor", "mini_batch_size": 100}


def run(tmp_path, hyperparameters, train_data, validation=None, test=None, **more):
    channels = {"train": train_data, "validation": validation, "test": test}
    channels = {k: v for k, v in channels.items() if v is not None}
    job = container(tmp_path, hyperparameters, channels, **more)
    train(job)
    return job


def split(table):
    return table[: len(table) // 2], table[len(table) // 2 :]


def labels_of(job, features):
    answers = load(job.model_dir, {}).predict(features)
    return np.array([one["predicted_label"] for one in answers])


def test_the_command(tmp_path):
    """The container as the cloud runs it: its log, line by line."""
    job = container(
        tmp_path, BINARY | {"epochs": 2}, dict(zip(
            ("train", "validation"), split(two_classes()), strict=True,
        )),
    )  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "utils.cloud.images", "linear-learner", "train"],
        env=os.environ | {"SAGEMAKER_BASE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line for line in done.stdout.splitlines() if line]
    stamp = r"\[\d\d/\d\d/\d{4} \d\d:\d\d:\d\d INFO \d+\] "
    name = "binary_classification_cross_entropy_objective"
    order = [
        "Reading default configuration from .*",
        "Merging with provided configuration from .*'binary_classifier'.*",
        "Final configuration: .*",
        rf"#quality_metric: host=algo-1, epoch=0, train {name} <loss>=0\.\d+",
        rf"#quality_metric: host=algo-1, epoch=0, validation {name} <loss>=0\.\d+",
        "#early_stopping_criteria_metric: host=algo-1, epoch=0, "
        r"criteria=sampled_accuracy, value=0\.\d+",
        "Epoch 0: Loss improved. Updating best model",
        "Saving model for epoch: 0",
        "#progress_metric: host=algo-1, completed 50 % of epochs",
        r"#throughput_metric: host=algo-1, train throughput=[\d.]+ records/second",
    ]
    plain = [line for line in lines if not line.startswith("#metrics")]
    for pattern, found in zip(order, plain, strict=False):
        assert re.fullmatch(stamp + pattern, found), found
    assert any(
        re.search(r"#validation_score \(algo-1\) : \('recall', 0\.\d+\)$", line)
        for line in lines
    )
    assert any(
        re.search(r"host=algo-1, validation recall <score>=0\.\d+$", line)
        for line in lines
    )
    (best,) = [line for line in lines if "Best model found for hyperparameters" in line]
    assert json.loads(best.split("hyperparameters: ")[1])["optimizer"] == "adam"
    blobs = [json.loads(line[9:]) for line in lines if line.startswith("#metrics")]
    dimensions = blobs[31]["Dimensions"]
    assert dimensions["model"] == 31 and dimensions["Algorithm"] == "Linear Learner"
    shown = blobs[0]["Metrics"][f"train_{name}"]["sum"]
    assert plain[3].endswith(f"<loss>={shown}")
    assert (job.model_dir / "model_algo-1").is_file()


def test_a_bad_request_fails_with_its_reason(tmp_path):
    container(tmp_path, {"predictor_type": "x"}, {"train": two_classes()})
    done = subprocess.run(
        [sys.executable, "-m", "utils.cloud.images", "linear-learner", "train"],
        env=os.environ | {"SAGEMAKER_BASE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    failure = (tmp_path / "output/failure").read_text()
    assert done.returncode == 2
    assert failure.startswith("ClientError: the hyperparameter 'predictor_type' is 'x'")


def test_binary_is_as_good_as_scikit_learn(tmp_path):
    trained, held_out = split(two_classes(2000))
    job = run(tmp_path, BINARY, trained, held_out, held_out)
    scaled = (trained[:, 1:] - trained[:, 1:].mean(axis=0)) / trained[:, 1:].std(axis=0)
    exact = LogisticRegression().fit(scaled, trained[:, 0])
    metrics = reported(job)
    assert metrics["validation:binary_classification_accuracy"] >= (
        exact.score(scaled, trained[:, 0]) - 0.03
    )
    right = labels_of(job, held_out[:, 1:]) == held_out[:, 0]
    assert metrics["validation:binary_classification_accuracy"] == right.mean()
    names = ("objective_loss", "binary_f_beta", "precision", "recall", "roc_auc_score")
    for name in names:
        assert metrics[f"test:{name}"] > 0
    assert metrics["validation:objective_loss:final"] == metrics["test:objective_loss"]


def test_regression_finds_the_line(tmp_path):
    options = {"epochs": 100, "num_models": 1, "wd": 0, "l1": 0, "optimizer": "sgd"}
    job = run(tmp_path, REGRESSOR | options, *split(line()))
    model = load_model(job.model_dir)
    np.testing.assert_allclose(model.weights.ravel(), [3, -2], atol=0.1)
    metrics = reported(job)
    assert (
        metrics["validation:mse"] < 0.05 and metrics["validation:absolute_loss"] < 0.2
    )
    (answer,) = load(job.model_dir, {}).predict(np.array([[100.0, 1.0]]))
    assert answer["score"] == pytest.approx(308, abs=0.1) and len(answer) == 1


def test_no_bias_and_no_normalisation(tmp_path):
    x = line()[:, 1] / 100
    job = run(
        tmp_path,
        REGRESSOR
        | {"use_bias": "false", "normalize_data": "false", "normalize_label": "false"}
        | {"optimizer": "sgd", "epochs": 50},
        np.column_stack([2 * x, x]),
    )
    model = load_model(job.model_dir)
    assert model.bias.tolist() == [0]
    assert model.weights[0, 0] == pytest.approx(2, rel=0.01)


def test_three_classes(tmp_path):
    trained, held_out = split(three_classes())
    job = run(tmp_path, MULTI, trained, held_out)
    metrics = reported(job)
    right = labels_of(job, held_out[:, 1:]) == held_out[:, 0]
    assert metrics["validation:multiclass_accuracy"] == right.mean() > 0.9
    for name in ("macro_f_beta", "macro_recall", "macro_precision", "dcg"):
        assert 0.9 < metrics[f"validation:{name}"] <= 1
    assert metrics["validation:multiclass_top_k_accuracy"] == 1


def test_balanced_classes(tmp_path):
    table = three_classes(900)
    rare = np.r_[np.flatnonzero(table[:, 0] != 2), np.flatnonzero(table[:, 0] == 2)[:9]]
    table = table[rare]
    plain = run(tmp_path / "a", MULTI, table)
    balanced = run(
        tmp_path / "b", MULTI | {"balance_multiclass_weights": "true"}, table
    )
    assert (
        reported(balanced)["train:macro_recall"] > reported(plain)["train:macro_recall"]
    )


def test_target_recall_is_reached(tmp_path):
    trained, held_out = split(two_classes(1000, share=0.2))
    criterion = {
        "binary_classifier_model_selection_criteria": "precision_at_target_recall"
    }
    recalls = []
    for number, target in enumerate((0.5, 0.95)):
        job = run(
            tmp_path / str(number), BINARY | criterion | {"target_recall": target},
            trained, held_out,
        )  # fmt: skip
        recalls.append(reported(job)["validation:recall"])
        assert recalls[-1] >= target
    assert recalls[0] < recalls[1]


def test_without_validation_the_threshold_is_set_on_train(tmp_path):
    table = two_classes(800, share=0.2)
    criterion = {
        "binary_classifier_model_selection_criteria": "recall_at_target_precision",
        "target_precision": 0.9,
    }
    job = run(tmp_path, BINARY | criterion, table)
    assert reported(job)["train:precision"] >= 0.9
    assert load_model(job.model_dir).threshold != 0.5


def test_loss_function_leaves_the_threshold(tmp_path):
    criterion = {"binary_classifier_model_selection_criteria": "loss_function"}
    job = run(tmp_path, BINARY | criterion, *split(two_classes(share=0.2)))
    assert load_model(job.model_dir).threshold == 0.5


@pytest.mark.parametrize("weight", ["20", "balanced", "auto"])
def test_positive_weights_raise_recall(tmp_path, weight):
    """At the same threshold of one half."""
    table = two_classes(1000, share=0.1)
    options = {"binary_classifier_model_selection_criteria": "loss_function"}
    if weight == "auto":
        options = {
            "binary_classifier_model_selection_criteria": "f_beta",
            "num_models": 3,
        }
    plain = run(tmp_path / "a", BINARY | options, *split(table))
    more = options | {"positive_example_weight_mult": weight}
    weighted = run(tmp_path / "b", BINARY | more, *split(table))
    if weight == "auto":
        name = "validation:binary_f_beta"
        assert reported(weighted)[name] >= reported(plain)[name] - 0.03
    else:
        assert reported(weighted)["validation:recall"] > (
            reported(plain)["validation:recall"] + 0.1
        )


def test_hinge_loss(tmp_path):
    job = run(tmp_path, BINARY | {"loss": "hinge_loss"}, *split(two_classes()))
    assert reported(job)["validation:binary_classification_accuracy"] > 0.75
    scores = [a["score"] for a in load(job.model_dir, {}).predict(two_classes()[:, 1:])]
    assert min(scores) < -1 and max(scores) > 1


def test_early_stopping(tmp_path, capsys):
    options = BINARY | {"epochs": 50, "early_stopping_patience": 2}
    run(tmp_path / "a", options, *split(two_classes()))
    log = capsys.readouterr().out
    assert "Early stop condition met. Stopping training." in log
    assert "epoch=49" not in log
    options |= {"early_stopping_patience": 51}
    run(tmp_path / "b", options, *split(two_classes()))
    assert "epoch=49" in capsys.readouterr().out


def test_the_same_job_gives_the_same_model(tmp_path):
    files = [
        (
            run(tmp_path / n, BINARY, two_classes()).model_dir / "model_algo-1"
        ).read_bytes()
        for n in "ab"
    ]
    assert files[0] == files[1]


def test_the_batch_may_be_larger_than_the_data(tmp_path, capsys):
    run(tmp_path, BINARY | {"mini_batch_size": 5000}, two_classes(50))
    assert "effective batch size is 50" in capsys.readouterr().out


def test_records_and_json_lines(tmp_path):
    table = two_classes(300).astype(np.float32)
    records = b"".join(
        recordio.write_record({"values": row[1:]}, {"values": row[:1]}) for row in table
    )
    rows = [{"label": float(y), "features": x.tolist()} for y, *x in
            ((r[0], r[1:]) for r in table) for x in x]  # fmt: skip
    lines = "\n".join(map(json.dumps, rows)).encode()
    jobs = [
        run(tmp_path / "csv", BINARY, table),
        run(tmp_path / "rec", BINARY, records, content_type=recordio.CONTENT_TYPE),
        run(tmp_path / "jsonl", BINARY, lines, content_type="application/jsonlines"),
    ]
    models = [load_model(job.model_dir) for job in jobs]
    for model in models[1:]:
        np.testing.assert_allclose(model.weights, models[0].weights, rtol=1e-3)


def test_a_constant_feature_does_no_harm(tmp_path):
    table = np.column_stack([two_classes(300), np.full(300, 7.0)])
    job = run(tmp_path, BINARY, table)
    assert np.isfinite(load_model(job.model_dir).weights).all()


@pytest.mark.parametrize(
    "hyperparameters, table, message",
    [
        (
            BINARY | {"feature_dim": 3},
            two_classes(9),
            "has 2 features.*'feature_dim' is 3",
        ),
        (BINARY, three_classes(90), "row .*: the label is 2; .* from 0 to 1"),
        (MULTI, line(9), "must be a whole number from 0 to 2"),
        (BINARY, b"", "empty"),
    ],
)
def test_data_that_do_not_fit(tmp_path, hyperparameters, table, message):
    with pytest.raises(ClientError, match=message):
        run(tmp_path, hyperparameters, table)


def test_a_validation_channel_of_another_width(tmp_path):
    with pytest.raises(ClientError, match="'validation' has 3 features"):
        run(tmp_path, BINARY, two_classes(50), np.ones((5, 4)))


def test_no_train_channel(tmp_path):
    job = container(tmp_path, BINARY, {"validation": two_classes(9)})
    with pytest.raises(ClientError, match="the channel 'train' has no files"):
        train(job)


def test_models_that_run_away(tmp_path):
    options = {"optimizer": "sgd", "learning_rate": 1e6, "normalize_data": "false"}
    options |= {"normalize_label": "false", "epochs": 100, "use_bias": "false"}
    with pytest.raises(AlgorithmError, match="try a smaller learning_rate"):
        run(tmp_path, REGRESSOR | options, line())


def test_weights_of_the_classes():
    """Nine no, one yes."""
    labels = np.array([1] + [0] * 9)

    def weights(value):
        given = BINARY | {"positive_example_weight_mult": value}
        return class_weights(labels, parse({k: str(v) for k, v in given.items()}), 3)

    assert weights("1.0") is None
    learn, count = weights("balanced")
    assert learn.tolist() == [[1, 1, 1], [9, 9, 9]] and count.tolist() == [1, 9]
    # "auto" tries three; the loss that is compared counts every row alike
    learn, count = weights("auto")
    assert learn[1].tolist() == [9, 1, 3] and count.tolist() == [1, 1]


def test_weights_of_three_classes():
    given = {"predictor_type": "multiclass_classifier", "num_classes": "3"}
    settings = parse(given | {"balance_multiclass_weights": "true"})
    learn, count = class_weights(np.array([0, 0, 0, 1, 1, 2]), settings, 2)
    assert count == pytest.approx([2 / 3, 1, 2]) and learn.shape == (3, 2)


def test_the_scaler_folds_into_the_weights():
    data = Data(line()[:, 1:], line()[:, 0])
    scaler = Scaler.of(data, parse({"predictor_type": "regressor"}))
    normal = scaler.apply(data)
    assert normal.features.mean(axis=0) == pytest.approx([0, 0], abs=1e-9)
    assert [*normal.features.std(axis=0), normal.labels.std()] == pytest.approx([1] * 3)
    weights, bias = np.array([[0.5], [2.0]]), np.array([0.3])
    scores = normal.features @ weights + bias
    expected = scores * data.labels.std() + data.labels.mean()
    raw_weights, raw_bias = scaler.fold(weights, bias)
    found = data.features @ raw_weights + raw_bias
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_the_scaler_looks_at_a_sample():
    data = Data(line()[:, 1:], line()[:, 0])
    assert len(data.sample(7).labels) == 7 and data.sample(400) is data
    settings = parse({"predictor_type": "regressor", "num_point_for_scaler": "7"})
    assert Scaler.of(data, settings).mean[0] == data.sample(7).features[:, 0].mean()


def test_calibration_on_a_sample(tmp_path):
    trained, held_out = split(two_classes())
    few = run(
        tmp_path / "a", BINARY | {"num_calibration_samples": 5}, trained, held_out
    )
    all_of_them = run(tmp_path / "b", BINARY, trained, held_out)
    assert (
        load_model(few.model_dir).threshold
        != load_model(all_of_them.model_dir).threshold
    )


def test_regression_prints_the_normalised_training_loss(tmp_path, capsys):
    """As on AWS: about 1 at the start, while the validation loss is that of the raw label."""
    run(tmp_path, REGRESSOR, *split(line()))
    log = capsys.readouterr().out
    first = re.search(r"epoch=0, train mse_objective <loss>=([\d.]+)", log)
    second = re.search(r"epoch=0, validation mse_objective <loss>=([\d.]+)", log)
    assert float(first[1]) < 2 < 20 < float(second[1])
    assert "criteria=mse_objective, value=" in log
