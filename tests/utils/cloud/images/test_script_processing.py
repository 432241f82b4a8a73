"""Processing jobs: a script between folders."""

import pytest

from tests.utils.cloud.images.script_jobs import processing, run
from utils.cloud.images import ClientError
from utils.cloud.images.script_mode import process

SKLEARN = "sagemaker-scikit-learn"
PREPARE = "/opt/ml/processing/input/code/prepare.py"


def test_processing(tmp_path):
    source = """
        import argparse, os, pathlib, helper
        parser = argparse.ArgumentParser()
        parser.add_argument("--in", dest="source")
        parser.add_argument("--share", type=float)
        given = parser.parse_args()
        rows = (pathlib.Path(given.source) / "data.csv").read_text().splitlines()
        kept = rows[: int(given.share * len(rows))]
        helper.save("\\n".join(kept) + os.environ["MARK"])
    """
    helper = """
        def save(text):
            with open("/opt/ml/processing/output/kept.csv", "w") as file:
                file.write(text)
    """
    words = (
        "python3",
        PREPARE,
        "--in",
        "/opt/ml/processing/input/data",
        "--share",
        "0.5",
    )
    files = {"prepare.py": source, "helper.py": helper}
    container = processing(tmp_path, *words, files=files, MARK="!")
    folder = container.root / "processing" / "input" / "data"
    folder.mkdir()
    (folder / "data.csv").write_text("a\nb\nc\nd\n")
    outcome = run(container, SKLEARN, "process")
    assert outcome.returncode == 0, outcome.stdout
    kept = container.root / "processing" / "output" / "kept.csv"
    assert kept.read_text() == "a\nb!"


def test_processing_by_a_shell_script(tmp_path):
    script = 'echo "$1" > "$1/said"\n'
    words = ("/bin/sh", PREPARE.replace(".py", ".sh"), "/opt/ml/processing/output")
    container = processing(tmp_path, *words, files={"prepare.sh": script})
    process(container)
    folder = container.root / "processing" / "output"
    assert (folder / "said").read_text() == f"{folder}\n"


def test_processing_with_python_options(tmp_path):
    container = processing(
        tmp_path,
        *("python3", "-u", "-W", "ignore", "-m", "prepare"),
        files={"prepare.py": "open('/opt/ml/processing/output/x', 'w')"},
        PYTHONPATH="/opt/ml/processing/input/code",
    )
    process(container)
    assert (container.root / "processing" / "output" / "x").is_file()


def test_processing_that_fails(tmp_path):
    files = {"prepare.py": "raise ValueError('no rows')"}
    container = processing(tmp_path, "python3", PREPARE, "--a", files=files)
    outcome = run(container, SKLEARN, "process")
    assert outcome.returncode == 1
    assert (container.output_dir / "failure").read_text() == (
        "AlgorithmError: See job logs for more information, exit code: 1\n"
        f'ValueError: no rows\nCommand "python3 {PREPARE} --a"'
    )


def test_processing_without_an_entry_point(tmp_path):
    with pytest.raises(ClientError, match="ContainerEntrypoint"):
        process(processing(tmp_path))


def test_processing_without_such_a_program(tmp_path):
    with pytest.raises(ClientError, match="'no-such-program' cannot be started"):
        process(processing(tmp_path, "no-such-program", "x"))
