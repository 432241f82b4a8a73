"""Objects in S3 to files and back, for jobs and endpoints."""

import gzip
import json
import shutil
from pathlib import Path
from urllib.parse import urlparse

from botocore.exceptions import BotoCoreError, ClientError


class StorageError(Exception):
    """What could not be read from or written to S3, and why."""


def split(uri: str) -> tuple[str, str]:
    """Bucket and key of ``s3://bucket/key``."""
    parts = urlparse(uri)
    if parts.scheme != "s3" or not parts.netloc:
        raise StorageError(f"{uri!r} is not an S3 address: s3://bucket/key is")
    return parts.netloc, parts.path.lstrip("/")


def join(uri: str, *names: str) -> str:
    """An S3 address with more names at its end."""
    return "/".join([uri.rstrip("/"), *names])


def keys(s3, uri: str) -> list[tuple[str, str, str]]:
    """The objects whose keys begin as `uri` says: (bucket, key, name relative to `uri`)."""
    bucket, prefix = split(uri)
    base = prefix if prefix.endswith("/") or not prefix else None
    found = []
    try:
        pages = s3.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=prefix
        )
        for page in pages:
            found += [item["Key"] for item in page.get("Contents", [])]
    except (ClientError, BotoCoreError) as error:
        raise StorageError(f"{uri}: {error}") from error
    names = []
    for key in found:
        if key.endswith("/"):  # a "folder" made by the console
            continue
        if base is not None:
            name = key[len(base) :]
        elif key == prefix:
            name = key.rsplit("/", 1)[-1]
        else:
            name = key[len(prefix) :].lstrip("/") or key
        names.append((bucket, key, name))
    return names


def download(s3, uri: str, folder: Path, gunzip: bool = False) -> list[Path]:
    """Fetch the objects under `uri` into `folder`.

    Raises
    ------
    StorageError
        If there are none, the bucket is missing, access is denied, or a key leads out of `folder`.
    """
    found = keys(s3, uri)
    if not found:
        raise StorageError(f'No S3 objects found under S3 URL "{uri}"')
    return [_fetch(s3, item, folder, gunzip) for item in found]


def download_manifest(s3, uri: str, folder: Path) -> list[Path]:
    """Fetch what a manifest lists: ``[{"prefix": "s3://…"}, "name", …]``."""
    text = read(s3, uri)
    try:
        head, *names = json.loads(text)
        prefix = head["prefix"]
    except (ValueError, KeyError, TypeError) as error:
        raise StorageError(
            f'{uri}: a manifest is [{{"prefix": "s3://…"}}, "name", …]'
        ) from error
    bucket, base = split(prefix)
    return [_fetch(s3, (bucket, base + name, name), folder) for name in names]


def read(s3, uri: str) -> bytes:
    """An object's content."""
    bucket, key = split(uri)
    try:
        return s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except (ClientError, BotoCoreError) as error:
        raise StorageError(f"{uri}: {error}") from error


def write(s3, uri: str, content: bytes) -> None:
    """Put an object."""
    bucket, key = split(uri)
    try:
        s3.put_object(Bucket=bucket, Key=key, Body=content)
    except (ClientError, BotoCoreError) as error:
        raise StorageError(f"{uri}: {error}") from error


def upload(s3, path: Path, uri: str) -> None:
    """Put a file, or every file of a folder under `uri`."""
    files = (
        [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    )
    for file in files:
        target = uri if file == path else join(uri, file.relative_to(path).as_posix())
        bucket, key = split(target)
        try:
            s3.upload_file(str(file), bucket, key)
        except (
            Exception
        ) as error:  # boto3 wraps what went wrong into an exception of its own
            raise StorageError(f"{target}: {error}") from error


def _fetch(s3, item, folder, gunzip=False):
    bucket, key, name = item
    target = (folder / name).resolve()
    if not target.is_relative_to(folder.resolve()) or target == folder.resolve():
        raise StorageError(f"the key {key!r} leads outside the folder of the data")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        s3.download_file(bucket, key, str(target))
    except (ClientError, BotoCoreError) as error:
        raise StorageError(f"s3://{bucket}/{key}: {error}") from error
    if gunzip and target.suffix == ".gz":
        plain = target.with_suffix("")
        with gzip.open(target) as source, plain.open("wb") as sink:
            shutil.copyfileobj(source, sink)
        target.unlink()
        return plain
    return target
