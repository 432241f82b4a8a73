"""Open JupyterLab on the welcome lesson: ``python tools/lab.py [--port 8888] [--no-browser]``."""

import argparse
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WELCOME = "course/00_start/01_welcome.ipynb"


def port_in_use(port: int) -> bool:
    """Whether something on this machine already listens on the port."""
    with socket.socket() as probe:
        if os.name != "nt":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def command(port: int, browser: bool) -> list[str]:
    """The command line that starts JupyterLab at the welcome lesson."""
    line = [sys.executable, "-m", "jupyterlab", f"--port={port}"]
    line += ["--ServerApp.port_retries=0", f"--ServerApp.root_dir={ROOT}"]
    line += [f"--LabApp.default_url=/lab/tree/{WELCOME}"]
    if not browser:
        line.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        line.append("--allow-root")  # in a container everybody is root
    return line


def stay_offline() -> None:
    """Let this environment's JupyterLab ask nobody for news or newer versions."""
    settings = Path(sys.prefix) / "share" / "jupyter" / "lab" / "settings"
    settings.mkdir(parents=True, exist_ok=True)
    quiet = {"fetchNews": "false", "checkForUpdates": False}
    overrides = {"@jupyterlab/apputils-extension:notification": quiet}
    (settings / "overrides.json").write_text(json.dumps(overrides))


def main(arguments: list[str] | None = None) -> int:
    """Start JupyterLab and stay until it ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8888)
    parser.add_argument(
        "--no-browser", action="store_true", help="print the address only"
    )
    options = parser.parse_args(arguments)
    if port_in_use(options.port):
        print(
            f"Port {options.port} is in use, perhaps by another JupyterLab: close that one, or say "
            f"`make lab PORT={options.port + 1}`.",
            file=sys.stderr,
        )
        return 1
    stay_offline()
    try:
        return subprocess.call(command(options.port, not options.no_browser), cwd=ROOT)
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
