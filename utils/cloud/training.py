"""Training jobs."""

import json
import re
from pathlib import Path

from utils.cloud import storage
from utils.cloud.archives import pack_tar
from utils.cloud.jobs import Job, check_instances, find_image, since
from utils.cloud.store import now
from utils.cloud.wire import invalid

MESSAGES = {
    "Starting": "Preparing the instances for training",
    "Downloading": "Downloading input data",
    "Training": "Training image download completed. Training in progress.",
    "Uploading": "Uploading generated training model",
    "Completed": "Training job completed",
    "Stopping": "Training job is being stopped",
    "Stopped": "Training job stopped",
    "MaxRuntimeExceeded": "Training job runtime exceeded MaxRuntimeInSeconds provided",
    "Failed": "Training job failed",
}
DAY = 86_400


def operations(engine) -> dict:
    """The operations on training jobs."""

    def create(request, region):
        _check(engine, request)
        name = request["TrainingJobName"]
        transition = {"Status": "Starting", "StartTime": now()}
        record = {
            **request,
            "StoppingCondition": {
                "MaxRuntimeInSeconds": DAY,
                **request.get("StoppingCondition", {}),
            },
            "TrainingJobStatus": "InProgress",
            "SecondaryStatus": "Starting",
            "SecondaryStatusTransitions": [
                {**transition, "StatusMessage": MESSAGES["Starting"]}
            ],
        }
        record = engine.store.add(region, "TrainingJob", name, record)
        engine.jobs.start(TrainingJob(engine, region, record))
        return record

    def stop(request, region):
        engine.jobs.stop(region, "TrainingJob", request["TrainingJobName"])

    return {"CreateTrainingJob": create, "StopTrainingJob": stop}


def _check(engine, request):
    """Refuse a request that could only fail."""
    algorithm = request.get("AlgorithmSpecification") or {}
    field = "algorithmSpecification.trainingImage"
    image = find_image(algorithm.get("TrainingImage"), "training", field)
    if algorithm.get("MetricDefinitions") and image.module != "script_mode":
        raise invalid(
            "You can't override the metric definitions for Amazon SageMaker algorithms. Please "
            "retry the request without specifying metric definitions."
        )
    resources = request.get("ResourceConfig") or {}
    if not resources.get("InstanceType"):
        raise invalid(
            "1 validation error detected: Value null at 'resourceConfig.instanceType' failed to "
            "satisfy constraint: Member must not be null"
        )
    count = resources.get("InstanceCount", 1)
    check_instances(count, resources["InstanceType"], "training job")
    for definition in algorithm.get("MetricDefinitions", []):
        try:
            groups = re.compile(definition["Regex"]).groups
        except re.error as error:
            raise invalid(f"metricDefinitions: {definition['Name']}: {error}") from None
        if groups < 1:
            raise invalid(
                f"metricDefinitions: the regular expression of {definition['Name']!r} needs a "
                "group in parentheses around the number"
            )
    names = [channel["ChannelName"] for channel in request.get("InputDataConfig", [])]
    for channel in request.get("InputDataConfig", []):
        if channel.get("InputMode", algorithm.get("TrainingInputMode")) == "Pipe":
            raise invalid(
                "Pipe input mode is not available in the embedded cloud; use File or FastFile."
            )
        if "S3DataSource" not in channel["DataSource"]:
            raise invalid(
                f"channel {channel['ChannelName']!r}: only an S3DataSource is available here"
            )
    if len(names) != len(set(names)):
        raise invalid(f"Duplicate channel names in inputDataConfig: {names}")
    storage_fault = _not_s3(request)
    if storage_fault:
        raise invalid(storage_fault)
    engine.assume(request["RoleArn"], "sagemaker")


def _not_s3(request):
    """What is wrong with the request's S3 addresses, if anything."""
    uris = [request["OutputDataConfig"]["S3OutputPath"]]
    for channel in request.get("InputDataConfig", []):
        uris.append(channel["DataSource"]["S3DataSource"]["S3Uri"])
    for uri in uris:
        try:
            storage.split(uri)
        except storage.StorageError as error:
            return str(error)
    return None


class TrainingJob(Job):
    """Fetch the channels, run the image, upload the model."""

    kind = "TrainingJob"

    def work(self, root: Path) -> None:
        """Run the job; see `Job.run`."""
        self.started = now()
        self.metrics = {}
        self.to("Downloading", TrainingStartTime=self.started)
        self.meter("start")
        image = find_image(
            self.record["AlgorithmSpecification"]["TrainingImage"], "training", "image"
        )
        self._download(root)
        self.check_stop()
        self.to("Training")
        self.open_log("/aws/sagemaker/TrainingJobs")
        limit = self.record["StoppingCondition"].get("MaxRuntimeInSeconds", DAY)
        variables = {
            "TRAINING_JOB_NAME": self.name,
            "TRAINING_JOB_ARN": self.arn,
            **self.record.get("Environment", {}),
        }
        try:
            self.container(image, "train", root, variables, limit, self._line)
        finally:
            # a job that was stopped keeps what it had written, as on AWS
            self._upload(root)

    def to(self, status: str, **fields) -> None:
        """Go to a secondary status and note when."""
        record = self.engine.store.get(*self.key)
        past = record["SecondaryStatusTransitions"]
        past[-1].setdefault("EndTime", now())
        new = {"Status": status, "StartTime": now(), "StatusMessage": MESSAGES[status]}
        self.update(
            SecondaryStatus=status, SecondaryStatusTransitions=[*past, new], **fields
        )

    def meter(self, what: str) -> None:
        """Start or stop the clock that the bill is made from."""
        if what == "stop":
            self.engine.meter.stop(self.arn)
            return
        resources = self.record["ResourceConfig"]
        self.engine.meter.start(
            self.arn, "training", self.name, resources["InstanceType"], 1
        )

    def ended(self, status: str, reason: str | None = None, why: str = "") -> None:
        """Write the end into the record."""
        self.meter("stop")
        secondary = "MaxRuntimeExceeded" if why == "time" else status
        fields = {"TrainingJobStatus": status, "TrainingEndTime": now()}
        if reason:
            fields["FailureReason"] = reason
        if hasattr(self, "started"):
            seconds = since(self.started)
            fields |= {
                "TrainingTimeInSeconds": seconds,
                "BillableTimeInSeconds": seconds,
            }
        fields["FinalMetricDataList"] = [
            {"MetricName": name, "Value": value, "Timestamp": now()}
            for name, value in list(getattr(self, "metrics", {}).items())[:40]
        ]
        self.to(secondary, **fields)

    def _line(self, line):
        self.log.write(line)
        for definition in self.record["AlgorithmSpecification"].get(
            "MetricDefinitions", []
        ):
            found = re.search(definition["Regex"], line)
            if found:
                try:
                    self.metrics[definition["Name"]] = float(found[1])
                except (TypeError, ValueError):
                    continue  # the expression also matches a line without a number

    def _download(self, root):
        for folder in ("input/config", "input/data", "model", "output/data"):
            (root / folder).mkdir(parents=True)
        channels = {}
        for channel in self.record.get("InputDataConfig", []):
            name, source = channel["ChannelName"], channel["DataSource"]["S3DataSource"]
            channels[name] = {
                "ContentType": channel.get("ContentType"),
                "TrainingInputMode": "File",
                "S3DistributionType": source.get(
                    "S3DataDistributionType", "FullyReplicated"
                ),
                "RecordWrapperType": channel.get("RecordWrapperType", "None"),
            }
            folder = root / "input" / "data" / name
            folder.mkdir()
            self._channel(channel, source, folder)
            self.check_stop()
        source = self.record.get("HyperParameters", {}).get(
            "sagemaker_submit_directory"
        )
        if source:
            target = root / "input" / "source" / "sourcedir.tar.gz"
            target.parent.mkdir()
            target.write_bytes(storage.read(self.s3(), source.strip('"')))
        checkpoints = self.record.get("CheckpointConfig", {}).get("S3Uri")
        if checkpoints and storage.keys(self.s3(), checkpoints):
            storage.download(self.s3(), checkpoints, root / "checkpoints")
        self._configure(root / "input" / "config", channels)

    def _channel(self, channel, source, folder):
        kind, uri = source["S3DataType"], source["S3Uri"]
        try:
            if kind == "ManifestFile":
                storage.download_manifest(self.s3(), uri, folder)
            elif kind == "S3Prefix":
                gunzip = channel.get("CompressionType") == "Gzip"
                storage.download(self.s3(), uri, folder, gunzip)
            else:
                raise storage.StorageError(f"S3DataType {kind} is not available here")
        except storage.StorageError as error:
            raise storage.StorageError(f"Data download failed: {error}") from error

    def _configure(self, folder, channels):
        resources = {
            "current_host": "algo-1",
            "hosts": ["algo-1"],
            "network_interface_name": "lo",
            "current_instance_type": self.record["ResourceConfig"]["InstanceType"],
        }
        algorithm = self.record["AlgorithmSpecification"]
        if algorithm.get("ContainerEntrypoint"):
            names = ("ContainerEntrypoint", "ContainerArguments")
            given = {name: algorithm.get(name, []) for name in names}
            (folder / "entrypoint.json").write_text(json.dumps(given), encoding="utf-8")
        for name, content in (
            ("hyperparameters.json", self.record.get("HyperParameters", {})),
            ("inputdataconfig.json", channels),
            ("resourceconfig.json", resources),
        ):
            (folder / name).write_text(json.dumps(content), encoding="utf-8")

    def _upload(self, root):
        reported = root / "output" / "metrics.jsonl"
        if reported.exists():
            for line in reported.read_text(encoding="utf-8").splitlines():
                metric = json.loads(line)
                self.metrics[metric["MetricName"]] = metric["Value"]
        checkpoints = self.record.get("CheckpointConfig", {}).get("S3Uri")
        if checkpoints and (root / "checkpoints").exists():
            storage.upload(self.s3(), root / "checkpoints", checkpoints)
        if not any((root / "model").iterdir()):
            return
        self.to("Uploading")
        base = self.record["OutputDataConfig"]["S3OutputPath"]
        target = storage.join(base, self.name, "output", "model.tar.gz")
        pack_tar(root / "model", root / "model.tar.gz")
        storage.upload(self.s3(), root / "model.tar.gz", target)
        if any((root / "output" / "data").iterdir()):
            pack_tar(root / "output" / "data", root / "output.tar.gz")
            further = storage.join(base, self.name, "output", "output.tar.gz")
            storage.upload(self.s3(), root / "output.tar.gz", further)
        self.update(ModelArtifacts={"S3ModelArtifacts": target})
