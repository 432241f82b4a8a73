"""One execution of a monitor: find the window's data, merge the labels, run the analysis."""

import secrets
import time
from datetime import datetime

from utils.cloud import storage
from utils.cloud.images import image_uri, known
from utils.cloud.monitoring import definitions, windows
from utils.cloud.monitoring.listing import snake
from utils.cloud.processing import ProcessingJob
from utils.cloud.wire import ApiError

ANALYZER = "sagemaker-model-monitor-analyzer"
MERGER = "sagemaker-model-monitor-groundtruth-merger"
INPUT = "/opt/ml/processing/input"
MERGED = "/opt/ml/processing/groundtruth_merge_output"
ENDED = ("Completed", "Failed", "Stopped")
ATTRIBUTES = {
    "FeaturesAttribute": "features_attribute",
    "InferenceAttribute": "inference_attribute",
    "ProbabilityAttribute": "probability_attribute",
    "ProbabilityThresholdAttribute": "probability_threshold_attribute",
    "ExcludeFeaturesAttribute": "exclude_features_attribute",
}


class Failed(Exception):
    """Why an execution cannot go on."""


class MonitoringJob(ProcessingJob):
    """A monitor's processing job: it leaves a message that becomes the ``ExitMessage``."""

    message = ""

    def container(self, image, action, root, variables, limit, line):
        """Run the analysis of monitors, also where the image is Clarify's."""
        image = image if image.name == MERGER else known()[ANALYZER]
        return super().container(image, action, root, variables, limit, line)

    def work(self, root) -> None:
        """Run the job; see `Job.run`."""
        super().work(root)
        file = root / "output" / "message"
        if file.is_file():
            self.message = file.read_text(encoding="utf-8")[:1024]

    def ended(self, status, reason=None, why="") -> None:
        """Write the end into the record."""
        if self.message:
            self.update(ExitMessage=self.message)
        super().ended(status, reason, why)


class Execution:
    """What happens when a schedule's time has come.

    Parameters
    ----------
    engine : Engine
    region : str
    schedule : dict
        The schedule's record.
    scheduled : datetime
        When the run was due.
    update : callable
        Called with fields for the execution's record.
    """

    def __init__(
        self, engine, region: str, schedule: dict, scheduled: datetime, update
    ):
        self.engine, self.region, self.update = engine, region, update
        self.schedule, self.scheduled = schedule, scheduled
        self.config = schedule["MonitoringScheduleConfig"]
        self.definition = definitions.find(engine, region, self.config)
        self.s3 = engine.client("s3", region, self.definition.role)
        self.endpoint = self.definition.endpoint["EndpointName"]
        self.window = windows.window_of(
            scheduled, self.config["ScheduleConfig"], self.definition.endpoint
        )

    def run(self) -> tuple[str, str]:
        """Do it; the execution's status and why it failed."""
        try:
            baseline = self._baseline()
            source = self._captured()
            if self.definition.ground_truth:
                source = self._merged(source)
            job = self._analyse(source, baseline)
        except (Failed, storage.StorageError) as error:
            return "Failed", str(error)
        if job["ProcessingJobStatus"] != "Completed":
            return job["ProcessingJobStatus"], job.get(
                "FailureReason", job.get("ExitMessage", "")
            )
        violated = job.get("ExitMessage", "").startswith("CompletedWithViolations")
        return "CompletedWithViolations" if violated else "Completed", ""

    def _baseline(self) -> dict[str, str]:
        """Addresses of constraints and statistics; a baselining job's, once it has ended."""
        given = self.definition.baseline
        found = {
            kind: given[f"{kind.capitalize()}Resource"]["S3Uri"]
            for kind in ("constraints", "statistics")
            if given.get(f"{kind.capitalize()}Resource", {}).get("S3Uri")
        }
        name = given.get("BaseliningJobName")
        if name and "constraints" not in found:
            job = self._wait(name)
            if job["ProcessingJobStatus"] != "Completed":
                raise Failed(
                    f"the baselining job {name!r} ended as {job['ProcessingJobStatus']}: "
                    f"{job.get('FailureReason', 'it gave no reason')}"
                )
            base = job["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]
            if self.definition.type in definitions.CLARIFY:
                return {"constraints": storage.join(base, "analysis.json")}
            found = {
                k: storage.join(base, f"{k}.json")
                for k in ("constraints", "statistics")
            }
        return found

    def _captured(self) -> dict[str, str]:
        """The folders with captured requests, by address."""
        store = self.engine.store
        try:
            record = store.get(self.region, "Endpoint", self.endpoint)
            config = store.get(
                self.region, "EndpointConfig", record["EndpointConfigName"]
            )
        except ApiError as error:
            raise Failed(f"the endpoint cannot be monitored: {error.message}") from None
        capture = config.get("DataCaptureConfig", {})
        if not capture.get("EnableCapture"):
            raise Failed(
                f"data capture of the endpoint {self.endpoint!r} is not enabled"
            )
        base = storage.join(capture["DestinationS3Uri"], self.endpoint)
        found = windows.folders(self.s3, base, self.window.hours(), below=True)
        if not found:
            raise Failed(
                f"Job inputs had no data: nothing was captured from {self.window} in "
                f"{base}/<variant>/<YYYY/MM/DD/HH>; {windows.elsewhere(self.s3, base)}"
            )
        return found

    def _merged(self, captured: dict[str, str]) -> dict[str, str]:
        """Run the job that joins captured requests with labels; the folders that it wrote."""
        base = self.definition.ground_truth
        hours = self.window.hours(until=self.scheduled)
        labels = windows.folders(self.s3, base, hours)
        if not labels:
            raise Failed(
                f"there is no ground truth for the requests from {self.window}: looked in "
                f"{base.rstrip('/')}/<YYYY/MM/DD/HH> from {hours[0]} to {hours[-1]}; "
                f"{windows.elsewhere(self.s3, base)}. Labels that come later need a window further "
                "back: StartTimeOffset and EndTimeOffset of the endpointInput"
            )
        target = storage.join(self.definition.output["S3Uri"], "merge", self.endpoint)
        inputs = _inputs("endpoint", captured, f"{INPUT}/endpoint")
        inputs += _inputs("groundtruth", labels, f"{INPUT}/groundtruth")
        job = self._job(
            "groundtruth-merge",
            image_uri(MERGER, _registry(self.region)),
            inputs,
            {"merge": (MERGED, target)},
            {"dataset_source": f"{INPUT}/endpoint", "ground_truth_source": f"{INPUT}/groundtruth",
             "output_path": MERGED},
        )  # fmt: skip
        if job["ProcessingJobStatus"] != "Completed":
            raise Failed(
                f"merging the ground truth failed: {job.get('FailureReason', '')}"
            )
        return windows.folders(self.s3, target, self.window.hours(), below=True)

    def _analyse(self, source: dict[str, str], baseline: dict[str, str]) -> dict:
        """Run the analysis; the job's description when it has ended."""
        given, kind = self.definition, snake(self.definition.type)
        local = given.endpoint["LocalPath"].rstrip("/")
        inputs = _inputs("endpoint", source, local)
        for name, address in baseline.items():
            inputs.append(_input(name, address, f"/opt/ml/processing/baseline/{name}"))
        if "ConfigUri" in given.app:
            inputs.append(
                _input("analysis_config", given.app["ConfigUri"], f"{INPUT}/config")
            )
        name = self.schedule["MonitoringScheduleName"]
        folder = f"{self.endpoint}/{name}/{self.scheduled:%Y/%m/%d/%H}"
        output = (
            given.output["LocalPath"],
            storage.join(given.output["S3Uri"], folder),
        )
        return self._job(
            f"{kind.replace('_', '-')}-monitoring",
            given.app["ImageUri"],
            inputs,
            {"monitoring_output": output},
            self._environment(local, baseline),
            shown=True,
        )

    def _environment(self, source, baseline):
        given = self.definition
        values = {
            "analysis_type": snake(given.type).upper(),
            "dataset_source": source,
            "output_path": given.output["LocalPath"],
            "start_time": self.window.seconds[0],
            "end_time": self.window.seconds[1],
            "metric_time": f"{self.scheduled:%Y-%m-%dT%H:%M:%SZ}",
            "sagemaker_endpoint_name": self.endpoint,
            "sagemaker_monitoring_schedule_name": self.schedule[
                "MonitoringScheduleName"
            ],
            "publish_cloudwatch_metrics": "Enabled",
            **{
                f"baseline_{name}": f"/opt/ml/processing/baseline/{name}"
                for name in baseline
            },
        }
        for member, variable in ATTRIBUTES.items():
            if member in given.endpoint:
                values[variable] = str(given.endpoint[member])
        if "ProblemType" in given.app:
            values["problem_type"] = given.app["ProblemType"]
        return values | given.environment

    def _job(self, prefix, image, inputs, outputs, environment, shown=False):
        """Run a processing job to its end and describe it."""
        given = self.definition
        name = f"{prefix}-{self.scheduled:%Y%m%d%H%M}-{secrets.token_hex(6)}"
        jobs = (
            2 if given.ground_truth else 1
        )  # the time is divided equally between them
        record = {
            "ProcessingJobName": name,
            "ProcessingInputs": inputs,
            "ProcessingOutputConfig": {
                "Outputs": [_output(k, *where) for k, where in outputs.items()]
            },
            "ProcessingResources": {"ClusterConfig": given.cluster},
            "StoppingCondition": {"MaxRuntimeInSeconds": max(1, given.seconds // jobs)},
            "AppSpecification": {"ImageUri": image},
            "Environment": environment,
            "RoleArn": given.role,
            "MonitoringScheduleArn": self.schedule["MonitoringScheduleArn"],
            "ProcessingJobStatus": "InProgress",
        }
        record = self.engine.store.add(self.region, "ProcessingJob", name, record)
        if shown:
            self.update(ProcessingJobArn=record["ProcessingJobArn"])
        self.engine.jobs.start(MonitoringJob(self.engine, self.region, record))
        return self._wait(name)

    def _wait(self, name):
        while True:
            job = self.engine.store.get(self.region, "ProcessingJob", name)
            if job["ProcessingJobStatus"] in ENDED:
                return job
            if self.engine.closing:
                raise Failed("the cloud was stopped")
            time.sleep(0.05)


def _inputs(name, folders, local):
    """One input a folder, the names counted as AWS counts them."""
    return [
        _input(f"{name}_input_{number}", address, f"{local}/{place}")
        for number, (address, place) in enumerate(sorted(folders.items()), start=1)
    ]


def _input(name, address, local):
    source = {
        "S3Uri": address,
        "LocalPath": local,
        "S3DataType": "S3Prefix",
        "S3InputMode": "File",
    }
    return {"InputName": name, "S3Input": source}


def _output(name, local, address):
    target = {"S3Uri": address, "LocalPath": local, "S3UploadMode": "EndOfJob"}
    return {"OutputName": name, "S3Output": target}


def _registry(region):
    return region if region in known()[MERGER].owners else "us-east-1"
