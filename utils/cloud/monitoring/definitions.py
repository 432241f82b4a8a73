"""Job definitions: what a monitor looks at, compares with and writes to."""

from dataclasses import dataclass, field

from utils.cloud import storage
from utils.cloud.jobs import check_instances, find_image
from utils.cloud.monitoring import listing
from utils.cloud.processing import check_folder
from utils.cloud.wire import invalid

TYPES = ("DataQuality", "ModelQuality", "ModelBias", "ModelExplainability")
LABELLED = ("ModelQuality", "ModelBias")  # those that need ground truth
CLARIFY = ("ModelBias", "ModelExplainability")
LONGEST = 86_400


@dataclass(frozen=True)
class Definition:
    """One definition, whichever of the five forms it was given in."""

    type: str
    name: str
    app: dict
    endpoint: dict
    output: dict
    cluster: dict
    role: str
    baseline: dict = field(default_factory=dict)
    ground_truth: str = ""
    environment: dict = field(default_factory=dict)
    seconds: int = 3600

    @classmethod
    def of(cls, kind: str, record: dict) -> "Definition":
        """From the members of ``Create<kind>JobDefinition``."""
        source, app = record[f"{kind}JobInput"], record[f"{kind}AppSpecification"]
        return cls(
            kind,
            record["JobDefinitionName"],
            app,
            _endpoint(source),
            _output(record[f"{kind}JobOutputConfig"]),
            record["JobResources"]["ClusterConfig"],
            record["RoleArn"],
            record.get(f"{kind}BaselineConfig", {}),
            source.get("GroundTruthS3Input", {}).get("S3Uri", ""),
            app.get("Environment", {}),
            record.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", 3600),
        )

    @classmethod
    def inline(cls, kind: str, record: dict) -> "Definition":
        """From the ``MonitoringJobDefinition`` that a schedule may carry itself."""
        if kind != "DataQuality":
            raise invalid(
                f"monitoringScheduleConfig.monitoringJobDefinition: a {kind} monitor needs a job "
                f"definition of its own: create_{listing.snake(kind)}_job_definition, then give "
                "its name as monitoringJobDefinitionName"
            )
        return cls(
            kind,
            "",
            record["MonitoringAppSpecification"],
            _endpoint(record["MonitoringInputs"][0]),
            _output(record["MonitoringOutputConfig"]),
            record["MonitoringResources"]["ClusterConfig"],
            record["RoleArn"],
            record.get("BaselineConfig", {}),
            "",
            record.get("Environment", {}),
            record.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", 3600),
        )

    def check(self, engine) -> None:
        """Raise AWS's error for what cannot run."""
        field = f"{self.type}AppSpecification.imageUri"
        image = find_image(self.app["ImageUri"], "processing", field)
        wanted = "clarify" if self.type in CLARIFY else "model-monitor-analyzer"
        if wanted not in image.name:
            raise invalid(
                f"{field}: found {image.name}; a {self.type} monitor runs sagemaker-{wanted}"
                + ("-processing" if self.type in CLARIFY else "")
            )
        for script in (
            "RecordPreprocessorSourceUri",
            "PostAnalyticsProcessorSourceUri",
        ):
            if script in self.app:
                raise invalid(f"{script} is not available in the embedded cloud")
        check_instances(
            self.cluster["InstanceCount"],
            self.cluster["InstanceType"],
            "processing job",
        )
        addresses = {
            "S3Output.S3Uri": self.output["S3Uri"],
            "GroundTruthS3Input.S3Uri": self.ground_truth,
            "ConfigUri": self.app.get("ConfigUri"),
            **{k: v.get("S3Uri") for k, v in self.baseline.items() if "Resource" in k},
        }
        for name, address in addresses.items():
            try:
                storage.split(address or "s3://none")
            except storage.StorageError as error:
                raise invalid(f"{name}: {error}") from None
        check_folder(self.endpoint["LocalPath"], "endpointInput")
        check_folder(self.output["LocalPath"], "monitoringOutputs")
        if self.type in LABELLED and not self.ground_truth:
            raise invalid("groundTruthS3Input.s3Uri must not be null")
        engine.assume(self.role, "sagemaker")


def _endpoint(source):
    if "EndpointInput" not in source:
        raise invalid(
            "jobInput: give an endpointInput; a batchTransformInput is not available in the "
            "embedded cloud"
        )
    return source["EndpointInput"]


def _output(config):
    return config["MonitoringOutputs"][0]["S3Output"]


def find(engine, region: str, schedule: dict) -> Definition:
    """The definition that a ``MonitoringScheduleConfig`` names or holds."""
    kind, name = (
        schedule.get("MonitoringType"),
        schedule.get("MonitoringJobDefinitionName"),
    )
    inline = schedule.get("MonitoringJobDefinition")
    if (name is None) == (inline is None):
        raise invalid(
            "monitoringScheduleConfig: give either monitoringJobDefinitionName or "
            "monitoringJobDefinition"
        )
    if inline is not None:
        return Definition.inline(kind or "DataQuality", inline)
    if kind is None:
        raise invalid(
            "monitoringScheduleConfig.monitoringType must not be null: say which kind of job "
            f"definition {name!r} is, one of {', '.join(TYPES)}"
        )
    record = engine.store.get(region, f"{kind}JobDefinition", name)
    return Definition.of(kind, record)


def operations(engine) -> dict:
    """Create, describe, list and delete for the four kinds."""
    return {
        f"{verb}{kind}JobDefinition{'s' if verb == 'List' else ''}": make(engine, kind)
        for kind in TYPES
        for verb, make in (("Create", _create), ("List", _list), ("Delete", _delete))
    }


def _create(engine, kind):
    def create(request, region):
        Definition.of(kind, request).check(engine)
        name = request["JobDefinitionName"]
        return engine.store.add(region, f"{kind}JobDefinition", name, request)

    return create


def _list(engine, kind):
    def listed(request, region):
        rows = [
            {
                "MonitoringJobDefinitionName": row["JobDefinitionName"],
                "MonitoringJobDefinitionArn": row["JobDefinitionArn"],
                "CreationTime": row["CreationTime"],
                "EndpointName": row[f"{kind}JobInput"]["EndpointInput"]["EndpointName"],
            }
            for row in engine.store.every(region, f"{kind}JobDefinition")
        ]
        return listing.page(
            rows, request, "JobDefinitionSummaries", name="MonitoringJobDefinitionName"
        )

    return listed


def _delete(engine, kind):
    def delete(request, region):
        engine.store.remove(
            region, f"{kind}JobDefinition", request["JobDefinitionName"]
        )

    return delete
