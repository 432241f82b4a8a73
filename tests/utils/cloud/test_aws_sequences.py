"""The calls of AWS's published example notebooks, in their order, on real Adult data.

Own code; every call is plain boto3 and answers as AWS documents it. Where AWS's jobs take about ten
minutes, these end in seconds, on a cut of the rows.
"""

import io
import json

import boto3
import numpy as np
import pandas as pd
import pytest

from tests.utils.cloud.images import clarify_jobs
from tests.utils.cloud.requests import QUICK
from utils.datasets import load_adult

REGION = "us-east-1"
XGBOOST = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
CLARIFY = (
    "205585389593.dkr.ecr.us-east-1.amazonaws.com/sagemaker-clarify-processing:1.0"
)


@pytest.fixture(scope="module")
def adult():
    """Adult as the notebooks have it: the target first, categories as their codes."""
    frame = load_adult().sample(6_000, random_state=0).reset_index(drop=True)
    target = (frame["income"] == ">50K").astype(int)
    features = frame.drop(columns=["income", "fnlwgt", "education"])
    features = features.apply(lambda c: c if c.dtype.kind == "i" else c.cat.codes)
    features.columns = [c.replace("_", " ").title() for c in features]
    return pd.concat([target.rename("Target"), features], axis=1)


@pytest.fixture(scope="module")
def model(cloud, adult):
    """Train XGBoost and create the model, as both notebooks begin."""
    name = "adult-xgboost"
    s3, sagemaker = boto3.client("s3", REGION), boto3.client("sagemaker", REGION)
    text = adult.to_csv(index=False, header=False)
    s3.put_object(Bucket=cloud.bucket, Key=f"{name}/train/train.csv", Body=text)
    source = {
        "S3DataType": "S3Prefix",
        "S3Uri": f"s3://{cloud.bucket}/{name}/train",
        "S3DataDistributionType": "FullyReplicated",
    }
    sagemaker.create_training_job(
        TrainingJobName=name,
        AlgorithmSpecification={"TrainingImage": XGBOOST, "TrainingInputMode": "File"},
        RoleArn=cloud.role,
        InputDataConfig=[
            {
                "ChannelName": "train",
                "ContentType": "text/csv",
                "DataSource": {"S3DataSource": source},
            }
        ],
        OutputDataConfig={"S3OutputPath": f"s3://{cloud.bucket}/{name}/output"},
        ResourceConfig={
            "InstanceType": "ml.m5.xlarge",
            "InstanceCount": 1,
            "VolumeSizeInGB": 10,
        },
        StoppingCondition={"MaxRuntimeInSeconds": 3600},
        HyperParameters={
            "max_depth": "5",
            "eta": "0.2",
            "gamma": "4",
            "min_child_weight": "6",
            "subsample": "0.8",
            "objective": "binary:logistic",
            "num_round": "100",
        },
    )
    waiter = sagemaker.get_waiter("training_job_completed_or_stopped")
    waiter.wait(TrainingJobName=name, WaiterConfig=QUICK)
    job = sagemaker.describe_training_job(TrainingJobName=name)
    artefact = job["ModelArtifacts"]["S3ModelArtifacts"]
    sagemaker.create_model(
        ModelName=name,
        ExecutionRoleArn=cloud.role,
        PrimaryContainer={"Image": XGBOOST, "ModelDataUrl": artefact},
    )
    return name


def processed(cloud, name, config, rows):
    """One Clarify job from its configuration to its end; what analysis.json says."""
    sagemaker = boto3.client("sagemaker", REGION)
    text = rows.to_csv(index=False, header=False).encode()
    request = clarify_jobs.request(cloud, name, config, text)
    request["AppSpecification"] = {"ImageUri": CLARIFY}
    request["StoppingCondition"] = {"MaxRuntimeInSeconds": 3600}
    sagemaker.create_processing_job(**request)
    job = clarify_jobs.finished(cloud, name)
    assert job["ProcessingJobStatus"] == "Completed", job.get("FailureReason")
    took = job["ProcessingEndTime"] - job["ProcessingStartTime"]
    assert took.total_seconds() < 120
    return json.loads(clarify_jobs.result(cloud, name))


def predictor(model):
    return {
        "model_name": model,
        "instance_type": "ml.m5.xlarge",
        "initial_instance_count": 1,
        "accept_type": "text/csv",
        "content_type": "text/csv",
    }


def test_fairness_and_explainability_bias_job(cloud, adult, model):
    config = {
        "version": "1.0",
        "dataset_type": "text/csv",
        "headers": list(adult),
        "label": "Target",
        "label_values_or_threshold": [1],
        "facet": [{"name_or_index": "Sex", "value_or_threshold": [0]}],
        "group_variable": "Age",
        "methods": {
            "pre_training_bias": {"methods": "all"},
            "post_training_bias": {"methods": "all"},
            "report": {"name": "report", "title": "Analysis Report"},
        },
        "predictor": predictor(model),
        "probability_threshold": 0.8,
    }
    found = processed(cloud, "clarify-bias", config, adult)
    before, after = (found[f"{s}_training_bias_metrics"] for s in ("pre", "post"))
    for part, many in ((before, 8), (after, 13)):
        (entry,) = part["facets"]["Sex"]
        assert part["label"] == "Target"
        assert part["label_value_or_threshold"] == "1"
        assert entry["value_or_threshold"] == "0"
        assert len(entry["metrics"]) == many
        assert all({"name", "description", "value"} <= set(m) for m in entry["metrics"])
    women = adult["Sex"] == 0
    gap = adult["Target"][~women].mean() - adult["Target"][women].mean()
    found_gap = clarify_jobs.metrics_of(found, "pre", "Sex")["DPL"]["value"]
    assert found_gap == pytest.approx(gap)
    # women are a third of the rows, and the model chooses them less often
    assert clarify_jobs.metrics_of(found, "pre", "Sex")["CI"]["value"] > 0.3
    assert clarify_jobs.metrics_of(found, "post", "Sex")["DI"]["value"] < 0.8


def test_fairness_and_explainability_shap_job(cloud, adult, model):
    rows = adult.head(2_000)
    features = [c for c in adult if c != "Target"]
    config = {
        "version": "1.0",
        "dataset_type": "text/csv",
        "headers": list(adult),
        "label": "Target",
        "methods": {
            "shap": {
                "baseline": [adult[features].iloc[0].tolist()],
                "num_samples": 15,
                "agg_method": "mean_abs",
                "use_logit": False,
                "save_local_shap_values": True,
            },
            "report": {"name": "report", "title": "Analysis Report"},
        },
        "predictor": predictor(model),
    }
    found = processed(cloud, "clarify-explainability", config, rows)
    part = found["explanations"]["kernel_shap"]["label0"]
    assert list(part["global_shap_values"]) == features
    text = clarify_jobs.result(
        cloud, "clarify-explainability", "explanations_shap/out.csv"
    )
    local = pd.read_csv(io.StringIO(text))
    assert local.shape == (len(rows), len(features))
    assert list(local.abs().mean()) == pytest.approx(
        list(part["global_shap_values"].values())
    )
    # local values add up to the score: those of all rows lie between 0 and 1
    scores = part["expected_value"] + local.sum(axis=1)
    assert scores.between(-1e-6, 1 + 1e-6).all()
    assert scores.corr(rows["Target"]) > 0.5


def test_online_explainability_tabular(cloud, adult, model):
    sagemaker = boto3.client("sagemaker", REGION)
    runtime = boto3.client("sagemaker-runtime", REGION)
    name, features = "adult-online", adult.drop(columns="Target")
    baseline = features.mean().round().astype(int)
    sagemaker.create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[
            {
                "VariantName": "AllTraffic",
                "ModelName": model,
                "InitialInstanceCount": 1,
                "InstanceType": "ml.m5.xlarge",
            }
        ],
        ExplainerConfig={
            "ClarifyExplainerConfig": {
                "EnableExplanations": "`false`",
                "InferenceConfig": {"FeatureHeaders": list(features)},
                "ShapConfig": {
                    "ShapBaselineConfig": {
                        "MimeType": "text/csv",
                        "ShapBaseline": ",".join(map(str, baseline)),
                    },
                    "NumberOfSamples": 100,
                    "UseLogit": True,
                    "Seed": 123,
                },
            }
        },
    )
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    sagemaker.get_waiter("endpoint_in_service").wait(
        EndpointName=name, WaiterConfig=QUICK
    )
    assert "ExplainerConfig" in sagemaker.describe_endpoint(EndpointName=name)

    def invoke(rows, **more):
        answer = runtime.invoke_endpoint(
            EndpointName=name,
            ContentType="text/csv",
            Accept="text/csv",
            Body=rows.to_csv(index=False, header=False),
            **more,
        )
        assert answer["ContentType"] == "application/json"
        return json.loads(answer["Body"].read())

    plain = invoke(features.head(1))
    assert plain["explanations"] == {}
    one = invoke(features.head(1), EnableExplanations="`true`")
    (record,) = one["explanations"]["kernel_shap"]
    assert [part["feature_header"] for part in record] == list(features)
    total = sum(part["attributions"][0]["attribution"][0] for part in record)
    base = invoke(baseline.to_frame().T)["predictions"]["data"]
    odds = [np.log(p / (1 - p)) for p in map(float, (one["predictions"]["data"], base))]
    assert total == pytest.approx(odds[0] - odds[1], abs=1e-4)

    many = invoke(features.head(20), EnableExplanations="[0]>`0.8`")
    scores = [float(s) for s in many["predictions"]["data"].split(",")]
    assert any(s > 0.8 for s in scores)
    records = many["explanations"]["kernel_shap"]
    assert [record is not None for record in records] == [s > 0.8 for s in scores]

    sagemaker.delete_endpoint(EndpointName=name)
    sagemaker.delete_endpoint_config(EndpointConfigName=name)
