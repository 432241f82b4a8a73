"""Data capture: what came in and went out of an endpoint, as JSON Lines in S3."""

import base64
import json
import random
import threading
import uuid
import zlib
from collections.abc import Callable
from datetime import UTC, datetime

from utils.cloud import storage

EVERY = 0.5  # seconds until a captured request is in S3; minutes on AWS


class Capture:
    """One endpoint's capture.

    Parameters
    ----------
    s3 : botocore client
        To write with.
    endpoint : str
        The endpoint's name; it also seeds which requests are sampled.
    config : dict
        The endpoint configuration's ``DataCaptureConfig``.
    now : callable
        The cloud's clock.
    """

    def __init__(
        self,
        s3,
        endpoint: str,
        config: dict,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ):
        self._s3, self._endpoint, self.config = s3, endpoint, config
        self._now, self._writing = now, threading.Lock()
        modes = {o["CaptureMode"] for o in config.get("CaptureOptions", [])}
        self._input = bool(modes & {"Input", "InputAndOutput"})
        self._output = bool(modes & {"Output", "InputAndOutput"})
        self._random = random.Random(zlib.crc32(endpoint.encode()))
        self._waiting: dict[tuple[str, str], list[str]] = {}
        self._lock, self._timer = threading.Lock(), None

    def take(
        self, variant, request, response, inference_id=None, attributes=""
    ) -> None:
        """Keep one exchange, if it is sampled.

        Parameters
        ----------
        variant : str
            Which variant answered.
        request, response : tuple of (bytes, str)
            Body and content type.
        inference_id : str, optional
            The caller's own name for the request.
        attributes : str
            The request's custom attributes, comma-separated.
        """
        with self._lock:
            share = self.config.get("InitialSamplingPercentage", 100) / 100
            if self._random.random() >= share:
                return
            at = self._now()
            captured = {}
            if self._input:
                captured["endpointInput"] = self._part("INPUT", *request)
            if self._output:
                captured["endpointOutput"] = self._part("OUTPUT", *response)
            event = {"eventId": str(uuid.uuid4())}
            if inference_id:
                event["inferenceId"] = inference_id
            if attributes:
                event["customAttributes"] = attributes.split(",")
            event["inferenceTime"] = at.strftime("%Y-%m-%dT%H:%M:%SZ")
            line = {
                "captureData": captured,
                "eventMetadata": event,
                "eventVersion": "0",
            }
            hour = at.strftime("%Y/%m/%d/%H")
            self._waiting.setdefault((variant, hour), []).append(json.dumps(line))
            if self._timer is None:
                self._timer = threading.Timer(EVERY, self.flush)
                self._timer.daemon = True
                self._timer.start()

    def flush(self) -> None:
        """Write what waits; when this returns, all that was taken before is in S3."""
        with self._writing:
            self._write()

    def _write(self):
        with self._lock:
            waiting, self._waiting, self._timer = self._waiting, {}, None
        for (variant, hour), lines in waiting.items():
            at = self._now().strftime("%M-%S-%f")[:-3]
            name = f"{at}-{uuid.uuid4()}.jsonl"
            base = self.config["DestinationS3Uri"]
            target = storage.join(base, self._endpoint, variant, hour, name)
            try:
                storage.write(self._s3, target, ("\n".join(lines) + "\n").encode())
            except storage.StorageError:
                return  # a bucket that has gone must not take the endpoint with it

    def close(self) -> None:
        """Write the rest and end the timer."""
        timer = self._timer
        if timer is not None:
            timer.cancel()
        self.flush()

    def _part(self, mode, body, content_type):
        kind = content_type.split(";")[0].strip().lower()
        header = self.config.get("CaptureContentTypeHeader", {})
        encoding = (
            "BASE64"  # also for text, unless its type is listed: a trap on AWS too
        )
        if kind in header.get("CsvContentTypes", []):
            encoding = "CSV"
        elif kind in header.get("JsonContentTypes", []):
            encoding = "JSON"
        if encoding == "BASE64":
            data = base64.b64encode(body).decode()
        else:
            data = body.decode("utf-8", "replace")
        return {
            "observedContentType": content_type,
            "mode": mode,
            "data": data,
            "encoding": encoding,
        }
