"""What we rely on in moto, whose insides one file touches."""

import io
import json

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from tests.utils.cloud import requests
from utils.cloud import connect

ECHO = """
import json, os, boto3
def handler(event, context):
    boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE"], MessageBody=json.dumps(event))
"""


@pytest.fixture
def queue(cloud, name):
    """A queue: its address and its ARN."""
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, found["Attributes"]["QueueArn"]


@pytest.fixture
def echo(cloud, name, queue):
    """A function that sends every event it is given to the queue."""
    url, arn = queue
    send = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn}
    return requests.function(
        cloud, name, ECHO, [send], Environment={"Variables": {"QUEUE": url}}
    )


@pytest.fixture
def bucket(cloud, name):
    cloud.client("s3").create_bucket(Bucket=f"bucket-{name}")
    return f"bucket-{name}"


def received(cloud, url):
    """The queue's next message, as JSON; None if there is none."""
    answer = cloud.client("sqs").receive_message(QueueUrl=url)
    messages = [json.loads(m["Body"]) for m in answer.get("Messages", [])]
    # S3 sends a test event when a notification is set up, here as on AWS
    return next((m for m in messages if m.get("Event") != "s3:TestEvent"), None)


def notify(cloud, bucket, **configuration):
    cloud.client("s3").put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration=configuration
    )


def test_new_object_reaches_a_function(cloud, bucket, echo, queue, eventually):
    rules = [{"Name": "prefix", "Value": "in/"}, {"Name": "suffix", "Value": ".json"}]
    target = {
        "LambdaFunctionArn": echo,
        "Events": ["s3:ObjectCreated:*"],
        "Filter": {"Key": {"FilterRules": rules}},
    }
    notify(cloud, bucket, LambdaFunctionConfigurations=[target])
    s3 = cloud.client("s3")
    s3.put_object(Bucket=bucket, Key="elsewhere/a.json", Body=b"{}")
    s3.put_object(Bucket=bucket, Key="in/a b.json", Body=b"{}")
    record = eventually(lambda: received(cloud, queue[0]))["Records"][0]
    assert record["eventName"] == "ObjectCreated:Put"
    assert record["s3"]["bucket"]["name"] == bucket
    assert record["s3"]["object"]["key"] == "in/a+b.json"  # URL-encoded, as on AWS


def test_new_object_reaches_a_queue(cloud, bucket, queue, eventually):
    target = {"QueueArn": queue[1], "Events": ["s3:ObjectCreated:*"]}
    notify(cloud, bucket, QueueConfigurations=[target])
    cloud.client("s3").put_object(Bucket=bucket, Key="a", Body=b"")
    event = eventually(lambda: received(cloud, queue[0]))
    assert event["Records"][0]["s3"]["object"]["key"] == "a"


def test_new_object_reaches_a_topic_and_its_subscribers(
    cloud, name, bucket, queue, eventually
):
    sns = cloud.client("sns")
    topic = sns.create_topic(Name=name)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue[1])
    target = {"TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}
    notify(cloud, bucket, TopicConfigurations=[target])
    cloud.client("s3").put_object(Bucket=bucket, Key="a", Body=b"")

    def arrived():
        message = received(cloud, queue[0])
        return message and "Records" in message["Message"] and message

    message = eventually(arrived)
    assert json.loads(message["Message"])["Records"][0]["s3"]["object"]["key"] == "a"


def test_message_reaches_a_function(cloud, name, echo, queue, eventually):
    sns = cloud.client("sns")
    topic = sns.create_topic(Name=f"topic-{name}")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=echo)
    sns.publish(TopicArn=topic, Message="hello", Subject="greeting")
    record = eventually(lambda: received(cloud, queue[0]))["Records"][0]
    assert record["EventSource"] == "aws:sns"
    assert record["Sns"]["Message"] == "hello"
    assert record["Sns"]["Subject"] == "greeting"
    assert record["Sns"]["TopicArn"] == topic


def test_a_put_does_not_wait_for_the_function(cloud, name, bucket, eventually):
    slow = "import time\ndef handler(event, context): time.sleep(2); print('woke')"
    arn = requests.function(cloud, name, slow)
    target = {"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}
    notify(cloud, bucket, LambdaFunctionConfigurations=[target])
    cloud.client("s3").put_object(Bucket=bucket, Key="a", Body=b"")
    group = f"/aws/lambda/{name}"
    groups = cloud.client("logs").describe_log_groups(logGroupNamePrefix=group)
    text = requests.log_text(cloud, group) if groups["logGroups"] else ""
    assert "woke" not in text  # the put is back, the function is not
    eventually(lambda: "woke" in requests.log_text(cloud, group))


def test_managed_policies_can_be_attached(cloud, name):
    requests.role(cloud, name)
    arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    cloud.client("iam").attach_role_policy(RoleName=name, PolicyArn=arn)
    documents = cloud._engine.services.role_documents(name)
    actions = [a for d in documents for s in d["Statement"] for a in s["Action"]]
    assert "logs:PutLogEvents" in actions


def test_metrics_and_repositories(cloud, name):
    watch = cloud.client("cloudwatch")
    datum = {"MetricName": "gap", "Value": 0.2, "Unit": "None"}
    watch.put_metric_data(Namespace=name, MetricData=[datum])
    assert watch.list_metrics(Namespace=name)["Metrics"][0]["MetricName"] == "gap"
    made = cloud.client("ecr").create_repository(repositoryName=name)
    assert made["repository"]["repositoryUri"].endswith(f"amazonaws.com/{name}")


def test_large_objects_come_in_parts(cloud, name):
    s3, part = cloud.client("s3"), 5 * 1024**2
    content = bytes(range(256)) * (2 * part // 256 + 7)
    settings = TransferConfig(part, multipart_chunksize=part)
    s3.upload_fileobj(io.BytesIO(content), cloud.bucket, name, Config=settings)
    assert s3.get_object(Bucket=cloud.bucket, Key=name)["Body"].read() == content


@pytest.mark.parametrize(
    "service, operation, arguments",
    [
        ("ec2", "describe_instances", {}),
        ("dynamodb", "list_tables", {}),
        ("rekognition", "detect_faces", {"Image": {"Bytes": b"x"}}),
        ("sagemaker", "list_pipelines", {}),
        ("sagemaker", "list_auto_ml_jobs", {}),
        ("sqs", "list_message_move_tasks", {"SourceArn": "arn:aws:sqs:us-east-1:1:q"}),
    ],
)
def test_what_is_not_here_says_so(cloud, service, operation, arguments):
    with pytest.raises(
        ClientError, match="not available in the embedded cloud"
    ) as caught:
        getattr(cloud.client(service), operation)(**arguments)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "Nothing was done" in str(caught.value)


def test_stopping_one_cloud_closes_no_other_clouds_objects(cloud, name):
    cloud.client("s3").put_object(Bucket=cloud.bucket, Key=name, Body=b"kept")
    with connect() as other:
        other.client("s3").put_object(Bucket=other.bucket, Key=name, Body=b"gone")
    body = cloud.client("s3").get_object(Bucket=cloud.bucket, Key=name)["Body"].read()
    assert body == b"kept"
