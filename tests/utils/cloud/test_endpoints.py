"""Models, endpoint configurations, endpoints and invocations."""

import base64
import json
import threading

import pytest
from botocore.exceptions import ClientError

from tests.utils.cloud import requests
from utils.cloud import image_uri


@pytest.fixture
def sagemaker(cloud):
    return cloud.client("sagemaker")


def code_of(caught):
    return caught.value.response["Error"]["Code"]


def captured(cloud, prefix):
    """The capture's lines under a prefix."""
    s3 = cloud.client("s3")
    listing = s3.list_objects_v2(Bucket=cloud.bucket, Prefix=prefix).get("Contents", [])
    lines = []
    for item in listing:
        body = s3.get_object(Bucket=cloud.bucket, Key=item["Key"])["Body"].read()
        lines += [(item["Key"], json.loads(line)) for line in body.splitlines()]
    return lines


def capture(cloud, name, percentage=100, **header):
    settings = {
        "EnableCapture": True,
        "InitialSamplingPercentage": percentage,
        "DestinationS3Uri": f"s3://{cloud.bucket}/capture-{name}",
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
    }
    return {**settings, "CaptureContentTypeHeader": header} if header else settings


def test_life_of_an_endpoint(cloud, name, artefact, sagemaker, eventually):
    requests.deploy(cloud, name, artefact)
    found = sagemaker.describe_endpoint(EndpointName=name)
    assert found["EndpointStatus"] == "InService"
    assert found["EndpointConfigName"] == name
    assert found["ProductionVariants"][0]["VariantName"] == "AllTraffic"
    assert found["ProductionVariants"][0]["CurrentWeight"] == 1.0
    listed = sagemaker.list_endpoints(NameContains=name)["Endpoints"]
    assert [row["EndpointName"] for row in listed] == [name]
    sagemaker.delete_endpoint(EndpointName=name)
    waiter = sagemaker.get_waiter("endpoint_deleted")
    waiter.wait(EndpointName=name, WaiterConfig=requests.QUICK)
    sagemaker.delete_endpoint_config(EndpointConfigName=name)
    sagemaker.delete_model(ModelName=name)
    for describe, key in (
        (sagemaker.describe_endpoint, "EndpointName"),
        (sagemaker.describe_endpoint_config, "EndpointConfigName"),
        (sagemaker.describe_model, "ModelName"),
    ):
        with pytest.raises(ClientError, match="Could not find") as caught:
            describe(**{key: name})
        assert code_of(caught) == "ValidationException"


def test_formats_in_and_out_agree(cloud, endpoint):
    as_json = requests.invoke(cloud, endpoint, Accept="application/json")
    score = json.loads(as_json)["predictions"][0]["score"]
    body = json.dumps({"instances": [{"features": [5, 1]}]})
    again = requests.invoke(cloud, endpoint, body, "application/json")
    assert json.loads(again)["predictions"][0]["score"] == score
    lines = requests.invoke(
        cloud,
        endpoint,
        '{"features": [5, 1]}\n{"features": [1, 5]}\n',
        "application/jsonlines",
        Accept="application/jsonlines",
    )
    rows = [json.loads(line) for line in lines.splitlines()]
    assert rows[0]["score"] == score
    assert [row["predicted_label"] for row in rows] == [1, 0]


def test_missing_endpoint(cloud):
    with pytest.raises(ClientError) as caught:
        requests.invoke(cloud, "nowhere")
    assert code_of(caught) == "ValidationError"
    assert f"Endpoint nowhere of account {cloud.account} not found." in str(
        caught.value
    )


def test_models_refusal_is_a_model_error(cloud, endpoint):
    with pytest.raises(ClientError) as caught:
        requests.invoke(cloud, endpoint, "1,2,3")
    answer = caught.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert answer["Error"]["Code"] == "ModelError"
    assert answer["OriginalStatusCode"] == 400
    assert "3 features" in answer["OriginalMessage"]
    assert f"/aws/sagemaker/Endpoints/{endpoint}" in answer["LogStreamArn"]


def test_unreadable_type(cloud, endpoint):
    with pytest.raises(ClientError) as caught:
        requests.invoke(cloud, endpoint, "x", "image/png")
    assert caught.value.response["OriginalStatusCode"] == 415


def test_body_has_a_limit(cloud, endpoint):
    with pytest.raises(ClientError) as caught:
        requests.invoke(cloud, endpoint, b"1" * (6 * 1024**2 + 1))
    assert code_of(caught) == "ValidationError"
    assert "less than or equal to 6291456" in str(caught.value)


def test_traffic_follows_the_weights(cloud, name, artefact, sagemaker):
    variants = [requests.variant("A", name, 3), requests.variant("B", name, 1)]
    requests.deploy(cloud, name, artefact, variants=variants)
    client = cloud.client("sagemaker-runtime")

    def share_of_b(requests_sent=120, **more):
        answers = [
            client.invoke_endpoint(
                EndpointName=name, Body="5,1", ContentType="text/csv", **more
            )["InvokedProductionVariant"]
            for _ in range(requests_sent)
        ]
        return answers.count("B") / requests_sent

    # with 120 requests a share of 1/4 has a standard error of .04
    assert 0.1 < share_of_b() < 0.4
    assert share_of_b(5, TargetVariant="B") == 1
    change = [{"VariantName": "A", "DesiredWeight": 0}]
    sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=name, DesiredWeightsAndCapacities=change
    )
    assert share_of_b(20) == 1
    with pytest.raises(ClientError, match="Variant C not found; there are: A, B"):
        share_of_b(1, TargetVariant="C")
    sagemaker.delete_endpoint(EndpointName=name)


def requests_during_update(cloud, name):
    """Update an endpoint to ``<name>-new`` while requests keep coming: variants seen, failures."""
    seen, over, failures = set(), threading.Event(), []

    def ask():
        client = cloud.client("sagemaker-runtime")
        while not over.is_set():
            try:
                answer = client.invoke_endpoint(
                    EndpointName=name, Body="5,1", ContentType="text/csv"
                )
                seen.add(answer["InvokedProductionVariant"])
            except ClientError as error:
                failures.append(error)

    asking = [threading.Thread(target=ask) for _ in range(3)]
    for thread in asking:
        thread.start()
    sagemaker = cloud.client("sagemaker")
    sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=f"{name}-new")
    requests.in_service(cloud, name)
    requests.invoke(cloud, name)
    over.set()
    for thread in asking:
        thread.join()
    return seen, failures


def test_update_without_a_refused_request(cloud, name, artefact, sagemaker):
    requests.deploy(cloud, name, artefact)
    sagemaker.create_endpoint_config(
        EndpointConfigName=f"{name}-new",
        ProductionVariants=[requests.variant("New", name)],
    )
    seen, failures = requests_during_update(cloud, name)
    assert failures == []
    assert seen <= {"AllTraffic", "New"}
    found = sagemaker.describe_endpoint(EndpointName=name)
    assert found["EndpointConfigName"] == f"{name}-new"
    assert found["ProductionVariants"][0]["VariantName"] == "New"
    sagemaker.delete_endpoint(EndpointName=name)


def test_update_waits_for_requests_under_way(cloud, name, sagemaker):
    """A script's process takes a moment for each request: none is cut off when it is replaced."""
    code = "import time\ndef model_fn(folder): return 1\n"
    code += "def predict_fn(data, model): time.sleep(0.05); return data\n"
    body = requests.tarball({"code/inference.py": code})
    cloud.client("s3").put_object(Bucket=cloud.bucket, Key=f"{name}.tar.gz", Body=body)
    container = {
        "Image": image_uri("sagemaker-scikit-learn"),
        "ModelDataUrl": f"s3://{cloud.bucket}/{name}.tar.gz",
        "Environment": {"SAGEMAKER_PROGRAM": "inference.py"},
    }
    sagemaker.create_model(
        ModelName=name, ExecutionRoleArn=cloud.role, PrimaryContainer=container
    )
    for config in (name, f"{name}-new"):
        variants = [requests.variant("v", name)]
        sagemaker.create_endpoint_config(
            EndpointConfigName=config, ProductionVariants=variants
        )
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    requests.in_service(cloud, name)
    seen, failures = requests_during_update(cloud, name)
    assert (seen, failures) == ({"v"}, [])
    sagemaker.delete_endpoint(EndpointName=name)


def broken_model(cloud, name):
    """A model whose archive holds no model of the linear learner."""
    key = f"{name}/broken.tar.gz"
    body = requests.tarball({"weights.txt": "?"})
    cloud.client("s3").put_object(Bucket=cloud.bucket, Key=key, Body=body)
    container = {
        "Image": image_uri("linear-learner"),
        "ModelDataUrl": f"s3://{cloud.bucket}/{key}",
    }
    cloud.client("sagemaker").create_model(
        ModelName=f"{name}-broken",
        ExecutionRoleArn=cloud.role,
        PrimaryContainer=container,
    )
    cloud.client("sagemaker").create_endpoint_config(
        EndpointConfigName=f"{name}-broken",
        ProductionVariants=[requests.variant("v", f"{name}-broken")],
    )


def test_a_model_that_does_not_load_fails_the_endpoint(
    cloud, name, sagemaker, eventually
):
    broken_model(cloud, name)
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=f"{name}-broken")
    found = eventually(
        lambda: (
            (d := sagemaker.describe_endpoint(EndpointName=name))["EndpointStatus"]
            != "Creating"
            and d
        )
    )
    assert found["EndpointStatus"] == "Failed"
    assert "model_algo-1" in found["FailureReason"]
    with pytest.raises(ClientError, match="not found"):
        requests.invoke(cloud, name)
    sagemaker.delete_endpoint(EndpointName=name)


def test_a_failed_update_is_rolled_back(cloud, endpoint, sagemaker, eventually):
    broken_model(cloud, endpoint)
    sagemaker.update_endpoint(
        EndpointName=endpoint, EndpointConfigName=f"{endpoint}-broken"
    )
    found = eventually(
        lambda: (
            (d := sagemaker.describe_endpoint(EndpointName=endpoint))["EndpointStatus"]
            != "Updating"
            and d
        )
    )
    assert found["EndpointStatus"] == "InService"
    assert found["EndpointConfigName"] == endpoint
    assert "model_algo-1" in found["FailureReason"]
    assert json.loads(requests.invoke(cloud, endpoint))["predictions"]


def test_what_is_missing_is_named(cloud, name, sagemaker):
    with pytest.raises(ClientError, match=f'Could not find model ".*model/{name}"'):
        sagemaker.create_endpoint_config(
            EndpointConfigName=name, ProductionVariants=[requests.variant("v", name)]
        )
    with pytest.raises(ClientError, match="Could not find endpoint configuration"):
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    container = {
        "Image": image_uri("linear-learner"),
        "ModelDataUrl": f"s3://{cloud.bucket}/no/model.tar.gz",
    }
    with pytest.raises(ClientError, match="Could not find model data at s3://"):
        sagemaker.create_model(
            ModelName=name, ExecutionRoleArn=cloud.role, PrimaryContainer=container
        )


def test_names_are_taken(cloud, endpoint, artefact, sagemaker):
    with pytest.raises(ClientError, match="Cannot create already existing endpoint"):
        sagemaker.create_endpoint(EndpointName=endpoint, EndpointConfigName=endpoint)
    with pytest.raises(ClientError, match="Cannot create already existing model"):
        requests.deploy(cloud, endpoint, artefact)


def test_variants_have_names_of_their_own(cloud, endpoint, sagemaker):
    with pytest.raises(ClientError, match="must be unique"):
        sagemaker.create_endpoint_config(
            EndpointConfigName=f"{endpoint}-twice",
            ProductionVariants=[requests.variant("v", endpoint)] * 2,
        )


def test_capture_has_sagemakers_layout(cloud, name, artefact, sagemaker, eventually):
    settings = capture(
        cloud, name, CsvContentTypes=["text/csv"], JsonContentTypes=["application/json"]
    )
    requests.deploy(cloud, name, artefact, DataCaptureConfig=settings)
    requests.invoke(cloud, name, InferenceId="case-7", CustomAttributes="unit=3")
    (key, line), *_ = eventually(lambda: captured(cloud, f"capture-{name}"))
    year, month, day, hour, file = key.split(f"capture-{name}/{name}/AllTraffic/")[
        1
    ].split("/")
    assert (len(year), len(month), len(day), len(hour)) == (4, 2, 2, 2)
    assert file.endswith(".jsonl")
    assert line["eventVersion"] == "0"
    assert line["eventMetadata"]["inferenceId"] == "case-7"
    assert line["eventMetadata"]["customAttributes"] == ["unit=3"]
    given = line["captureData"]["endpointInput"]
    assert given == {
        "observedContentType": "text/csv",
        "mode": "INPUT",
        "data": "5,1",
        "encoding": "CSV",
    }
    answer = line["captureData"]["endpointOutput"]
    assert answer["encoding"] == "JSON"
    assert json.loads(answer["data"])["predictions"]
    described = sagemaker.describe_endpoint(EndpointName=name)["DataCaptureConfig"]
    assert described["CaptureStatus"] == "Started"
    sagemaker.delete_endpoint(EndpointName=name)


def test_unlisted_types_are_captured_in_base64(
    cloud, name, artefact, sagemaker, eventually
):
    requests.deploy(cloud, name, artefact, DataCaptureConfig=capture(cloud, name))
    requests.invoke(cloud, name)
    _, line = eventually(lambda: captured(cloud, f"capture-{name}"))[0]
    given = line["captureData"]["endpointInput"]
    assert given["encoding"] == "BASE64"
    assert base64.b64decode(given["data"]) == b"5,1"
    sagemaker.delete_endpoint(EndpointName=name)


def test_capture_samples_and_deletion_writes_the_rest(
    cloud, name, artefact, sagemaker, eventually
):
    settings = capture(cloud, name, percentage=50)
    requests.deploy(cloud, name, artefact, DataCaptureConfig=settings)
    for _ in range(60):
        requests.invoke(cloud, name)
    sagemaker.delete_endpoint(EndpointName=name)
    waiter = sagemaker.get_waiter("endpoint_deleted")
    waiter.wait(EndpointName=name, WaiterConfig=requests.QUICK)
    # half of 60, give or take four standard errors
    assert 14 < len(captured(cloud, f"capture-{name}")) < 46


def test_bill_counts_until_deletion(cloud, name, artefact):
    requests.deploy(cloud, name, artefact)
    rows = cloud.bill().set_index("name")
    running = rows.loc[name]
    assert (running["use"], running["state"]) == ("hosting", "running")
    assert running["usd_per_month"] == pytest.approx(running["usd_per_hour"] * 730)
    cloud.client("sagemaker").delete_endpoint(EndpointName=name)
    first, second = cloud.bill(), cloud.bill()
    ended = first.set_index("name").loc[name]
    assert ended["state"] == "ended"
    assert ended["usd"] > 0
    assert second.set_index("name").loc[name]["usd"] == ended["usd"]


def test_price_that_nobody_gave_is_left_out(cloud, name):
    resources = {
        "InstanceType": "ml.c4.8xlarge",
        "InstanceCount": 1,
        "VolumeSizeInGB": 5,
    }
    requests.train(cloud, name, ResourceConfig=resources)
    row = cloud.bill().set_index("name").loc[name]
    assert row[["usd_per_hour", "usd"]].isna().all()
    assert row["hours"] > 0
