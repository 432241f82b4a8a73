"""The catalogue: looked up, deployed, fine-tuned, by the helper and by hand."""

import gzip
import io
import json
import tarfile

import pytest
from botocore.exceptions import ClientError

from tests.utils.cloud import requests
from utils.cloud import catalogue
from utils.cloud.connection import RealCloud
from utils.cloud.jumpstart import build, text_classifier

BUCKET = "jumpstart-cache-prod-us-east-1"
VERBOSE = "application/json;verbose"
# two kinds of text that nobody could confuse, ten lines each
TWO = "\n".join(f'{i % 2},"{("apple pie", "motor oil")[i % 2]}"' for i in range(20))


def put(cloud, name, text, key="data.csv"):
    """A folder with one file; its address."""
    cloud.client("s3").put_object(
        Bucket=cloud.bucket, Key=f"{name}/{key}", Body=text.encode()
    )
    return f"s3://{cloud.bucket}/{name}/"


def ask(cloud, endpoint, text, accept=VERBOSE):
    answer = requests.invoke(cloud, endpoint, text, "application/x-text", Accept=accept)
    return json.loads(answer)


@pytest.fixture(scope="module")
def charges(cloud):
    """The text classifier's endpoint, deployed by the helper."""
    name = "catalogue-charges"
    catalogue.deploy(cloud, build.TEXT, name)
    yield name
    cloud.client("sagemaker").delete_endpoint(EndpointName=name)


@pytest.fixture(scope="module")
def tuned(cloud):
    """The training job that taught the classifier two new classes."""
    data = put(cloud, "two-kinds", TWO)
    return catalogue.fine_tune(
        cloud, build.TEXT, data, "catalogue-tuned", {"validation-split-ratio": 0.3}
    )


def test_the_manifest_lists_one_tabular_and_one_text_model(cloud):
    rows = catalogue.list_models(cloud)
    assert {row["model_id"] for row in rows} == {build.TABULAR, build.TEXT}
    assert all(
        set(row) == {"model_id", "version", "min_version", "spec_key"} for row in rows
    )


def test_publishing_twice_changes_nothing(cloud):
    assert catalogue.publish(cloud) == BUCKET
    before = cloud.client("s3").head_object(Bucket=BUCKET, Key=build.MANIFEST)
    catalogue.publish(cloud)
    after = cloud.client("s3").head_object(Bucket=BUCKET, Key=build.MANIFEST)
    assert after["LastModified"] == before["LastModified"]


def test_every_address_of_a_description_is_in_the_bucket(cloud):
    for model_id in (build.TABULAR, build.TEXT):
        spec = catalogue.describe(cloud, model_id)
        uris = [v for k, v in spec.items() if k.endswith("_uri") and v]
        for uri in (u for u in uris if u.startswith("s3://")):
            key = uri.removeprefix(f"s3://{BUCKET}/")
            assert cloud.client("s3").head_object(Bucket=BUCKET, Key=key)


def test_the_same_bytes_each_time():
    first = dict(build.everything())
    build.everything.cache_clear()
    assert build.everything() == first


def test_nothing_in_the_bucket_is_pickled():
    for key, content in build.everything().items():
        if key.endswith(".tar.gz"):
            with tarfile.open(fileobj=io.BytesIO(gzip.decompress(content))) as archive:
                names = archive.getnames()
            assert not [n for n in names if n.endswith((".pkl", ".joblib"))], key


def test_the_text_classifier_answers_in_full(cloud, charges):
    answer = ask(cloud, charges, "Burglary Dwelling Armed")
    assert set(answer) == {"probabilities", "labels", "predicted_label"}
    assert sum(answer["probabilities"]) == pytest.approx(1)
    assert (answer["labels"], answer["predicted_label"]) == ([0, 1], 1)
    assert ask(cloud, charges, "Disorderly Conduct")["predicted_label"] == 0


def test_plain_json_is_the_probabilities_only(cloud, charges):
    text = "Battery"
    answer = ask(cloud, charges, text, "application/json")
    full = ask(cloud, charges, text)
    assert answer == {"probabilities": full["probabilities"]}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ContentType": "text/csv"}, "send application/x-text"),
        ({"Accept": "text/csv"}, "use application/json or application/json;verbose"),
        ({"Body": "  "}, "the body has no text"),
    ],
)
def test_a_request_in_another_form_is_told_what_to_send(cloud, charges, changes, words):
    request = {"ContentType": "application/x-text", "Body": "Battery", **changes}
    with pytest.raises(ClientError, match=words):
        cloud.client("sagemaker-runtime").invoke_endpoint(
            EndpointName=charges, **request
        )


def test_the_tabular_model_by_hand(cloud, name):
    """The specification is enough: no helper deploys here."""
    spec = catalogue.describe(cloud, build.TABULAR)
    sagemaker = cloud.client("sagemaker")
    container = {"Image": spec["image_uri"], "ModelDataUrl": spec["model_uri"]}
    sagemaker.create_model(
        ModelName=name,
        ExecutionRoleArn=cloud.role,
        PrimaryContainer={**container, "Environment": spec["environment"]},
    )
    sagemaker.create_endpoint_config(
        EndpointConfigName=name, ProductionVariants=[requests.variant("one", name)]
    )
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    requests.in_service(cloud, name)
    answer = requests.invoke(cloud, name, "25,7,0,0,20\n50,16,15000,0,60")
    poor, rich = json.loads(answer)["predictions"]
    assert poor["score"] < 0.1 < 0.9 < rich["score"]
    sagemaker.delete_endpoint(EndpointName=name)


def test_a_fine_tuned_classifier_knows_the_new_classes(cloud, tuned, name):
    assert tuned["TrainingJobStatus"] == "Completed"
    [metric] = tuned["FinalMetricDataList"]
    assert (metric["MetricName"], metric["Value"]) == ("sklearn-tc:val-accuracy", 1)
    artefact = tuned["ModelArtifacts"]["S3ModelArtifacts"]
    catalogue.deploy(cloud, build.TEXT, name, model_data=artefact)
    assert ask(cloud, name, "an apple")["predicted_label"] == 0
    assert ask(cloud, name, "oil for the motor")["predicted_label"] == 1
    cloud.client("sagemaker").delete_endpoint(EndpointName=name)


def test_fine_tuning_keeps_the_body(cloud, tuned, tmp_path):
    def rarity(content, folder):
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            archive.extractall(folder, filter="data")
        return text_classifier.load(folder).rarity

    key = tuned["ModelArtifacts"]["S3ModelArtifacts"].split("/", 3)[3]
    answer = cloud.client("s3").get_object(Bucket=cloud.bucket, Key=key)
    spec = json.loads(
        build.everything()[f"community_models_specs/{build.TEXT}/specs_v1.0.0.json"]
    )
    first = build.everything()[spec["hosting_artifact_key"]]
    learnt = rarity(answer["Body"].read(), tmp_path / "learnt")
    assert (learnt == rarity(first, tmp_path / "first")).all()


def test_the_tabular_model_is_trained_on_own_rows(cloud, name):
    job = catalogue.fine_tune(
        cloud, build.TABULAR, put(cloud, name, requests.CSV), name, {"epochs": 1}
    )
    assert job["TrainingJobStatus"] == "Completed"
    assert job["HyperParameters"]["epochs"] == "1"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("label,text\n0,a\n1,b", "line 1: .*without a header"),
        ("0,a\n2,b", r"classes \[0, 2\]; use 0 to k-1"),
        ("0,a\n0,b", r"classes \[0\]; use 0 to k-1"),
        ("0,a,b", "each line is a class"),
    ],
)
def test_data_in_another_format_fails_with_the_line(monkeypatch, tmp_path, text, words):
    """The script itself, as the container would run it."""
    monkeypatch.syspath_prepend(str(build.HERE))
    import transfer_learning

    (tmp_path / "data.csv").write_text(text)
    with pytest.raises(SystemExit, match=words):
        transfer_learning.read(tmp_path / "data.csv")


def test_a_job_that_fails_says_why(cloud, name):
    data = put(cloud, name, "label,text\n" + TWO)
    job = catalogue.fine_tune(cloud, build.TEXT, data, name)
    assert job["TrainingJobStatus"] == "Failed"
    assert "data.csv, line 1: ['label', 'text']" in job["FailureReason"]


def test_an_unknown_model(cloud):
    with pytest.raises(catalogue.CatalogueError, match=f"'bert'.*{build.TEXT}"):
        catalogue.describe(cloud, "bert")


def test_an_unknown_version(cloud):
    with pytest.raises(
        catalogue.CatalogueError, match=r"no version '2\.0\.0'.*1\.0\.0"
    ):
        catalogue.describe(cloud, build.TEXT, "2.0.0")


def test_an_instance_type_that_is_not_offered(cloud, name):
    with pytest.raises(catalogue.CatalogueError, match=r"ml\.p4d.*ml\.m5\.xlarge"):
        catalogue.deploy(cloud, build.TEXT, name, instance_type="ml.p4d.24xlarge")


def test_a_name_in_use_is_aws_error(cloud, charges):
    with pytest.raises(ClientError, match="Cannot create already existing model"):
        catalogue.deploy(cloud, build.TEXT, charges)


@pytest.mark.parametrize("uri", ["s3://bucket/folder", "folder/"])
def test_data_must_be_a_folder(cloud, uri):
    with pytest.raises(catalogue.CatalogueError, match="ends with '/'"):
        catalogue.fine_tune(cloud, build.TEXT, uri, "never")


def test_a_folder_without_data_csv(cloud, name):
    data = put(cloud, name, TWO, key="train.csv")
    with pytest.raises(catalogue.CatalogueError, match=r"no data\.csv.*train\.csv"):
        catalogue.fine_tune(cloud, build.TEXT, data, "never")


def test_an_unknown_hyperparameter(cloud, name):
    data = put(cloud, name, TWO)
    with pytest.raises(catalogue.CatalogueError, match=r"epochs.*takes .*seed"):
        catalogue.fine_tune(cloud, build.TEXT, data, "never", {"epochs": 3})


def test_a_real_account_has_its_own():
    with pytest.raises(catalogue.CatalogueError, match="SageMaker JumpStart"):
        catalogue.list_models(object.__new__(RealCloud))
