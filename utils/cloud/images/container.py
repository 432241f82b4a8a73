"""What a container sees: SageMaker's folders and files, and how it says that it failed.

On AWS the folders lie under ``/opt/ml``; here under a temporary folder that `root` names.
"""

import json
from dataclasses import dataclass
from pathlib import Path


class ClientError(Exception):
    """The request is at fault (a hyperparameter, the data): the customer can put it right."""


class AlgorithmError(Exception):
    """The algorithm or the customer's script failed."""


class InvocationError(Exception):
    """A model server's refusal: the HTTP status and the message that the client is told.

    Parameters
    ----------
    status : int
        400 for a request that cannot be understood, 415 and 406 for a content type that cannot be
        read or written, 500 for a failure of the model.
    message : str
        What was found and what is allowed.
    """

    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status, self.message = status, message


@dataclass(frozen=True)
class Container:
    """A job's folders. `root` stands for ``/opt/ml``."""

    root: Path

    @property
    def hyperparameters(self) -> dict[str, str]:
        """Name → value; every value is a string, as on AWS."""
        return self._config("hyperparameters.json")

    @property
    def channels(self) -> dict[str, dict]:
        """Channel → its settings (``ContentType``, ``TrainingInputMode``, …)."""
        return self._config("inputdataconfig.json")

    @property
    def model_dir(self) -> Path:
        """What is written here becomes ``model.tar.gz``."""
        return self.root / "model"

    @property
    def output_dir(self) -> Path:
        """``failure`` and ``data`` are read from here when the job ends."""
        return self.root / "output"

    @property
    def code_dir(self) -> Path:
        """Where a script-mode job's source archive is unpacked."""
        return self.root / "code"

    def data(self, channel: str) -> Path:
        """The folder with a channel's files."""
        return self.root / "input" / "data" / channel

    def files(self, channel: str) -> list[Path]:
        """A channel's files, in the order of their names; none: a `ClientError`."""
        found = sorted(p for p in self.data(channel).rglob("*") if p.is_file())
        if not found:
            raise ClientError(f"the channel {channel!r} has no files")
        return found

    def content_type(self, channel: str) -> str:
        """A channel's content type without its parameters, ``text/csv`` if none was given."""
        given = self.channels.get(channel, {}).get("ContentType") or "text/csv"
        return given.split(";")[0].strip().lower()

    def report(self, name: str, value: float) -> None:
        """Put a number into the job's ``FinalMetricDataList``, e.g. ``train:objective_loss``."""
        with (self.output_dir / "metrics.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps({"MetricName": name, "Value": float(value)}) + "\n")

    def fail(self, kind: str, message: str) -> None:
        """Write the failure file that becomes the job's ``FailureReason``."""
        text = f"{kind}: {message}"
        (self.output_dir / "failure").write_text(text, encoding="utf-8")

    def _config(self, name: str) -> dict:
        return json.loads((self.root / "input" / "config" / name).read_text())
