"""Whether the SageMaker Python SDK 3 works with the embedded cloud: ``make sdk-check``.

The SDK brings 800 MB of its own, so it lives in an environment beside the course's
(``.venv-sdk``), and talks to a cloud that this process serves.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.setup import pip_index, venv_python
from utils.cloud import connect

SDK = "sagemaker==3.27.0"
FOLDER = Path(__file__).resolve().parent.parent / ".venv-sdk"
SCENARIO = Path(__file__).with_name("sdk_scenario.py")


def environment() -> Path:
    """The SDK's Python; the first call installs it."""
    python = FOLDER.joinpath(*venv_python())
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", FOLDER], check=True)
        index = pip_index(sys.executable)
        more = ["--default-index", index] if index else []
        command = [sys.executable, "-m", "uv", "pip", "install", "--python", python]
        subprocess.run([*command, *more, SDK], check=True)
    return python


def main() -> int:
    """Run the scenario in the SDK's environment; its exit code is ours."""
    python = environment()
    with connect() as cloud, tempfile.TemporaryDirectory() as folder:
        own = {**os.environ, **cloud.variables()}
        own |= {"ROLE": cloud.role, "BUCKET": cloud.bucket}
        return subprocess.run([python, SCENARIO], env=own, cwd=folder).returncode


if __name__ == "__main__":
    sys.exit(main())
