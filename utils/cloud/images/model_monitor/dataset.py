"""A baselining job's data set as a table."""

import json

import pandas as pd

from utils.cloud.images.container import ClientError
from utils.cloud.images.model_monitor.captured import plain
from utils.cloud.images.model_monitor.settings import Settings


def read(settings: Settings) -> pd.DataFrame:
    """The files of ``dataset_source`` in the form that ``dataset_format`` names.

    Raises
    ------
    ClientError
        If there are none, or they cannot be read in that form.
    """
    folder = settings.path("dataset_source")
    files = (
        sorted(p for p in folder.rglob("*") if p.is_file()) if folder.is_dir() else []
    )
    if not files:
        raise ClientError(
            f"dataset_source {settings.need('dataset_source')} holds no files"
        )
    kind, options = _format(settings)
    parts = []
    for file in files:
        try:
            parts.append(_one(file, kind, options))
        except (ValueError, UnicodeDecodeError) as error:
            raise ClientError(
                f"{file.name} cannot be read as {kind}: {error}"
            ) from None
    frame = pd.concat(parts, ignore_index=True)
    if frame.empty:
        raise ClientError("the data set has no rows")
    return frame.rename(columns=str)


def _format(settings):
    text = settings.need("dataset_format")
    try:
        ((kind, options),) = json.loads(text).items()
    except (ValueError, AttributeError):
        kind, options = text, {}
    if kind not in ("csv", "json", "parquet"):
        raise ClientError(
            f'dataset_format is {text!r}; use {{"csv": {{"header": true}}}}, '
            '{"json": {"line": true}} or {"parquet": {}}'
        )
    return kind, options or {}


def _one(file, kind, options):
    if kind == "parquet":
        return pd.read_parquet(file)
    if kind == "json":
        return pd.read_json(file, lines=options.get("line", options.get("lines", True)))
    header = 0 if options.get("header") else None
    frame = pd.read_csv(file, header=header, dtype=str, keep_default_na=False)
    if header is None:
        frame.columns = [f"_c{i}" for i in range(frame.shape[1])]
    return frame.map(plain)
