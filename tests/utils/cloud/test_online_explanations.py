"""An endpoint that explains its answers: configuration, conditions, shape, numbers, errors."""

import json

import numpy as np
import pytest
from botocore.exceptions import ClientError

from tests.utils.cloud import requests
from utils.explain import kernel_shap

BASELINE = "3,3\n1,4"
RECORDS = "5,1\n1,5\n6,2"


def shap_config(**changes):
    """A ClarifyExplainerConfig for two features and JSON Lines answers."""
    return {
        "InferenceConfig": {
            "ProbabilityAttribute": "score",
            "FeatureHeaders": ["up", "down"],
            **changes.pop("InferenceConfig", {}),
        },
        "ShapConfig": {
            "ShapBaselineConfig": {"MimeType": "text/csv", "ShapBaseline": BASELINE},
            "Seed": 0,
        },
        **changes,
    }


def explaining(config):
    return {"ExplainerConfig": {"ClarifyExplainerConfig": config}}


def ask(cloud, name, body=RECORDS, accept="application/jsonlines", **more):
    """InvokeEndpoint's answer, parsed."""
    text = requests.invoke(cloud, name, body, Accept=accept, **more)
    return json.loads(text)


@pytest.fixture(scope="module")
def explained(cloud, artefact):
    """An endpoint that explains everything."""
    requests.deploy(cloud, "explained", artefact, **explaining(shap_config()))
    yield "explained"
    cloud.client("sagemaker").delete_endpoint(EndpointName="explained")


def test_answer_has_the_documented_shape(cloud, explained):
    client = cloud.client("sagemaker-runtime")
    answer = client.invoke_endpoint(
        EndpointName=explained,
        Body=RECORDS,
        ContentType="text/csv",
        Accept="application/jsonlines",
    )
    assert answer["ContentType"] == "application/json"
    found = json.loads(answer["Body"].read())
    assert set(found) == {"version", "predictions", "explanations"}
    assert found["version"] == "1.0"
    assert found["predictions"]["content_type"] == "application/jsonlines"
    scores = [json.loads(line) for line in found["predictions"]["data"].splitlines()]
    assert len(scores) == 3
    records = found["explanations"]["kernel_shap"]
    assert [part["feature_header"] for part in records[0]] == ["up", "down"]
    assert len(records) == 3
    assert len(records[0][0]["attributions"][0]["attribution"]) == 1


def test_values_are_those_of_kernel_shap(cloud, explained):
    def predict(rows):
        body = "\n".join(f"{a},{b}" for a, b in rows)
        text = ask(cloud, explained, body, EnableExplanations="`false`")["predictions"]
        return [json.loads(line)["score"] for line in text["data"].splitlines()]

    rows = np.array([[5, 1], [1, 5], [6, 2]])
    expected = kernel_shap(predict, rows, np.array([[3, 3], [1, 4]]), progress=False)
    records = ask(cloud, explained)["explanations"]["kernel_shap"]
    values = [
        [part["attributions"][0]["attribution"][0] for part in record]
        for record in records
    ]
    np.testing.assert_allclose(values, expected.values, atol=1e-12)


def test_header_overrides_the_configuration(cloud, explained):
    found = ask(cloud, explained, EnableExplanations="`false`")
    assert found["explanations"] == {}
    found = ask(cloud, explained, EnableExplanations="predicted_label==`1`")
    records = found["explanations"]["kernel_shap"]
    assert [record is None for record in records] == [False, True, False]


def test_description_tells_the_explainer(cloud, explained):
    sagemaker = cloud.client("sagemaker")
    for found in (
        sagemaker.describe_endpoint_config(EndpointConfigName=explained),
        sagemaker.describe_endpoint(EndpointName=explained),
    ):
        config = found["ExplainerConfig"]["ClarifyExplainerConfig"]
        assert config["InferenceConfig"]["FeatureHeaders"] == ["up", "down"]


def test_json_lines_csv_answers_logit_and_baseline_in_s3(cloud, name, artefact):
    lines = '{"features": [3, 3]}\n{"features": [1, 4]}'
    cloud.client("s3").put_object(Bucket=cloud.bucket, Key=f"{name}.jsonl", Body=lines)
    config = {
        "EnableExplanations": "predicted_label==`0`",
        "InferenceConfig": {
            "FeaturesAttribute": "features",
            "ContentTemplate": '{"features": $features}',
            "ProbabilityAttribute": "score",
            "LabelHeaders": ["larger"],
            "MaxRecordCount": 1,
        },
        "ShapConfig": {
            "ShapBaselineConfig": {
                "MimeType": "application/jsonlines",
                "ShapBaselineUri": f"s3://{cloud.bucket}/{name}.jsonl",
            },
            "NumberOfSamples": 1,
            "UseLogit": True,
        },
    }
    requests.deploy(cloud, name, artefact, **explaining(config))
    body = '{"features": [5, 1]}\n{"features": [1, 5]}'
    found = ask(cloud, name, body, content_type="application/jsonlines")
    assert found["label_headers"] == ["larger"]
    first, second = found["explanations"]["kernel_shap"]
    assert first is None
    score = json.loads(found["predictions"]["data"].splitlines()[1])["score"]
    rows = "3,3\n1,4"
    client = cloud.client("sagemaker-runtime")
    answer = client.invoke_endpoint(
        EndpointName=name,
        Body=rows,
        ContentType="text/csv",
        Accept="application/jsonlines",
        EnableExplanations="`false`",
    )
    base = json.loads(answer["Body"].read())["predictions"]["data"].splitlines()
    base = np.mean([json.loads(line)["score"] for line in base])
    total = sum(part["attributions"][0]["attribution"][0] for part in second)
    logit = [np.log(p / (1 - p)) for p in (score, base)]
    assert total == pytest.approx(logit[0] - logit[1])
    cloud.client("sagemaker").delete_endpoint(EndpointName=name)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"EnableExplanations": "[0"}, "is no JMESPath"),
        ({"EnableExplanations": "score"}, "must give true or false"),
        ({"body": "5,1\n1"}, "row 2: 1 features"),
        ({"body": "\n"}, "no records|empty|no rows"),
        ({"accept": "application/json"}, "Accept is 'application/json'"),
    ],
)
def test_requests_that_cannot_be_explained(cloud, explained, more, message):
    with pytest.raises(ClientError, match=message) as caught:
        ask(cloud, explained, **more)
    assert caught.value.response["Error"]["Code"] == "ModelError"


def test_condition_without_an_explainer(cloud, endpoint):
    with pytest.raises(ClientError, match="has no ExplainerConfig"):
        ask(cloud, endpoint, EnableExplanations="`true`")


@pytest.mark.parametrize(
    ("shap", "inference", "message"),
    [
        ({"ShapBaselineConfig": {}}, {}, "ShapBaseline or ShapBaselineUri"),
        (
            {"ShapBaselineConfig": {"ShapBaseline": "1,2", "MimeType": "text/plain"}},
            {},
            "it must be text/csv or application/jsonlines",
        ),
        ({}, {"FeatureTypes": ["text", "numerical"]}, "explanation of text"),
        ({}, {"FeatureTypes": ["numerical"]}, "2 FeatureHeaders and 1 FeatureTypes"),
        ({}, {"ContentTemplate": '{"a": 1}'}, "one placeholder"),
    ],
)
def test_configurations_that_are_refused(
    cloud, name, artefact, shap, inference, message
):
    config = shap_config(InferenceConfig=inference)
    config["ShapConfig"] |= shap
    with pytest.raises(ClientError, match=message):
        requests.deploy(cloud, name, artefact, **explaining(config))


def test_endpoint_with_a_wrong_condition_fails(cloud, name, artefact):
    with pytest.raises(Exception, match="failed: Waiter"):
        requests.deploy(
            cloud, name, artefact, **explaining(shap_config(EnableExplanations="[0"))
        )
    found = cloud.client("sagemaker").describe_endpoint(EndpointName=name)
    assert found["EndpointStatus"] == "Failed"
    assert "is no JMESPath" in found["FailureReason"]


def test_baseline_of_another_width(cloud, name, artefact):
    config = shap_config()
    config["ShapConfig"]["ShapBaselineConfig"]["ShapBaseline"] = "1,2,3"
    with pytest.raises(Exception, match="failed: Waiter"):
        requests.deploy(cloud, name, artefact, **explaining(config))
    found = cloud.client("sagemaker").describe_endpoint(EndpointName=name)
    assert "3 features; there must be 2" in found["FailureReason"]
