"""Batch transform jobs: a model applied to files, without an endpoint."""

from pathlib import Path

from utils.cloud import storage
from utils.cloud.images import InvocationError
from utils.cloud.jobs import Job, JobFailed, check_instances
from utils.cloud.serving import Model, NotReady
from utils.cloud.store import now
from utils.cloud.wire import ApiError, invalid

LOGS = "/aws/sagemaker/TransformJobs"
MEGABYTE = 1024**2


def operations(engine) -> dict:
    """The operations on transform jobs."""

    def create(request, region):
        engine.store.get(region, "Model", request["ModelName"])
        _check(request)
        record = {**request, "TransformJobStatus": "InProgress"}
        name = request["TransformJobName"]
        record = engine.store.add(region, "TransformJob", name, record)
        engine.jobs.start(TransformJob(engine, region, record))
        return record

    def stop(request, region):
        engine.jobs.stop(region, "TransformJob", request["TransformJobName"])

    return {"CreateTransformJob": create, "StopTransformJob": stop}


def _check(request):
    resources = request["TransformResources"]
    check_instances(
        resources["InstanceCount"], resources["InstanceType"], "transform job"
    )
    given, output = request["TransformInput"], request["TransformOutput"]
    if given.get("SplitType", "None") not in ("None", "Line"):
        raise invalid("transformInput.splitType: None and Line are available here")
    if request.get("DataProcessing"):
        raise ApiError(
            "NotImplemented",
            "dataProcessing (input and output filters, joins) is not available in the embedded "
            "cloud: select the columns before and join the lines after. Nothing was done.",
            501,
        )
    for uri in (
        given["DataSource"]["S3DataSource"]["S3Uri"],
        output["S3OutputPath"],
    ):
        try:
            storage.split(uri)
        except storage.StorageError as error:
            raise invalid(str(error)) from None


class TransformJob(Job):
    """Load the model, send it each file in pieces, write what it answers."""

    kind = "TransformJob"

    def work(self, root: Path) -> None:
        """Run the job; see `Job.run`."""
        self.update(TransformStartTime=now())
        resources = self.record["TransformResources"]
        self.engine.meter.start(
            self.arn, "transform", self.name, resources["InstanceType"], 1
        )
        model_record = self.engine.store.get(
            self.region, "Model", self.record["ModelName"]
        )
        self.record["RoleArn"] = model_record["ExecutionRoleArn"]
        source = self.record["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]
        storage.download(self.s3(), source, root / "data")
        self.check_stop()
        try:
            # some images answer a line a record when they know that nobody waits
            variables = {
                "SAGEMAKER_BATCH": "true",
                **self.record.get("Environment", {}),
            }
            stream = f"{self.name}/{now():%H%M%S}"
            model = Model(
                self.engine, self.region, model_record, LOGS, stream, variables
            )
        except NotReady as error:
            raise JobFailed(f"AlgorithmError: {error}") from None
        try:
            for file in sorted(p for p in (root / "data").rglob("*") if p.is_file()):
                self._transform(model, file, file.relative_to(root / "data").as_posix())
        finally:
            model.close()

    def ended(self, status: str, reason: str | None = None, why: str = "") -> None:
        """Write the end into the record."""
        self.engine.meter.stop(self.arn)
        fields = {"TransformJobStatus": status, "TransformEndTime": now()}
        if reason:
            fields["FailureReason"] = reason
        self.update(**fields)

    def _transform(self, model, file, name):
        given, output = self.record["TransformInput"], self.record["TransformOutput"]
        accept = output.get("Accept", "*/*")
        content_type = given.get("ContentType", "application/octet-stream")
        answers = []
        for piece in self._pieces(file.read_bytes()):
            self.check_stop()
            try:
                answers.append(model.invoke(piece, content_type, accept)[0])
            except InvocationError as error:
                raise JobFailed(
                    f"ClientError: {name}: the model answered {error.status}: {error.message}"
                ) from None
        if output.get("AssembleWith") == "Line":
            content = b"".join(a if a.endswith(b"\n") else a + b"\n" for a in answers)
        else:
            content = b"".join(answers)
        storage.write(
            self.s3(), storage.join(output["S3OutputPath"], f"{name}.out"), content
        )

    def _pieces(self, content):
        """A file's content as the requests that are sent."""
        limit = self.record.get("MaxPayloadInMB", 6) * MEGABYTE or len(content)
        if self.record["TransformInput"].get("SplitType", "None") == "None":
            if len(content) > limit:
                raise JobFailed(
                    f"ClientError: a file of {len(content):,} bytes is larger than MaxPayloadInMB; "
                    "split it by line"
                )
            yield content
            return
        single = self.record.get("BatchStrategy", "MultiRecord") == "SingleRecord"
        piece = b""
        for line in content.splitlines(keepends=True):
            if piece and (single or len(piece) + len(line) > limit):
                yield piece
                piece = b""
            piece += line
        if piece:
            yield piece
