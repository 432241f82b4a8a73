"""SageMaker Clarify's processing image: bias metrics, SHAP values, partial dependence, a report.

As AWS's container: ``analysis_config.json`` and the data set come in, ``analysis.json``,
``report.html``, ``report.ipynb`` and ``explanations_shap/`` go out. What differs: there is no
report.pdf (print the page from a browser); metrics are the mathematically right ones where AWS's
library drops a label value that one facet lacks; a job for several instances runs on this one
machine.
"""

import json
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from utils.cloud.images.container import Container

__all__ = ["process"]


def process(container: Container) -> None:
    """Run the job: check the configuration, then the data, then measure, explain and report.

    Raises
    ------
    ClientError
        If the configuration or the data are at fault, or the model does not answer: what was
        found, in which field, and what is allowed.
    """
    # here and not above: online explanations need parts of this package, and not all of it
    from utils.cloud.images.clarify.config import Config
    from utils.cloud.images.clarify.job import Job

    before = signal.signal(signal.SIGTERM, _stopped)
    processing = container.root / "processing"
    work = Path(tempfile.mkdtemp(prefix="clarify-", dir=container.root))
    try:
        config = Config.read(processing / "input" / "config")
        print("analysis_config.json has no faults.", flush=True)
        _note_instances(container)
        output = processing / "output"
        output.mkdir(parents=True, exist_ok=True)
        Job(config, processing / "input" / "data", work, output).run()
    finally:
        shutil.rmtree(work, ignore_errors=True)
        signal.signal(signal.SIGTERM, before)


def _stopped(number, frame):
    # so that the temporary endpoint is deleted on the way out
    sys.exit(128 + number)


def _note_instances(container):
    path = container.root / "config" / "processingjobconfig.json"
    given = json.loads(path.read_text()) if path.is_file() else {}
    cluster = given.get("ProcessingResources", {}).get("ClusterConfig", {})
    count = cluster.get("InstanceCount", 1)
    if count > 1:
        print(
            f"InstanceCount is {count}: AWS would spread the rows over {count} instances with "
            "Spark. This machine does the work alone; the numbers are the same.",
            flush=True,
        )
