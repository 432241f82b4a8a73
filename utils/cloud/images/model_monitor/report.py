"""Clarify's report of a window: the captured records as its data set."""

import shutil
import tempfile
from pathlib import Path

import pandas as pd

from utils.cloud.images.clarify.config import Config
from utils.cloud.images.clarify.job import Job
from utils.cloud.images.container import ClientError
from utils.cloud.images.model_monitor.settings import Settings

CSV = "text/csv"


def made(settings: Settings, given: dict, frame: pd.DataFrame) -> Job:
    """Run Clarify on a table; its files are in the output folder afterwards.

    Parameters
    ----------
    settings : Settings
    given : dict
        The analysis's configuration, without what describes the data set.
    frame : pandas.DataFrame

    Returns
    -------
    Job
        Done: with ``bias``, ``shap`` and ``analysis()``.
    """
    work = Path(tempfile.mkdtemp(prefix="monitor-", dir=settings.root))
    source = work / "source"
    source.mkdir()
    frame.to_csv(source / "records.csv", header=False, index=False)
    settings.output.mkdir(parents=True, exist_ok=True)
    described = {**given, "dataset_type": CSV, "headers": [str(c) for c in frame]}
    try:
        job = Job(Config.of(described), source, work, settings.output)
        job.run()
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return job


def split_headers(config: dict, width: int) -> tuple[list[str], str]:
    """The names of the features and of the label, from ``headers`` and ``label``.

    Parameters
    ----------
    config : dict
    width : int
        Features in a captured request.

    Raises
    ------
    ClientError
        If there are not as many names as features.
    """
    headers, label = config.get("headers"), config.get("label", "label")
    if headers is None:
        headers = [f"feature{i}" for i in range(width)]
        return headers, label if isinstance(label, str) else "label"
    if isinstance(label, int):
        if label >= len(headers):
            raise ClientError(
                f"label is {label}; headers has {len(headers)} names, from 0"
            )
        label = headers[label]
    elif label not in headers:
        # a JMESPath: the label's header is the last one
        label = headers[-1] if len(headers) == width + 1 else label
    features = [name for name in headers if name != label]
    if len(features) != width:
        raise ClientError(
            f"headers has {len(features)} names of features ({', '.join(features[:4])}, …) and a "
            f"captured request has {width} values"
        )
    return features, label
