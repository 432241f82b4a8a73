"""Unpack archives that came from somebody else, without writing a byte outside the folder."""

import os
import tarfile
import zipfile
from pathlib import Path

LIMIT = 2 * 1024**3
MEMBERS = 20_000


class ArchiveError(ValueError):
    """An archive that is refused: nothing of it was kept."""


def extract_tar(path: Path, folder: Path, limit: int = LIMIT) -> None:
    """Unpack a tar file, compressed or not, into `folder`.

    Parameters
    ----------
    path : Path
        The archive.
    folder : Path
        Where its members go; made if missing.
    limit : int
        Bytes that the members may have together: a small archive can hold a huge one.

    Raises
    ------
    ArchiveError
        If it is not a tar file, a member leads outside `folder` (``../``, an absolute path, a
        link), is neither file nor folder, or the members are too many or too large.
    """
    try:
        with tarfile.open(path) as archive:
            members = _checked(_tar_members(archive), limit)
            folder.mkdir(parents=True, exist_ok=True)
            for member in members:
                archive.extract(member, folder, filter="data")
    except tarfile.FilterError as error:
        raise ArchiveError(f"{path.name}: refused, {error}") from None
    except (tarfile.TarError, EOFError, OSError) as error:
        raise ArchiveError(f"{path.name} is not a readable tar file: {error}") from None


def extract_zip(path: Path, folder: Path, limit: int = LIMIT) -> None:
    """Unpack a zip file into `folder`; as `extract_tar`."""
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            _checked([(i.filename, i.file_size, i) for i in infos], limit)
            for info in infos:
                _inside(info.filename, folder)
                if (info.external_attr >> 16) & 0o170000 == 0o120000:
                    raise ArchiveError(f"{info.filename!r}: links are not unpacked")
            folder.mkdir(parents=True, exist_ok=True)
            archive.extractall(folder)
    except (zipfile.BadZipFile, EOFError, OSError) as error:
        raise ArchiveError(f"{path.name} is not a readable zip file: {error}") from None


def pack_tar(folder: Path, path: Path) -> None:
    """Pack the contents of `folder` into the ``.tar.gz`` file `path`."""
    with tarfile.open(path, "w:gz") as archive:
        for entry in sorted(folder.iterdir()):
            archive.add(entry, arcname=entry.name)


def _tar_members(archive: tarfile.TarFile):
    for member in archive:
        yield member.name, member.size, member


def _checked(members, limit: int) -> list:
    """The members, once they are known to be few and small enough."""
    kept, total = [], 0
    for name, size, member in members:
        total += size
        kept.append(member)
        if total > limit or len(kept) > MEMBERS:
            raise ArchiveError(
                f"refused at {name!r}: an archive may hold {limit:,} bytes in {MEMBERS:,} files"
            )
    return kept


def _inside(name: str, folder: Path) -> None:
    """Refuse a name that leads out of the folder (`zipfile` would quietly change it)."""
    target = os.path.abspath(folder / name.replace("\\", "/"))
    inside = os.path.abspath(folder)
    if target != inside and not target.startswith(inside + os.sep):
        raise ArchiveError(f"{name!r} leads outside the folder")
