"""``python -m utils.cloud``: an embedded cloud for other processes, until interrupted."""

import argparse
import signal
import threading

from utils.cloud import connect


def main() -> None:
    """Serve, and print what another process must have in its environment."""
    parser = argparse.ArgumentParser(prog="python -m utils.cloud", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--region", default="us-east-1")
    options = parser.parse_args()
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    with connect(options.region, options.port) as cloud:
        for name, value in cloud.variables().items():
            print(f"export {name}={value}")
        print(f"# bucket {cloud.bucket}, role {cloud.role}; Ctrl-C ends it", flush=True)
        over.wait()


if __name__ == "__main__":
    main()
