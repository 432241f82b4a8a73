"""Models, endpoint configurations and endpoints; InvokeEndpoint."""

import random
import threading
import time
import zlib

from utils.cloud import explaining, storage
from utils.cloud.capture import Capture
from utils.cloud.deployment import Closed, Deployed, Variant
from utils.cloud.images import InvocationError
from utils.cloud.jobs import find_image
from utils.cloud.serving import Model, NotReady, container_of
from utils.cloud.store import now
from utils.cloud.wire import ApiError, invalid

LOGS = "/aws/sagemaker/Endpoints/"


def operations(engine) -> dict:
    """The operations on models, endpoint configurations and endpoints."""
    hosting = engine.hosting
    return {
        "CreateModel": hosting.create_model,
        "DeleteModel": hosting.remover("Model"),
        "CreateEndpointConfig": hosting.create_config,
        "DeleteEndpointConfig": hosting.remover("EndpointConfig"),
        "CreateEndpoint": hosting.create,
        "UpdateEndpoint": hosting.update,
        "UpdateEndpointWeightsAndCapacities": hosting.weigh,
        "DeleteEndpoint": hosting.delete,
    }


class Hosting:
    """The endpoints of one cloud."""

    def __init__(self, engine):
        self.engine = engine
        self._deployed: dict[tuple[str, str], Deployed] = {}
        self._lock = threading.Lock()

    def create_model(self, request, region):
        """CreateModel: the image must be known, the artefact must be there."""
        containers = request.get("Containers") or [request.get("PrimaryContainer")]
        if len(containers) != 1 or containers[0] is None:
            raise invalid(
                "primaryContainer: a model has one container here; inference pipelines are not "
                "available in the embedded cloud"
            )
        container = container_of(request)
        find_image(container.get("Image"), "inference", "primaryContainer.image")
        if not request.get("ExecutionRoleArn"):
            raise invalid(
                "1 validation error detected: Value null at 'executionRoleArn' failed to satisfy "
                "constraint: Member must not be null"
            )
        self.engine.assume(request["ExecutionRoleArn"], "sagemaker")
        uri = container.get("ModelDataUrl")
        if uri:
            s3 = self.engine.client("s3", region, request["ExecutionRoleArn"])
            try:
                found = storage.keys(s3, uri)
            except storage.StorageError as error:
                raise invalid(str(error)) from None
            if not any(f"s3://{bucket}/{key}" == uri for bucket, key, _ in found):
                raise invalid(f"Could not find model data at {uri}.")
        return self.engine.store.add(region, "Model", request["ModelName"], request)

    def create_config(self, request, region):
        """CreateEndpointConfig: every model must be there, the variants' names must differ."""
        names = [v["VariantName"] for v in request["ProductionVariants"]]
        if len(names) != len(set(names)):
            raise invalid(f"Variant names must be unique, found {names}")
        for variant in request["ProductionVariants"]:
            if not variant.get("ModelName"):
                raise invalid(
                    f"variant {variant['VariantName']!r}: modelName must not be null"
                )
            self.engine.store.get(region, "Model", variant["ModelName"])
            if not variant.get("InstanceType") and not variant.get("ServerlessConfig"):
                raise invalid(
                    f"variant {variant['VariantName']!r}: give an instanceType or a "
                    "serverlessConfig"
                )
        explaining.check(request)
        capture = request.get("DataCaptureConfig", {})
        if capture:
            try:
                storage.split(capture["DestinationS3Uri"])
            except storage.StorageError as error:
                raise invalid(f"dataCaptureConfig.destinationS3Uri: {error}") from None
        name = request["EndpointConfigName"]
        return self.engine.store.add(region, "EndpointConfig", name, request)

    def remover(self, kind):
        """DeleteModel and DeleteEndpointConfig: what runs with them runs on."""

        def remove(request, region):
            self.engine.store.remove(region, kind, request[f"{kind}Name"])

        return remove

    def create(self, request, region):
        """CreateEndpoint: Creating, then InService or Failed."""
        self.engine.store.get(region, "EndpointConfig", request["EndpointConfigName"])
        name = request["EndpointName"]
        record = self.engine.store.add(
            region, "Endpoint", name, {**request, "EndpointStatus": "Creating"}
        )
        self.engine.events.submit(self._bring_up, region, name, record["EndpointArn"])
        return record

    def update(self, request, region):
        """UpdateEndpoint: the old variants answer until the new ones can."""
        name = request["EndpointName"]
        record = self.engine.store.get(region, "Endpoint", name)
        self.engine.store.get(region, "EndpointConfig", request["EndpointConfigName"])
        if record["EndpointStatus"] not in ("InService", "Failed"):
            raise invalid(
                f'Cannot update in-progress endpoint "{record["EndpointArn"]}".'
            )
        old = record["EndpointConfigName"]
        self.engine.store.update(
            region,
            "Endpoint",
            name,
            EndpointStatus="Updating",
            EndpointConfigName=request["EndpointConfigName"],
        )
        self.engine.events.submit(
            self._bring_up, region, name, record["EndpointArn"], old
        )
        return record

    def weigh(self, request, region):
        """UpdateEndpointWeightsAndCapacities."""
        name = request["EndpointName"]
        record = self.engine.store.get(region, "Endpoint", name)
        deployed = self._deployed.get((region, name))
        if deployed is None:
            raise invalid(
                f'Cannot update in-progress endpoint "{record["EndpointArn"]}".'
            )
        wanted = {w["VariantName"]: w for w in request["DesiredWeightsAndCapacities"]}
        known = {v.name: v for v in deployed.variants}
        for variant in wanted:
            if variant not in known:
                raise invalid(
                    f"Variant {variant} not found; there are: {', '.join(known)}"
                )
        with deployed.lock:
            for variant, change in wanted.items():
                known[variant].weight = change.get(
                    "DesiredWeight", known[variant].weight
                )
                known[variant].instances = change.get(
                    "DesiredInstanceCount", known[variant].instances
                )
        self._describe(region, name, deployed)
        return record

    def delete(self, request, region):
        """DeleteEndpoint: Deleting, then gone."""
        name = request["EndpointName"]
        record = self.engine.store.get(region, "Endpoint", name)
        self.engine.store.update(region, "Endpoint", name, EndpointStatus="Deleting")
        self.engine.meter.stop(record["EndpointArn"])
        self.engine.events.submit(self._take_down, region, name)

    def answer(self, region: str, name: str, environ: dict, body: bytes):
        """Answer InvokeEndpoint: status, headers, body."""
        while True:
            deployed = self._deployed.get((region, name))
            if deployed is None:
                text = f"Endpoint {name} of account {self.engine.account} not found."
                raise ApiError("ValidationError", text)
            try:
                with deployed.in_use():
                    return self._answered(deployed, region, name, environ, body)
            except Closed:
                continue  # an update took its place between two lines

    def _answered(self, deployed, region, name, environ, body):
        content_type = environ.get("CONTENT_TYPE") or "application/octet-stream"
        accept = environ.get("HTTP_ACCEPT") or "*/*"
        variant = deployed.pick(environ.get("HTTP_X_AMZN_SAGEMAKER_TARGET_VARIANT"))
        attributes = environ.get("HTTP_X_AMZN_SAGEMAKER_CUSTOM_ATTRIBUTES", "")
        try:
            answer, kind, back = variant.model.invoke(
                body, content_type, accept, attributes
            )
        except InvocationError as error:
            raise self._model_error(error, region, name, variant) from None
        if deployed.capture is not None:
            inference_id = environ.get("HTTP_X_AMZN_SAGEMAKER_INFERENCE_ID")
            deployed.capture.take(
                variant.name,
                (body, content_type),
                (answer, kind),
                inference_id,
                attributes,
            )
        asked = environ.get("HTTP_X_AMZN_SAGEMAKER_ENABLE_EXPLANATIONS")
        request = (body, content_type, accept, attributes)
        try:
            answer, kind = explaining.explained(
                deployed.explainer, asked, variant.model, request, (answer, kind)
            )
        except InvocationError as error:
            raise self._model_error(error, region, name, variant) from None
        headers = {
            "Content-Type": kind,
            "x-Amzn-Invoked-Production-Variant": variant.name,
        }
        if back:
            headers["X-Amzn-SageMaker-Custom-Attributes"] = back
        return 200, headers, answer

    def flush(self) -> None:
        """Write every captured request that waits."""
        with self._lock:
            every = list(self._deployed.values())
        for deployed in every:
            if deployed.capture is not None:
                deployed.capture.flush()

    def close(self) -> None:
        """End every endpoint."""
        with self._lock:
            every, self._deployed = list(self._deployed.values()), {}
        for deployed in every:
            deployed.close()

    def _bring_up(self, region, name, arn, old_config=None):
        store = self.engine.store
        try:
            record = store.get(region, "Endpoint", name)
            config = store.get(region, "EndpointConfig", record["EndpointConfigName"])
            deployed = self._deploy(region, name, config)
        except (NotReady, ApiError) as error:
            reason = (
                f"The primary container for production variant did not start: {error}"
            )
            # a failed update is rolled back: the old variants never stopped answering
            status = "InService" if old_config else "Failed"
            back = {"EndpointConfigName": old_config} if old_config else {}
            store.update(
                region,
                "Endpoint",
                name,
                EndpointStatus=status,
                FailureReason=reason[:1024],
                **back,
            )
            return
        with self._lock:
            if self.engine.closing or not self._still_wanted(region, name):
                deployed.close()
                return
            before = self._deployed.get((region, name))
            self._deployed[region, name] = deployed
        self._bill(arn, name, config)
        self._describe(region, name, deployed)
        store.update(
            region, "Endpoint", name, EndpointStatus="InService", FailureReason=None
        )
        if before is not None:
            before.close()

    def _deploy(self, region, name, config):
        """Load every variant's model; if one does not load, none is kept."""
        variants = []
        try:
            for settings in config["ProductionVariants"]:
                record = self.engine.store.get(region, "Model", settings["ModelName"])
                variants.append(self._variant(region, name, settings, record))
            s3 = self.engine.client("s3", region, record["ExecutionRoleArn"])
            explainer = explaining.explainer_of(config, s3)
        except Exception:
            for variant in variants:
                variant.model.close()
            raise
        capture = config.get("DataCaptureConfig", {})
        taken = None
        if capture.get("EnableCapture"):
            # what is captured is written with the permissions of the model's role
            role = record["ExecutionRoleArn"]
            s3, now = self.engine.client("s3", region, role), self.engine.clock.now
            taken = Capture(s3, name, capture, now)
        choice = random.Random(zlib.crc32(name.encode()))
        return Deployed(variants, taken, choice, explainer)

    def _variant(self, region, name, settings, record):
        stream = f"{settings['VariantName']}/i-{int(time.time() * 1000):x}"
        return Variant(
            settings["VariantName"],
            Model(self.engine, region, record, LOGS + name, stream),
            container_of(record)["Image"],
            settings.get("InitialVariantWeight", 1.0),
            settings.get("InitialInstanceCount", 1),
        )

    def _describe(self, region, name, deployed):
        """Write what runs into the endpoint's record."""
        rows = [
            {
                "VariantName": v.name,
                "DeployedImages": [
                    {"SpecifiedImage": v.image, "ResolutionTime": now()}
                ],
                "CurrentWeight": v.weight,
                "DesiredWeight": v.weight,
                "CurrentInstanceCount": v.instances,
                "DesiredInstanceCount": v.instances,
            }
            for v in deployed.variants
        ]
        fields = {"ProductionVariants": rows, "DataCaptureConfig": None}
        if deployed.explainer is not None:
            fields["ExplainerConfig"] = {
                "ClarifyExplainerConfig": deployed.explainer.config
            }
        if deployed.capture is not None:
            config = deployed.capture.config
            fields["DataCaptureConfig"] = {
                "EnableCapture": True,
                "CaptureStatus": "Started",
                "CurrentSamplingPercentage": config["InitialSamplingPercentage"],
                "DestinationS3Uri": config["DestinationS3Uri"],
                "KmsKeyId": config.get("KmsKeyId", ""),
            }
        self.engine.store.update(region, "Endpoint", name, **fields)

    def _still_wanted(self, region, name):
        try:
            record = self.engine.store.get(region, "Endpoint", name)
        except ApiError:
            return False
        return record["EndpointStatus"] != "Deleting"

    def _take_down(self, region, name):
        with self._lock:
            deployed = self._deployed.pop((region, name), None)
        if deployed is not None:
            deployed.close()
        try:
            self.engine.store.remove(region, "Endpoint", name)
        except ApiError:
            return  # deleted twice

    def _bill(self, arn, name, config):
        self.engine.meter.stop(arn)
        variants = [v for v in config["ProductionVariants"] if v.get("InstanceType")]
        for variant in variants[:1]:
            count = sum(v.get("InitialInstanceCount", 1) for v in variants)
            self.engine.meter.start(
                arn, "hosting", name, variant["InstanceType"], count
            )

    def _model_error(self, error, region, name, variant):
        whose = "client" if 400 <= error.status < 500 else "server"
        log = variant.model.log
        return ApiError(
            "ModelError",
            f'Received {whose} error ({error.status}) from primary with message "{error.message}". '
            f"See the log group {log.group} in account {self.engine.account} for more information.",
            424,
            OriginalStatusCode=error.status,
            OriginalMessage=error.message,
            LogStreamArn=(
                f"arn:aws:logs:{region}:{self.engine.account}:log-group:{log.group}"
                f":log-stream:{log.stream}"
            ),
        )
