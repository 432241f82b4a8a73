"""K-Means: clouds that are known, both response shapes, and what is refused."""

import json
import os
import struct
import subprocess
import sys

import numpy as np
import pytest

from tests.utils.cloud.images.support import container, reported
from utils.cloud.images import ClientError, InvocationError, ndarray_list, recordio
from utils.cloud.images.kmeans import Server, load, train

UNLABELLED = "text/csv;label_size=0"
CENTRES = np.array([[0.0, 0], [50, 0], [0, 50]])
HYPERPARAMETERS = {"k": 3, "feature_dim": 2}


def clouds(rows=120):
    random = np.random.default_rng(0)
    return CENTRES[np.arange(rows) % 3] + random.normal(size=(rows, 2))


def run(tmp_path, data=None, content_type=UNLABELLED, test=None, **given):
    channels = {"train": clouds() if data is None else data}
    if test is not None:
        channels["test"] = test
    job = container(tmp_path, HYPERPARAMETERS | given, channels, content_type)
    train(job)
    return job


def test_it_finds_the_clouds(tmp_path, capsys):
    job = run(tmp_path, test=clouds(30), eval_metrics='["msd","ssd"]')
    found = load(job.model_dir, {}).centres
    order = [np.abs(found - centre).sum(axis=1).argmin() for centre in CENTRES]
    np.testing.assert_allclose(found[order], CENTRES, atol=1)
    nearest = ((clouds()[:, None] - found.astype(np.float32)) ** 2).sum(-1).min(axis=1)
    metrics = reported(job)
    assert metrics["train:msd"] == pytest.approx(nearest.mean(), rel=1e-5)
    assert metrics["train:ssd"] == pytest.approx(nearest.sum(), rel=1e-5)
    assert metrics["test:msd"] < 5
    log = capsys.readouterr().out
    assert "#quality_metric: host=algo-1, train msd <loss>=" in log
    assert "#progress_metric: host=algo-1, completed 100.0 % of epochs" in log
    assert "shrinking 30 centers into 3" in log


def test_the_command_and_records(tmp_path):
    data = b"".join(
        recordio.write_record({"values": np.float32(row)}) for row in clouds()
    )
    container(tmp_path, HYPERPARAMETERS, {"train": data}, recordio.CONTENT_TYPE)
    done = subprocess.run(
        [sys.executable, "-m", "utils.cloud.images", "kmeans", "train"],
        env=os.environ | {"SAGEMAKER_BASE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert load(tmp_path / "model", {}).centres.shape == (3, 2)


@pytest.mark.parametrize(
    "given",
    [
        {"init_method": "kmeans++", "epochs": 3, "mini_batch_size": 40},
        {"extra_center_factor": 1, "init_method": "kmeans++"},
        {"local_lloyd_init_method": "random", "local_lloyd_num_trials": 20},
        {"local_lloyd_max_iter": 50, "local_lloyd_tol": 0.1},
    ],
)
def test_hyperparameters_are_honoured(tmp_path, given):
    assert reported(run(tmp_path, **given))["train:msd"] < 5


def test_the_same_twice(tmp_path):
    files = [(run(tmp_path / n).model_dir / "model_algo-1").read_bytes() for n in "ab"]
    assert files[0] == files[1]


def test_the_file_is_one_unnamed_array(tmp_path):
    arrays = ndarray_list.loads((run(tmp_path).model_dir / "model_algo-1").read_bytes())
    assert isinstance(arrays, list) and arrays[0].shape == (3, 2)
    assert arrays[0].dtype == np.float32


SERVER = Server(np.float32([[0, 0], [4, 3]]))


def test_json():
    body, content_type = SERVER.invoke(b"0,3", "text/csv", None)
    assert content_type == "application/json"
    assert body == (
        b'{"predictions": [{"closest_cluster": 0.0, "distance_to_cluster": 3.0}]}'
    )


def test_csv_and_json_lines():
    rows = b"0,3\n4,5\n"
    assert SERVER.invoke(rows, "text/csv", "text/csv")[0] == b"0.0,3.0\n1.0,2.0\n"
    lines = SERVER.invoke(rows, "text/csv", "application/jsonlines")[0].splitlines()
    assert json.loads(lines[1]) == {"closest_cluster": 1.0, "distance_to_cluster": 2.0}
    (record, _) = recordio.frames(
        SERVER.invoke(rows, "text/csv", recordio.CONTENT_TYPE)[0]
    )
    _, labels = recordio.read_record(record)
    assert {k: v.tolist() for k, v in labels.items()} == {
        "closest_cluster": [0], "distance_to_cluster": [3],
    }  # fmt: skip


def test_a_request_of_another_width():
    with pytest.raises(InvocationError, match="row 2: 1 features; the model expects 2"):
        SERVER.invoke(b"1,2\n3", "text/csv")


@pytest.mark.parametrize(
    "given, message",
    [
        ({"k": 0}, "'k' is '0'; it must be a whole number from 1"),
        ({"k": 121}, "has 120 rows; 'k' is 121"),
        ({"feature_dim": 3}, "has 2 features in a row; .*'feature_dim' is 3"),
        ({"init_method": "k-means++"}, "one of random, kmeans"),
        ({"half_life_time_size": 5}, "'half_life_time_size' is 5; .* must be 0"),
        ({"eval_metrics": '["mse"]'}, "'eval_metrics' is"),
        ({"eval_metrics": "[msd"}, "'eval_metrics' is"),
        ({"n_clusters": 3}, "unknown hyperparameter 'n_clusters'"),
    ],
)
def test_what_is_refused(tmp_path, given, message):
    with pytest.raises(ClientError, match=message):
        run(tmp_path, **given)


def test_csv_with_a_label_column(tmp_path):
    """Without label_size=0 the first column is taken for a label, as on AWS."""
    with pytest.raises(
        ClientError, match="needs the content type text/csv;label_size=0"
    ):
        run(tmp_path, content_type="text/csv")


def test_rows_that_are_all_alike(tmp_path):
    with pytest.raises(ClientError, match="fall into only 1 clusters"):
        run(tmp_path, data=np.ones((50, 2)))


@pytest.mark.parametrize(
    "data, message",
    [
        (b"PK", "is not a kmeans model"),
        (ndarray_list.dumps({"a": np.float32([[1]])}), "one unnamed table"),
        (ndarray_list.dumps([np.float32([1])]), "one unnamed table"),
        (ndarray_list.dumps([np.float32([[np.inf]])]), "not finite"),
        (struct.pack("<QQQ", 0x112, 0, 0) + bytes(8), "one unnamed table"),
    ],
)
def test_broken_files(tmp_path, data, message):
    with pytest.raises(ClientError, match="no file"):
        load(tmp_path, {})
    (tmp_path / "model_algo-1").write_bytes(data)
    with pytest.raises(ClientError, match=message):
        load(tmp_path, {})
