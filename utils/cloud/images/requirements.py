"""A customer's ``requirements.txt``: on AWS it is installed, here it must already be satisfied."""

import re
from importlib import metadata
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from utils.cloud.images.container import ClientError


def check(folder: Path) -> None:
    """Check ``requirements.txt`` in `folder`, if there is one.

    Raises
    ------
    ClientError
        That names every requirement which this Python's packages do not satisfy.
    """
    path = folder.resolve() / "requirements.txt"
    faults = _faults(path, path.parent) if path.is_file() else []
    if faults:
        raise ClientError(
            f"requirements.txt is not satisfied: {'; '.join(faults)}. Nothing is installed here "
            "(on AWS pip would): ask for versions that are there, or do without"
        )


def _faults(path: Path, folder: Path, seen: tuple[Path, ...] = ()) -> list[str]:
    text = path.read_text(encoding="utf-8", errors="replace").replace("\\\n", " ")
    faults = []
    for line in text.splitlines():
        line = re.sub(r"(^|\s)#.*$", "", line).strip()
        other = re.fullmatch(r"(?:-r|--requirement)[\s=]*(\S+)", line)
        if other:
            faults += _included(path.parent / other[1], folder, (*seen, path))
        elif line.startswith(("-e", "--editable")):
            faults.append(f"{line!r} would have to be built")
        elif line and not line.startswith("-"):
            # hashes and the like follow the requirement; options such as --index-url do not matter
            faults += _fault(re.split(r"\s--", line)[0].strip())
    return faults


def _included(path: Path, folder: Path, seen: tuple[Path, ...]) -> list[str]:
    path = path.resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        return [f"{path.name!r} is not in the source archive"]
    return [] if path in seen else _faults(path, folder, seen)


def _fault(line: str) -> list[str]:
    try:
        wanted = Requirement(line)
    except InvalidRequirement:
        return [f"{line!r} is not a package's name and version"]
    if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
        return []
    if wanted.url:
        return [f"{line!r} would have to be downloaded"]
    try:
        found = metadata.version(wanted.name)
    except metadata.PackageNotFoundError:
        return [f"{line!r} is not installed"]
    if wanted.specifier.contains(found, prereleases=True):
        return []
    return [f"{line!r} is wanted, {wanted.name} {found} is installed"]
