"""Policies evaluated, by hand and on real requests."""

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.utils.cloud import requests
from utils.cloud.permissions import allowed, requested

READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/in/*"}


def document(*statements):
    return [{"Version": "2012-10-17", "Statement": list(statements)}]


@pytest.mark.parametrize(
    "action, resource, expected",
    [
        ("s3:GetObject", "arn:aws:s3:::b/in/a.json", True),
        ("s3:getobject", "arn:aws:s3:::b/in/a.json", True),  # actions ignore case
        ("s3:GetObject", "arn:aws:s3:::b/IN/a.json", False),  # resources do not
        ("s3:GetObject", "arn:aws:s3:::b/out/a.json", False),
        ("s3:PutObject", "arn:aws:s3:::b/in/a.json", False),
    ],
)
def test_one_statement(action, resource, expected):
    assert allowed(document(READ), action, resource) is expected


def test_deny_wins_and_silence_is_no():
    deny = {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::b/in/secret*"}
    assert not allowed(
        document(READ, deny), "s3:GetObject", "arn:aws:s3:::b/in/secret.json"
    )
    assert allowed(document(deny, READ), "s3:GetObject", "arn:aws:s3:::b/in/open.json")
    assert not allowed([], "s3:GetObject", "arn:aws:s3:::b/in/a")


def test_wildcards_and_lists():
    many = {"Effect": "Allow", "Action": ["s3:List*", "sns:Publish"], "Resource": "*"}
    assert allowed(document(many), "s3:ListBucket", "arn:aws:s3:::b")
    assert not allowed(document(many), "s3:GetObject", "arn:aws:s3:::b/k")
    single = {
        "Effect": "Allow",
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::b/?.csv",
    }
    assert allowed(document(single), "s3:GetObject", "arn:aws:s3:::b/1.csv")
    assert not allowed(document(single), "s3:GetObject", "arn:aws:s3:::b/12.csv")


def test_negated_elements():
    statement = {
        "Effect": "Allow",
        "NotAction": "iam:*",
        "NotResource": "arn:aws:s3:::b/x",
    }
    assert allowed(document(statement), "s3:GetObject", "arn:aws:s3:::b/y")
    assert not allowed(document(statement), "s3:GetObject", "arn:aws:s3:::b/x")
    assert not allowed(document(statement), "iam:GetRole", "arn:aws:s3:::b/y")


def test_a_condition_never_allows_and_always_denies():
    condition = {"Condition": {"Bool": {"aws:SecureTransport": "true"}}}
    assert not allowed(
        document({**READ, **condition}), "s3:GetObject", "arn:aws:s3:::b/in/a"
    )
    deny = {**READ, **condition, "Effect": "Deny"}
    assert not allowed(document(READ, deny), "s3:GetObject", "arn:aws:s3:::b/in/a")


def test_one_statement_may_stand_alone():
    assert allowed([{"Statement": READ}], "s3:GetObject", "arn:aws:s3:::b/in/a")


@pytest.mark.parametrize(
    "service, method, path, expected",
    [
        ("s3", "GET", "/b/k", ("s3:GetObject", "arn:aws:s3:::b/k")),
        ("s3", "PUT", "/b/a%20k", ("s3:PutObject", "arn:aws:s3:::b/a k")),
        ("s3", "DELETE", "/b/k", ("s3:DeleteObject", "arn:aws:s3:::b/k")),
        ("s3", "GET", "/b", ("s3:ListBucket", "arn:aws:s3:::b")),
        (
            "sagemaker",
            "POST",
            "/endpoints/Scores/invocations",
            ("sagemaker:InvokeEndpoint", "arn:aws:sagemaker:r:1:endpoint/scores"),
        ),
        (
            "lambda",
            "POST",
            "/2015-03-31/functions/f/invocations",
            ("lambda:InvokeFunction", "arn:aws:lambda:r:1:function:f"),
        ),
    ],
)
def test_what_a_request_asks_for(service, method, path, expected):
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path}
    assert requested(service, environ, b"", "1", "r") == expected


def test_named_resources_of_other_requests():
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/"}
    form = b"Action=Publish&TopicArn=arn%3Aaws%3Asns%3Ar%3A1%3At"
    assert requested("sns", environ, form, "1", "r") == (
        "sns:Publish",
        "arn:aws:sns:r:1:t",
    )
    environ["HTTP_X_AMZ_TARGET"] = "AmazonSQS.SendMessage"
    body = b'{"QueueUrl": "http://127.0.0.1/1/q"}'
    assert requested("sqs", environ, body, "1", "r") == (
        "sqs:SendMessage",
        "arn:aws:sqs:r:1:q",
    )


def test_a_functions_role_is_what_it_may_do(cloud, name):
    source = """
import boto3
def handler(event, context):
    s3 = boto3.client("s3")
    s3.get_object(Bucket=event["bucket"], Key=event["key"])
    return "read"
"""
    requests.function(cloud, name, source)
    cloud.client("s3").put_object(Bucket=cloud.bucket, Key=f"{name}/a", Body=b"x")
    event = f'{{"bucket": "{cloud.bucket}", "key": "{name}/a"}}'
    client = cloud.client("lambda")
    refused = client.invoke(FunctionName=name, Payload=event)
    text = refused["Payload"].read().decode()
    assert "is not authorized to perform: s3:GetObject on resource" in text
    grant = {"Effect": "Allow", "Action": "s3:GetObject"}
    grant["Resource"] = f"arn:aws:s3:::{cloud.bucket}/{name}/*"
    requests.allow(cloud, f"role-of-{name}", [grant])
    answer = client.invoke(FunctionName=name, Payload=event)
    assert answer["Payload"].read() == b'"read"'


def test_an_assumed_role_is_what_it_may_do(cloud, name):
    trust = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
    role = requests.role(cloud, f"assumed-{name}", [trust])
    made = cloud.client("sts").assume_role(RoleArn=role, RoleSessionName="session")[
        "Credentials"
    ]
    session = boto3.Session(made["AccessKeyId"], made["SecretAccessKey"])
    s3 = session.client("s3", endpoint_url=cloud.url)
    assert s3.list_buckets()["Buckets"]
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.list_objects_v2(Bucket=cloud.bucket)


def test_a_jobs_role_is_what_it_may_read(cloud, name):
    role = requests.role(cloud, f"narrow-{name}", service="sagemaker.amazonaws.com")
    job = requests.train(cloud, name, RoleArn=role)
    assert job["TrainingJobStatus"] == "Failed"
    assert "Data download failed" in job["FailureReason"]
    assert "s3:ListBucket" in job["FailureReason"]


def test_simulation_follows_the_same_rules(cloud, name):
    deny = {"Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "*"}
    role = requests.role(cloud, f"simulated-{name}", [READ, deny])
    answer = cloud.client("iam").simulate_principal_policy(
        PolicySourceArn=role,
        ActionNames=["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
        ResourceArns=["arn:aws:s3:::b/in/a&b"],
    )
    decisions = {
        r["EvalActionName"]: r["EvalDecision"] for r in answer["EvaluationResults"]
    }
    assert decisions == {
        "s3:GetObject": "allowed",
        "s3:PutObject": "implicitDeny",
        "s3:DeleteObject": "explicitDeny",
    }


def test_a_role_that_sagemaker_may_not_take(cloud, name):
    role = requests.role(cloud, f"lambda-only-{name}")
    request = requests.training(cloud, name, RoleArn=role)
    with pytest.raises(ClientError, match="Could not assume role"):
        cloud.client("sagemaker").create_training_job(**request)
