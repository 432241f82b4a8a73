"""Every fault of a configuration is found before any work, and named."""

import pytest

from tests.utils.cloud.images.clarify_jobs import bias_config
from utils.cloud.images import ClientError
from utils.cloud.images.clarify.config import Config

MODEL = {
    "model_name": "m",
    "instance_type": "ml.m5.xlarge",
    "initial_instance_count": 1,
}
SHAP = {"methods": {"shap": {}}, "predictor": MODEL}
LINES = {"dataset_type": "application/jsonlines", "features": "features"}


def shap(**settings):
    return {**SHAP, "methods": {"shap": settings}}


def model(**settings):
    return {"predictor": {**MODEL, **settings}}


def test_a_right_configuration_passes():
    config = Config.of(bias_config())
    assert config.wants_bias
    assert not config.predicts
    assert config.metrics("pre_training_bias") == "all"


def test_null_is_as_good_as_left_out():
    assert Config.of(bias_config() | {"headers": None}).get("headers") is None


def test_the_models_types_follow_from_the_datas():
    config = Config.of(bias_config(**model()))
    assert config.predictor["content_type"] == "text/csv"
    assert config.predictor["accept_type"] == "text/csv"


FAULTS = [
    ({"lable": "x"}, "lable: there is no such field; did you mean 'label'?"),
    ({"dataset_type": None}, "dataset_type: it is missing"),
    (
        {"dataset_type": "text/tsv"},
        "dataset_type: found 'text/tsv'; it must be one of text/csv",
    ),
    ({"dataset_type": "application/x-image"}, "not available in the embedded cloud"),
    ({"methods": None}, "methods: it is missing"),
    ({"methods": {}}, "methods: found none; give at least one of pre_training_bias"),
    ({"methods": {"report": {}}}, "methods: found none"),
    ({"methods": {"pre_training": {}}}, "did you mean 'pre_training_bias'?"),
    (
        {"methods": {"pre_training_bias": {"methods": ["DPPL"]}}},
        "methods.pre_training_bias.methods\\[0\\]: found 'DPPL'; it must be one of CI",
    ),
    (
        {"methods": {"post_training_bias": {"methods": "most"}}},
        "found 'most'; it must be \"all\" or a list of",
    ),
    ({"label": None}, "label: it is missing; pre_training_bias needs it"),
    ({"label": -1}, "label: found -1; it must be a column's name, or its position"),
    ({"facet": None}, "facet: it is missing"),
    ({"facet": {"name_or_index": "sex"}}, "facet: found .* it must be a list"),
    ({"facet": [{"name": "sex"}]}, "facet\\[0\\].name_or_index: it is missing"),
    (
        {"facet": [{"name_or_index": "sex", "value_or_threshold": "f"}]},
        "facet\\[0\\].value_or_threshold: found 'f'; it must be a list",
    ),
    ({"label_values_or_threshold": None}, "label_values_or_threshold: it is missing"),
    ({"label_values_or_threshold": [1, 1]}, "name each value once"),
    ({"label_values_or_threshold": [[1]]}, "must be a text, a number or a truth value"),
    ({"predicted_label": None}, "post_training_bias needs a model, or predicted_label"),
    (
        {"probability_threshold": 2},
        "probability_threshold: found 2; it must be a number from 0",
    ),
    ({"headers": []}, "headers: found \\[\\]; it must be a list of at least 1"),
    ({"features": "features"}, "features: leave it out, as it is a JMESPath"),
    (
        {"dataset_type": "application/jsonlines"},
        "features: it is missing; it is the JMESPath to the list of feature values",
    ),
    (
        {**LINES, "label": 0},
        "label: found 0; for application/jsonlines it must be a JMESPath",
    ),
    (
        {"dataset_type": "application/x-parquet", "headers": ["a"]},
        "headers: leave it out",
    ),
    ({"facet_dataset_uri": "s3://b/k"}, "facet_headers: it is missing"),
    ({"facet_dataset_uri": "b/k"}, "must be an S3 address"),
    (
        {"segment_config": []},
        "segment_config: an analysis by segments is not available",
    ),
    (
        {"predictor": {}},
        "give model_name .* or endpoint_name, one of them; found neither",
    ),
    (model(endpoint_name="e"), "give model_name .* or endpoint_name, one of them"),
    ({"predictor": {"model_name": "m"}}, "predictor.instance_type: it is missing"),
    (
        {"predictor": {"endpoint_name": "e", "instance_type": "ml.m5.large"}},
        "predictor.instance_type: leave it out",
    ),
    (model(content_type="text/xml"), "predictor.content_type: found 'text/xml'"),
    (model(content_type="application/jsonlines"), "one placeholder \\$features"),
    (
        model(
            content_type="application/json",
            content_template="$records",
            accept_type="text/csv",
        ),
        "predictor.record_template: it is missing",
    ),
    (
        model(content_type="application/json", record_template="$features"),
        "placeholder \\$records",
    ),
    (
        model(label="score"),
        "predictor.label: found 'score'; the model answers with text/csv",
    ),
    (model(accept_type="application/json"), "label and probability are missing"),
    ({**SHAP, "predictor": None}, "predictor: it is missing; shap and pdp ask a model"),
    (shap(baseline=[[1]], num_clusters=2), "found baseline and num_clusters"),
    (shap(baseline={"features": [1]}), "found an object, which AWS's schema lets pass"),
    (
        shap(baseline="nowhere"),
        "methods.shap.baseline: found 'nowhere'; it must be an S3",
    ),
    (
        shap(agg_method="mean"),
        "agg_method: found 'mean'; it must be one of mean_abs, median",
    ),
    (shap(num_samples=0), "num_samples: found 0; it must be a whole number from 1 up"),
    (shap(use_logit="yes"), "use_logit: found 'yes'; it must be true or false"),
    (shap(text_config={}), "text_config: the explanation of text is not available"),
    (
        {"methods": {"pdp": {"grid_resolution": 15}}, "predictor": MODEL},
        "methods.pdp.features: it is missing",
    ),
]


@pytest.mark.parametrize(("changes", "message"), FAULTS)
def test_a_fault_is_named(changes, message):
    with pytest.raises(ClientError, match=message):
        Config.of(bias_config(**changes))


def test_all_faults_are_told_at_once():
    with pytest.raises(ClientError, match=r"has 2 faults: .*lable.*dataset_type"):
        Config.of(bias_config(lable="x", dataset_type="csv"))


def test_no_configuration(tmp_path):
    (tmp_path / "analysis.json").write_text("{}")
    with pytest.raises(
        ClientError, match=r"no analysis_config\.json .* holds analysis\.json"
    ):
        Config.read(tmp_path)


def test_not_json(tmp_path):
    (tmp_path / "analysis_config.json").write_text("{'a': 1}")
    with pytest.raises(ClientError, match=r"is not JSON: .*line 1"):
        Config.read(tmp_path)


def test_not_an_object(tmp_path):
    (tmp_path / "analysis_config.json").write_text("[]")
    with pytest.raises(
        ClientError, match="the configuration: found \\[\\]; it must be an object"
    ):
        Config.read(tmp_path)
