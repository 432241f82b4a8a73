"""Containers for the tests of script mode: folders as the platform leaves them, and a server."""

import contextlib
import http.client
import json
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

from utils.cloud.archives import pack_tar
from utils.cloud.images import Container
from utils.cloud.images.script_mode import train


def write(folder: Path, files: dict[str, str]) -> Path:
    """Write files, their text without its common indent."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
    return folder


def job(
    folder: Path, files: dict[str, str] | None, channels=(), **settings
) -> Container:
    """A training container: source archive, hyperparameters (strings, as on AWS), channels."""
    root = folder / "ml"
    for name in ("input/config", "input/data", "input/source", "output", "model"):
        (root / name).mkdir(parents=True)
    if files is not None:
        source = write(folder / "source", files)
        pack_tar(source, root / "input" / "source" / "sourcedir.tar.gz")
    for channel in channels:
        (root / "input" / "data" / channel).mkdir()
    described = {channel: {"ContentType": "text/csv"} for channel in channels}
    config = {"hyperparameters": settings, "inputdataconfig": described}
    for name, value in config.items():
        text = json.dumps(value)
        (root / "input" / "config" / f"{name}.json").write_text(text)
    return Container(root)


def trained(folder, source, **settings):
    """Run a train.py; the text that it left in the model's folder, by the files' names."""
    container = job(
        folder,
        {"train.py": source},
        ("train",),
        sagemaker_program="train.py",
        **settings,
    )
    train(container)
    return {path.name: path.read_text() for path in container.model_dir.iterdir()}


def processing(folder: Path, *words: str, files=None, **environment) -> Container:
    """A processing container that runs a command line."""
    root = folder / "ml"
    write(root / "processing" / "input" / "code", files or {})
    for name in ("config", "output", "processing/output"):
        (root / name).mkdir(parents=True)
    config = {
        "AppSpecification": {
            "ContainerEntrypoint": list(words[:2]) or None,
            "ContainerArguments": list(words[2:]),
        },
        "Environment": environment,
    }
    (root / "config" / "processingjobconfig.json").write_text(json.dumps(config))
    return Container(root)


def run(container: Container, image: str, action: str, **environment):
    """What the platform runs; returns the ended process, its output as text."""
    return subprocess.run(
        [sys.executable, "-m", "utils.cloud.images", image, action],
        env={**os.environ, "SAGEMAKER_BASE_DIR": str(container.root), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
        check=False,
    )


class Server:
    """A serving container's process. `log` is what it printed."""

    def __init__(self, root: Path, image: str, **environment):
        self.path = root / "log"
        with self.path.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "utils.cloud.images", image, "serve"],
                env={**os.environ, "SAGEMAKER_BASE_DIR": str(root), **environment},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.port = self._port()

    @property
    def log(self) -> str:
        return self.path.read_text()

    def ask(
        self, body=None, content_type="text/csv", accept="application/json", **more
    ):
        """Status, content type and body of an invocation, or without a body of a ping."""
        headers = {"Content-Type": content_type, "Accept": accept, **more}
        headers = {name: value for name, value in headers.items() if value is not None}
        with self.connection() as http_client:
            method, path = (
                ("GET", "/ping") if body is None else ("POST", "/invocations")
            )
            http_client.request(method, path, body, headers)
            answer = http_client.getresponse()
            return answer.status, answer.headers["Content-Type"], answer.read()

    def connection(self):
        return contextlib.closing(
            http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        )

    def stop(self):
        self.process.kill()
        self.process.wait(10)

    def _port(self) -> int:
        until = time.monotonic() + 180
        while time.monotonic() < until and self.process.poll() is None:
            ready = [x for x in self.log.splitlines() if x.startswith("listening on ")]
            if ready:
                return int(ready[0].split()[-1])
            time.sleep(0.05)
        self.stop()
        raise RuntimeError(f"the server did not start:\n{self.log}")
