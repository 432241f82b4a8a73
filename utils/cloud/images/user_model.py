"""A customer's inference script: the contract of AWS's scikit-learn serving container.

``model_fn(model_dir)`` loads the model; ``input_fn(body, content_type)``,
``predict_fn(data, model)`` and ``output_fn(prediction, accept)`` answer a request, or
``transform_fn(model, body, content_type, accept)`` does all three. All but the first have defaults.
"""

import csv
import importlib
import io
import json
import sys
import threading
import traceback
from pathlib import Path

import numpy as np

from utils.cloud.images import opt_ml, requirements
from utils.cloud.images.container import ClientError, InvocationError

JSON, CSV, NPY = "application/json", "text/csv", "application/x-npy"
OUR_PACKAGE = __name__.partition(".")[0]


def load(model_dir: Path, environment: dict[str, str]) -> "UserModel":
    """Import the customer's inference script and let it load its model.

    Parameters
    ----------
    model_dir : Path
        The unpacked ``model.tar.gz``. Its parent stands for ``/opt/ml``.
    environment : dict
        ``SAGEMAKER_PROGRAM`` names the script, in ``code/`` below the model's folder or in the
        ``code`` folder beside it. ``SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT`` is what a request
        without ``Accept`` gets (JSON if not given).

    Raises
    ------
    ClientError
        If the script or its ``model_fn`` is missing, or a requirement is not satisfied. What
        ``model_fn`` raises comes through.
    """
    model_dir = Path(model_dir).resolve()
    program = environment.get("SAGEMAKER_PROGRAM")
    if not program:
        raise ClientError(
            "the variable SAGEMAKER_PROGRAM must name the inference script, e.g. inference.py"
        )
    folders = (model_dir / "code", model_dir.parent / "code")
    found = [folder for folder in folders if (folder / program).is_file()]
    if not found:
        places = " or ".join(
            f"/opt/ml/{f.relative_to(model_dir.parent)}" for f in folders
        )
        raise ClientError(
            f"SAGEMAKER_PROGRAM names {program!r}, which is not in {places}"
        )
    requirements.check(found[0])
    module = import_script(found[0], program, model_dir.parent)
    return UserModel(
        module, model_dir, environment.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", JSON)
    )


def import_script(folder: Path, program: str, root: Path):
    """Import `program` in `folder` as a module of its own name, with ``/opt/ml`` put right."""
    path = folder / program
    opt_ml.install(str(root))
    sys.path[:0] = dict.fromkeys((str(path.parent), str(folder)))
    if any((folder / name).exists() for name in (OUR_PACKAGE, f"{OUR_PACKAGE}.py")):
        # the script's own utils is meant, not the package that this file belongs to
        for name in [n for n in sys.modules if n.partition(".")[0] == OUR_PACKAGE]:
            del sys.modules[name]
    return importlib.import_module(path.stem)


class UserModel:
    """A script's functions and the model that they share."""

    def __init__(self, module, model_dir: Path, accept: str = JSON):
        model_fn = getattr(module, "model_fn", None)
        self._transform = getattr(module, "transform_fn", None)
        parts = {
            name: getattr(module, name, None)
            for name in ("input_fn", "predict_fn", "output_fn")
        }
        if model_fn is None:
            raise ClientError(
                f"{module.__name__}.py has no model_fn(model_dir), which loads the model"
            )
        if self._transform and any(parts.values()):
            raise ClientError(
                f"{module.__name__}.py has transform_fn beside input_fn, predict_fn or output_fn: "
                "use one way or the other"
            )
        self._input = parts["input_fn"] or default_input_fn
        self._predict = parts["predict_fn"] or default_predict_fn
        self._output = parts["output_fn"] or default_output_fn
        self._accept = accept
        # AWS's server is one process a core with one request at a time each: a script may rely
        # on it
        self._lock = threading.Lock()
        self._model = model_fn(str(model_dir))

    def invoke(self, body: bytes, content_type: str, accept: str) -> tuple[bytes, str]:
        """Answer a request.

        Parameters
        ----------
        body : bytes
        content_type : str
            JSON if empty. A script gets JSON and CSV as text, anything else as bytes.
        accept : str
            Empty or ``*/*``: the default.

        Raises
        ------
        InvocationError
            400, 415 and 406 from the default functions; 500 for an exception in the script, with
            its type and message; the traceback goes to the log.
        """
        content_type = content_type or JSON
        accept = self._accept if accept in (None, "", "*/*") else accept
        try:
            if plain(content_type) in (JSON, CSV):
                body = body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise InvocationError(400, f"the body is not UTF-8: {error}") from None
        try:
            with self._lock:
                return self._answer(self._call(body, content_type, accept), accept)
        except InvocationError:
            raise
        except (Exception, SystemExit) as error:
            traceback.print_exc()
            raise InvocationError(500, f"{type(error).__name__}: {error}") from None

    def _call(self, body, content_type, accept):
        if self._transform:
            return self._transform(self._model, body, content_type, accept)
        data = self._input(body, content_type)
        return self._output(self._predict(data, self._model), accept)

    @staticmethod
    def _answer(result, accept) -> tuple[bytes, str]:
        if isinstance(result, tuple):
            result, accept = result
        if hasattr(result, "get_data"):  # a Flask response
            result, accept = result.get_data(), result.mimetype
        if isinstance(result, str):
            result = result.encode("utf-8")
        if not isinstance(result, bytes | bytearray):
            raise TypeError(
                f"the script answered with {type(result).__name__}; return text or bytes, or a "
                "pair of these and the content type"
            )
        return bytes(result), accept


def default_input_fn(body, content_type: str) -> np.ndarray:
    """CSV, JSON or NPY as an array; CSV and JSON as float32.

    As in AWS's container, one line of CSV is an array of one dimension, which most models refuse:
    write an ``input_fn`` that reshapes it, or send JSON.

    Raises
    ------
    InvocationError
        415 for another content type, 400 for a body that is not what it is said to be.
    """
    kind = plain(content_type)
    if kind not in (JSON, CSV, NPY):
        raise InvocationError(
            415,
            f"Content type {content_type} is not supported by this framework: send {JSON}, {CSV} "
            f"or {NPY}, or write an input_fn",
        )
    try:
        if kind == NPY:
            return np.load(io.BytesIO(body), allow_pickle=False)
        if kind == JSON:
            return np.array(json.loads(body)).astype(np.float32)
        rows = list(csv.reader(io.StringIO(body), strict=True))
        return np.array(rows).squeeze().astype(np.float32)
    except (ValueError, TypeError, EOFError, csv.Error) as error:
        raise InvocationError(
            400, f"the body is not {kind} of numbers: {error}"
        ) from None


def default_predict_fn(data, model):
    """``model.predict(data)``."""
    return model.predict(data)


def default_output_fn(prediction, accept: str) -> tuple[bytes, str]:
    """An array, or what can become one, as JSON, CSV or NPY.

    Raises
    ------
    InvocationError
        406 for another content type.
    """
    kind = plain(accept)
    if kind == JSON:
        return json.dumps(
            prediction, default=lambda value: value.tolist()
        ).encode(), JSON
    if kind == CSV:
        rows = np.asarray(prediction)
        rows = rows.reshape(-1, 1) if rows.ndim < 2 else rows
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows.tolist())
        return text.getvalue().encode(), CSV
    if kind == NPY:
        buffer = io.BytesIO()
        np.save(buffer, np.asarray(prediction), allow_pickle=False)
        return buffer.getvalue(), NPY
    raise InvocationError(
        406,
        f"Content type {accept} is not supported by this framework: accept {JSON}, {CSV} or "
        f"{NPY}, or write an output_fn",
    )


def plain(content_type: str) -> str:
    """A content type without its parameters."""
    return content_type.split(";")[0].strip().lower()
