"""Makes what the catalogue's bucket holds: artefacts, scripts, specifications, manifest."""

import gzip
import io
import json
import tarfile
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from sklearn.linear_model import LogisticRegression

from utils.cloud.images.linear_learner import artefact, hyperparameters
from utils.cloud.jumpstart import text_classifier
from utils.datasets import load_adult, load_compas

HERE = Path(__file__).parent
MANIFEST = "models_manifest.json"
VERSION = "1.0.0"
TEXT, TABULAR = "sklearn-tc-charge-degree", "linear-classification-adult-income"
COLUMNS = ["age", "education_num", "capital_gain", "capital_loss", "hours_per_week"]
INSTANCE = "ml.m5.xlarge"


@cache
def everything() -> dict[str, bytes]:
    """Key → content of every object in the bucket; the same on every machine and run."""
    objects = {**_text(), **_tabular()}
    header = [
        {
            "model_id": model_id,
            "version": VERSION,
            "min_version": "2.49.0",
            "spec_key": _spec_key(model_id),
        }
        for model_id in (TABULAR, TEXT)
    ]
    return {**objects, MANIFEST: _json(header)}


def _text() -> dict[str, bytes]:
    """COMPAS charges: is the text that of a felony (1) or of a misdemeanour (0)?"""
    rows = load_compas(filtered=True).dropna(subset=["charge"])
    texts = rows["charge"].astype(str).tolist()
    felony = rows["charge_degree"].eq("F").astype(int).to_numpy()
    rarity = text_classifier.rarity_of(sorted(set(texts)))
    model = text_classifier.fit(texts, felony, [0, 1], rarity)
    packed = _packed(lambda folder: text_classifier.save(folder, model))
    spec = _text_spec()
    return {
        spec["hosting_artifact_key"]: packed,
        spec["training_artifact_key"]: packed,
        spec["hosting_script_key"]: _scripts("inference.py"),
        spec["training_script_key"]: _scripts("transfer_learning.py"),
        _spec_key(TEXT): _json(spec),
    }


def _text_spec() -> dict:
    kinds = ["application/json;verbose", "application/json"]
    regex = r"val_accuracy: ([0-9\.]+)"
    return {
        **_common(TEXT, "sklearn", "1.2-1"),
        "hosting_artifact_key": f"sklearn-infer/infer-{TEXT}.tar.gz",
        "training_artifact_key": f"sklearn-training/train-{TEXT}.tar.gz",
        "hosting_script_key": _sources("inference"),
        "training_script_key": _sources("transfer_learning"),
        "inference_environment_variables": [
            _fixed("SAGEMAKER_PROGRAM", "inference.py")
        ],
        "hyperparameters": [
            _tunable("regularisation-strength", "float", 0.1, min=1e-6),
            _tunable("validation-split-ratio", "float", 0.2, min=0.0, max=0.9),
            _tunable("seed", "int", 0, min=0),
            _fixed("sagemaker_program", "transfer_learning.py"),
        ],
        "metrics": [{"Name": "sklearn-tc:val-accuracy", "Regex": regex}],
        "predictor_specs": _predictor(["application/x-text"], kinds[::-1]),
    }


def _tabular() -> dict[str, bytes]:
    """Adult: an income above 50,000 dollars, from five numbers, without sex and race."""
    rows = load_adult("train")
    X, y = rows[COLUMNS].to_numpy(float), rows["income"].eq(">50K")
    mean, spread = X.mean(axis=0), X.std(axis=0)
    learnt = LogisticRegression().fit((X - mean) / spread, y)
    weights = learnt.coef_[0] / spread
    bias = learnt.intercept_ - weights @ mean
    model = artefact.Model(
        weights[:, None], bias, hyperparameters.BINARY, loss="logistic"
    )
    given = {"predictor_type": "binary_classifier", "feature_dim": str(len(COLUMNS))}
    settings = hyperparameters.parse(given)
    spec = _tabular_spec()
    return {
        spec["hosting_artifact_key"]: _packed(
            lambda folder: artefact.save(folder, model, settings)
        ),
        _spec_key(TABULAR): _json(spec),
    }


def _tabular_spec() -> dict:
    return {
        **_common(TABULAR, "linear-learner", "1"),
        "hosting_artifact_key": f"linear-infer/infer-{TABULAR}.tar.gz",
        "inference_environment_variables": [],
        "hyperparameters": [
            _tunable("epochs", "int", 15, min=1),
            _tunable("mini_batch_size", "int", 1000, min=1),
            _tunable("positive_example_weight_mult", "text", "1.0"),
            _fixed("predictor_type", "binary_classifier"),
        ],
        "metrics": [],
        "predictor_specs": _predictor(
            ["text/csv", "application/json"], ["application/json", "text/csv"]
        ),
    }


def _common(model_id: str, framework: str, version: str) -> dict:
    image = {"framework": framework, "framework_version": version, "py_version": "py3"}
    return {
        "model_id": model_id,
        "version": VERSION,
        "training_supported": True,
        "incremental_training_supported": False,
        "hosting_ecr_specs": image,
        "training_ecr_specs": image,
        "default_inference_instance_type": INSTANCE,
        "supported_inference_instance_types": [INSTANCE, "ml.t3.medium"],
        "default_training_instance_type": INSTANCE,
    }


def _predictor(content_types: list[str], accepts: list[str]) -> dict:
    return {
        "supported_content_types": content_types,
        "supported_accept_types": accepts,
        "default_content_type": content_types[0],
        "default_accept_type": accepts[0],
    }


def _tunable(name: str, kind: str, default, **limits) -> dict:
    """A hyperparameter that the customer may set."""
    given = {"name": name, "type": kind, "default": default, **limits}
    return {**given, "scope": "algorithm"}


def _fixed(name: str, value: str) -> dict:
    """A hyperparameter or variable that the container needs."""
    return {"name": name, "type": "text", "default": value, "scope": "container"}


def _spec_key(model_id: str) -> str:
    return f"community_models_specs/{model_id}/specs_v{VERSION}.json"


def _sources(use: str) -> str:
    return f"source-directory-tarballs/sklearn/{use}/tc/v{VERSION}/sourcedir.tar.gz"


def _json(content) -> bytes:
    return json.dumps(content, indent=1).encode()


def _scripts(name: str) -> bytes:
    return _tarball({n: (HERE / n).read_bytes() for n in (name, "text_classifier.py")})


def _packed(save: Callable[[Path], None]) -> bytes:
    """A model.tar.gz of what `save` writes into a folder."""
    with tempfile.TemporaryDirectory() as folder:
        save(Path(folder))
        return _tarball({p.name: p.read_bytes() for p in Path(folder).iterdir()})


def _tarball(files: dict[str, bytes]) -> bytes:
    """A .tar.gz of {name: content}, without dates: the same files give the same bytes."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for name in sorted(files):
            info = tarfile.TarInfo(name)
            info.size = len(files[name])
            archive.addfile(info, io.BytesIO(files[name]))
    return gzip.compress(plain.getvalue(), mtime=0)
