"""What a role may do: IAM policies evaluated for the requests of functions and jobs.

Identity policies with Allow and Deny, wildcards, NotAction and NotResource. A statement with a
``Condition`` never allows here and always denies: conditions are not evaluated. Resource policies,
boundaries and session policies are not looked at.
"""

import re
from functools import cache
from urllib.parse import parse_qs, unquote

from utils.cloud.wire import ApiError


def allowed(documents: list[dict], action: str, resource: str) -> bool:
    """Whether policies allow an action on a resource.

    Parameters
    ----------
    documents : list of dict
        Policy documents, as JSON objects.
    action, resource : str
        E.g. ``s3:GetObject`` and ``arn:aws:s3:::bucket/key``.

    Returns
    -------
    bool
        True if a statement allows it and none denies it: a Deny wins, silence is a no.
    """
    return decision(documents, action, resource) == "allowed"


def decision(documents: list[dict], action: str, resource: str) -> str:
    """``allowed``, ``explicitDeny`` or ``implicitDeny``, as IAM's simulator calls them."""
    allows = False
    for document in documents:
        statements = document.get("Statement", [])
        for s in statements if isinstance(statements, list) else [statements]:
            if not _concerns(s, action, resource):
                continue
            if s.get("Effect") == "Deny":
                return "explicitDeny"
            allows = allows or "Condition" not in s
    return "allowed" if allows else "implicitDeny"


def refusal(role_arn: str, action: str, resource: str) -> ApiError:
    """The error that AWS answers to a request that the caller's role does not allow."""
    role = role_arn.split("/")[-1]
    assumed = role_arn.replace(":iam:", ":sts:").split(":role/")[0]
    return ApiError(
        "AccessDeniedException",
        f"User: {assumed}:assumed-role/{role}/session is not authorized to perform: {action} on "
        f"resource: {resource} because no identity-based policy allows the {action} action",
        403,
    )


def requested(service: str, environ: dict, body: bytes, account: str, region: str):
    """The action and the resource that a request asks for.

    Returns
    -------
    tuple of str
        E.g. ``("sagemaker:InvokeEndpoint", "arn:aws:sagemaker:…:endpoint/scores")``. Where the
        course needs no single resource the second is ``*``.
    """
    path = unquote(environ.get("PATH_INFO", "/"))
    if service == "s3":
        return _s3(environ, path)
    invoked = re.fullmatch(r"/endpoints/([^/]+)/invocations", path)
    if invoked:
        arn = f"arn:aws:sagemaker:{region}:{account}:endpoint/{invoked[1].lower()}"
        return "sagemaker:InvokeEndpoint", arn
    called = re.match(r".*/functions/([^/]+)/invocations", path)
    if called:
        name = called[1].split(":")[-1]
        return (
            "lambda:InvokeFunction",
            f"arn:aws:lambda:{region}:{account}:function:{name}",
        )
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    prefix = "cloudwatch" if service == "monitoring" else service
    if target:
        action = f"{prefix}:{target.split('.')[-1]}"
        return action, _named_in_json(body, service, account, region)
    form = parse_qs(body.decode("utf-8", "replace"))
    action = f"{prefix}:{form.get('Action', ['Unknown'])[0]}"
    return action, form.get("TopicArn", form.get("TargetArn", ["*"]))[0]


def _s3(environ, path):
    bucket, _, key = path.lstrip("/").partition("/")
    method = environ["REQUEST_METHOD"]
    if key:
        verbs = {"GET": "Get", "HEAD": "Get", "DELETE": "Delete"}
        return (
            f"s3:{verbs.get(method, 'Put')}Object",
            f"arn:aws:s3:::{bucket}/{key}",
        )
    if not bucket:
        return "s3:ListAllMyBuckets", "*"
    verbs = {"GET": "ListBucket", "HEAD": "ListBucket", "DELETE": "DeleteBucket"}
    return f"s3:{verbs.get(method, 'CreateBucket')}", f"arn:aws:s3:::{bucket}"


def _named_in_json(body, service, account, region):
    """The resource that a JSON request names by queue, topic or endpoint; ``*`` if none."""
    text = body.decode("utf-8", "replace")
    queue = re.search(r'"QueueUrl"\s*:\s*"[^"]*/([^"/]+)"', text)
    if service == "sqs" and queue:
        return f"arn:aws:sqs:{region}:{account}:{queue[1]}"
    topic = re.search(r'"(?:TopicArn|TargetArn)"\s*:\s*"([^"]+)"', text)
    if topic:
        return topic[1]
    endpoint = re.search(r'"EndpointName"\s*:\s*"([^"]+)"', text)
    if service == "sagemaker" and endpoint:
        return f"arn:aws:sagemaker:{region}:{account}:endpoint/{endpoint[1].lower()}"
    return "*"


def _concerns(statement, action, resource):
    return _element(statement, "Action", action.lower(), lower=True) and _element(
        statement, "Resource", resource
    )


def _element(statement, name, value, lower=False):
    negated = f"Not{name}" in statement
    patterns = statement.get(f"Not{name}" if negated else name, [])
    patterns = [patterns] if isinstance(patterns, str) else patterns
    patterns = [p.lower() for p in patterns] if lower else patterns
    return any(_glob(p).fullmatch(value) for p in patterns) != negated


@cache
def _glob(pattern):
    parts = [".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern]
    return re.compile("".join(parts), re.DOTALL)
