"""Command line: ``python -m utils.datasets list | rebuild [name …] | check``."""

import argparse
import sys

from utils.datasets import DatasetError, names
from utils.datasets.rebuild import check, rebuild


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when it did what was asked, 1 with one sentence when not."""
    parser = argparse.ArgumentParser(
        prog="python -m utils.datasets", description=__doc__
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="name the data sets")
    again = commands.add_parser(
        "rebuild", help="fetch the sources and cut the files anew"
    )
    again.add_argument("names", nargs="*", help="which ones; none: all")
    commands.add_parser(
        "check", help="fetch the sources; compare with the files kept here"
    )
    options = parser.parse_args(arguments)
    try:
        if options.command == "list":
            print("\n".join(names()))
        elif options.command == "rebuild":
            for line in rebuild(options.names or names()):
                print(line)
        else:
            different = check()
            print("\n".join(different) or "every file equals what its source makes")
            return 1 if different else 0
    except DatasetError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
