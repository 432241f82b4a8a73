"""Requests and answers against botocore's service model."""

from datetime import UTC, datetime

import pytest

from utils.cloud import wire
from utils.cloud.wire import ApiError

MODEL = {"ModelName": "m", "PrimaryContainer": {"Image": "x"}}


def faults(operation, request):
    with pytest.raises(ApiError) as caught:
        wire.validate(operation, request)
    assert caught.value.code == "ValidationException"
    return caught.value.message


def test_good_request_passes():
    wire.validate("CreateModel", MODEL)


def test_missing_member_is_named():
    assert faults("CreateModel", {}) == (
        "1 validation error detected: Value null at 'modelName' failed to satisfy constraint: "
        "Member must not be null"
    )


@pytest.mark.parametrize(
    "change, field, constraint",
    [
        ({"ModelName": "under_score"}, "modelName", "regular expression pattern"),
        ({"ModelName": "x" * 64}, "modelName", "length less than or equal to 63"),
        ({"ModelName": 5}, "modelName", "must be a string"),
        (
            {"PrimaryContainer": {"Mode": "Several"}},
            "primaryContainer.mode",
            "enum value set",
        ),
        ({"PrimaryContainer": "x"}, "primaryContainer", "must be a structure"),
        ({"Tags": [{"Key": "a"}]}, "tags.1.member.value", "must not be null"),
    ],
)
def test_fault_is_named_with_its_field(change, field, constraint):
    message = faults("CreateModel", {**MODEL, **change})
    assert f"at '{field}'" in message
    assert constraint in message


def test_every_fault_is_told_at_once():
    message = faults("CreateEndpoint", {"EndpointName": "-", "EndpointConfigName": "_"})
    assert message.startswith("2 validation errors detected")


def test_numbers_have_bounds():
    request = {
        "EndpointConfigName": "c",
        "ProductionVariants": [{"VariantName": "v", "InitialInstanceCount": 0}],
    }
    message = faults("CreateEndpointConfig", request)
    assert "initialInstanceCount" in message
    assert "greater than or equal to 1" in message


def test_answer_has_the_models_members_only():
    at = datetime(2026, 1, 1, tzinfo=UTC)
    data = {
        "ModelName": "m",
        "CreationTime": at,
        "Secret": 1,
        "EnableNetworkIsolation": None,
    }
    shaped = wire.shaped("DescribeModel", data)
    assert shaped == {"ModelName": "m", "CreationTime": at.timestamp()}


def test_every_pattern_of_the_operations_used_compiles():
    """A pattern that Python cannot read would let everything through."""
    from utils.cloud.wire import _pattern

    open_ended = []
    for operation in (
        "CreateTrainingJob",
        "CreateEndpointConfig",
        "CreateProcessingJob",
    ):
        shapes = [wire.service_model().operation_model(operation).input_shape]
        seen = set()
        while shapes:
            shape = shapes.pop()
            if shape.name in seen:
                continue
            seen.add(shape.name)
            pattern = shape.metadata.get("pattern")
            if (
                pattern
                and "uD800" not in pattern
                and pattern != ".*"
                and _pattern(pattern).pattern == ".*"
            ):
                open_ended.append(pattern)
            shapes += getattr(shape, "members", {}).values()
            shapes += [shape.member] if shape.type_name == "list" else []
            shapes += [shape.key, shape.value] if shape.type_name == "map" else []
    assert open_ended == []


def test_error_is_readable_by_botocore():
    status, headers, body = ApiError(
        "ModelError", "no", 424, OriginalStatusCode=400
    ).response()
    assert status == 424
    assert headers["x-amzn-ErrorType"] == "ModelError"
    assert b'"OriginalStatusCode": 400' in body
