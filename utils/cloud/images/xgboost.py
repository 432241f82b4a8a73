"""The built-in algorithm XGBoost, by the package xgboost (its CPU-only build: xgboost-cpu).

The hyperparameters are XGBoost's own, passed through; ``num_round`` is required. The model file
``xgboost-model`` is XGBoost's own UBJSON (JSON is read too); pickles and the old binary format are
refused. As in AWS's container, an answer in CSV has its scores in one line, separated by commas,
and in a batch transform (``SAGEMAKER_BATCH``) one a line.
"""

import importlib
import json
from pathlib import Path

import numpy as np

from utils.cloud.images import formats, payload
from utils.cloud.images.container import ClientError, Container, InvocationError
from utils.cloud.images.options import Number

FILE = "xgboost-model"
LIBSVM, CSV = "text/libsvm", payload.CSV
ALIASES = {"text/x-libsvm": LIBSVM, "libsvm": LIBSVM, "csv": CSV}
OWN = ("num_round", "early_stopping_rounds", "eval_metric")
REFUSED = ("sagemaker_program", "sagemaker_submit_directory", "csv_weights")
WIDEST = 10_000_000


def _package():
    """The package; a `ClientError` that names it if it is not installed."""
    try:
        # this file has the package's name, but lies in another folder
        return importlib.import_module("xgboost")
    except ImportError:
        raise ClientError(
            "the image sagemaker-xgboost needs the package xgboost, which is not installed: "
            "pip install xgboost-cpu"
        ) from None


def train(container: Container) -> None:
    """Run a training job: read ``train`` (and ``validation``), boost, write ``xgboost-model``.

    Raises
    ------
    ClientError
        If the package is missing, or a hyperparameter or the data are at fault.
    """
    xgboost = _package()
    parameters, own = _split(container.hyperparameters)
    channels = [
        name
        for name in ("train", "validation")
        if name == "train" or name in container.channels
    ]
    history: dict = {}

    def line(text: str) -> None:
        print(text.rstrip("\n"), flush=True)

    try:
        watched = [(_read(xgboost, container, name), name) for name in channels]
        booster = xgboost.train(
            parameters,
            watched[0][0],
            own["num_round"],
            evals=watched,
            evals_result=history,
            early_stopping_rounds=own["early_stopping_rounds"],
            callbacks=[xgboost.callback.EvaluationMonitor(logger=line)],
            verbose_eval=False,
        )
    except xgboost.core.XGBoostError as error:
        raise ClientError(f"XGBoost refuses: {_first_line(error)}") from None
    best = own["early_stopping_rounds"] and booster.best_iteration
    for channel, metrics in history.items():
        for name, values in metrics.items():
            container.report(f"{channel}:{name}", values[-1 if best is None else best])
    container.model_dir.mkdir(parents=True, exist_ok=True)
    (container.model_dir / FILE).write_bytes(bytes(booster.save_raw("ubj")))


def _first_line(error: Exception) -> str:
    """XGBoost's own message without its stack of C++ functions."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[0].split(": ", 1)[-1] if lines else type(error).__name__


def _split(given: dict[str, str]) -> tuple[dict, dict]:
    """XGBoost's parameters, and those that steer the training."""
    for name in REFUSED:
        if given.get(name, "0") != "0":
            raise ClientError(
                f"the hyperparameter {name!r} is {given[name]!r}; it is not available here: "
                "leave it out"
            )
    own = {}
    for name in ("num_round", "early_stopping_rounds"):
        kind, text = Number(1, whole=True), given.get(name)
        try:
            own[name] = None if text is None else kind.read(str(text).strip())
        except ValueError:
            raise ClientError(
                f"the hyperparameter {name!r} is {text!r}; it must be {kind}"
            ) from None
    if own["num_round"] is None:
        raise ClientError(
            "the hyperparameter 'num_round' is missing; it must be a whole number from 1"
        )
    parameters = {
        k: v for k, v in given.items() if k not in (*OWN, *REFUSED) and k[0] != "_"
    }
    if "eval_metric" in given:
        parameters["eval_metric"] = [
            part.strip(" '\"[]") for part in given["eval_metric"].split(",")
        ]
    return parameters, own


def _read(xgboost, container: Container, channel: str):
    content_type = container.content_type(channel)
    content_type = ALIASES.get(content_type, content_type)
    if content_type == CSV:
        features, labels = formats.read_channel(container, channel, True, CSV)
    elif content_type == LIBSVM:
        features, labels = _read_libsvm(container.files(channel))
    else:
        raise ClientError(
            f"the channel {channel!r} has the content type {content_type!r}; it must be "
            f"{CSV} or {LIBSVM}"
        )
    return xgboost.DMatrix(features, label=labels)


def _read_libsvm(paths: list[Path]):
    """All files as one sparse table; what a row does not name is missing."""
    rows, labels = [], []
    for path in paths:
        for number, text in enumerate(
            path.read_text("utf-8", "replace").splitlines(), 1
        ):
            if text.strip():
                try:
                    label, row = libsvm_row(text, labelled=True)
                except ValueError as error:
                    raise ClientError(f"{path.name}, line {number}: {error}") from None
                labels.append(label)
                rows.append(row)
    if not rows:
        raise ClientError("the channel's files are empty")
    return sparse(rows), np.array(labels)


def libsvm_row(text: str, labelled: bool) -> tuple[float | None, dict[int, float]]:
    """A line ``label index:value index:value …`` as the label and index → value.

    Raises
    ------
    ValueError
        If it is not of that form. Without `labelled` a label may stand there and is ignored.
    """
    cells = text.split()
    label = None
    if labelled or (cells and ":" not in cells[0]):
        label = float(cells.pop(0))
    row = {}
    for cell in cells:
        index, colon, value = cell.partition(":")
        if not colon or not index.isdigit() or int(index) >= WIDEST:
            raise ValueError(f"{cell!r} is not index:value")
        row[int(index)] = float(value)
    return label, row


def sparse(rows: list[dict[int, float]], width: int | None = None):
    """Rows as a sparse matrix."""
    from scipy.sparse import csr_matrix

    ends = np.cumsum([0, *map(len, rows)])
    indices = [index for row in rows for index in row]
    values = [value for row in rows for value in row.values()]
    width = width or max(indices, default=0) + 1
    return csr_matrix((values, indices, ends), shape=(len(rows), width))


class Server:
    """Answers requests with a booster's scores."""

    def __init__(self, xgboost, booster, batch: bool = False):
        self.xgboost, self.booster, self.batch = xgboost, booster, batch
        self.width = booster.num_features()
        self.end = (0, booster.best_iteration + 1) if _stopped(booster) else (0, 0)

    def invoke(
        self, body: bytes, content_type: str | None = None, accept: str | None = None
    ) -> tuple[bytes, str]:
        """Answer one request with CSV, or JSON if ``Accept`` says so.

        Raises
        ------
        InvocationError
            400, 406 or 415: see `payload`.
        """
        kind = payload.accepted(accept, (CSV, payload.JSON), CSV)
        name = payload.plain(content_type) or CSV
        name = ALIASES.get(name, name)
        if name == LIBSVM:
            features = self._libsvm(body)
        elif name == CSV:
            features = payload.rows(body, CSV, self.width)
        else:
            raise InvocationError(
                415, f"ContentType is {name!r}; it must be {CSV} or {LIBSVM}"
            )
        matrix = self.xgboost.DMatrix(features)
        scores = self.booster.predict(
            matrix, iteration_range=self.end, validate_features=False
        ).tolist()
        if kind == payload.JSON:
            document = {"predictions": [{"score": score} for score in scores]}
            return json.dumps(document).encode(), kind
        text = ("\n" if self.batch else ",").join(map(str, scores))
        return (text + "\n" * self.batch).encode(), kind

    def _libsvm(self, body: bytes):
        rows = []
        text = body.decode("utf-8", "replace")
        for number, line in enumerate((t for t in text.splitlines() if t.strip()), 1):
            try:
                _, row = libsvm_row(line, labelled=False)
            except ValueError as error:
                raise InvocationError(400, f"row {number}: {error}") from None
            if row and max(row) >= self.width:
                raise InvocationError(
                    400,
                    f"row {number}: feature {max(row)}; the model has {self.width}, from 0 up",
                )
            rows.append(row)
        if not rows:
            raise InvocationError(400, "the body has no rows")
        return sparse(rows, self.width)


def _stopped(booster) -> bool:
    return booster.attr("best_iteration") is not None


def load(model_dir: Path, environment: dict[str, str] | None = None) -> Server:
    """The server of the model in a folder.

    Parameters
    ----------
    model_dir : Path
        With the file ``xgboost-model``.
    environment : dict, optional
        ``SAGEMAKER_BATCH`` set: one score a line.

    Raises
    ------
    ClientError
        If the package is missing, or the file is missing or no model in JSON or UBJSON.
    """
    xgboost = _package()
    path = Path(model_dir) / FILE
    if not path.is_file():
        raise ClientError(f"the model has no file {FILE!r}")
    data = path.read_bytes()
    # both formats begin with a brace; a pickle does not, and is never opened
    if data[:1] != b"{":
        raise ClientError(
            f"{FILE} is not a model in XGBoost's JSON or UBJSON; save it with save_model"
        )
    booster = xgboost.Booster()
    try:
        booster.load_model(bytearray(data))
    except xgboost.core.XGBoostError as error:
        raise ClientError(
            f"{FILE} cannot be read by XGBoost: {_first_line(error)}"
        ) from None
    batch = (environment or {}).get("SAGEMAKER_BATCH", "").lower() == "true"
    return Server(xgboost, booster, batch)
