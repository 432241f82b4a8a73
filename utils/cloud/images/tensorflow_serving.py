"""The TensorFlow inference container: a Keras file or a SavedModel behind ``/invocations``.

Requests and answers are those of TensorFlow Serving's REST interface, in row form
(``{"instances": […]}`` → ``{"predictions": […]}``) and in column form (``inputs`` → ``outputs``),
and what AWS's container makes of JSON without a key, of JSON Lines and of CSV. On AWS only a
SavedModel in a folder named by its version is served; ``.keras`` and ``.h5`` files are a
convenience here.
"""

import contextlib
import io
import json
import os
import sys
import traceback
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from utils.cloud.images import requirements
from utils.cloud.images.container import ClientError, InvocationError
from utils.cloud.images.user_model import CSV, JSON, import_script, plain

LINES = ("application/jsonlines", "application/jsons")


def load(model_dir: Path, environment: dict[str, str]) -> "Server":
    """Load the newest SavedModel in a model's folder, or its Keras file.

    Parameters
    ----------
    model_dir : Path
        The unpacked ``model.tar.gz``; ``code/inference.py`` in it may have ``input_handler`` and
        ``output_handler``.
    environment : dict
        Not used; every image's `load` is called alike.

    Raises
    ------
    ClientError
        If there is no model, or ``inference.py`` lacks a handler.
    ValueError
        From Keras, for a file that would have to run code of its own to be loaded.
    """
    model_dir = Path(model_dir).resolve()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    saved = [
        p.parent for p in model_dir.rglob("saved_model.pb") if p.parent.name.isdigit()
    ]
    files = sorted(p for p in model_dir.rglob("*") if p.suffix in (".keras", ".h5"))
    if saved:
        predict = _saved_model(max(saved, key=lambda folder: int(folder.name)))
    elif files:
        predict = _keras_model(files[0])
    else:
        raise ClientError(
            "the model's folder holds no SavedModel in a folder named by a number (1/, made with "
            "model.export) and no .keras or .h5 file"
        )
    return Server(predict, _handlers(model_dir))


class Server:
    """A loaded model.

    Parameters
    ----------
    predict : callable
        Takes an array, or a dictionary of arrays by the inputs' names; returns likewise.
    handlers : pair of callables, optional
        ``input_handler(data, context)`` and ``output_handler(response, context)``.
    """

    def __init__(self, predict, handlers=None):
        self._predict, self._handlers = predict, handlers

    def invoke(self, body: bytes, content_type: str, accept: str) -> tuple[bytes, str]:
        """Answer a request.

        Raises
        ------
        InvocationError
            415 for another content type, 400 for a body that the model cannot take, 500 for an
            exception in a handler. The message is JSON with the key ``error``, as on AWS.
        """
        if self._handlers is None:
            return self._predictions(_as_json(body, content_type)), JSON
        context = SimpleNamespace(
            request_content_type=content_type,
            accept_header=accept,
            model_name="model",
            model_version="1",
            method="predict",
            custom_attributes=None,
        )
        try:
            return self._handled(body, context)
        except (Exception, SystemExit) as error:
            traceback.print_exc()
            raise _fault(500, f"{type(error).__name__}: {error}") from None

    def _handled(self, body, context):
        read, write = self._handlers
        response = SimpleNamespace(status_code=200)
        try:
            request = _object(read(io.BytesIO(body), context))
            response.content = self._predictions(request)
        except InvocationError as error:
            response.status_code, response.content = (
                error.status,
                error.message.encode(),
            )
        response.text = response.content.decode("utf-8")
        response.json = lambda: json.loads(response.text)
        answer, kind = write(response, context)
        return answer.encode("utf-8") if isinstance(answer, str) else answer, kind

    def _predictions(self, request: dict) -> bytes:
        try:
            if "instances" in request:
                result = self._predict(_columns(request["instances"]))
                return json.dumps({"predictions": _rows(result)}, indent=4).encode()
            result = self._predict(_arrays(request["inputs"]))
            return json.dumps({"outputs": _lists(result)}, indent=4).encode()
        except (ValueError, TypeError, KeyError) as error:
            raise _fault(400, _first_line(error)) from None
        except Exception as error:
            # TensorFlow's own errors are no ValueErrors: a shape that does not fit is the request's
            kind = type(error).__name__
            status = (
                400 if kind in ("InvalidArgumentError", "UnimplementedError") else 500
            )
            traceback.print_exc()
            raise _fault(status, f"{kind}: {_first_line(error)}") from None


def _saved_model(folder: Path):
    import tensorflow as tf

    loaded = tf.saved_model.load(str(folder))
    if "serving_default" not in loaded.signatures:
        raise ClientError(
            f"the SavedModel {folder.name} has no signature serving_default: use model.export"
        )
    function = loaded.signatures["serving_default"]
    specs = function.structured_input_signature[1]

    def predict(data):
        if not isinstance(data, dict):
            data = {next(iter(specs)): data}
        unknown = sorted(set(data) ^ set(specs))
        if unknown:
            raise ValueError(f"inputs are {sorted(specs)}; at odds: {unknown}")
        tensors = {k: tf.constant(v, specs[k].dtype) for k, v in data.items()}
        results = {name: value.numpy() for name, value in function(**tensors).items()}
        return results if len(results) > 1 else next(iter(results.values()))

    # the function must not outlive the object that holds its variables
    predict.model = loaded
    return predict


def _keras_model(path: Path):
    import keras

    model = keras.saving.load_model(path, compile=False, safe_mode=True)

    def predict(data):
        result = model(data, training=False)
        if isinstance(result, dict):
            return {name: keras.ops.convert_to_numpy(v) for name, v in result.items()}
        return keras.ops.convert_to_numpy(result)

    return predict


def _handlers(model_dir: Path):
    folder = model_dir / "code"
    if not (folder / "inference.py").is_file():
        return None
    requirements.check(folder)
    module = import_script(folder, "inference.py", model_dir.parent)
    names = ("input_handler", "output_handler")
    if not all(hasattr(module, name) for name in names):
        raise ClientError(
            "inference.py needs input_handler(data, context) and output_handler(response, context);"
            " a handler() that talks to TensorFlow Serving itself does not run here"
        )
    return tuple(getattr(module, name) for name in names)


def _as_json(body: bytes, content_type: str) -> dict:
    kind = plain(content_type or JSON)
    if kind not in (JSON, CSV, *LINES):
        raise _fault(415, f"Unsupported Media Type: {content_type}")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _fault(400, f"the body is not UTF-8: {error}") from None
    if kind == CSV:
        return {"instances": _csv(text)}
    return _object(text)


def _object(text: str) -> dict:
    """A request as TensorFlow Serving takes it, from JSON with or without a key, or JSON Lines."""
    try:
        data = json.loads(text)
    except ValueError:
        try:
            lines = [json.loads(line) for line in text.splitlines() if line.strip()]
        except ValueError as error:
            raise _fault(400, f"JSON Parse error: {error}") from None
        data = {"instances": lines}
    if isinstance(data, dict) and ("instances" in data or "inputs" in data):
        return data
    nested = isinstance(data, list) and data and isinstance(data[0], list)
    return {"instances": data if nested else [data]}


def _csv(text: str) -> list:
    rows = [line.split(",") for line in text.splitlines() if line.strip()]
    # a cell that is no number leaves all as text, for a model that takes strings
    with contextlib.suppress(ValueError):
        rows = [[float(cell) for cell in row] for row in rows]
    return [row if len(row) > 1 else row[0] for row in rows]


def _columns(instances):
    """Rows as one array, or, where each row is an object, as an array a name."""
    if not isinstance(instances, list) or not instances:
        raise ValueError("'instances' must be a list with at least one row")
    if isinstance(instances[0], dict):
        names = list(instances[0])
        return {name: _array([row[name] for row in instances]) for name in names}
    return _array(instances)


def _arrays(inputs):
    if isinstance(inputs, dict):
        return {name: _array(values) for name, values in inputs.items()}
    return _array(inputs)


def _array(values) -> np.ndarray:
    array = np.asarray(values)
    if array.dtype == object:
        raise ValueError("the values must be numbers or strings, as many in each row")
    if array.dtype == np.float64:
        array = array.astype(np.float32)
    return array


def _rows(result) -> list:
    if not isinstance(result, dict):
        return result.tolist()
    names, columns = list(result), [values.tolist() for values in result.values()]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _lists(result):
    if isinstance(result, dict):
        return {name: values.tolist() for name, values in result.items()}
    return result.tolist()


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:500] if str(error).strip() else ""


def _fault(status: int, message: str) -> InvocationError:
    if status >= 500:
        print(message, file=sys.stderr, flush=True)
    return InvocationError(status, json.dumps({"error": message}))
