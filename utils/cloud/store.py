"""SageMaker's records: what was requested, what became of it."""

import copy
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from utils.cloud.wire import ApiError, invalid


@dataclass(frozen=True)
class Kind:
    """A kind of record and AWS's words about it."""

    name: str  # "TrainingJob", as in CreateTrainingJob
    arn: str  # "training-job", as in its ARN
    words: str  # "training job", as in an error message
    plural: str = (
        ""  # how its list's key begins: "TrainingJob" gives TrainingJobSummaries
    )

    @property
    def name_field(self) -> str:
        """The member that names it, e.g. ``TrainingJobName``."""
        return f"{self._member}Name"

    @property
    def arn_field(self) -> str:
        """The member with its ARN, e.g. ``TrainingJobArn``."""
        return f"{self._member}Arn"

    @property
    def status_field(self) -> str:
        """The member with its status, e.g. ``TrainingJobStatus``."""
        return f"{self.name}Status"

    @property
    def monitors(self) -> bool:
        """Whether it is a monitor's: AWS has errors of their own for those."""
        return "JobDefinition" in self.name or "Monitoring" in self.name

    @property
    def _member(self) -> str:
        return "JobDefinition" if self.name.endswith("JobDefinition") else self.name


KINDS = {
    kind.name: kind
    for kind in (
        Kind("TrainingJob", "training-job", "training job", "TrainingJobSummaries"),
        Kind(
            "ProcessingJob",
            "processing-job",
            "processing job",
            "ProcessingJobSummaries",
        ),
        Kind("TransformJob", "transform-job", "transform job", "TransformJobSummaries"),
        Kind("Model", "model", "model", "Models"),
        Kind(
            "EndpointConfig",
            "endpoint-config",
            "endpoint configuration",
            "EndpointConfigs",
        ),
        Kind("Endpoint", "endpoint", "endpoint", "Endpoints"),
        Kind("MonitoringSchedule", "monitoring-schedule", "monitoring schedule"),
        *(
            Kind(
                f"{name}JobDefinition",
                f"{arn}-job-definition",
                f"{words} job definition",
            )
            for name, arn, words in (
                ("DataQuality", "data-quality", "data quality"),
                ("ModelQuality", "model-quality", "model quality"),
                ("ModelBias", "model-bias", "model bias"),
                ("ModelExplainability", "model-explainability", "model explainability"),
            )
        ),
    )
}
JOBS = ("TrainingJob", "ProcessingJob", "TransformJob")


def now() -> datetime:
    """The time, with its zone."""
    return datetime.now(UTC)


class Store:
    """Records by region, kind and name. Safe to use from several threads.

    A record is a dictionary: the request's members and those that Describe adds. What leaves the
    store is a copy.
    """

    def __init__(self, account: str):
        self.account = account
        self.lock = threading.RLock()
        self._records: dict[tuple[str, str, str], dict] = {}
        self.tags: dict[str, dict[str, str]] = {}

    def arn(self, region: str, kind: str, name: str) -> str:
        """The ARN of a record, there or not."""
        return f"arn:aws:sagemaker:{region}:{self.account}:{KINDS[kind].arn}/{name.lower()}"

    def add(self, region: str, kind: str, name: str, record: dict) -> dict:
        """Keep a new record, with its ARN and time of creation.

        Raises
        ------
        ApiError
            If the name is taken: ``ResourceInUse`` for a job, ``ValidationException`` for the rest.
        """
        arn = self.arn(region, kind, name)
        with self.lock:
            if (region, kind, name) in self._records:
                raise _taken(kind, arn)
            kept = {
                **copy.deepcopy(record),
                KINDS[kind].arn_field: arn,
                "CreationTime": now(),
                "LastModifiedTime": now(),
            }
            self._records[region, kind, name] = kept
            if record.get("Tags"):
                self.tags[arn] = {t["Key"]: t["Value"] for t in record["Tags"]}
            return copy.deepcopy(kept)

    def get(self, region: str, kind: str, name: str) -> dict:
        """A copy of a record.

        Raises
        ------
        ApiError
            ``ValidationException`` if there is none of that name, in AWS's words.
        """
        with self.lock:
            try:
                return copy.deepcopy(self._records[region, kind, name])
            except KeyError:
                raise self._missing(region, kind, name) from None

    def update(self, region: str, kind: str, name: str, **fields) -> None:
        """Change members of a record; None removes one. A record that is gone stays gone."""
        with self.lock:
            record = self._records.get((region, kind, name))
            if record is None:
                return
            record.update(fields, LastModifiedTime=now())
            for field in [f for f, value in fields.items() if value is None]:
                record.pop(field)

    def remove(self, region: str, kind: str, name: str) -> dict:
        """Take a record out, or raise as `get` does."""
        with self.lock:
            if (region, kind, name) not in self._records:
                raise self._missing(region, kind, name)
            record = self._records.pop((region, kind, name))
            self.tags.pop(record[KINDS[kind].arn_field], None)
            return record

    def every(self, region: str, kind: str) -> Iterator[dict]:
        """Copies of a region's records of one kind."""
        with self.lock:
            found = [
                r
                for (where, k, _), r in self._records.items()
                if (where, k) == (region, kind)
            ]
            yield from copy.deepcopy(found)

    def _missing(self, region, kind, name) -> ApiError:
        if kind in JOBS:
            return invalid(
                f"Requested resource not found. (There is no {KINDS[kind].words} {name!r}.)"
            )
        text = f'Could not find {KINDS[kind].words} "{self.arn(region, kind, name)}".'
        if KINDS[kind].monitors:
            return ApiError("ResourceNotFound", text)
        return invalid(text)


def _taken(kind, arn) -> ApiError:
    words = KINDS[kind].words
    if kind in JOBS:
        return ApiError(
            "ResourceInUse",
            f"{words.capitalize()} names must be unique within an AWS account and region, and a "
            f"{words} with this name already exists ({arn})",
        )
    text = f'Cannot create already existing {words} "{arn}".'
    return ApiError("ResourceInUse", text) if KINDS[kind].monitors else invalid(text)
