"""SageMaker's requests and responses as botocore's own service model describes them."""

import json
import re
from datetime import datetime
from functools import cache, lru_cache

from botocore.loaders import Loader
from botocore.model import ServiceModel

JSON = "application/x-amz-json-1.1"


class ApiError(Exception):
    """An error as AWS answers it.

    Parameters
    ----------
    code : str
        AWS's name for it, e.g. ``ValidationException``.
    message : str
        What was found and what to do.
    status : int
        The HTTP status.
    fields : dict
        Further members of the answer, e.g. ``OriginalStatusCode``.
    """

    def __init__(self, code: str, message: str, status: int = 400, **fields):
        super().__init__(message)
        self.code, self.message, self.status, self.fields = (
            code,
            message,
            status,
            fields,
        )

    def response(self) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body in JSON."""
        body = {
            "__type": self.code,
            "message": self.message,
            "Message": self.message,
            **self.fields,
        }
        headers = {"Content-Type": JSON, "x-amzn-ErrorType": self.code}
        return self.status, headers, json.dumps(body).encode()


def invalid(message: str) -> ApiError:
    """A `ValidationException`."""
    return ApiError("ValidationException", message)


@cache
def service_model(name: str = "sagemaker") -> ServiceModel:
    """Botocore's description of a service."""
    return ServiceModel(Loader().load_service_model(name, "service-2"), name)


@lru_cache(maxsize=256)
def _operation(name: str):
    model = service_model()
    return model.operation_model(name) if name in model.operation_names else None


def exists(operation: str) -> bool:
    """Whether SageMaker has such an operation."""
    return _operation(operation) is not None


def validate(operation: str, request: dict) -> None:
    """Check a request against the service model, as SageMaker does before it does anything.

    Raises
    ------
    ApiError
        ``ValidationException`` that names each field at fault and its constraint.
    """
    faults = list(_faults(_operation(operation).input_shape, request, ""))
    if faults:
        plural = "s" if len(faults) > 1 else ""
        raise invalid(
            f"{len(faults)} validation error{plural} detected: {'; '.join(faults)}"
        )


def shaped(operation: str, data: dict) -> dict:
    """The members of `data` that the operation's output has, times as seconds since 1970."""
    shape = _operation(operation).output_shape
    return _shaped(shape, data) if shape is not None else {}


def _faults(shape, value, path):
    if value is None:
        return
    kind = shape.type_name
    if kind == "structure":
        if not isinstance(value, dict):
            yield _fault(value, path, "Member must be a structure")
            return
        for name in shape.required_members:
            if value.get(name) is None:
                yield _fault(None, _join(path, name), "Member must not be null")
        for name, member in shape.members.items():
            if name in value:
                yield from _faults(member, value[name], _join(path, name))
    elif kind == "list":
        yield from _length(shape, value, path)
        for number, item in enumerate(value, start=1):
            yield from _faults(shape.member, item, f"{path}.{number}.member")
    elif kind == "map":
        yield from _length(shape, value, path)
        for key, item in value.items():
            yield from _faults(shape.key, key, f"{path}.key")
            yield from _faults(shape.value, item, f"{path}.{key}.member")
    elif kind == "string":
        yield from _text(shape, value, path)
    elif kind in ("integer", "long", "float", "double"):
        yield from _number(shape, value, path)


def _text(shape, value, path):
    if not isinstance(value, str):
        yield _fault(value, path, "Member must be a string")
        return
    if shape.enum and value not in shape.enum:
        allowed = ", ".join(shape.enum)
        yield _fault(value, path, f"Member must satisfy enum value set: [{allowed}]")
    yield from _length(shape, value, path)
    pattern = shape.metadata.get("pattern")
    if pattern and not _pattern(pattern).fullmatch(value):
        yield _fault(
            value, path, f"Member must satisfy regular expression pattern: {pattern}"
        )


def _length(shape, value, path):
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and len(value) < low:
        yield _fault(
            value, path, f"Member must have length greater than or equal to {low}"
        )
    if high is not None and len(value) > high:
        yield _fault(
            value, path, f"Member must have length less than or equal to {high}"
        )


def _number(shape, value, path):
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield _fault(value, path, "Member must be a number")
        return
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and value < low:
        yield _fault(
            value, path, f"Member must have value greater than or equal to {low}"
        )
    if high is not None and value > high:
        yield _fault(
            value, path, f"Member must have value less than or equal to {high}"
        )


@cache
def _pattern(pattern: str) -> re.Pattern:
    # the model writes Java's patterns: its \p{…} classes and lone braces are not Python's
    for java, python in ((r"\p{L}", r"\w"), (r"\p{Z}", r"\s"), (r"\p{N}", r"\d")):
        pattern = pattern.replace(java, python)
    pattern = pattern.replace(r"\p{Alnum}", "a-zA-Z0-9")
    try:
        return re.compile(pattern, re.DOTALL)
    except re.error:
        return re.compile(".*", re.DOTALL)


def _fault(value, path, constraint):
    shown = "null" if value is None else repr(value)[:200]
    return f"Value {shown} at '{path}' failed to satisfy constraint: {constraint}"


def _join(path, name):
    name = name[0].lower() + name[1:]
    return f"{path}.{name}" if path else name


def _shaped(shape, value):
    if value is None:
        return None
    if shape.type_name == "structure":
        return {
            name: _shaped(member, value[name])
            for name, member in shape.members.items()
            if value.get(name) is not None
        }
    if shape.type_name == "list":
        return [_shaped(shape.member, item) for item in value]
    if shape.type_name == "map":
        return {key: _shaped(shape.value, item) for key, item in value.items()}
    if isinstance(value, datetime):
        return value.timestamp()
    return value
