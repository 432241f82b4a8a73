"""Containers of Model Monitor made by hand: their variables, captured requests, results."""

import json

from utils.cloud.images import Container

SOURCE, OUTPUT = "/opt/ml/processing/input/data", "/opt/ml/processing/output"


def folders(tmp_path):
    """Make a container's folders; a function that sets its variables and returns it."""
    for folder in ("config", "output", "processing/input/data"):
        (tmp_path / folder).mkdir(parents=True)

    def with_variables(**variables):
        given = {"dataset_source": SOURCE, "output_path": OUTPUT, **variables}
        text = json.dumps({"Environment": given})
        (tmp_path / "config" / "processingjobconfig.json").write_text(text)
        return Container(tmp_path)

    return with_variables


def monitoring(container, **variables):
    """Variables of a schedule's run, without CloudWatch."""
    return container(
        **{
            "sagemaker_monitoring_schedule_name": "hourly",
            "sagemaker_endpoint_name": "scores",
            "start_time": "2026-11-22T12:00:00Z",
            "end_time": "2026-11-22T13:00:00Z",
            "metric_time": "2026-11-22T13:00:00Z",
            **variables,
        }
    )


def event(number, data, answer="1", minute=5, encoding="CSV", truth=None, **meta):
    """A captured request."""
    part = {"observedContentType": "text/csv", "encoding": encoding}
    if encoding == "JSON":
        part["observedContentType"] = "application/jsonlines"
    line = {
        "captureData": {
            "endpointInput": {**part, "data": data, "mode": "INPUT"},
            "endpointOutput": {**part, "data": answer, "mode": "OUTPUT"},
        },
        "eventMetadata": {
            "eventId": f"event-{number}",
            "inferenceTime": f"2026-11-22T12:{minute:02}:00Z",
            **meta,
        },
        "eventVersion": "0",
    }
    if truth is not None:
        line["groundTruthData"] = {"data": truth, "encoding": "CSV"}
    return line


def write(container, *events, place="data/AllTraffic/2026/11/22/12"):
    folder = container.root / "processing" / "input" / place
    folder.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(e) + "\n" for e in events)
    (folder / "lines.jsonl").write_text(text)


def output(container, name):
    return json.loads((container.root / "processing" / "output" / name).read_text())
