"""SageMaker's control plane: which operation does what."""

from utils.cloud import hosting, processing, training, transform, wire
from utils.cloud.monitoring import definitions, schedules
from utils.cloud.store import JOBS, KINDS
from utils.cloud.wire import ApiError, invalid

NOT_HERE = {
    "HyperParameterTuning": "automatic model tuning comes with the tuning unit",
    "AutoML": "Autopilot comes with the tuning unit",
    "MonitoringAlert": "put an alarm on the monitor's metrics in CloudWatch",
    "LabelingJob": "Ground Truth takes no new customers; the labelling unit simulates annotators",
    "Workteam": "Ground Truth takes no new customers; the labelling unit simulates annotators",
    "Domain": "Studio is set up in a real account; here JupyterLab is the studio",
    "NotebookInstance": "JupyterLab on this machine is the notebook instance",
    "Pipeline": "a notebook or a script calls one job after the other",
    "FeatureGroup": "features are read from S3",
}


class SageMaker:
    """Answers control-plane requests for one cloud."""

    def __init__(self, engine):
        self.engine = engine
        self._operations = {
            **training.operations(engine),
            **processing.operations(engine),
            **transform.operations(engine),
            **hosting.operations(engine),
            **definitions.operations(engine),
            **schedules.operations(engine),
            "AddTags": self._add_tags,
            "ListTags": self._list_tags,
            "DeleteTags": self._delete_tags,
        }
        for kind in KINDS.values():
            self._operations.setdefault(f"Describe{kind.name}", self._describe(kind))
            self._operations.setdefault(f"List{kind.name}s", self._list(kind))

    def handle(self, operation: str, request: dict, region: str) -> dict:
        """Check a request, do it, shape the answer.

        Raises
        ------
        ApiError
            As AWS would answer; 501 ``NotImplemented`` for what this cloud does not do.
        """
        if not wire.exists(operation):
            raise ApiError(
                "UnknownOperationException", f"unknown operation {operation!r}"
            )
        if operation not in self._operations:
            hints = (text for part, text in NOT_HERE.items() if part in operation)
            why = next(hints, "the course does not use it")
            raise ApiError(
                "NotImplemented",
                f"sagemaker:{operation} is not available in the embedded cloud: {why}. "
                "Nothing was done.",
                501,
            )
        wire.validate(operation, request)
        answer = self._operations[operation](request, region) or {}
        return wire.shaped(operation, answer)

    def _describe(self, kind):
        def describe(request, region):
            return self.engine.store.get(region, kind.name, request[kind.name_field])

        return describe

    def _list(self, kind):
        def listed(request, region):
            rows = [
                row
                for row in self.engine.store.every(region, kind.name)
                if _wanted(row, request, kind)
            ]
            by_name = request.get("SortBy") == "Name"
            field = kind.name_field if by_name else "CreationTime"
            # SageMaker lists the newest first, except where it documents otherwise
            descending = request.get("SortOrder", "Descending") == "Descending"
            rows.sort(key=lambda row: row[field], reverse=descending)
            start = _page(request)
            size = request.get("MaxResults", 10)
            answer = {kind.plural: rows[start : start + size]}
            if start + size < len(rows):
                answer["NextToken"] = str(start + size)
            return answer

        return listed

    def _add_tags(self, request, region):
        tags = self.engine.store.tags.setdefault(request["ResourceArn"], {})
        tags.update({t["Key"]: t["Value"] for t in request["Tags"]})
        return {"Tags": _pairs(tags)}

    def _list_tags(self, request, region):
        return {"Tags": _pairs(self.engine.store.tags.get(request["ResourceArn"], {}))}

    def _delete_tags(self, request, region):
        tags = self.engine.store.tags.get(request["ResourceArn"], {})
        for key in request["TagKeys"]:
            tags.pop(key, None)


def _pairs(tags):
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _page(request):
    token = request.get("NextToken", "0")
    if not token.isdigit():
        raise invalid(f"The NextToken {token!r} is not one that this cloud gave.")
    return int(token)


def _wanted(row, request, kind):
    if request.get("NameContains", "").lower() not in row[kind.name_field].lower():
        return False
    status = request.get("StatusEquals")
    if status and row.get(kind.status_field) != status:
        return False
    if kind.name in JOBS or kind.name == "Endpoint":
        modified = row["LastModifiedTime"].timestamp()
        if modified < request.get("LastModifiedTimeAfter", modified):
            return False
        if modified > request.get("LastModifiedTimeBefore", modified):
            return False
    created = row["CreationTime"].timestamp()
    after = request.get("CreationTimeAfter", created)
    return after <= created <= request.get("CreationTimeBefore", created)
