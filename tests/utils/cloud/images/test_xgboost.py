"""XGBoost behind its image: log, metrics, model file, answers, and what is refused."""

import json
import pickle
import re

import numpy as np
import pytest

from tests.utils.cloud.images.support import container, reported
from utils.cloud.images import ClientError, InvocationError, xgboost

# the package itself, not our module; an optional dependency
package = pytest.importorskip("xgboost")

HYPERPARAMETERS = {"num_round": 5, "objective": "binary:logistic", "nthread": 1}


def table(rows=200):
    random = np.random.default_rng(0)
    X = random.normal(size=(rows, 2)).round(4)
    return np.column_stack([X[:, 0] > 0, X])


def run(tmp_path, data=None, content_type="text/csv", validation=True, **given):
    data = table() if data is None else data
    channels = {"train": data} | ({"validation": data} if validation else {})
    job = container(tmp_path, HYPERPARAMETERS | given, channels, content_type)
    xgboost.train(job)
    return job


def test_log_and_metrics(tmp_path, capsys):
    job = run(tmp_path, eval_metric="error,auc")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    for number, line in enumerate(lines):
        pattern = "".join(
            rf"\t{c}-{m}:[\d.]+"
            for c in ("train", "validation")
            for m in ("error", "auc")
        )
        assert re.fullmatch(rf"\[{number}\]{pattern}", line)
    metrics = reported(job)
    assert metrics["validation:auc"] == 1 and metrics["train:error"] < 0.05
    assert lines[-1].endswith(f"validation-auc:{metrics['validation:auc']:.5f}")


def test_scores_are_the_packages_own(tmp_path):
    job = run(tmp_path)
    booster = package.train(
        {"objective": "binary:logistic", "nthread": 1},
        package.DMatrix(table()[:, 1:], label=table()[:, 0]),
        5,
    )
    expected = booster.predict(package.DMatrix(table()[:3, 1:]))
    server = xgboost.load(job.model_dir, {})
    rows = "\n".join(",".join(map(str, row[1:])) for row in table()[:3]).encode()
    body, content_type = server.invoke(rows, "text/csv", None)
    assert content_type == "text/csv"
    np.testing.assert_allclose([float(v) for v in body.decode().split(",")], expected)
    body, _ = server.invoke(rows, "text/csv", "application/json")
    scores = [one["score"] for one in json.loads(body)["predictions"]]
    np.testing.assert_allclose(scores, expected)
    batch = xgboost.load(job.model_dir, {"SAGEMAKER_BATCH": "true"})
    lines = batch.invoke(rows, "text/csv", None)[0].decode()
    assert len(lines.splitlines()) == 3 and lines.endswith("\n")


def test_libsvm(tmp_path):
    rows = "\n".join(f"{int(y)} 0:{a} 1:{b}" for y, a, b in table())
    job = run(tmp_path / "a", rows.encode(), "text/libsvm")
    same = run(tmp_path / "b")
    one = table()[0]
    text = f"0:{one[1]} 1:{one[2]}".encode()
    answers = [
        xgboost.load(job.model_dir).invoke(text, "text/x-libsvm")[0],
        xgboost.load(same.model_dir).invoke(b"1 " + text, "text/libsvm")[0],
        xgboost.load(same.model_dir).invoke(f"{one[1]},{one[2]}".encode(), "text/csv")[
            0
        ],
    ]
    assert len(set(answers)) == 1


def test_early_stopping(tmp_path, capsys):
    job = run(tmp_path, num_round=500, early_stopping_rounds=3, eval_metric="error")
    assert len(capsys.readouterr().out.splitlines()) < 100
    assert reported(job)["validation:error"] < 0.05
    assert xgboost.load(job.model_dir).invoke(b"1,1", "text/csv")


@pytest.mark.parametrize(
    "given, message",
    [
        ({"num_round": "x"}, "'num_round' is 'x'; it must be a whole number from 1"),
        ({"max_depth": "deep"}, "XGBoost refuses: .*max_depth"),
        ({"objective": "no"}, "XGBoost refuses: .*no"),
        ({"sagemaker_program": "train.py"}, "'sagemaker_program' is 'train.py'"),
    ],
)
def test_what_is_refused(tmp_path, given, message):
    with pytest.raises(ClientError, match=message):
        run(tmp_path, **given)


def test_num_round_is_needed(tmp_path):
    job = container(tmp_path, {}, {"train": table()})
    with pytest.raises(ClientError, match="'num_round' is missing"):
        xgboost.train(job)


@pytest.mark.parametrize(
    "data, content_type, message",
    [
        (b"1,2\n1,x\n", "text/csv", "part, line 2, column 2: 'x'"),
        (b"1 0:1\n1 0;1\n", "text/libsvm", "part, line 2: '0;1' is not index:value"),
        (b"x 0:1\n", "text/libsvm", "part, line 1"),
        (b"nan 0:1\n", "text/libsvm", "XGBoost refuses: .*[Ll]abel"),
        (b"1 99999999999:1\n", "text/libsvm", "is not index:value"),
        (b"", "text/libsvm", "empty"),
        (b"", "application/x-parquet", "it must be text/csv or text/libsvm"),
    ],
)
def test_wrong_data(tmp_path, data, content_type, message):
    with pytest.raises(ClientError, match=message):
        run(tmp_path, data, content_type)


@pytest.mark.parametrize(
    "body, content_type, status, message",
    [
        (b"1,2,3", "text/csv", 400, "3 features; the model expects 2"),
        (b"0:1 x", "text/libsvm", 400, "row 1: 'x' is not index:value"),
        (b"0:1 2:1", "text/libsvm", 400, "feature 2; the model has 2, from 0 up"),
        (b"", "text/libsvm", 400, "no rows"),
        (b"", "application/json", 415, "it must be text/csv or text/libsvm"),
    ],
)
def test_wrong_requests(tmp_path, body, content_type, status, message):
    server = xgboost.load(run(tmp_path, validation=False).model_dir)
    with pytest.raises(InvocationError, match=message) as found:
        server.invoke(body, content_type)
    assert found.value.status == status


class Trap:
    def __reduce__(self):
        return (exec, ("raise SystemExit('unpickled')",))


@pytest.mark.parametrize(
    "data, message",
    [
        (pickle.dumps(Trap()), "not a model in XGBoost's JSON or UBJSON"),
        (b"binf....", "not a model in XGBoost's JSON or UBJSON"),
        (b'{"learner": 1}', "cannot be read by XGBoost"),
    ],
)
def test_model_files_that_are_refused(tmp_path, data, message):
    with pytest.raises(ClientError, match="no file 'xgboost-model'"):
        xgboost.load(tmp_path)
    (tmp_path / "xgboost-model").write_bytes(data)
    with pytest.raises(ClientError, match=message):
        xgboost.load(tmp_path)


def test_the_package_may_be_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "xgboost", None)
    with pytest.raises(ClientError, match="pip install xgboost-cpu"):
        xgboost.load(tmp_path)
    with pytest.raises(ClientError, match="pip install xgboost-cpu"):
        run(tmp_path / "a")
