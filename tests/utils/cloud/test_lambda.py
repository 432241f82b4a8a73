"""Lambda functions: run for real, in a process of their own."""

import base64
import json
import time

import pytest
from botocore.exceptions import ClientError

from tests.utils.cloud import requests


def invoke(cloud, name, event=None, **more):
    """Invoke; the answer with its payload read."""
    payload = json.dumps(event if event is not None else {})
    answer = cloud.client("lambda").invoke(FunctionName=name, Payload=payload, **more)
    return {**answer, "Payload": json.loads(answer["Payload"].read() or b"null")}


def test_handler_gets_its_event_context_and_environment(cloud, name):
    source = """
import os
def handler(event, context):
    return {
        "doubled": event["x"] * 2, "greeting": os.environ["GREETING"],
        "function": context.function_name, "arn": context.invoked_function_arn,
        "left": context.get_remaining_time_in_millis() > 1000,
    }
"""
    variables = {"Variables": {"GREETING": "hello"}}
    arn = requests.function(cloud, name, source, Environment=variables)
    answer = invoke(cloud, name, {"x": 21})
    assert answer["StatusCode"] == 200
    assert "FunctionError" not in answer
    assert answer["ExecutedVersion"] == "$LATEST"
    assert answer["Payload"] == {
        "doubled": 42,
        "greeting": "hello",
        "function": name,
        "arn": arn,
        "left": True,
    }


def test_nothing_of_ours_is_in_its_environment(cloud, name, monkeypatch):
    monkeypatch.setenv("MY_SECRET", "x")
    source = "import os\ndef handler(event, context): return sorted(os.environ)"
    requests.function(cloud, name, source)
    assert "MY_SECRET" not in invoke(cloud, name)["Payload"]


def test_exception_is_a_function_error(cloud, name):
    source = "def handler(event, context):\n    return 1 / event['zero']\n"
    requests.function(cloud, name, source)
    answer = invoke(cloud, name, {"zero": 0}, LogType="Tail")
    assert answer["StatusCode"] == 200
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"]["errorType"] == "ZeroDivisionError"
    assert answer["Payload"]["errorMessage"] == "division by zero"
    assert 'File "/var/task/index.py", line 2' in answer["Payload"]["stackTrace"][0]
    log = base64.b64decode(answer["LogResult"]).decode()
    assert "[ERROR] ZeroDivisionError: division by zero" in log
    assert "REPORT RequestId" in log


RETURNS = "def handler(event, context): return "


@pytest.mark.parametrize(
    "source, changes, kind, words",
    [
        ("x = 1", {}, "HandlerNotFound", "Handler 'handler' missing on module 'index'"),
        ("import nothing_such", {}, "ImportModuleError", "nothing_such"),
        (RETURNS + "{1, 2}", {}, "MarshalError", "not JSON serializable"),
        (RETURNS + "1", {"Handler": "other.handler"}, "ImportModuleError", "other"),
        ("import os\n" + RETURNS + "os._exit(3)", {}, "ExitError", "exit status 3"),
    ],
)
def test_what_a_function_can_do_wrong(cloud, name, source, changes, kind, words):
    requests.function(cloud, name, source, **changes)
    answer = invoke(cloud, name)
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"]["errorType"] == f"Runtime.{kind}"
    assert words in answer["Payload"]["errorMessage"]


def test_hanging_handler_is_stopped_in_time(cloud, name):
    source = "import time\ndef handler(event, context): time.sleep(60)"
    requests.function(cloud, name, source, Timeout=1)
    started = time.monotonic()
    answer = invoke(cloud, name)
    assert time.monotonic() - started < 50
    assert answer["FunctionError"] == "Unhandled"
    assert "Task timed out after 1.00 seconds" in answer["Payload"]["errorMessage"]


def test_event_invocation_returns_at_once(cloud, name, eventually):
    source = "import time\ndef handler(event, context): time.sleep(3); print('done', event['n'])"
    requests.function(cloud, name, source)
    answer = invoke(cloud, name, {"n": 7}, InvocationType="Event")
    assert answer["StatusCode"] == 202
    group = f"/aws/lambda/{name}"
    begun = cloud.client("logs").describe_log_groups(logGroupNamePrefix=group)
    assert not begun["logGroups"] or "done" not in requests.log_text(cloud, group)
    eventually(lambda: "done 7" in requests.log_text(cloud, f"/aws/lambda/{name}"))


def test_dry_run_runs_nothing(cloud, name):
    requests.function(cloud, name, "def handler(event, context): print('ran')")
    assert invoke(cloud, name, InvocationType="DryRun")["StatusCode"] == 204
    groups = cloud.client("logs").describe_log_groups(
        logGroupNamePrefix=f"/aws/lambda/{name}"
    )
    assert not groups["logGroups"]


def test_new_code_is_what_runs(cloud, name):
    requests.function(cloud, name, "def handler(event, context): return 'old'")
    new = requests.zipped({"index.py": "def handler(event, context): return 'new'"})
    cloud.client("lambda").update_function_code(FunctionName=name, ZipFile=new)
    assert invoke(cloud, name)["Payload"] == "new"


def test_modules_beside_the_handler(cloud, name):
    files = {
        "app/main.py": "from lib import x\ndef run(event, context): return x",
        "lib.py": "x = 5",
    }
    requests.function(
        cloud,
        name,
        "",
        Handler="app/main.run",
        Code={"ZipFile": requests.zipped(files)},
    )
    assert invoke(cloud, name)["Payload"] == 5


def test_missing_function(cloud):
    with pytest.raises(
        ClientError, match="Function not found: arn:aws:lambda"
    ) as caught:
        invoke(cloud, "nowhere")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_payload_must_be_json(cloud, name):
    requests.function(cloud, name, "def handler(event, context): return 1")
    with pytest.raises(ClientError, match="InvalidRequestContentException"):
        cloud.client("lambda").invoke(FunctionName=name, Payload=b"{half")


@pytest.mark.parametrize(
    "content",
    [b"no zip", requests.zipped({"../evil.py": "x"})],
    ids=["no-zip", "hostile"],
)
def test_bad_zip_is_refused_and_nothing_kept(cloud, name, content):
    with pytest.raises(ClientError, match="Could not unzip uploaded file"):
        requests.function(cloud, name, "", Code={"ZipFile": content})
    with pytest.raises(ClientError, match="ResourceNotFound"):
        cloud.client("lambda").get_function(FunctionName=name)


def test_role_must_be_lambdas(cloud, name):
    arn = f"arn:aws:iam::{cloud.account}:role/none"
    with pytest.raises(ClientError, match="cannot be assumed by Lambda"):
        requests.function(cloud, name, "def handler(e, c): return 1", Role=arn)


def test_too_large_an_answer(cloud, name):
    requests.function(cloud, name, "def handler(e, c): return 'x' * (7 * 1024 ** 2)")
    answer = invoke(cloud, name)
    assert answer["Payload"]["errorType"] == "Function.ResponseSizeTooLarge"


def test_function_calls_an_endpoint(cloud, endpoint):
    source = """
import boto3, json
def handler(event, context):
    client = boto3.client("sagemaker-runtime")
    answer = client.invoke_endpoint(
        EndpointName=event["endpoint"], ContentType="text/csv", Body=event["row"])
    return json.loads(answer["Body"].read())["predictions"][0]["predicted_label"]
"""
    arn = cloud.client("sagemaker").describe_endpoint(EndpointName=endpoint)[
        "EndpointArn"
    ]
    may = {"Effect": "Allow", "Action": "sagemaker:InvokeEndpoint", "Resource": arn}
    requests.function(cloud, f"calls-{endpoint}", source, [may])
    event = {"endpoint": endpoint, "row": "5,1"}
    assert invoke(cloud, f"calls-{endpoint}", event)["Payload"] == 1
