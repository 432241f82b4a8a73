"""Scripts that name /opt/ml word for word run in a job's own folder."""

import json
import py_compile
import sys

from tests.utils.cloud.images.script_jobs import job, run, trained
from utils.cloud.images.script_mode import train


def test_folders_named_word_for_word(tmp_path):
    files = {
        "train.py": """
            import pathlib, subprocess, package.places
            name = "f"
            open(f"/opt/ml/model/{name}.txt", "w").write("f-string")
            (pathlib.Path("/opt/ml/model") / "path.txt").write_text("path")
            open(b"/opt/ml/model/bytes.txt", "w").write("bytes")
            open(package.places.MODEL + "/module.txt", "w").write("module")
            subprocess.run("echo shell > /opt/ml/model/shell.txt", shell=True, check=True)
        """,
        "package/__init__.py": "",
        "package/places.py": "from .more import MODEL",
        "package/more.py": "MODEL = '/opt/ml/model'",
    }
    container = job(tmp_path, files, sagemaker_program="train.py")
    train(container)
    left = {
        path.stem: path.read_text().strip() for path in container.model_dir.iterdir()
    }
    assert left == {
        "f": "f-string",
        "path": "path",
        "bytes": "bytes",
        "module": "module",
        "shell": "shell",
    }


def test_what_only_looks_like_the_folder_stays(tmp_path):
    source = """
        a, tail = "s3://bucket", "ml"
        kept = ["s3://bucket/opt/ml/x", "/opt/mlflow", f"{a}/opt/ml/x", "/opt/" + tail]
        open("/opt/ml/model/kept", "w").write(" ".join(kept))
    """
    kept = trained(tmp_path, source)["kept"]
    assert kept == "s3://bucket/opt/ml/x /opt/mlflow s3://bucket/opt/ml/x /opt/ml"


def test_folder_in_an_argument(tmp_path):
    source = """
        import sys
        open(sys.argv[-1] + "/argument", "w").write(sys.argv[-1])
    """
    left = trained(tmp_path, source, out="/opt/ml/model")
    assert left == {"argument": str(tmp_path / "ml" / "model")}


def test_a_script_sees_itself_as_in_a_plain_run(tmp_path):
    source = """
        import json, sys, utils, __main__
        found = [__name__, __file__, sys.argv, sys.path[0], utils.OWN, __main__.__file__]
        json.dump(found, open("/opt/ml/model/found", "w"))
    """
    files = {"train.py": source, "utils.py": "OWN = 'the script own'"}
    container = job(tmp_path, files, sagemaker_program="train.py", a="1")
    train(container)
    code = str(container.code_dir)
    assert json.loads((container.model_dir / "found").read_text()) == [
        "__main__",
        f"{code}/train.py",
        ["train.py", "-a", "1"],
        code,
        "the script own",
        f"{code}/train.py",
    ]


def test_a_compiled_file_in_the_archive_is_not_believed(tmp_path):
    """Compiled elsewhere, from the literals as they are, it would write to the real /opt/ml."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "places.py").write_text("MODEL = '/opt/ml/model'")
    tag = sys.implementation.cache_tag
    py_compile.compile(
        source / "places.py",
        cfile=source / "__pycache__" / f"places.{tag}.pyc",
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
    files = {"train.py": "import places; open(places.MODEL + '/x', 'w').close()"}
    container = job(tmp_path, files, sagemaker_program="train.py")
    train(container)
    assert (container.code_dir / "__pycache__").is_dir()
    assert (container.model_dir / "x").is_file()


def test_a_traceback_points_to_the_script(tmp_path):
    files = {
        "train.py": "import helper\n\n\nhelper.work('/opt/ml/model')\n",
        "helper.py": "\ndef work(folder):\n    raise KeyError(folder)\n",
    }
    container = job(tmp_path, files, sagemaker_program="train.py")
    text = run(container, "sagemaker-scikit-learn", "train").stdout
    assert "opt_ml.py" not in text
    assert f'File "{container.code_dir}/train.py", line 4, in <module>' in text
    assert f'File "{container.code_dir}/helper.py", line 3, in work' in text
    assert "    helper.work('/opt/ml/model')" in text
