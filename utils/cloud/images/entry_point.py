"""Training jobs that bring an entry point of their own, as SageMaker's Python SDK 3 makes them.

The SDK puts its drivers and the customer's source into channels and starts a shell script there.
``/opt/ml`` is put right in the text of these scripts, which are the job's own copies.
"""

import json
import os
import sys
from pathlib import Path

from utils.cloud.images import opt_ml, runner
from utils.cloud.images.container import AlgorithmError, ClientError, Container

FILE = "entrypoint.json"
SCRIPTS = (".sh", ".py")


def run(container: Container) -> None:
    """Run ``AlgorithmSpecification.ContainerEntrypoint`` with its arguments.

    Raises
    ------
    ClientError
        If there is no such program.
    AlgorithmError
        If it fails: what it wrote into ``/opt/ml/output/failure``, or the error of its output.
    """
    root = container.root.resolve()
    given = json.loads((root / "input" / "config" / FILE).read_text(encoding="utf-8"))
    words = [*given["ContainerEntrypoint"], *given["ContainerArguments"]]
    _put_right(root / "input" / "data", str(root))
    # a shell script looks for python3 on the path: it must be this one
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    try:
        command = runner.command(words, root)
        code, error = runner.run(command, root, {**os.environ, "PATH": path})
    except OSError as error:
        raise ClientError(f"{words[0]!r} cannot be started: {error}") from None
    if code:
        written = container.output_dir / "failure"
        reason = written.read_text(encoding="utf-8") if written.exists() else error
        raise AlgorithmError(f"ExitCode {code}: {reason.strip()}")


def _put_right(folder: Path, root: str) -> None:
    for path in folder.rglob("*"):
        if path.suffix in SCRIPTS and path.is_file():
            text = path.read_text(encoding="utf-8", errors="surrogateescape")
            changed = opt_ml.rewrite(text, root)
            if changed != text:
                path.write_text(changed, encoding="utf-8", errors="surrogateescape")
