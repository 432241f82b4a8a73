"""The model file: AWS's layout, built by hand; a round trip; files that are broken or hostile."""

import json
import struct
import zipfile

import numpy as np
import pytest

from utils.cloud.images import ClientError, ndarray_list
from utils.cloud.images.linear_learner import artefact, load
from utils.cloud.images.linear_learner.hyperparameters import parse

EXTRA = {
    "threshold": 0.25,
    "loss_type": "logistic",
    "metrics_params": {"threshold": 0.25},
    "predictor_type": "binary_classifier",
}


def params_by_hand():
    """Weights (2, 1) = 2, −1 and a bias of 0.5, each byte of MXNet's second version."""
    magic = struct.pack("<Ii", 0xF993FAC9, 0)
    device = struct.pack("<iii", 1, 0, 0)
    weight = magic + struct.pack("<I2q", 2, 2, 1) + device + struct.pack("<2f", 2, -1)
    bias = magic + struct.pack("<I2q", 2, 1, 1) + device + struct.pack("<f", 0.5)
    names = b"".join(
        struct.pack("<Q", len(n)) + n for n in (b"arg:fc0_weight", b"arg:fc0_bias")
    )
    head = struct.pack("<QQQ", 0x112, 0, 2)
    return head + weight + bias + struct.pack("<Q", 2) + names


def write(folder, **members):
    """A zip file with the four members of AWS's container, some of them replaced."""
    files = {
        "additional-params.json": json.dumps(EXTRA),
        "manifest.json": "{}",
        "mx-mod-symbol.json": "{}",
        "mx-mod-0000.params": params_by_hand(),
    } | {name.replace("__", "-"): data for name, data in members.items()}
    with zipfile.ZipFile(folder / "model_algo-1", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            if data is not None:
                archive.writestr(name, data)
    return folder


def test_a_model_made_on_aws_scores_the_same(tmp_path):
    server = load(write(tmp_path), {})
    # 2·1 − 1·2.5 + 0.5 = 0; 2·0 − 1·3 + 0.5 = −2.5
    found = server.predict(np.array([[1, 2.5], [0, 3]]))
    assert found[0] == {"score": 0.5, "predicted_label": 1}
    assert found[1]["score"] == pytest.approx(1 / (1 + np.exp(2.5)))
    assert found[1]["predicted_label"] == 0


@pytest.mark.parametrize(
    "given, outputs, head",
    [
        ({"predictor_type": "binary_classifier"}, 1, "LogisticRegressionOutput"),
        ({"predictor_type": "regressor"}, 1, "LinearRegressionOutput"),
        ({"predictor_type": "multiclass_classifier", "num_classes": "3"}, 3, "SoftmaxOutput"),
    ],
)  # fmt: skip
def test_round_trip(tmp_path, given, outputs, head):
    settings = parse(given)
    random = np.random.default_rng(0)
    weights = random.normal(size=(4, outputs)).astype(np.float32)
    model = artefact.Model(
        weights, weights[0], given["predictor_type"], settings.loss, 0.3
    )
    artefact.save(tmp_path, model, settings)
    back = artefact.load(tmp_path)
    assert (back.weights == weights).all() and (back.bias == weights[0]).all()
    assert (back.predictor_type, back.loss) == (model.predictor_type, model.loss)
    assert back.threshold == 0.3
    with zipfile.ZipFile(tmp_path / "model_algo-1") as archive:
        assert sorted(archive.namelist()) == sorted(
            ["additional-params.json", "manifest.json", "mx-mod-symbol.json", artefact.PARAMS]
        )  # fmt: skip
        symbol = json.loads(archive.read("mx-mod-symbol.json"))
        arrays = ndarray_list.loads(archive.read(artefact.PARAMS))
    assert [node["op"] for node in symbol["nodes"]] == [
        "null", "null", "dot", "null", "broadcast_add", "null", head,
    ]  # fmt: skip
    assert symbol["nodes"][1]["attrs"] == {"__shape__": f"(4, {outputs})"}
    assert symbol["heads"] == [[6, 0, 0]] and symbol["arg_nodes"] == [0, 1, 3, 5]
    assert arrays["arg:fc0_bias"].shape == (1, outputs)


def test_without_a_bias(tmp_path):
    settings = parse({"predictor_type": "regressor", "use_bias": "false"})
    weights = np.float32([[1], [2]])
    artefact.save(
        tmp_path, artefact.Model(weights, np.float32([0]), "regressor", "squared_loss"),
        settings,
    )  # fmt: skip
    assert load(tmp_path, {}).predict(np.array([[3.0, 4]])) == [{"score": 11.0}]


def arrays(weight, bias):
    names = {"arg:fc0_weight": np.float32(weight), "arg:fc0_bias": np.float32(bias)}
    return ndarray_list.dumps(names)


@pytest.mark.parametrize(
    "members, message",
    [
        ({"mx-mod-0000.params": None}, "mx-mod-0000.params is missing"),
        ({"additional-params.json": None}, "additional-params.json is missing"),
        ({"additional-params.json": "{"}, "is not a linear-learner model"),
        ({"additional-params.json": "[]"}, "is not a linear-learner model"),
        ({"additional-params.json": "{}"}, "'predictor_type'"),
        ({"additional-params.json": "[" * 100_000}, "is not a linear-learner model"),
        ({"additional-params.json": json.dumps(EXTRA | {"threshold": 10**400})}, "too large"),
        ({"additional-params.json": json.dumps(EXTRA | {"loss_type": "x"})}, "loss_type 'x'"),
        ({"mx-mod-0000.params": b"\x80\x04pickle" + bytes(40)}, "begins with"),
        ({"mx-mod-0000.params": params_by_hand()[:50]}, "are announced at byte"),
        ({"mx-mod-0000.params": ndarray_list.dumps([np.float32([1])])}, "no array arg"),
        ({"mx-mod-0000.params": arrays([[1, 2]], [[1, 2]])}, "shape"),
        ({"mx-mod-0000.params": arrays([1, 2], [1])}, "shape"),
        ({"mx-mod-0000.params": arrays([[1], [2]], [[1, 2]])}, "shape"),
        ({"mx-mod-0000.params": arrays([[np.nan]], [[1]])}, "not a finite number"),
        ({"../evil": "x"}, "'../evil' leads out of the archive"),
        ({"/etc/evil": "x"}, "leads out of the archive"),
    ],
)  # fmt: skip
def test_broken_and_hostile_files(tmp_path, members, message):
    folder = tmp_path / "model"
    folder.mkdir()
    write(folder, **members)
    with pytest.raises(ClientError, match=message):
        load(folder, {})
    assert [p.name for p in tmp_path.rglob("*")] == ["model", "model_algo-1"]


def test_no_file_and_no_zip(tmp_path):
    with pytest.raises(ClientError, match="no file 'model_algo-1'"):
        load(tmp_path, {})
    (tmp_path / "model_algo-1").write_bytes(b"not a zip")
    with pytest.raises(ClientError, match="not a readable zip file"):
        load(tmp_path, {})


def test_a_bomb_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(artefact, "LARGEST", 1000)
    write(tmp_path, **{"mx-mod-0000.params": bytes(100_000)})
    with pytest.raises(ClientError, match="100000 bytes; at most 1000"):
        load(tmp_path, {})


def test_a_size_that_lies(tmp_path):
    """The directory says 10 bytes, the member unpacks to more."""
    path = write(tmp_path) / "model_algo-1"
    data = bytearray(path.read_bytes())
    entry = data.rindex(b"PK\x01\x02")
    size = struct.unpack_from("<I", data, entry + 24)[0]
    assert size == len(params_by_hand())
    struct.pack_into("<I", data, entry + 24, 10)
    path.write_bytes(data)
    with pytest.raises(ClientError, match=r"not a readable zip|not a linear-learner"):
        load(tmp_path, {})


def test_an_encrypted_member_and_a_broken_stream(tmp_path):
    path = write(tmp_path) / "model_algo-1"
    whole = path.read_bytes()
    data = bytearray(whole)
    # the flags of the last member, which holds the arrays
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(ClientError, match="encrypted"):
        load(tmp_path, {})
    data = bytearray(whole)
    data[data.index(b"additional-params.json") + 30] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(ClientError, match="model_algo-1 is not a"):
        load(tmp_path, {})
