"""Script mode: real scripts in real processes, with the folders and variables of AWS."""

import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import time

import pytest

from tests.utils.cloud.images.script_jobs import job, run, trained
from utils.cloud.images import AlgorithmError, ClientError
from utils.cloud.images.script_mode import as_arguments, decoded, train

SKLEARN = "sagemaker-scikit-learn"


def test_a_published_kind_of_script(tmp_path):
    """argparse with SM_* defaults, pandas, scikit-learn, joblib; four people, told apart by 5."""
    source = """
        import argparse, os
        import joblib, pandas as pd
        from sklearn.linear_model import LogisticRegression

        if __name__ == "__main__":
            parser = argparse.ArgumentParser()
            parser.add_argument("--inverse-strength", type=float, default=1.0)
            parser.add_argument("--model-dir", default=os.environ["SM_MODEL_DIR"])
            parser.add_argument("--train", default=os.environ["SM_CHANNEL_TRAIN"])
            given = parser.parse_args()
            table = pd.read_csv(os.path.join(given.train, "people.csv"), header=None)
            model = LogisticRegression(C=given.inverse_strength)
            model.fit(table[[1]].to_numpy(), table[0])
            print(f"accuracy: {model.score(table[[1]].to_numpy(), table[0])};")
            joblib.dump(model, os.path.join(given.model_dir, "model.joblib"))
    """
    container = job(
        tmp_path,
        {"train.py": source},
        ("train",),
        sagemaker_program='"train.py"',
        sagemaker_submit_directory='"s3://bucket/source/sourcedir.tar.gz"',
        **{"inverse-strength": "10"},
    )
    (container.data("train") / "people.csv").write_text("0,1\n0,2\n1,8\n1,9\n")
    outcome = run(container, SKLEARN, "train")
    assert outcome.returncode == 0, outcome.stdout
    assert "accuracy: 1.0;" in outcome.stdout
    assert "python train.py --inverse-strength 10" in outcome.stdout
    assert (container.model_dir / "model.joblib").is_file()
    assert not (container.output_dir / "failure").exists()


def test_arguments_as_the_toolkit_writes_them():
    given = {
        "epochs": "3",
        "rate": "1e-3",
        "loss": '"mse"',
        "name": "plain text",
        "layers": "[8, 4]",
        "weights": '{"b": 2, "a": 1}',
        "shuffle": "true",
        "k": "5",
        "nothing": "null",
    }
    assert as_arguments(decoded(given)) == [
        *("--epochs", "3", "-k", "5", "--layers", "[8, 4]", "--loss", "mse"),
        *("--name", "plain text", "--nothing", "", "--rate", "0.001"),
        *("--shuffle", "True", "--weights", "a=1,b=2"),
    ]


def test_variables(tmp_path, monkeypatch):
    monkeypatch.setenv("TRAINING_JOB_NAME", "job-1")
    source = """
        import json, os
        with open("/opt/ml/model/variables.json", "w") as file:
            json.dump(dict(os.environ), file)
    """
    left = trained(tmp_path, source, epochs="3", loss='"mse"')
    found = json.loads(left["variables.json"])
    root = str(tmp_path / "ml")
    assert {
        "SM_CHANNELS": '["train"]',
        "SM_CHANNEL_TRAIN": f"{root}/input/data/train",
        "SM_CURRENT_HOST": "algo-1",
        "SM_HOSTS": '["algo-1"]',
        "SM_HPS": '{"epochs":3,"loss":"mse"}',
        "SM_HP_EPOCHS": "3",
        "SM_HP_LOSS": "mse",
        "SM_INPUT_CONFIG_DIR": f"{root}/input/config",
        "SM_INPUT_DATA_CONFIG": '{"train":{"ContentType":"text/csv"}}',
        "SM_INPUT_DIR": f"{root}/input",
        "SM_MODEL_DIR": f"{root}/model",
        "SM_MODULE_NAME": "train",
        "SM_NUM_GPUS": "0",
        "SM_OUTPUT_DATA_DIR": f"{root}/output/data",
        "SM_USER_ARGS": '["--epochs","3","--loss","mse"]',
        "SM_USER_ENTRY_POINT": "train.py",
        "TRAINING_JOB_NAME": "job-1",
    }.items() <= found.items()
    assert json.loads(found["SM_TRAINING_ENV"])["job_name"] == "job-1"
    assert not any(name.startswith("SM_HP_SAGEMAKER") for name in found)


def test_program_from_the_environment(tmp_path, monkeypatch):
    container = job(tmp_path, {"deep/other.py": "print('here')"})
    monkeypatch.setenv("SAGEMAKER_PROGRAM", "deep/other.py")
    train(container)


def test_a_shell_script(tmp_path):
    script = 'echo "$1 $2" > "$SM_MODEL_DIR/said"\n'
    container = job(
        tmp_path, {"train.sh": script}, sagemaker_program="train.sh", word="a b"
    )
    train(container)
    assert (container.model_dir / "said").read_text() == "--word a b\n"


def test_a_submit_directory_in_a_channel(tmp_path):
    container = job(
        tmp_path,
        None,
        ("code",),
        sagemaker_program="train.py",
        sagemaker_submit_directory="/opt/ml/input/data/code",
    )
    script = "open('/opt/ml/model/done', 'w').close()"
    (container.data("code") / "train.py").write_text(script)
    train(container)
    assert (container.model_dir / "done").is_file()


def test_output_streams_while_the_script_runs(tmp_path):
    source = """
        import os, sys, time
        print("first")
        print("second", file=sys.stderr)
        while not os.path.exists("/opt/ml/model/go"):
            time.sleep(0.02)
    """
    container = job(tmp_path, {"train.py": source}, sagemaker_program="train.py")

    process = subprocess.Popen(
        [sys.executable, "-m", "utils.cloud.images", SKLEARN, "train"],
        env={**os.environ, "SAGEMAKER_BASE_DIR": str(container.root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines = [process.stdout.readline() for _ in range(7)]
    assert {"first\n", "second\n"} <= set(lines)
    assert process.poll() is None
    (container.model_dir / "go").touch()
    assert process.wait(60) == 0


def test_a_stopped_script_may_save_its_model(tmp_path):
    source = """
        import signal, sys, time
        def stop(number, frame):
            time.sleep(0.3)
            open("/opt/ml/model/saved", "w").close()
            sys.exit(0)
        signal.signal(signal.SIGTERM, stop)
        print("ready")
        time.sleep(30)
    """
    container = job(tmp_path, {"train.py": source}, sagemaker_program="train.py")
    process = subprocess.Popen(
        [sys.executable, "-m", "utils.cloud.images", SKLEARN, "train"],
        env={**os.environ, "SAGEMAKER_BASE_DIR": str(container.root)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while process.stdout.readline() != "ready\n":
        pass
    os.killpg(process.pid, signal.SIGTERM)
    assert process.wait(60) == 0
    assert (container.model_dir / "saved").is_file()


# --- failures ----------------------------------------------------------------------------------


def refused(container, kind=ClientError):
    with pytest.raises(kind) as caught:
        train(container)
    return str(caught.value)


def test_a_failing_script(tmp_path):
    source = """
        import sys
        int(sys.argv[-1])
    """
    container = job(
        tmp_path, {"train.py": source}, sagemaker_program="train.py", epochs="x"
    )
    outcome = run(container, SKLEARN, "train")
    assert outcome.returncode == 1
    assert (container.output_dir / "failure").read_text() == (
        "AlgorithmError: ExecuteUserScriptError:\n"
        "ExitCode 1\n"
        "ErrorMessage \"ValueError: invalid literal for int() with base 10: 'x'\"\n"
        'Command "python train.py --epochs x"'
    )


@pytest.mark.parametrize(
    "source, expected",
    [
        (
            "raise ValueError('two\\nlines')",
            'ExitCode 1\nErrorMessage "ValueError: two\nlines"',
        ),
        ("import sys; sys.exit('no data')", 'ExitCode 1\nErrorMessage "no data"'),
        ("import sys; sys.exit(7)", 'ExitCode 7\nErrorMessage ""'),
        ("x = (", "ErrorMessage \"SyntaxError: '(' was never closed\""),
        (
            "import no_such_module",
            "ModuleNotFoundError: No module named 'no_such_module'",
        ),
        ("import os; os.kill(os.getpid(), 9)", "killed by signal 9 (SIGKILL)"),
    ],
)
def test_how_a_script_can_fail(tmp_path, source, expected):
    container = job(tmp_path, {"train.py": source}, sagemaker_program="train.py")
    assert expected in refused(container, AlgorithmError)


def test_a_process_left_behind_does_not_hold_the_job_up(tmp_path):
    source = """
        import subprocess, sys
        code = "import time; time.sleep(90)"
        subprocess.Popen([sys.executable, "-c", code])
    """
    container = job(tmp_path, {"train.py": source}, sagemaker_program="train.py")
    started = time.monotonic()
    train(container)
    assert time.monotonic() - started < 60


def test_no_program_named(tmp_path):
    assert "sagemaker_program" in refused(job(tmp_path, {"train.py": ""}))


def test_program_not_in_the_archive(tmp_path):
    container = job(
        tmp_path, {"src/train.py": "", "a.txt": ""}, sagemaker_program="train.py"
    )
    assert refused(container) == (
        "sagemaker_program names 'train.py', which the source archive does not hold; "
        "its files are: a.txt, src/train.py"
    )


def test_program_outside_the_archive(tmp_path):
    container = job(tmp_path, {"train.py": ""}, sagemaker_program="../x.py")
    (container.root / "x.py").write_text("open('/opt/ml/model/ran', 'w')")
    assert "'../x.py'" in refused(container)
    assert not (container.model_dir / "ran").exists()


def test_no_archive(tmp_path):
    container = job(tmp_path, None, sagemaker_program="train.py")
    assert "no source archive" in refused(container)


def test_a_hostile_archive(tmp_path):
    container = job(tmp_path, None, sagemaker_program="train.py")
    path = container.root / "input" / "source" / "sourcedir.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo("../../escaped.py")
        member.size = 4
        archive.addfile(member, io.BytesIO(b"pass"))
    assert "the source archive is refused" in refused(container)
    assert not list(tmp_path.rglob("escaped.py"))


def test_an_archive_that_is_none(tmp_path):
    container = job(tmp_path, None, sagemaker_program="train.py")
    (container.root / "input" / "source" / "sourcedir.tar.gz").write_text("train.py")
    assert "not a readable tar file" in refused(container)


def test_requirements_that_are_not_satisfied(tmp_path):
    wanted = """
        # comments, options and what is there are fine
        --index-url https://example.org/simple
        numpy>=1.20  # a remark
        pandas ; python_version < "3"
        no-such-package==1.0
        scikit-learn<0.1
        -r more.txt
        tool @ https://example.org/tool.zip
    """
    files = {"train.py": "", "requirements.txt": wanted, "more.txt": "absent[extra]"}
    container = job(tmp_path, files, sagemaker_program="train.py")
    text = refused(container)
    for name in (
        "'no-such-package==1.0'",
        "'scikit-learn<0.1'",
        "'absent[extra]'",
        "'tool @",
    ):
        assert name in text
    assert "numpy" not in text and "pandas" not in text
    assert "Nothing is installed here" in text


def test_requirements_that_are_satisfied(tmp_path):
    files = {"train.py": "", "requirements.txt": "numpy\nscikit_learn>=1\n"}
    train(job(tmp_path, files, sagemaker_program="train.py"))
