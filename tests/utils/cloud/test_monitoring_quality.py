"""The monitors of data quality, model quality and attributions, against an endpoint."""

import pytest

from tests.utils.cloud import monitors
from tests.utils.cloud.monitors import people
from utils.cloud.images.model_monitor.cloudwatch import publish
from utils.cloud.images.model_monitor.settings import Settings

ROWS = people(10, 10, of=20)


@pytest.fixture
def sagemaker(cloud):
    return cloud.client("sagemaker")


@pytest.fixture
def endpoint(cloud, name, artefact):
    monitors.deploy(cloud, name, artefact)
    yield name
    cloud.client("sagemaker").delete_endpoint(EndpointName=name)


def baselining(cloud, name, text, **environment):
    """A baselining job as the SDK requests it; its name."""
    key = f"{name}/baseline-data/rows.csv"
    cloud.client("s3").put_object(Bucket=cloud.bucket, Key=key, Body=text)
    app = monitors.definition(cloud, name, "DataQuality")["DataQualityAppSpecification"]
    local = "/opt/ml/processing/input/baseline_dataset_input"
    source = {
        "S3Uri": f"s3://{cloud.bucket}/{key}",
        "LocalPath": local,
        "S3DataType": "S3Prefix",
        "S3InputMode": "File",
    }
    target = {
        "S3Uri": f"s3://{cloud.bucket}/{name}/baseline",
        "LocalPath": "/opt/ml/processing/output",
        "S3UploadMode": "EndOfJob",
    }
    cloud.client("sagemaker").create_processing_job(
        ProcessingJobName=f"{name}-baseline",
        RoleArn=cloud.role,
        AppSpecification=app,
        ProcessingResources={"ClusterConfig": monitors.CLUSTER},
        ProcessingInputs=[{"InputName": "baseline_dataset_input", "S3Input": source}],
        ProcessingOutputConfig={
            "Outputs": [{"OutputName": "monitoring_output", "S3Output": target}]
        },
        Environment={
            "dataset_format": '{"csv": {"header": true}}',
            "dataset_source": local,
            "output_path": "/opt/ml/processing/output",
            "publish_cloudwatch_metrics": "Disabled",
            **environment,
        },
    )
    return f"{name}-baseline"


def metrics(cloud, name, namespace):
    """Names of a monitor's metrics in CloudWatch, with the sum of what was put."""
    watch = cloud.client("cloudwatch")
    dimensions = [{"Name": "MonitoringSchedule", "Value": name}]
    found = watch.list_metrics(
        Namespace=f"aws/sagemaker/Endpoints/{namespace}", Dimensions=dimensions
    )["Metrics"]
    return {
        m["MetricName"]: {d["Name"]: d["Value"] for d in m["Dimensions"]} for m in found
    }


def test_data_quality_from_baseline_to_a_broken_column(
    cloud, endpoint, sagemaker, eventually
):
    text = "points,bar\n" + "".join(f"{p},{b}\n" for p, b in ROWS)
    job = baselining(cloud, endpoint, text)
    # the sensor's unit has changed from points to hundreds of points
    monitors.ask(cloud, endpoint, [(100 * p, b) for p, b in ROWS])
    config = {"BaseliningJobName": job}
    request = monitors.definition(
        cloud, endpoint, "DataQuality", DataQualityBaselineConfig=config
    )
    sagemaker.create_data_quality_job_definition(**request)
    monitors.schedule(cloud, endpoint, "DataQuality")
    (run,) = monitors.executions(cloud, endpoint, eventually)
    assert run["MonitoringExecutionStatus"] == "CompletedWithViolations", run
    folder = monitors.folder(endpoint, run)
    (violation,) = monitors.get(cloud, f"{folder}/constraint_violations.json")[
        "violations"
    ]
    assert violation["feature_name"] == "points"
    assert violation["constraint_check_type"] == "baseline_drift_check"
    statistics = monitors.get(cloud, f"{folder}/statistics.json")
    assert statistics["dataset"]["item_count"] == len(ROWS)
    found = metrics(cloud, endpoint, "data-metrics")
    assert set(found) == {
        f"feature_{kind}_{name}"
        for kind in ("data", "non_null", "baseline_drift")
        for name in ("points", "bar")
    }
    assert found["feature_data_bar"] == {
        "Endpoint": endpoint,
        "MonitoringSchedule": endpoint,
    }


def test_a_definition_inside_the_schedule(cloud, endpoint, sagemaker, eventually):
    given = monitors.definition(cloud, endpoint, "DataQuality")
    monitors.ask(cloud, endpoint, ROWS[:4])
    inline = {
        "MonitoringInputs": [given["DataQualityJobInput"]],
        "MonitoringOutputConfig": given["DataQualityJobOutputConfig"],
        "MonitoringResources": given["JobResources"],
        "MonitoringAppSpecification": given["DataQualityAppSpecification"],
        "RoleArn": cloud.role,
    }
    config = {"ScheduleConfig": monitors.NOW, "MonitoringJobDefinition": inline}
    sagemaker.create_monitoring_schedule(
        MonitoringScheduleName=endpoint, MonitoringScheduleConfig=config
    )
    (run,) = monitors.executions(cloud, endpoint, eventually)
    assert run["MonitoringExecutionStatus"] == "Completed", run
    assert run["MonitoringType"] == "DataQuality"


def test_model_quality_sees_a_changed_world(cloud, endpoint, sagemaker, eventually):
    """Concept drift: the same people, but now it is the others who do well."""
    right = [int(p > b) for p, b in ROWS]
    text = "said,label\n" + "".join(f"{y},{y}\n" for y in right)
    job = baselining(
        cloud,
        endpoint,
        text,
        analysis_type="MODEL_QUALITY",
        problem_type="BinaryClassification",
        inference_attribute="said",
        ground_truth_attribute="label",
    )
    monitors.ask(cloud, endpoint, ROWS)
    monitors.label(cloud, endpoint, [1 - y for y in right])
    request = monitors.definition(
        cloud,
        endpoint,
        "ModelQuality",
        ModelQualityBaselineConfig={"BaseliningJobName": job},
        App={"ProblemType": "BinaryClassification"},
    )
    sagemaker.create_model_quality_job_definition(**request)
    monitors.schedule(cloud, endpoint, "ModelQuality")
    (run,) = monitors.executions(cloud, endpoint, eventually)
    assert run["MonitoringExecutionStatus"] == "CompletedWithViolations", run
    folder = monitors.folder(endpoint, run)
    found = monitors.get(cloud, f"{folder}/constraint_violations.json")["violations"]
    assert {"accuracy", "recall", "f1"} <= {v["metric_name"] for v in found}
    assert set(metrics(cloud, endpoint, "model-metrics")["accuracy"]) == {
        "Endpoint",
        "MonitoringSchedule",
    }


def test_attributions_that_changed_places(cloud, endpoint, sagemaker, eventually):
    """In the baseline the bar mattered most; in the window only the points differ."""
    values = {"points": 0.1, "bar": 1.0}
    constraints = {
        "explanations": {
            "kernel_shap": {
                "label0": {"global_shap_values": values, "expected_value": 0.5}
            }
        }
    }
    config = {
        "headers": ["points", "bar"],
        "methods": {
            "shap": {"baseline": [[0, 0]], "num_samples": 100, "agg_method": "mean_abs"}
        },
        "predictor": {
            "model_name": endpoint,
            "instance_type": "ml.m5.xlarge",
            "initial_instance_count": 1,
            "content_type": "text/csv",
            "accept_type": "application/jsonlines",
            "probability": "score",
        },
    }
    monitors.ask(cloud, endpoint, [(p, 0) for p, _ in ROWS[::4]])
    address = monitors.put(cloud, f"{endpoint}/base/analysis.json", constraints)
    request = monitors.definition(
        cloud, endpoint, "ModelExplainability", constraints=address, config=config
    )
    sagemaker.create_model_explainability_job_definition(**request)
    monitors.schedule(cloud, endpoint, "ModelExplainability")
    (run,) = monitors.executions(cloud, endpoint, eventually)
    assert run["MonitoringExecutionStatus"] == "CompletedWithViolations", run
    folder = monitors.folder(endpoint, run)
    (violation,) = monitors.get(cloud, f"{folder}/constraint_violations.json")[
        "violations"
    ]
    assert violation["label"] == "label0"
    assert violation["metric_name"] == "shap"
    assert violation["constraint_check_type"] == "feature_attribution_drift_check"
    assert violation["description"].startswith("Feature attribution drift 0.68")
    analysis = monitors.get(cloud, f"{folder}/analysis.json")
    found = analysis["explanations"]["kernel_shap"]["label0"]["global_shap_values"]
    assert found["points"] > 0 == found["bar"]
    assert "points leads, not bar" in monitors.job_of(cloud, run)["ExitMessage"]
    names = metrics(cloud, endpoint, "explainability-metrics")
    assert set(names) == {"feature_points", "feature_bar", "ExpectedValue"}
    assert names["feature_points"]["ExplainabilityMethod"] == "KernelShap"
    # the temporary endpoint is gone
    every = sagemaker.list_endpoints(MaxResults=100)["Endpoints"]
    assert not [e for e in every if "clarify" in e["EndpointName"].lower()]


def test_infinite_values_are_published_as_aws_does(cloud, name, tmp_path, monkeypatch):
    for variable, value in cloud.variables().items():
        monkeypatch.setenv(variable, value)
    given = {
        "sagemaker_endpoint_name": name,
        "sagemaker_monitoring_schedule_name": name,
        "metric_time": "2026-11-22T13:00:00Z",
        "publish_cloudwatch_metrics": "Enabled",
    }
    values = {"a": float("inf"), "b": float("-inf"), "c": float("nan"), "d": 0.5}
    data = [{"MetricName": key, "Value": value} for key, value in values.items()]
    publish(Settings(tmp_path, given), "bias-metrics", data)
    put = [
        d
        for d in cloud._engine.services.metric_data("us-east-1")
        if name in d["dimensions"].values()
    ]
    assert {d["name"]: d["sum"] for d in put} == {
        "a": 2.348543e108,
        "b": -2.348543e108,
        "d": 0.5,
    }
