"""Processing jobs: a script or an image between folders that come from S3 and go back there."""

import json
from pathlib import Path

from utils.cloud import storage
from utils.cloud.jobs import Job, check_instances, find_image
from utils.cloud.store import now
from utils.cloud.wire import invalid

BASE = "/opt/ml/"
DAY = 86_400


def operations(engine) -> dict:
    """The operations on processing jobs."""

    def create(request, region):
        _check(engine, request)
        record = {**request, "ProcessingJobStatus": "InProgress"}
        record = engine.store.add(
            region, "ProcessingJob", request["ProcessingJobName"], record
        )
        engine.jobs.start(ProcessingJob(engine, region, record))
        return record

    def stop(request, region):
        engine.jobs.stop(region, "ProcessingJob", request["ProcessingJobName"])

    return {"CreateProcessingJob": create, "StopProcessingJob": stop}


def _check(engine, request):
    image = find_image(
        request["AppSpecification"]["ImageUri"],
        "processing",
        "appSpecification.imageUri",
    )
    cluster = request["ProcessingResources"]["ClusterConfig"]
    if not image.alone:
        check_instances(
            cluster["InstanceCount"], cluster["InstanceType"], "processing job"
        )
    for given in request.get("ProcessingInputs", []):
        if "S3Input" not in given:
            raise invalid(
                f"processingInputs {given['InputName']!r}: only an S3Input is available here"
            )
        _address(given["S3Input"]["S3Uri"], given["InputName"])
        check_folder(given["S3Input"].get("LocalPath"), given["InputName"])
    for given in _outputs(request):
        _address(given["S3Output"]["S3Uri"], given["OutputName"])
        check_folder(given["S3Output"]["LocalPath"], given["OutputName"])
    engine.assume(request["RoleArn"], "sagemaker")


def _address(uri, name):
    try:
        storage.split(uri)
    except storage.StorageError as error:
        raise invalid(f"{name}: {error}") from None


def check_folder(path: str | None, name: str) -> None:
    """Refuse a LocalPath outside ``/opt/ml/processing``; `name` is the input's or output's."""
    parts = Path((path or "").removeprefix(BASE)).parts
    if not (path or "").startswith(BASE + "processing") or ".." in parts:
        raise invalid(
            f"{name}: LocalPath must lie under /opt/ml/processing, found {path!r}"
        )


def _outputs(record):
    return record.get("ProcessingOutputConfig", {}).get("Outputs", [])


class ProcessingJob(Job):
    """Fetch the inputs, run the container, upload the outputs."""

    kind = "ProcessingJob"

    def work(self, root: Path) -> None:
        """Run the job; see `Job.run`."""
        self.update(ProcessingStartTime=now())
        cluster = self.record["ProcessingResources"]["ClusterConfig"]
        self.engine.meter.start(
            self.arn,
            "processing",
            self.name,
            cluster["InstanceType"],
            cluster["InstanceCount"],
        )
        self._prepare(root)
        self.check_stop()
        self.open_log("/aws/sagemaker/ProcessingJobs")
        limit = self.record.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", DAY)
        variables = {
            "PROCESSING_JOB_NAME": self.name,
            "PROCESSING_JOB_ARN": self.arn,
            **self.record.get("Environment", {}),
        }
        uri = self.record["AppSpecification"]["ImageUri"]
        image = find_image(uri, "processing", "image")
        self.container(image, "process", root, variables, limit, self.log.write)
        for output in _outputs(self.record):
            folder = root / output["S3Output"]["LocalPath"].removeprefix(BASE)
            storage.upload(self.s3(), folder, output["S3Output"]["S3Uri"])

    def ended(self, status: str, reason: str | None = None, why: str = "") -> None:
        """Write the end into the record."""
        self.engine.meter.stop(self.arn)
        fields = {"ProcessingJobStatus": status, "ProcessingEndTime": now()}
        if reason:
            fields["FailureReason"] = reason
        if why == "time":
            fields["ExitMessage"] = "MaxRuntimeInSeconds exceeded"
        self.update(**fields)

    def _prepare(self, root):
        for folder in ("config", "output"):
            (root / folder).mkdir()
        for given in self.record.get("ProcessingInputs", []):
            source = given["S3Input"]
            folder = root / source["LocalPath"].removeprefix(BASE)
            folder.mkdir(parents=True, exist_ok=True)
            try:
                storage.download(self.s3(), source["S3Uri"], folder)
            except storage.StorageError as error:
                raise storage.StorageError(f"Data download failed: {error}") from error
        for output in _outputs(self.record):
            folder = root / output["S3Output"]["LocalPath"].removeprefix(BASE)
            folder.mkdir(parents=True, exist_ok=True)
        names = ("AppSpecification", "ProcessingInputs", "ProcessingOutputConfig")
        names = (*names, "ProcessingResources")
        settings = {
            "ProcessingJobArn": self.arn,
            "ProcessingJobName": self.name,
            "Environment": self.record.get("Environment", {}),
            **{name: self.record[name] for name in names if name in self.record},
        }
        (root / "config" / "processingjobconfig.json").write_text(json.dumps(settings))
        hosts = {"current_host": "algo-1", "hosts": ["algo-1"]}
        (root / "config" / "resourceconfig.json").write_text(json.dumps(hosts))
