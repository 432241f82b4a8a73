"""Linear Learner's model file, as AWS's container writes it, so that either side loads the other's.

``model_algo-1`` in the model folder is a zip file of

- ``manifest.json``: ``{"additional-params.json": "json", "mx-mod": "mxnet_module", "version": 1}``;
- ``additional-params.json``: ``predictor_type``, ``loss_type``, ``threshold`` (an answer beyond it
  is a yes) and ``metrics_params``, which repeats the threshold and the settings of the metrics;
- ``mx-mod-symbol.json``: MXNet's graph data · fc0_weight + fc0_bias → output;
- ``mx-mod-0000.params``: MXNet's file of the arrays ``arg:fc0_weight``, of shape (features,
  outputs), and ``arg:fc0_bias``, of shape (1, outputs).

Sourced, from two models that their owners published with the files of AWS's container beside them
(nschmeller/covid-19-devpost, a regressor; maximelavech/fake_news_detection, a binary classifier):
the four files, the keys and their order, both shapes, the graph with ``dot``, ``broadcast_add`` and
``LogisticRegressionOutput`` or ``LinearRegressionOutput``. As the graph has no other node, the
normalisation must lie in the weights. Assumed: that the prefix ``arg:`` is MXNet's usual one; that
a multiclass model has ``SoftmaxOutput`` and one column a class; that other losses have
``LinearRegressionOutput``; that an answer equal to the threshold is a yes; that a model without
bias has no ``fc0_bias``.
"""

import io
import json
import os
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from utils.cloud.images import ndarray_list
from utils.cloud.images.container import ClientError
from utils.cloud.images.linear_learner.hyperparameters import BINARY, LOSSES, MULTI

FILE = "model_algo-1"
PARAMS, SYMBOL = "mx-mod-0000.params", "mx-mod-symbol.json"
EXTRA, MANIFEST = "additional-params.json", "manifest.json"
LARGEST = 1024**3
# zipfile says RuntimeError of an encrypted member and NotImplementedError of a compression that it
# does not know; json says RecursionError of brackets nested too deeply.
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, OSError)
UNFIT = (ValueError, TypeError, KeyError, RuntimeError, OverflowError)
HEADS = {
    "logistic": "LogisticRegressionOutput",
    "softmax_loss": "SoftmaxOutput",
}
# What metrics_params says of a loss's or a criterion's setting, null where it has no part.
SETTINGS_OF = {
    "huber_loss": ("huber_delta",),
    "quantile_loss": ("quantile",),
    "hinge_loss": ("margin",),
    "eps_insensitive_squared_loss": ("loss_insensitivity",),
    "eps_insensitive_absolute_loss": ("loss_insensitivity",),
}


@dataclass(frozen=True)
class Model:
    """A trained model on the scale of the raw data.

    Attributes
    ----------
    weights : ndarray of float32, shape (features, outputs)
    bias : ndarray of float32, shape (outputs,)
    predictor_type, loss : str
    threshold : float
        An answer from here up is a yes (binary classifier only).
    """

    weights: np.ndarray
    bias: np.ndarray
    predictor_type: str
    loss: str
    threshold: float = 0.5

    def scores(self, features: np.ndarray) -> np.ndarray:
        """Scores before the logistic function or softmax, shape (rows, outputs)."""
        return features @ self.weights.astype(float) + self.bias.astype(float)


def save(folder: Path, model: Model, settings: SimpleNamespace, class_weights=None):
    """Write ``model_algo-1`` into the model folder; an older one is replaced in one step."""
    arrays = {"arg:fc0_weight": np.asarray(model.weights, np.float32)}
    if settings.use_bias:
        arrays["arg:fc0_bias"] = np.asarray(model.bias, np.float32)[None]
    members = {
        EXTRA: json.dumps(_extra(model, settings, class_weights)),
        MANIFEST: json.dumps({EXTRA: "json", "mx-mod": "mxnet_module", "version": 1}),
        SYMBOL: json.dumps(_symbol(model, settings), indent=2),
        PARAMS: ndarray_list.dumps(arrays),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            # a fixed date: the same training gives the same bytes
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), data)
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f".{FILE}"
    unfinished.write_bytes(packed.getvalue())
    os.replace(unfinished, folder / FILE)


def load(folder: Path) -> Model:
    """Read ``model_algo-1`` from the model folder. Nothing is unpacked and nothing unpickled.

    Raises
    ------
    ClientError
        If the file is missing, is no zip file, lacks one of its members, has a name that leads
        out of it, is too large, or its contents do not fit together.
    """
    path = folder / FILE
    try:
        members = _members(path)
        extra = json.loads(members[EXTRA])
        arrays = ndarray_list.loads(members[PARAMS])
        model = _model(arrays, extra)
    except FileNotFoundError:
        raise ClientError(f"the model has no file {FILE!r}") from None
    except UNREADABLE as error:
        raise ClientError(f"{FILE} is not a readable zip file: {error}") from None
    except UNFIT as error:
        raise ClientError(f"{FILE} is not a linear-learner model: {error}") from None
    return model


def _members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        found = {}
        for info in archive.infolist():
            name = info.filename
            if name != os.path.basename(name) or name in ("", ".", ".."):
                raise ValueError(f"the name {name!r} leads out of the archive")
            if info.file_size > LARGEST:
                raise ValueError(
                    f"{name} has {info.file_size} bytes; at most {LARGEST}"
                )
            if name in (EXTRA, PARAMS):
                # no more is unpacked than was announced, whatever the archive holds
                with archive.open(info) as member:
                    found[name] = member.read(info.file_size + 1)
    missing = {EXTRA, PARAMS} - set(found)
    if missing:
        raise ValueError(f"{', '.join(sorted(missing))} is missing")
    return found


def _model(arrays, extra: dict) -> Model:
    if not isinstance(arrays, dict) or "arg:fc0_weight" not in arrays:
        raise ValueError(f"{PARAMS} has no array arg:fc0_weight")
    kind, loss = extra["predictor_type"], extra["loss_type"]
    if kind not in LOSSES or loss not in LOSSES[kind]:
        raise ValueError(f"{EXTRA} has predictor_type {kind!r} and loss_type {loss!r}")
    weights = arrays["arg:fc0_weight"]
    outputs = weights.shape[1] if weights.ndim == 2 else 0
    bias = arrays.get("arg:fc0_bias", np.zeros(outputs, np.float32)).ravel()
    if not outputs or bias.shape != (outputs,) or (outputs == 1) == (kind == MULTI):
        raise ValueError(
            f"fc0_weight has shape {weights.shape} and fc0_bias {bias.shape} for a {kind}"
        )
    if not np.isfinite(weights).all() or not np.isfinite(bias).all():
        raise ValueError("a weight is not a finite number")
    return Model(weights, bias, kind, loss, float(extra["threshold"]))


def _extra(model: Model, settings: SimpleNamespace, class_weights) -> dict:
    parts = SETTINGS_OF.get(model.loss, ())

    def setting(name):
        return getattr(settings, name) if name in parts else None

    weighted = settings.positive_example_weight_mult
    return {
        "threshold": model.threshold,
        "loss_type": model.loss,
        "metrics_params": {
            "eps_insensitive_loss_type": None,
            "class_weights": class_weights,
            "huber_delta": setting("huber_delta"),
            "quantile": setting("quantile"),
            "loss_insensitivity": setting("loss_insensitivity"),
            "positive_example_weight_mult": weighted,
            "accuracy_top_k": settings.accuracy_top_k,
            "threshold": model.threshold,
            "f_beta": settings.f_beta if model.predictor_type == BINARY else None,
            "margin": setting("margin"),
        },
        "predictor_type": model.predictor_type,
    }


def _symbol(model: Model, settings: SimpleNamespace) -> dict:
    """The graph: data · fc0_weight (+ fc0_bias) → the loss's output."""
    width, outputs = model.weights.shape
    nodes = [
        _node("data"),
        _node("fc0_weight", __shape__=f"({width}, {outputs})"),
        _node("dot0", "dot", [0, 1]),
    ]
    if settings.use_bias:
        rate = {"__lr_mult__": str(settings.bias_lr_mult)}
        nodes.append(_node("fc0_bias", **rate, __shape__=f"(1, {outputs})"))
        nodes.append(_node("broadcast_plus0", "broadcast_add", [2, 3]))
    nodes.append(_node("out_label"))
    head = HEADS.get(model.loss, "LinearRegressionOutput")
    last = len(nodes)
    nodes.append(_node(head.lower() + "0", head, [last - 2, last - 1]))
    return {
        "nodes": nodes,
        "arg_nodes": [i for i, node in enumerate(nodes) if node["op"] == "null"],
        "node_row_ptr": list(range(len(nodes) + 1)),
        "heads": [[last, 0, 0]],
        "attrs": {"mxnet_version": ["int", 10301]},
    }


def _node(name: str, op: str = "null", inputs=(), **attributes) -> dict:
    node = {"op": op, "name": name}
    if attributes:
        node["attrs"] = attributes
    return node | {"inputs": [[i, 0, 0] for i in inputs]}
