"""The images of Model Monitor: baselines and the analysis of what an endpoint captured.

``sagemaker-model-monitor-analyzer`` suggests ``statistics.json`` and ``constraints.json`` from a
data set, or compares a window of captured requests with them. The monitors of bias and of
attributions, whose definitions name Clarify's image, are run here too: Clarify's report of the
window, compared with the baseline's.
"""

import importlib
import json

from utils.cloud.images.container import ClientError, Container
from utils.cloud.images.model_monitor import cloudwatch
from utils.cloud.images.model_monitor.settings import Settings

ANALYSES = {
    "DATA_QUALITY": "data_quality",
    "MODEL_QUALITY": "model_quality",
    "MODEL_BIAS": "bias",
    "MODEL_EXPLAINABILITY": "explainability",
}


def process(container: Container) -> None:
    """Run the analysis that the variable ``analysis_type`` names; data quality if none.

    Writes into ``output_path`` what AWS's containers write, ``constraint_violations.json`` where
    there are constraints to compare with, and the message that becomes the job's ``ExitMessage``.

    Raises
    ------
    ClientError
        If a variable is missing, or the data do not fit it; the message says what was found.
    """
    settings = Settings.of(container)
    kind = settings.get("analysis_type", "DATA_QUALITY")
    if kind not in ANALYSES:
        raise ClientError(
            f"analysis_type is {kind!r}; use one of {', '.join(ANALYSES)}"
        )
    analysis = importlib.import_module(f"{__name__}.{ANALYSES[kind]}")
    result = analysis.run(settings)
    settings.output.mkdir(parents=True, exist_ok=True)
    for name, content in result.files.items():
        text = json.dumps(content, indent=2, allow_nan=False)
        (settings.output / name).write_text(text, encoding="utf-8")
    cloudwatch.publish(settings, result.namespace, result.metrics)
    message = _message(result)
    container.output_dir.mkdir(exist_ok=True)
    (container.output_dir / "message").write_text(message, encoding="utf-8")
    print(message, flush=True)


def _message(result) -> str:
    notes = "".join(f" {note}." for note in result.notes)
    if result.violations is None:
        return f"Completed: Job completed successfully; nothing to compare with was given.{notes}"
    if not result.violations:
        return f"Completed: Job completed successfully with no violations.{notes}"
    count = len(result.violations)
    found = f"{count} violation{'s' if count > 1 else ''}"
    return f"CompletedWithViolations: Job completed successfully with {found}.{notes}"
