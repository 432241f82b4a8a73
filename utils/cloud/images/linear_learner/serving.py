"""A Linear Learner model behind an endpoint.

The answers are those of the developer guide ("Linear learner response formats"). CSV is not among
them: the same members in the same order, separated by commas, are our own addition.
"""

import json
from pathlib import Path

import numpy as np

from utils.cloud.images import payload
from utils.cloud.images.linear_learner import artefact
from utils.cloud.images.linear_learner.hyperparameters import BINARY, MULTI
from utils.cloud.images.linear_learner.losses import answer

OFFERED = (payload.JSON, payload.JSON_LINES, payload.RECORDIO, payload.CSV)


class Server:
    """Answers requests with a model's predictions."""

    def __init__(self, model: artefact.Model):
        self.model = model
        self.weights = model.weights.astype(float)
        self.bias = model.bias.astype(float)

    def predict(self, features: np.ndarray) -> list[dict]:
        """One dict a row: ``score`` and, for classifiers, ``predicted_label``.

        Parameters
        ----------
        features : ndarray, shape (rows, features)
        """
        model = self.model
        answers = answer(features @ self.weights + self.bias, model.loss)
        if model.predictor_type == MULTI:
            return [
                {"score": score, "predicted_label": label}
                for score, label in zip(
                    answers.tolist(), answers.argmax(axis=1).tolist(), strict=True
                )
            ]
        scores = answers[:, 0].tolist()
        if model.predictor_type == BINARY:
            return [
                {"score": score, "predicted_label": int(score >= model.threshold)}
                for score in scores
            ]
        return [{"score": score} for score in scores]

    def invoke(
        self, body: bytes, content_type: str | None = None, accept: str | None = None
    ) -> tuple[bytes, str]:
        """Answer one request.

        Parameters
        ----------
        body : bytes
            CSV without a label, ``{"instances": [{"features": […]}]}``, JSON Lines of such
            instances, or RecordIO-protobuf.
        content_type, accept : str, optional
            CSV in and JSON out if not given.

        Returns
        -------
        body, content_type : bytes, str

        Raises
        ------
        InvocationError
            400, 406 or 415: see `payload`.
        """
        kind = payload.accepted(accept, OFFERED, payload.JSON)
        features = payload.rows(body, content_type, len(self.weights))
        predictions = self.predict(features)
        if kind == payload.JSON:
            return json.dumps({"predictions": predictions}).encode(), kind
        if kind == payload.JSON_LINES:
            return payload.json_lines(predictions), kind
        if kind == payload.RECORDIO:
            return payload.records(predictions), kind
        return "".join(map(_line, predictions)).encode(), kind


def _line(prediction: dict) -> str:
    cells = np.hstack(list(prediction.values())).tolist()
    if "predicted_label" in prediction:
        cells[-1] = prediction["predicted_label"]
    return ",".join(map(repr, cells)) + "\n"


def load(model_dir: Path, environment: dict[str, str] | None = None) -> Server:
    """The server of the model in a folder; `environment` changes nothing here.

    Raises
    ------
    ClientError
        If the folder holds no Linear Learner model: see `artefact.load`.
    """
    return Server(artefact.load(Path(model_dir)))
