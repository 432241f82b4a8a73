"""Archives from outside: nothing is written outside the folder."""

import io
import tarfile
import zipfile

import pytest

from tests.utils.cloud.requests import tarball, zipped
from utils.cloud.archives import ArchiveError, extract_tar, extract_zip, pack_tar


def tar_with(path, **fields):
    """A tar file with one member whose fields are as given."""
    info = tarfile.TarInfo(path)
    for field, value in fields.items():
        setattr(info, field, value)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(info, io.BytesIO(b"x" * info.size))
    return buffer.getvalue()


def unpacked(tmp_path, content, extract):
    archive, folder = tmp_path / "archive", tmp_path / "deep" / "folder"
    archive.write_bytes(content)
    extract(archive, folder)
    return {
        p.relative_to(folder).as_posix(): p.read_text()
        for p in folder.rglob("*")
        if p.is_file()
    }


def files_outside(tmp_path):
    """What lies in the test's folder beside the archive itself."""
    folder = tmp_path / "deep" / "folder"
    every = {p for p in tmp_path.rglob("*") if p.is_file() or p.is_symlink()}
    return {p for p in every if folder not in p.parents} - {tmp_path / "archive"}


@pytest.mark.parametrize(
    "extract, pack", [(extract_tar, tarball), (extract_zip, zipped)]
)
def test_ordinary_archives(tmp_path, extract, pack):
    files = {"train.py": "print(1)", "lib/helper.py": "x = 1"}
    assert unpacked(tmp_path, pack(files), extract) == files


@pytest.mark.parametrize(
    "content",
    [
        tar_with("../evil", size=1),
        tar_with("a/../../evil", size=1),
        tar_with("link", type=tarfile.SYMTYPE, linkname="../../evil"),
        tar_with("link", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        tar_with("hard", type=tarfile.LNKTYPE, linkname="../../evil"),
        tar_with("device", type=tarfile.CHRTYPE),
        tar_with("pipe", type=tarfile.FIFOTYPE),
    ],
    ids=[
        "up",
        "down-and-up",
        "link-up",
        "link-absolute",
        "hard-link",
        "device",
        "fifo",
    ],
)
def test_hostile_tar_is_refused(tmp_path, content):
    with pytest.raises(ArchiveError):
        unpacked(tmp_path, content, extract_tar)
    assert files_outside(tmp_path) == set()


def test_absolute_path_in_a_tar_lands_inside(tmp_path):
    """Python's filter takes the slash away, so nothing lands at the root."""
    files = unpacked(tmp_path, tar_with("/evil-of-the-course", size=1), extract_tar)
    assert files == {"evil-of-the-course": "x"}


@pytest.mark.parametrize("path", ["../evil", "a/../../evil", "/evil", "..\\evil"])
def test_hostile_zip_is_refused(tmp_path, path):
    with pytest.raises(ArchiveError, match="leads outside"):
        unpacked(tmp_path, zipped({path: "x"}), extract_zip)
    assert files_outside(tmp_path) == set()


def test_link_in_a_zip_is_refused(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        info = zipfile.ZipInfo("link")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(ArchiveError, match="links are not unpacked"):
        unpacked(tmp_path, buffer.getvalue(), extract_zip)


@pytest.mark.parametrize(
    "extract, pack", [(extract_tar, tarball), (extract_zip, zipped)]
)
def test_bomb_is_refused_before_it_goes_off(tmp_path, extract, pack):
    (tmp_path / "archive").write_bytes(pack({"a": "0" * 600, "b": "0" * 600}))
    with pytest.raises(ArchiveError, match="1,000 bytes"):
        extract(tmp_path / "archive", tmp_path / "folder", limit=1000)
    assert not (tmp_path / "folder").exists()


@pytest.mark.parametrize("extract", [extract_tar, extract_zip])
def test_not_an_archive(tmp_path, extract):
    with pytest.raises(ArchiveError, match="not a readable"):
        unpacked(tmp_path, b"hello", extract)


def test_packed_and_unpacked(tmp_path):
    (tmp_path / "model" / "1").mkdir(parents=True)
    (tmp_path / "model" / "1" / "weights").write_text("w")
    pack_tar(tmp_path / "model", tmp_path / "model.tar.gz")
    extract_tar(tmp_path / "model.tar.gz", tmp_path / "again")
    assert (tmp_path / "again" / "1" / "weights").read_text() == "w"
