"""The job's configuration: read, checked as a whole, asked for its parts."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from utils.cloud.images.clarify.schema import (
    CONFIGURATION,
    CSV,
    JSON,
    JSON_LINES,
    PARQUET,
    SENT,
)
from utils.cloud.images.container import ClientError

BIAS = ("pre_training_bias", "post_training_bias")
EXPLANATIONS = ("shap", "pdp")


@dataclass(frozen=True)
class Config:
    """``analysis_config.json`` without fault, as far as it can be told without the data.

    Attributes
    ----------
    given : dict
        What stands in the file; fields that are null are left out.
    """

    given: dict

    @classmethod
    def read(cls, folder: Path) -> "Config":
        """The configuration in a folder.

        Raises
        ------
        ClientError
            If it is not there, is not JSON or has faults: all of them, each with its field.
        """
        path = folder / "analysis_config.json"
        if not path.is_file():
            found = sorted(p.name for p in folder.rglob("*")) if folder.is_dir() else []
            raise ClientError(
                "there is no analysis_config.json in /opt/ml/processing/input/config; it comes "
                "with the input named analysis_config"
                + (f", which holds {', '.join(found)}" if found else "")
            )
        try:
            given = json.loads(path.read_text(encoding="utf-8-sig"))
        except ValueError as error:
            raise ClientError(f"analysis_config.json is not JSON: {error}") from None
        return cls.of(given)

    @classmethod
    def of(cls, given) -> "Config":
        """The same of what was in the file."""
        faults = list(CONFIGURATION(given, ""))
        if not faults:
            given = _without_null(given)
            faults = [*_methods(given), *_bias(given), *_model(given), *_data(given)]
        if faults:
            count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
            raise ClientError(f"analysis_config.json has {count}: {'; '.join(faults)}")
        return cls(given)

    def get(self, name: str, default=None):
        """A field at the top."""
        return self.given.get(name, default)

    def method(self, name: str) -> dict | None:
        """A method's settings; None where it is not asked for."""
        return self.given["methods"].get(name)

    def metrics(self, method: str):
        """The metrics that a bias method asks for: ``"all"``, a list, or an empty one."""
        settings = self.method(method)
        return [] if settings is None else settings.get("methods", "all")

    @property
    def wants_bias(self) -> bool:
        """Whether a bias method is asked for."""
        return any(self.method(name) is not None for name in BIAS)

    @property
    def wants_explanations(self) -> bool:
        """Whether SHAP values or partial dependence are asked for."""
        return any(self.method(name) is not None for name in EXPLANATIONS)

    @property
    def predicts(self) -> bool:
        """Whether the model must be asked for the predicted labels."""
        wanted = self.method("post_training_bias") is not None
        return wanted and not self.has_predictions

    @property
    def has_predictions(self) -> bool:
        """Whether the predicted labels come with the data."""
        return "predicted_label" in self.given

    @cached_property
    def predictor(self) -> dict:
        """The model's settings, with the content types that were left out."""
        given = self.given.get("predictor", {})
        dataset = self.given["dataset_type"]
        sent = given.get("content_type", dataset if dataset in SENT else CSV)
        return {"content_type": sent, "accept_type": sent, **given}

    @property
    def title(self) -> str:
        """The report's."""
        report = self.method("report") or {}
        return report.get("title", "SageMaker Analysis Report")


def _without_null(value):
    if isinstance(value, dict):
        kept = {name: member for name, member in value.items() if member is not None}
        return {name: _without_null(member) for name, member in kept.items()}
    return value


def _methods(given):
    asked = [name for name in given["methods"] if name != "report"]
    if not asked:
        yield f"methods: found none; give at least one of {', '.join(BIAS + EXPLANATIONS)}"
    shap, pdp = (given["methods"].get(name) for name in EXPLANATIONS)
    if shap and "baseline" in shap and "num_clusters" in shap:
        yield (
            "methods.shap: found baseline and num_clusters; give the one or the other, as "
            "num_clusters is for a baseline made from the data"
        )
    if pdp is not None and shap is None and "features" not in pdp:
        yield (
            "methods.pdp.features: it is missing; without shap, which ranks the features, they "
            "must be named"
        )
    if (shap is not None or pdp is not None) and "predictor" not in given:
        yield "predictor: it is missing; shap and pdp ask a model"


def _bias(given):
    asked = [name for name in BIAS if name in given["methods"]]
    if not asked:
        return
    for name in ("label", "label_values_or_threshold", "facet"):
        if name not in given:
            yield f"{name}: it is missing; {asked[0]} needs it"
    if "post_training_bias" in asked and not (
        "predictor" in given or "predicted_label" in given
    ):
        yield (
            "predictor: it is missing; post_training_bias needs a model, or predicted_label where "
            "the predictions come with the data"
        )
    threshold = given.get("label_values_or_threshold", [])
    if len(threshold) != len({(type(v), v) for v in threshold}):
        yield f"label_values_or_threshold: found {threshold}; name each value once"


def _model(given):
    model = given.get("predictor")
    if model is None:
        return
    if ("model_name" in model) == ("endpoint_name" in model):
        yield (
            "predictor: give model_name (a temporary endpoint is made from it) or endpoint_name, "
            f"one of them; found {' and '.join(model) or 'neither'}"
        )
    for name in ("instance_type", "initial_instance_count"):
        if "model_name" in model and name not in model:
            yield f"predictor.{name}: it is missing; model_name needs it"
        if "endpoint_name" in model and name in model:
            yield f"predictor.{name}: leave it out, as endpoint_name is an endpoint that runs"
    yield from _templates(Config(given).predictor)


def _templates(model):
    template, record = model.get("content_template"), model.get("record_template")
    sent = model["content_type"]
    if sent == JSON_LINES and (template is None or template.count("$features") != 1):
        yield (
            f"predictor.content_template: found {template!r}; for {JSON_LINES} it must have one "
            'placeholder $features, as {"features": $features}'
        )
    if sent == JSON and (template is None or "$record" not in template):
        yield (
            f"predictor.content_template: found {template!r}; for {JSON} it must have the "
            'placeholder $records (or $record), as {"instances": $records}'
        )
    if sent == JSON and record is None:
        yield (
            f"predictor.record_template: it is missing; for {JSON} give $features, $features_kvp "
            'or an object with "${name}" for each feature'
        )
    if model["accept_type"] == CSV:
        for name in ("label", "probability"):
            if isinstance(model.get(name), str):
                yield (
                    f"predictor.{name}: found {model[name]!r}; the model answers with {CSV}, so it "
                    "must be a position from 0"
                )
    elif "label" not in model and "probability" not in model:
        yield (
            "predictor: label and probability are missing; say with a JMESPath where in the "
            f"answer ({model['accept_type']}) the prediction stands"
        )


def _data(given):
    kind, by_path = given["dataset_type"], ("label", "predicted_label")
    if kind in (JSON_LINES, JSON):
        if "features" not in given:
            yield (
                "features: it is missing; it is the JMESPath to the list of feature values in a "
                'record, as features for {"features": [39, 13], "label": 0}, or [age, hours] for '
                '{"age": 39, "hours": 13}'
            )
        for name in by_path:
            if isinstance(given.get(name), int):
                yield f"{name}: found {given[name]}; for {kind} it must be a JMESPath"
    elif "features" in given:
        yield f"features: leave it out, as it is a JMESPath for {JSON_LINES} or {JSON}"
    if kind == PARQUET and "headers" in given:
        yield "headers: leave it out, as a Parquet file names its columns"
    for part in ("facet", "predicted_label"):
        headers, address = f"{part}_headers", f"{part}_dataset_uri"
        if address in given and headers not in given:
            yield f"{headers}: it is missing; it names the columns of {address}"
    if "predicted_label_dataset_uri" in given and "predicted_label" not in given:
        yield "predicted_label: it is missing; it is a column of predicted_label_dataset_uri"
