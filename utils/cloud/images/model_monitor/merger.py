"""``sagemaker-model-monitor-groundtruth-merger``: captured requests joined with their labels."""

import json

from utils.cloud.images.container import ClientError, Container
from utils.cloud.images.model_monitor.events import lines, name_of
from utils.cloud.images.model_monitor.settings import Settings

SHOWN = 3


def process(container: Container) -> None:
    """Join by the caller's inference id where a request has one, by its event id elsewhere.

    Writes a file an hour, with the lines of requests that have a label, into the folders in which
    they were captured. Of several labels for one id the last counts.

    Raises
    ------
    ClientError
        If no request has a label; the message shows ids of both sides.
    """
    settings = Settings.of(container)
    source, output = settings.path("dataset_source"), settings.output
    labels = _labels(settings.path("ground_truth_source"))
    asked, merged, missing = 0, 0, []
    for folder in sorted({p.parent for p in source.rglob("*") if p.is_file()}):
        joined = []
        for event in lines(folder):
            asked += 1
            name = name_of(event)
            if name in labels:
                joined.append({**event, "groundTruthData": labels[name]})
            else:
                missing.append(name)
        merged += len(joined)
        if joined:
            target = output / folder.relative_to(source)
            target.mkdir(parents=True, exist_ok=True)
            text = "".join(json.dumps(event) + "\n" for event in joined)
            # always the same name: a later run with more labels replaces an earlier one
            (target / "part-00000.jsonl").write_text(text, encoding="utf-8")
    if not merged:
        raise ClientError(
            f"none of the {asked} captured requests has ground truth: their ids are "
            f"{_some(missing)}, those of the ground truth {_some(labels)}; its eventId must be the "
            "request's inferenceId, or its eventId where none was given"
        )
    text = f"Completed: Merged {merged} of {asked} captured requests with ground truth."
    if missing:
        text += f" Without ground truth so far: {_some(missing)}."
    print(text, flush=True)
    container.output_dir.mkdir(exist_ok=True)
    (container.output_dir / "message").write_text(text, encoding="utf-8")


def _labels(folder) -> dict[str, dict]:
    labels = {}
    for record in lines(folder):
        if "data" not in record.get("groundTruthData", {}):
            raise ClientError(
                f"the ground truth of {record['eventMetadata']['eventId']!r} has no "
                'groundTruthData: {"data": "1", "encoding": "CSV"}'
            )
        labels[record["eventMetadata"]["eventId"]] = record["groundTruthData"]
    return labels


def _some(names) -> str:
    names = list(names)
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(map(repr, names[:SHOWN])) + more
