"""What a monitoring container is told by its variables, and what it gives back."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from utils.cloud.images.container import ClientError, Container

BASE = "/opt/ml/"


@dataclass(frozen=True)
class Settings:
    """The variables of ``processingjobconfig.json`` and the folders that they name."""

    root: Path
    environment: dict[str, str]

    @classmethod
    def of(cls, container: Container) -> "Settings":
        """A container's."""
        path = container.root / "config" / "processingjobconfig.json"
        config = json.loads(path.read_text(encoding="utf-8"))
        return cls(container.root, config.get("Environment") or {})

    def get(self, name: str, default: str | None = None) -> str | None:
        """A variable; an empty one counts as missing."""
        return self.environment.get(name) or default

    def need(self, name: str) -> str:
        """A variable that must be there."""
        value = self.get(name)
        if value is None:
            raise ClientError(
                f"the variable {name!r} is missing from the job's Environment"
            )
        return value

    def path(self, name: str) -> Path:
        """The folder or file that a variable names below ``/opt/ml``."""
        value = self.need(name)
        path = (self.root / value.removeprefix(BASE)).resolve()
        if not value.startswith(BASE) or not path.is_relative_to(self.root.resolve()):
            raise ClientError(f"{name} is {value!r}; it must lie under /opt/ml")
        return path

    @property
    def output(self) -> Path:
        """Where results go."""
        return self.path("output_path")

    @property
    def monitors(self) -> bool:
        """Whether a schedule runs it; otherwise it is a baselining job."""
        return self.get("sagemaker_monitoring_schedule_name") is not None

    @property
    def window(self) -> tuple[datetime, datetime]:
        """The captured requests' times: from, and up to but without."""
        return self.time("start_time"), self.time("end_time")

    def time(self, name: str) -> datetime:
        """A time, such as ``2026-11-22T12:00:00Z``."""
        text = self.need(name)
        try:
            return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        except ValueError:
            raise ClientError(
                f"{name} is {text!r}; write it as 2026-11-22T12:00:00Z"
            ) from None

    def baseline(self, name: str) -> dict | None:
        """``constraints`` or ``statistics`` to compare with; None if none were given."""
        if self.get(f"baseline_{name}") is None:
            return None
        folder = self.path(f"baseline_{name}")
        files = sorted(folder.rglob("*.json")) if folder.is_dir() else [folder]
        # a folder may hold a whole baselining job's output
        files = [f for f in files if f.stem == name] or files
        if len(files) != 1 or not files[0].is_file():
            found = ", ".join(f.name for f in files) or "nothing"
            raise ClientError(
                f"the baseline's {name}: found {found}; give the one JSON file"
            )
        return read_json(files[0])

    def analysis_config(self) -> dict:
        """Clarify's configuration, from ``ConfigUri``."""
        folder = self.root / "processing" / "input" / "config"
        files = sorted(folder.rglob("*.json"))
        if len(files) != 1:
            found = ", ".join(f.name for f in files) or "nothing"
            raise ClientError(
                f"ConfigUri: found {found}; it must be one analysis_config.json"
            )
        return read_json(files[0])


@dataclass
class Result:
    """What an analysis found.

    Attributes
    ----------
    files : dict
        File name → what it holds.
    violations : list of dict or None
        None: there was nothing to compare with.
    namespace : str
        The last part of CloudWatch's namespace, e.g. ``bias-metrics``.
    metrics : list of dict
        For ``PutMetricData``, without the dimensions that all have.
    notes : list of str
        For the job's message.
    """

    files: dict
    violations: list[dict] | None
    namespace: str
    metrics: list[dict] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self):
        if self.violations is not None:
            version = {"version": "1.0"} if self.namespace in VERSIONED else {}
            self.files["constraint_violations.json"] = {
                **version,
                "violations": self.violations,
            }


VERSIONED = ("bias-metrics", "explainability-metrics")


def read_json(path: Path) -> dict:
    """A JSON file whose content is an object."""
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise ClientError(f"{path.name} is not JSON: {error}") from None
    if not isinstance(content, dict):
        raise ClientError(f"{path.name} must hold a JSON object")
    return content
