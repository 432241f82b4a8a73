"""The lines that capture and ground truth consist of."""

import json
from collections.abc import Iterator
from pathlib import Path

from utils.cloud.images.container import ClientError


def lines(folder: Path) -> Iterator[dict]:
    """Every line of a folder's JSON Lines files, as objects."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        for number, text in enumerate(
            path.read_text("utf-8", "replace").splitlines(), 1
        ):
            if not text.strip():
                continue
            try:
                event = json.loads(text)
                event["eventMetadata"]["eventId"]
            except (ValueError, KeyError, TypeError):
                raise ClientError(
                    f"{path.name}, line {number}: not a record of Model Monitor (a JSON object "
                    "with eventMetadata and its eventId)"
                ) from None
            yield event


def name_of(event: dict) -> str:
    """The id by which a request is merged: the caller's own, else the event's."""
    meta = event["eventMetadata"]
    return meta.get("inferenceId") or meta["eventId"]
