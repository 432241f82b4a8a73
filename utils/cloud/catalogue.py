"""A JumpStart-style catalogue: models that are looked up and deployed by one call.

On AWS a bucket ``jumpstart-cache-prod-<region>`` holds a manifest; deploying from it means to look
up model id and version there, to resolve image, artefact, script, instance type and environment,
and then CreateModel, CreateEndpointConfig, CreateEndpoint. So here; file names and members of the
specifications are those of AWS's Python SDK. Everything is plain boto3 and can be done by hand.

What differs: the bucket holds two small models of the course's own; `publish` fills it on first
use. On AWS everybody may read that bucket; here the SageMaker role is given the permission, since
bucket policies are not looked at.
"""

import contextlib
import json

from botocore.exceptions import ClientError, WaiterError

from utils.cloud.connection import Cloud, RealCloud
from utils.cloud.images import image_uri

MANIFEST = "models_manifest.json"
# framework → its image's repository and tag
IMAGES = {
    "sklearn": ("sagemaker-scikit-learn", "{framework_version}-cpu-{py_version}"),
    "linear-learner": ("linear-learner", "{framework_version}"),
}
# Poll each second: the default of AWS's waiters is 30 to 120
WAIT = {"Delay": 1, "MaxAttempts": 600}


class CatalogueError(ValueError):
    """A request that the catalogue cannot meet: what was found, and what is allowed."""


def publish(cloud: Cloud) -> str:
    """Fill the catalogue's bucket in the embedded cloud; a second call changes nothing.

    Returns
    -------
    str
        The bucket's name.

    Raises
    ------
    CatalogueError
        For a real account: there the catalogue is AWS's own.
    """
    if isinstance(cloud, RealCloud):
        raise CatalogueError(
            "cloud is a real account: its catalogue is SageMaker JumpStart, which AWS fills; "
            "this one is for the embedded cloud"
        )
    s3, bucket = cloud.client("s3"), f"jumpstart-cache-prod-{cloud.region}"
    try:
        s3.head_object(Bucket=bucket, Key=MANIFEST)
        return bucket
    except ClientError:
        pass  # not there yet
    # imported here: the data sets and scikit-learn are needed by nobody else
    from utils.cloud.jumpstart.build import everything

    place = {"LocationConstraint": cloud.region}
    more = {} if cloud.region == "us-east-1" else {"CreateBucketConfiguration": place}
    s3.create_bucket(Bucket=bucket, **more)
    _let_read(cloud, bucket)
    # the manifest comes last: where it is, the rest is
    for key, content in everything().items():
        s3.put_object(Bucket=bucket, Key=key, Body=content)
    return bucket


def list_models(cloud: Cloud) -> list[dict]:
    """The manifest: ``model_id``, ``version``, ``min_version``, ``spec_key`` of each model."""
    return _read(cloud, MANIFEST)


def describe(cloud: Cloud, model_id: str, version: str = "*") -> dict:
    """A model's specification, with its addresses resolved for the cloud's region.

    Parameters
    ----------
    cloud : Cloud
    model_id : str
        As `list_models` gives it.
    version : str
        ``*`` for the newest.

    Returns
    -------
    dict
        The specification as the bucket has it (``hosting_artifact_key``, ``hyperparameters``,
        ``default_inference_instance_type``, …), and ``image_uri``, ``model_uri``, ``script_uri``
        (None: the image has its own program) for hosting, ``training_image_uri``,
        ``training_model_uri`` (None: nothing to start from), ``training_script_uri``,
        ``environment`` (name → value).

    Raises
    ------
    CatalogueError
        If there is no such model or version; the message lists those there are.
    """
    manifest = list_models(cloud)
    found = [row for row in manifest if row["model_id"] == model_id]
    if not found:
        names = ", ".join(sorted({row["model_id"] for row in manifest}))
        raise CatalogueError(
            f"no model {model_id!r} in the catalogue; there are {names}"
        )
    versions = {row["version"]: row["spec_key"] for row in found}
    newest = max(versions, key=lambda v: [int(part) for part in v.split(".")])
    wanted = newest if version == "*" else version
    if wanted not in versions:
        raise CatalogueError(
            f"{model_id} has no version {version!r}; there are {', '.join(versions)}"
        )
    spec = _read(cloud, versions[wanted])
    uri = f"s3://jumpstart-cache-prod-{cloud.region}/"
    addresses = {
        f"{name}_uri": uri + spec[key] if spec.get(key) else None
        for name, key in (
            ("model", "hosting_artifact_key"),
            ("script", "hosting_script_key"),
            ("training_model", "training_artifact_key"),
            ("training_script", "training_script_key"),
        )
    }
    variables = {
        v["name"]: v["default"] for v in spec["inference_environment_variables"]
    }
    if addresses["script_uri"]:
        variables["SAGEMAKER_SUBMIT_DIRECTORY"] = addresses["script_uri"]
    return {
        **spec,
        **addresses,
        "image_uri": _image(spec["hosting_ecr_specs"], cloud.region),
        "training_image_uri": _image(spec["training_ecr_specs"], cloud.region),
        "environment": variables,
    }


def deploy(
    cloud: Cloud,
    model_id: str,
    endpoint_name: str,
    *,
    instance_type: str | None = None,
    model_data: str | None = None,
) -> dict:
    """Deploy a model: CreateModel, CreateEndpointConfig, CreateEndpoint, wait.

    It costs money until the endpoint is deleted. Model and configuration get the endpoint's name.

    Parameters
    ----------
    cloud : Cloud
    model_id, endpoint_name : str
        Which model, and what the endpoint is to be called.
    instance_type : str, optional
        One of the specification's ``supported_inference_instance_types``; its default if omitted.
    model_data : str, optional
        S3 address of another artefact for the same program, e.g. a fine-tuned one.

    Returns
    -------
    dict
        What DescribeEndpoint answers once the endpoint is in service.

    Raises
    ------
    CatalogueError
        For an unknown model or an instance type that it is not offered on. What AWS refuses (a
        name in use, a missing artefact) comes as boto3's ``ClientError``.
    """
    spec, sagemaker = describe(cloud, model_id), cloud.client("sagemaker")
    offered = spec["supported_inference_instance_types"]
    instance_type = instance_type or spec["default_inference_instance_type"]
    if instance_type not in offered:
        raise CatalogueError(
            f"instance_type is {instance_type!r}; {model_id} is offered on {', '.join(offered)}"
        )
    sagemaker.create_model(
        ModelName=endpoint_name,
        ExecutionRoleArn=cloud.role,
        PrimaryContainer={
            "Image": spec["image_uri"],
            "ModelDataUrl": model_data or spec["model_uri"],
            "Environment": spec["environment"],
        },
    )
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": endpoint_name,
        "InstanceType": instance_type,
        "InitialInstanceCount": 1,
    }
    sagemaker.create_endpoint_config(
        EndpointConfigName=endpoint_name, ProductionVariants=[variant]
    )
    sagemaker.create_endpoint(
        EndpointName=endpoint_name, EndpointConfigName=endpoint_name
    )
    waiter = sagemaker.get_waiter("endpoint_in_service")
    waiter.wait(EndpointName=endpoint_name, WaiterConfig=WAIT)
    return sagemaker.describe_endpoint(EndpointName=endpoint_name)


def fine_tune(
    cloud: Cloud,
    model_id: str,
    data_uri: str,
    job_name: str,
    hyperparameters: dict | None = None,
) -> dict:
    """Train a model of the catalogue on your own data: CreateTrainingJob, wait.

    The text classifier keeps its body and learns a new head; the tabular model is trained anew, as
    a linear learner is.

    Parameters
    ----------
    cloud : Cloud
    model_id : str
        Which model to start from.
    data_uri : str
        An S3 folder, ending with ``/``, that holds a headerless ``data.csv``. Text: column 1 the
        class, a whole number from 0 to k-1, column 2 the text. Tabular: column 1 the label (0 or
        1), then the numbers.
    job_name : str
        The training job's name; the model lands at
        ``s3://<cloud.bucket>/fine-tuned/<job_name>/output/model.tar.gz``.
    hyperparameters : dict, optional
        Name → value, of those in the specification; defaults for the others.

    Returns
    -------
    dict
        What DescribeTrainingJob answers. Look at ``TrainingJobStatus``: a job that fails says why
        in ``FailureReason``.

    Raises
    ------
    CatalogueError
        For an unknown model or hyperparameter, or an address that is no folder with ``data.csv``.
    """
    spec, sagemaker = describe(cloud, model_id), cloud.client("sagemaker")
    _check_data(cloud, data_uri)
    values = _hyperparameters(spec, hyperparameters or {})
    framework = spec["training_ecr_specs"]["framework"]
    own = "train" if framework == "linear-learner" else "training"
    channels = [_channel(own, data_uri, "text/csv")]
    if spec["training_model_uri"]:
        channels.append(_channel("model", spec["training_model_uri"]))
    sagemaker.create_training_job(
        TrainingJobName=job_name,
        RoleArn=cloud.role,
        AlgorithmSpecification={
            "TrainingImage": spec["training_image_uri"],
            "TrainingInputMode": "File",
            "MetricDefinitions": spec["metrics"],
        },
        InputDataConfig=channels,
        OutputDataConfig={"S3OutputPath": f"s3://{cloud.bucket}/fine-tuned"},
        ResourceConfig={
            "InstanceType": spec["default_training_instance_type"],
            "InstanceCount": 1,
            "VolumeSizeInGB": 5,
        },
        StoppingCondition={"MaxRuntimeInSeconds": 600},
        HyperParameters=values,
    )
    waiter = sagemaker.get_waiter("training_job_completed_or_stopped")
    # a job that fails is an answer, not an error: its description says why
    with contextlib.suppress(WaiterError):
        waiter.wait(TrainingJobName=job_name, WaiterConfig=WAIT)
    return sagemaker.describe_training_job(TrainingJobName=job_name)


def _check_data(cloud, data_uri):
    """Refuse what the documented format does not allow, before a job is paid for."""
    if not data_uri.startswith("s3://") or not data_uri.endswith("/"):
        raise CatalogueError(
            f"data_uri is {data_uri!r}; give an S3 folder that ends with '/', as "
            "s3://bucket/folder/"
        )
    bucket, _, prefix = data_uri.removeprefix("s3://").partition("/")
    listed = cloud.client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix)
    found = [o["Key"].removeprefix(prefix) for o in listed.get("Contents", [])]
    if "data.csv" not in found:
        there = ", ".join(sorted(found)[:10]) or "nothing"
        raise CatalogueError(
            f"{data_uri} holds no data.csv; it holds {there}. The format: data.csv without a "
            "header, first column the class"
        )


def _hyperparameters(spec, given):
    """Defaults and the caller's values, as the strings that a training job takes."""
    known = {h["name"]: h for h in spec["hyperparameters"]}
    free = [name for name, h in known.items() if h["scope"] == "algorithm"]
    unknown = sorted(set(given) - set(free))
    if unknown:
        raise CatalogueError(
            f"hyperparameters has {', '.join(unknown)}; {spec['model_id']} takes "
            f"{', '.join(free)}"
        )
    values = {name: h["default"] for name, h in known.items()} | given
    if spec["training_script_uri"]:
        values["sagemaker_submit_directory"] = spec["training_script_uri"]
    return {name: str(value) for name, value in values.items()}


def _channel(name, uri, content_type=None):
    source = {"S3DataType": "S3Prefix", "S3Uri": uri}
    channel = {"ChannelName": name, "DataSource": {"S3DataSource": source}}
    return channel | ({"ContentType": content_type} if content_type else {})


def _image(specs, region):
    repository, tag = IMAGES[specs["framework"]]
    return image_uri(repository, region, tag.format(**specs))


def _read(cloud, key):
    bucket = publish(cloud)
    answer = cloud.client("s3").get_object(Bucket=bucket, Key=key)
    return json.loads(answer["Body"].read())


def _let_read(cloud, bucket):
    """Allow SageMaker's role to read the bucket, as everybody may on AWS."""
    statement = {
        "Effect": "Allow",
        "Action": ["s3:GetObject", "s3:ListBucket"],
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
    }
    cloud.client("iam").put_role_policy(
        RoleName=cloud.role.rsplit("/", 1)[-1],
        PolicyName="ReadJumpStartCache",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
