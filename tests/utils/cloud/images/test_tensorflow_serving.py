"""The TensorFlow images: trained and served once for real; the rest without TensorFlow."""

import json

import numpy as np
import pytest

from tests.utils.cloud.images.script_jobs import Server as Process
from tests.utils.cloud.images.script_jobs import job, run
from utils.cloud.images import ClientError, InvocationError
from utils.cloud.images.tensorflow_serving import Server, load

JSON = "application/json"
# TensorFlow's import takes seconds: everything that needs it is in these two processes
TRAIN = """
    import pathlib
    import keras
    import numpy as np
    from utils.cloud.images import tensorflow_serving

    x = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0], [3.0, 1.0]])
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(loss="mean_squared_error", optimizer="sgd")
    model.fit(x, x.sum(axis=1), epochs=2, verbose=2)
    model.set_weights([np.array([[1.0], [2.0]]), np.array([0.5])])
    model.export("/opt/ml/model/1")

    for suffix in ("keras", "h5"):
        folder = pathlib.Path("/opt/ml") / suffix
        folder.mkdir()
        model.save(folder / f"model.{suffix}")
        server = tensorflow_serving.load(folder, {})
        print(suffix, server.invoke(b"1,2", "text/csv", "")[0].split())

    hostile = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda x: x)])
    for suffix in ("keras", "h5"):
        folder = pathlib.Path("/opt/ml/hostile") / suffix
        folder.mkdir(parents=True)
        hostile.save(folder / f"model.{suffix}")
        try:
            tensorflow_serving.load(folder, {})
        except ValueError as error:
            print("refused", suffix, type(error).__name__)
"""


def test_trained_and_served(tmp_path):
    """x₁ + 2x₂ + 0.5 is 5.5 at (1, 2) and 11.5 at (3, 4)."""
    container = job(tmp_path, {"train.py": TRAIN}, sagemaker_program="train.py")
    outcome = run(container, "tensorflow-training", "train")
    assert outcome.returncode == 0, outcome.stdout
    assert "Epoch 2/2" in outcome.stdout
    for suffix in ("keras", "h5"):
        assert (
            f"{suffix} [b'{{', b'\"predictions\":', b'[', b'[', b'5.5'"
            in outcome.stdout
        )
        assert f"refused {suffix} ValueError" in outcome.stdout
    server = Process(container.root, "tensorflow-inference")
    try:
        check(server)
    finally:
        server.stop()


def check(server):
    def predictions(body, kind=JSON):
        status, content_type, text = server.ask(body, kind)
        assert (status, content_type) == (200, JSON), text
        return json.loads(text)

    expected = {"predictions": [[5.5], [11.5]]}
    assert predictions('{"instances": [[1, 2], [3, 4]]}') == expected
    assert predictions("[[1, 2], [3, 4]]") == expected
    assert predictions("1,2\n3,4\n", "text/csv") == expected
    assert predictions("[1, 2]\n[3, 4]\n", "application/jsonlines") == expected
    assert predictions('{"inputs": [[1, 2]]}') == {"outputs": [[5.5]]}
    status, _, text = server.ask('{"instances": [[1, 2, 3]]}', JSON)
    assert status == 400 and json.loads(text)["error"]


def total(data):
    """Stands for a model: the sum of a row, twice the sum where inputs have names."""
    if isinstance(data, dict):
        return {"sum": data["a"] + data["b"], "twice": 2 * (data["a"] + data["b"])}
    return np.asarray(data).sum(axis=1)


def asked(body, content_type=JSON, handlers=None):
    answer, kind = Server(total, handlers).invoke(body.encode(), content_type, JSON)
    assert kind == JSON
    return json.loads(answer)


def test_inputs_and_outputs_with_names():
    rows = [{"a": 1, "b": 2}, {"a": 3, "b": 4}]
    expected = [{"sum": 3, "twice": 6}, {"sum": 7, "twice": 14}]
    assert asked(json.dumps({"instances": rows})) == {"predictions": expected}
    columns = {"inputs": {"a": [1, 3], "b": [2, 4]}}
    assert asked(json.dumps(columns)) == {"outputs": {"sum": [3, 7], "twice": [6, 14]}}


def test_one_row_of_json_without_a_key():
    assert asked("[1, 2]") == {"predictions": [3]}


@pytest.mark.parametrize(
    "body", ['{"instances": []}', '{"instances"', "[[1], [2, 3]]", '[{"a": 1}]', "1"]
)
def test_a_body_that_cannot_be_read(body):
    with pytest.raises(InvocationError) as caught:
        asked(body)
    assert caught.value.status == 400 and json.loads(caught.value.message)["error"]


def test_unsupported_content_type():
    with pytest.raises(InvocationError) as caught:
        asked("a", "text/html")
    assert caught.value.status == 415
    assert caught.value.message == '{"error": "Unsupported Media Type: text/html"}'


def test_handlers():
    def read(data, context):
        assert context.request_content_type == "text/lines"
        numbers = [
            [float(x) for x in line.split()] for line in data.read().splitlines()
        ]
        return json.dumps({"instances": numbers})

    def write(response, context):
        assert response.status_code == 200 and context.accept_header == JSON
        return json.dumps(response.json()["predictions"]), JSON

    assert asked("1 2\n3 4", "text/lines", (read, write)) == [3, 7]


def test_handlers_that_fail():
    def read(data, context):
        raise KeyError("no such column")

    with pytest.raises(InvocationError) as caught:
        asked("1", handlers=(read, None))
    assert caught.value.status == 500
    assert json.loads(caught.value.message) == {"error": "KeyError: 'no such column'"}


def test_no_model(tmp_path):
    with pytest.raises(ClientError, match="no SavedModel"):
        load(tmp_path, {})
