"""The requests that several tests send, in plain boto3."""

import io
import json
import tarfile
import zipfile

from utils.cloud import image_uri

QUICK = {"Delay": 0.1, "MaxAttempts": 1200}
# label first: the label is 1 where the first feature is larger than the second
ROWS = [(1, 3, 1), (1, 5, 2), (1, 4, 0), (1, 2, 1), (1, 6, 3), (1, 5, 4)]
ROWS += [(0, 1, 3), (0, 2, 5), (0, 0, 4), (0, 1, 2), (0, 3, 6), (0, 4, 5)]
CSV = "\n".join(",".join(map(str, row)) for row in ROWS)
HYPERPARAMETERS = {
    "predictor_type": "binary_classifier",
    "feature_dim": "2",
    "epochs": "5",
    "mini_batch_size": "4",
    "num_models": "2",
}


def training(cloud, name, **changes):
    """CreateTrainingJob's arguments for a linear learner on twelve rows."""
    s3 = cloud.client("s3")
    s3.put_object(Bucket=cloud.bucket, Key="twelve/train.csv", Body=CSV)
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{cloud.bucket}/twelve/"}
    request = {
        "TrainingJobName": name,
        "RoleArn": cloud.role,
        "AlgorithmSpecification": {
            "TrainingImage": image_uri("linear-learner"),
            "TrainingInputMode": "File",
        },
        "InputDataConfig": [
            {
                "ChannelName": "train",
                "ContentType": "text/csv",
                "DataSource": {"S3DataSource": source},
            }
        ],
        "OutputDataConfig": {"S3OutputPath": f"s3://{cloud.bucket}/output"},
        "ResourceConfig": {
            "InstanceType": "ml.m5.xlarge",
            "InstanceCount": 1,
            "VolumeSizeInGB": 5,
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
        "HyperParameters": HYPERPARAMETERS,
    }
    return {**request, **changes}


def finished(cloud, name):
    """Wait for a training job's end and describe it."""
    sagemaker = cloud.client("sagemaker")
    waiter = sagemaker.get_waiter("training_job_completed_or_stopped")
    try:
        waiter.wait(TrainingJobName=name, WaiterConfig=QUICK)
    except Exception as error:
        if "Failed" not in str(error):
            raise
    return sagemaker.describe_training_job(TrainingJobName=name)


def train(cloud, name, **changes):
    """Train to the end and describe."""
    cloud.client("sagemaker").create_training_job(**training(cloud, name, **changes))
    return finished(cloud, name)


def script_training(cloud, name, files, hyperparameters=None, **changes):
    """CreateTrainingJob's arguments for a script ``train.py`` in the scikit-learn image."""
    key = f"source/{name}/sourcedir.tar.gz"
    cloud.client("s3").put_object(Bucket=cloud.bucket, Key=key, Body=tarball(files))
    given = {
        "sagemaker_program": "train.py",
        "sagemaker_submit_directory": f"s3://{cloud.bucket}/{key}",
        **(hyperparameters or {}),
    }
    image = {
        "TrainingImage": image_uri("sagemaker-scikit-learn"),
        "TrainingInputMode": "File",
    }
    specification = {**image, **changes.pop("AlgorithmSpecification", {})}
    return training(
        cloud,
        name,
        AlgorithmSpecification=specification,
        HyperParameters=given,
        **changes,
    )


def deploy(cloud, name, artefact, config=None, variants=None, **capture):
    """Model, endpoint configuration and endpoint of one name, up to InService."""
    sagemaker = cloud.client("sagemaker")
    sagemaker.create_model(
        ModelName=name,
        ExecutionRoleArn=cloud.role,
        PrimaryContainer={
            "Image": image_uri("linear-learner"),
            "ModelDataUrl": artefact,
        },
    )
    sagemaker.create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=variants or [variant("AllTraffic", name)],
        **capture,
    )
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    in_service(cloud, name)


def variant(name, model, weight=1.0):
    """A production variant on one instance."""
    return {
        "VariantName": name,
        "ModelName": model,
        "InstanceType": "ml.m5.xlarge",
        "InitialInstanceCount": 1,
        "InitialVariantWeight": weight,
    }


def in_service(cloud, name):
    """Wait until an endpoint answers."""
    waiter = cloud.client("sagemaker").get_waiter("endpoint_in_service")
    waiter.wait(EndpointName=name, WaiterConfig=QUICK)


def invoke(cloud, name, body="5,1", content_type="text/csv", **more):
    """InvokeEndpoint; the answer's body as text."""
    client = cloud.client("sagemaker-runtime")
    answer = client.invoke_endpoint(
        EndpointName=name, Body=body, ContentType=content_type, **more
    )
    return answer["Body"].read().decode()


def tarball(files):
    """A .tar.gz of {name: text}, as bytes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path, text in files.items():
            info = tarfile.TarInfo(path)
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return buffer.getvalue()


def zipped(files):
    """A zip file of {name: text}, as bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return buffer.getvalue()


def role(cloud, name, statements=(), service="lambda.amazonaws.com"):
    """A role that a service may take, with these statements; its ARN."""
    iam = cloud.client("iam")
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": service},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    if statements:
        allow(cloud, name, statements)
    return made["Role"]["Arn"]


def allow(cloud, name, statements):
    """Put statements into a role's policy."""
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    cloud.client("iam").put_role_policy(
        RoleName=name, PolicyName="policy", PolicyDocument=json.dumps(document)
    )


def function(cloud, name, source, statements=(), **changes):
    """A Lambda function whose handler is ``index.handler``; its ARN."""
    settings = {
        "FunctionName": name,
        "Runtime": "python3.12",
        "Role": role(cloud, f"role-of-{name}", statements),
        "Handler": "index.handler",
        "Code": {"ZipFile": zipped({"index.py": source})},
        "Timeout": 60,
        **changes,
    }
    return cloud.client("lambda").create_function(**settings)["FunctionArn"]


def log_text(cloud, group, prefix=""):
    """All lines of a log group's streams."""
    logs = cloud.client("logs")
    more = {"logStreamNamePrefix": prefix} if prefix else {}
    streams = logs.describe_log_streams(logGroupName=group, **more)["logStreams"]
    lines = []
    for stream in streams:
        events = logs.get_log_events(
            logGroupName=group,
            logStreamName=stream["logStreamName"],
            startFromHead=True,
        )
        lines += [event["message"] for event in events["events"]]
    return "\n".join(lines)
