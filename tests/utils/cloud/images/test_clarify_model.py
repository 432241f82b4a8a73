"""The Clarify image asks a model: predictions, SHAP values, curves, and the endpoint's end."""

import json

import numpy as np
import pandas as pd
import pytest

from tests.utils.cloud import requests
from tests.utils.cloud.images import clarify_jobs
from tests.utils.cloud.images.clarify_jobs import analysis, bias_config, metrics_of, run
from utils.bias import bias_report
from utils.cloud import image_uri
from utils.cloud.images import ClientError
from utils.explain import global_importance, kernel_shap, partial_dependence

ROWS = pd.DataFrame(requests.ROWS * 2, columns=["label", "up", "down"])
ROWS.insert(0, "sex", list("fmfmfmmfmffm" + "mmfffmfmmfmf"))
BASELINE = [[3, 3], [1, 4]]


@pytest.fixture(scope="module")
def model(cloud, artefact):
    """A linear learner on two features."""
    container = {"Image": image_uri("linear-learner"), "ModelDataUrl": artefact}
    cloud.client("sagemaker").create_model(
        ModelName="clarified", ExecutionRoleArn=cloud.role, PrimaryContainer=container
    )
    return "clarified"


@pytest.fixture(scope="module")
def standing(cloud, artefact):
    """An endpoint that stands, which is quicker than one a job."""
    requests.deploy(cloud, "standing", artefact)
    yield "standing"
    cloud.client("sagemaker").delete_endpoint(EndpointName="standing")


@pytest.fixture
def predict(cloud, standing):
    """The model's scores, asked directly."""

    def scores(rows):
        body = pd.DataFrame(rows).to_csv(header=False, index=False)
        text = requests.invoke(cloud, standing, body, Accept="application/jsonlines")
        return [json.loads(line)["score"] for line in text.splitlines()]

    return scores


def config(methods, endpoint=None, model=None, **changes):
    """Both bias methods and more, with a model that answers in JSON Lines."""
    predictor = {
        "content_type": "text/csv",
        "accept_type": "application/jsonlines",
        "label": "predicted_label",
        "probability": "score",
        **changes.pop("predictor", {}),
    }
    if endpoint is not None:
        predictor["endpoint_name"] = endpoint
    else:
        instances = {"instance_type": "ml.m5.large", "initial_instance_count": 1}
        predictor |= {"model_name": model, **instances}
    given = {
        "predicted_label": None,
        "group_variable": None,
        "excluded_columns": ["sex"],
        "predictor": predictor,
        "methods": methods,
        **changes,
    }
    return bias_config(**given)


def endpoints(cloud):
    found = cloud.client("sagemaker").list_endpoints(NameContains="sm-clarify")
    configs = cloud.client("sagemaker").list_endpoint_configs(NameContains="sm-clarify")
    return found["Endpoints"] + configs["EndpointConfigs"]


BOTH = {"pre_training_bias": {}, "post_training_bias": {}}


def test_predicted_labels_come_from_the_model(tmp_path, cloud, standing, predict):
    found = analysis(run(tmp_path, config(BOTH, standing), {"rows.csv": ROWS}))
    told = (np.array(predict(ROWS[["up", "down"]])) > 0.5).astype(int)
    expected = bias_report(
        ROWS.assign(predicted=told),
        "sex",
        "label",
        facet_values=["f"],
        label_values=[1],
        predicted_label="predicted",
    ).to_clarify()
    assert found == json.loads(json.dumps(expected))


def test_score_and_threshold_instead_of_the_label(tmp_path, standing, predict):
    scores = np.array(predict(ROWS[["up", "down"]]))
    cut = float(np.sort(scores)[-3])
    changes = {"predictor": {"label": "score"}, "probability_threshold": cut}
    made = config({"post_training_bias": {"methods": ["DPPL"]}}, standing, **changes)
    del made["predictor"]["probability"]
    found = analysis(run(tmp_path, made, {"rows.csv": ROWS}))
    yes, women = scores > cut, ROWS["sex"] == "f"
    expected = yes[~women].mean() - yes[women].mean()
    assert metrics_of(found, "post", "sex")["DPPL"]["value"] == pytest.approx(expected)


def test_labels_of_another_kind_are_told(tmp_path, standing):
    words = ROWS.assign(label=ROWS["label"].map({0: "no", 1: "yes"}))
    made = config(BOTH, standing, label_values_or_threshold=["yes"])
    with pytest.raises(
        ClientError, match=r"predicted labels are '[01]'.*is 'no', 'yes'"
    ):
        run(tmp_path, made, {"rows.csv": words})
    made["predictor"]["label_headers"] = ["yes"]
    del made["predictor"]["label"]
    found = analysis(run(tmp_path / "named", made, {"rows.csv": words}))
    assert metrics_of(found, "post", "sex")["AD"]["value"] is not None


def test_json_requests_and_answers(tmp_path, standing):
    expected = analysis(
        run(tmp_path / "csv", config(BOTH, standing), {"rows.csv": ROWS})
    )
    changes = {
        "content_type": "application/json",
        "accept_type": "application/json",
        "content_template": '{"instances": $records}',
        "record_template": '{"features": $features}',
        "label": "predictions[*].predicted_label",
        "probability": "predictions[*].score",
    }
    made = config(BOTH, standing, predictor=changes)
    assert analysis(run(tmp_path / "json", made, {"rows.csv": ROWS})) == expected
    changes = {
        "content_type": "application/jsonlines",
        "content_template": '{"features": $features}',
    }
    made = config(BOTH, standing, predictor=changes)
    assert analysis(run(tmp_path / "lines", made, {"rows.csv": ROWS})) == expected


def test_shap_values_are_those_of_kernel_shap(tmp_path, standing, predict):
    settings = {
        "baseline": BASELINE,
        "agg_method": "mean_sq",
        "save_local_shap_values": True,
        "seed": 1,
    }
    output = run(tmp_path, config({"shap": settings}, standing), {"rows.csv": ROWS})
    features = ROWS[["up", "down"]]
    expected = kernel_shap(
        predict, features, np.array(BASELINE), seed=1, progress=False
    )
    local = pd.read_csv(output / "explanations_shap/out.csv")
    assert list(local) == ["up_label0", "down_label0"]
    np.testing.assert_allclose(local, expected.values, atol=1e-9)
    found = analysis(output)["explanations"]["kernel_shap"]["label0"]
    worth = global_importance(expected, "mean_sq")
    assert list(found["global_shap_values"].values()) == pytest.approx(list(worth))
    assert found["expected_value"] == pytest.approx(expected.base_values[0])
    baseline = pd.read_csv(output / "explanations_shap/baseline.csv")
    assert baseline.to_numpy().tolist() == BASELINE


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("plain.csv", "3,3\n1,4\n"),
        ("headed.csv", "up,down\n3,3\n1,4\n"),
        ("base.jsonl", '{"features": [3, 3]}\n[1, 4]\n'),
    ],
)
def test_baseline_in_s3(tmp_path, cloud, standing, key, text):
    cloud.client("s3").put_object(Bucket=cloud.bucket, Key=f"base/{key}", Body=text)
    settings = {"baseline": f"s3://{cloud.bucket}/base/{key}"}
    output = run(tmp_path, config({"shap": settings}, standing), {"rows.csv": ROWS})
    baseline = pd.read_csv(output / "explanations_shap/baseline.csv")
    assert baseline.to_numpy().tolist() == BASELINE


def test_partial_dependence_is_that_of_the_library(tmp_path, standing, predict):
    methods = {"pdp": {"grid_resolution": 4, "features": ["down"]}}
    output = run(tmp_path, config(methods, standing), {"rows.csv": ROWS})
    (found,) = analysis(output)["explanations"]["pdp"]
    expected = partial_dependence(
        predict, ROWS[["up", "down"]], "down", 4, ends=False, progress=False
    )
    assert found["feature_name"] == "down"
    assert found["data_type"] == "numerical"
    assert found["feature_values"] == expected.values.tolist()
    np.testing.assert_allclose(found["model_predictions"], expected.predictions)
    assert found["data_distribution"] == expected.share.tolist()
    assert not (output / "explanations_shap").exists()


def test_automatic_baseline_few_samples_and_the_top_features(
    tmp_path, standing, capsys
):
    methods = {"shap": {"num_samples": 1}, "pdp": {"top_k_features": 1}}
    output = run(tmp_path, config(methods, standing), {"rows.csv": ROWS})
    assert not (output / "explanations_shap/out.csv").exists()
    assert len(pd.read_csv(output / "explanations_shap/baseline.csv")) >= 1
    found = analysis(output)["explanations"]
    worth = found["kernel_shap"]["label0"]["global_shap_values"]
    assert [c["feature_name"] for c in found["pdp"]] == [max(worth, key=worth.get)]
    report = (output / "report.html").read_text()
    assert "made from the data by clustering" in report
    assert "Partial dependence</h2>" in report
    log = capsys.readouterr().out
    assert "num_samples is 1, too few" in log
    assert "evaluations" in log


def test_rows_with_missing_values_are_not_explained(tmp_path, standing):
    frame = ROWS.astype({"up": float})
    frame.loc[0, "up"] = None
    settings = {"baseline": BASELINE, "save_local_shap_values": True}
    output = run(tmp_path, config({"shap": settings}, standing), {"rows.csv": frame})
    local = pd.read_csv(output / "explanations_shap/out.csv")
    assert len(local) == len(frame)
    assert local.isna().all(axis=1).tolist() == [True] + [False] * 23


def test_facets_and_predictions_from_elsewhere(tmp_path, cloud, name):
    keyed = ROWS.assign(key=range(24))
    predicted = keyed[["key", "label"]].rename(columns={"label": "says"})
    for part, frame in {
        "facets": keyed[["sex"]],
        "says": predicted.sample(frac=1, random_state=0),
    }.items():
        body = frame.to_csv(index=False, header=False)
        cloud.client("s3").put_object(
            Bucket=cloud.bucket, Key=f"{name}/{part}", Body=body
        )
    given = bias_config(
        group_variable=None,
        predicted_label="says",
        joinsource_name_or_index="key",
        facet_dataset_uri=f"s3://{cloud.bucket}/{name}/facets",
        facet_headers=["sex"],
        predicted_label_dataset_uri=f"s3://{cloud.bucket}/{name}/says",
        predicted_label_headers=["key", "says"],
    )
    found = analysis(run(tmp_path, given, {"rows.csv": keyed.drop(columns="sex")}))
    assert metrics_of(found, "post", "sex")["AD"]["value"] == 0
    women = ROWS["sex"] == "f"
    gap = ROWS["label"][~women].mean() - ROWS["label"][women].mean()
    assert metrics_of(found, "pre", "sex")["DPL"]["value"] == pytest.approx(gap)
    fewer = keyed.drop(columns="sex").head(20)
    with pytest.raises(
        ClientError, match="facet_dataset_uri: it has 24 rows and the data set 20"
    ):
        run(tmp_path / "fewer", given, {"rows.csv": fewer})


def test_temporary_endpoint_is_deleted(tmp_path, cloud, model, capsys):
    made = config(BOTH, model=model)
    run(tmp_path, made, {"rows.csv": ROWS})
    log = capsys.readouterr().out
    assert "is in service" in log
    assert "is deleted" in log
    assert endpoints(cloud) == []


FAULTS = [
    ({}, {"predictor": {"label": "says"}}, "label 'says' finds nothing in"),
    ({}, {"excluded_columns": None}, "the model did not answer to 24 rows as text/csv"),
    (
        {"baseline": [[1, 2, 3]]},
        {},
        r"baseline\[0\]: found 3 values; there are 2 features",
    ),
    ({"baseline": [[1, "x"]]}, {}, "found 'x' for 'down', which holds numbers"),
    ({"baseline": "s3://nowhere/x"}, {}, "methods.shap.baseline: s3://nowhere/x"),
    ({"features_to_explain": ["sex"]}, {}, "'sex' is not given to the model"),
    ({"use_logit": True, "features_to_explain": ["u"]}, {}, "there is no column 'u'"),
]


@pytest.mark.parametrize(("settings", "changes", "message"), FAULTS)
def test_the_endpoint_is_deleted_after_a_failure(
    tmp_path, cloud, model, settings, changes, message
):
    methods = {"post_training_bias": {}, "shap": settings}
    with pytest.raises(ClientError, match=message):
        run(tmp_path, config(methods, model=model, **changes), {"rows.csv": ROWS})
    assert endpoints(cloud) == []


def test_models_and_endpoints_that_are_not_there(tmp_path, cloud):
    with pytest.raises(
        ClientError, match=r"predictor\.model_name: Could not find model"
    ):
        run(tmp_path, config(BOTH, model="nobody"), {"rows.csv": ROWS})
    with pytest.raises(
        ClientError, match=r"predictor\.endpoint_name: Could not find endpoint"
    ):
        run(tmp_path, config(BOTH, "nobody"), {"rows.csv": ROWS})
    assert endpoints(cloud) == []


def test_job_in_the_cloud(cloud, name, model):
    settings = {"baseline": BASELINE, "save_local_shap_values": True}
    methods = {**BOTH, "shap": settings, "pdp": {}, "report": {"title": "Who gets it?"}}
    made = config(methods, model=model)
    request = clarify_jobs.request(cloud, name, made, ROWS.to_csv(index=False).encode())
    request["ProcessingResources"]["ClusterConfig"]["InstanceCount"] = 2
    cloud.client("sagemaker").create_processing_job(**request)
    job = clarify_jobs.finished(cloud, name)
    assert job["ProcessingJobStatus"] == "Completed", job.get("FailureReason")
    found = json.loads(clarify_jobs.result(cloud, name))
    assert set(found["explanations"]) == {"kernel_shap", "pdp"}
    assert "up_label0" in clarify_jobs.result(cloud, name, "explanations_shap/out.csv")
    assert "<h1>Who gets it?</h1>" in clarify_jobs.result(cloud, name, "report.html")
    log = requests.log_text(cloud, "/aws/sagemaker/ProcessingJobs", name)
    assert "InstanceCount is 2" in log
    assert endpoints(cloud) == []


def test_job_with_a_fault_says_which(cloud, name):
    made = bias_config(lable="x")
    request = clarify_jobs.request(cloud, name, made, b"label\n1\n")
    cloud.client("sagemaker").create_processing_job(**request)
    job = clarify_jobs.finished(cloud, name)
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith(
        "ClientError: analysis_config.json has 1 fault: lable:"
    )


def test_stopped_job_deletes_its_endpoint(cloud, name, model, eventually):
    rows = pd.concat([ROWS] * 4000)
    methods = {"shap": {"baseline": [[i, 30 - i] for i in range(30)]}}
    made = config(
        methods, model=model, predictor={"endpoint_name_prefix": "sm-clarify-stop"}
    )
    request = clarify_jobs.request(cloud, name, made, rows.to_csv(index=False).encode())
    sagemaker = cloud.client("sagemaker")
    sagemaker.create_processing_job(**request)
    assert eventually(lambda: endpoints(cloud))
    sagemaker.stop_processing_job(ProcessingJobName=name)
    assert clarify_jobs.finished(cloud, name)["ProcessingJobStatus"] == "Stopped"
    assert eventually(lambda: not endpoints(cloud))
