"""What the lists of monitoring have in common: filters, order, pages."""

import re

from utils.cloud.wire import invalid

TIMES = ("CreationTime", "LastModifiedTime", "ScheduledTime")
EQUAL = {
    "EndpointName": "EndpointName",
    "MonitoringScheduleName": "MonitoringScheduleName",
    "MonitoringJobDefinitionName": "MonitoringJobDefinitionName",
    "MonitoringTypeEquals": "MonitoringType",
}


def page(
    rows: list[dict], request: dict, key: str, name: str, status: str = ""
) -> dict:
    """The answer of a list operation.

    Parameters
    ----------
    rows : list of dict
        Everything there is, the oldest first.
    request : dict
        Its filters, ``SortBy``, ``SortOrder`` (the newest first, if not given), ``MaxResults`` and
        ``NextToken``.
    key : str
        The answer's member.
    name, status : str
        The members that hold a row's name and status.
    """
    rows = [row for row in rows if _wanted(row, request, name, status)]
    by = request.get("SortBy", "CreationTime")
    field = {"Name": name, "Status": status}.get(by, by)
    rows.sort(key=lambda row: row[field])
    if request.get("SortOrder", "Descending") == "Descending":
        rows.reverse()
    token = request.get("NextToken", "0")
    if not token.isdigit():
        raise invalid(f"The NextToken {token!r} is not one that this cloud gave.")
    start, size = int(token), request.get("MaxResults", 10)
    answer = {key: rows[start : start + size]}
    if start + size < len(rows):
        answer["NextToken"] = str(start + size)
    return answer


def _wanted(row, request, name, status):
    if request.get("NameContains", "").lower() not in row[name].lower():
        return False
    if "StatusEquals" in request and row.get(status) != request["StatusEquals"]:
        return False
    for asked, field in EQUAL.items():
        if asked in request and row.get(field) != request[asked]:
            return False
    for field in TIMES:
        if field in row:
            at = row[field].timestamp()
            if at < request.get(f"{field}After", at) or at > request.get(
                f"{field}Before", at
            ):
                return False
    return True


def snake(text: str) -> str:
    """``ModelBias`` as ``model_bias``, as boto3 writes it."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", text).lower()
