"""Script mode: the customer's own training, processing and inference scripts, as on AWS.

The folders, variables, arguments and error texts are those of AWS's ``sagemaker-training`` toolkit.
What differs: nothing is installed (`requirements`), ``/opt/ml`` is rewritten (`opt_ml`), and a
``setup.py`` in the archive is not built: the program beside it is run as a script.
"""

import json
import os
import shutil
from pathlib import Path

from utils.cloud.archives import ArchiveError, extract_tar
from utils.cloud.images import entry_point, opt_ml, requirements, runner, user_model
from utils.cloud.images.container import AlgorithmError, ClientError, Container

__all__ = ["load", "process", "train"]

OWN = (
    "sagemaker_",
    "_tuning_objective_metric",
)  # hyperparameters not meant for the script


def train(container: Container) -> None:
    """Unpack the source archive and run its program.

    The program's name comes from the variable ``SAGEMAKER_PROGRAM`` or the hyperparameter
    ``sagemaker_program``; the platform has put the archive of ``sagemaker_submit_directory`` at
    ``input/source/sourcedir.tar.gz``. The other hyperparameters become arguments. A job with an
    entry point of its own runs that instead (`entry_point`).

    Raises
    ------
    ClientError
        If the program or the archive is missing, the archive is refused, or a requirement is not
        satisfied.
    AlgorithmError
        If the script fails: its exit code, the exception and the command.
    """
    if (container.root / "input" / "config" / entry_point.FILE).exists():
        entry_point.run(container)
        return
    every = decoded(container.hyperparameters)
    program = _program(every)
    unpack(container, _submit_directory(every))
    _find(container.code_dir, program, "sagemaker_program")
    requirements.check(container.code_dir)
    own = {name: value for name, value in every.items() if not name.startswith(OWN)}
    (container.output_dir / "data").mkdir(parents=True, exist_ok=True)
    container.model_dir.mkdir(parents=True, exist_ok=True)
    arguments = as_arguments(own)
    variables = _variables(container, every, own, program, arguments)
    shown, words = _command(program, arguments)
    print(f"Invoking script with the following command:\n\n{shown}\n\n", flush=True)
    _execute(words, shown, container, container.code_dir, variables)


def process(container: Container) -> None:
    """Run the entry point that ``config/processingjobconfig.json`` names.

    Raises
    ------
    ClientError
        If there is no entry point, or no such program.
    AlgorithmError
        If it fails.
    """
    path = container.root / "config" / "processingjobconfig.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    specification = config.get("AppSpecification") or {}
    words = [
        *(specification.get("ContainerEntrypoint") or []),
        *(specification.get("ContainerArguments") or []),
    ]
    if not specification.get("ContainerEntrypoint"):
        raise ClientError(
            "AppSpecification has no ContainerEntrypoint, and this image has none of its own: give "
            '["python3", "/opt/ml/processing/input/code/<script>.py"]'
        )
    code, error = _started(
        words, container, container.root, config.get("Environment") or {}
    )
    if code:
        text = f"{error}\n" if error else ""
        raise AlgorithmError(
            f"See job logs for more information, exit code: {code}\n{text}Command "
            f'"{" ".join(words)}"'
        )


def load(model_dir: Path, environment: dict[str, str]) -> user_model.UserModel:
    """The customer's inference script with its model; see `user_model.load`.

    A source archive that the platform fetched for ``SAGEMAKER_SUBMIT_DIRECTORY`` is unpacked into
    the ``code`` folder beside the model's, unless that is there.
    """
    container = Container(Path(model_dir).resolve().parent)
    archive = container.root / "input" / "source" / "sourcedir.tar.gz"
    if archive.is_file() and not container.code_dir.is_dir():
        unpack(container)
    return user_model.load(model_dir, environment)


def decoded(hyperparameters: dict[str, str]) -> dict:
    """Hyperparameters as the toolkit reads them: JSON where a value is JSON, else the string."""
    return {name: _decoded(value) for name, value in hyperparameters.items()}


def as_arguments(hyperparameters: dict) -> list[str]:
    """``--name value`` in the order of the names, the values written as Python writes them.

    As in the toolkit, a hyperparameter ``true`` arrives as ``True``, a dictionary as
    ``a=1,b=2``, and a name of one letter gets one dash.
    """
    arguments = []
    for name, value in sorted(hyperparameters.items()):
        if isinstance(value, dict):
            value = ",".join(f"{key}={value[key]}" for key in sorted(value))
        arguments += [f"--{name}" if len(name) > 1 else f"-{name}"]
        arguments += ["" if value is None else str(value)]
    return arguments


def unpack(container: Container, directory: str = "") -> None:
    """Put the customer's source into `container.code_dir`.

    Parameters
    ----------
    container : Container
    directory : str
        The submit directory: where it names a folder or archive below ``/opt/ml``, that is taken;
        else the archive that the platform fetched; else what already lies in the folder.

    Raises
    ------
    ClientError
        If there is nothing, or the archive is refused.
    """
    source = container.root / "input" / "source" / "sourcedir.tar.gz"
    path = opt_ml.rewrite(directory.removeprefix("file://"), str(container.root))
    inside = Path(path).resolve()
    if path != directory and inside.is_relative_to(container.root.resolve()):
        source = inside
    if source.is_dir():
        shutil.copytree(source, container.code_dir, dirs_exist_ok=True)
    elif source.is_file():
        try:
            extract_tar(source, container.code_dir)
        except ArchiveError as error:
            raise ClientError(f"the source archive is refused: {error}") from None
    elif not container.code_dir.is_dir():
        raise ClientError(
            "there is no source archive: name a .tar.gz in S3 with the hyperparameter "
            "sagemaker_submit_directory"
        )


def _decoded(value: str):
    try:
        return json.loads(value)
    except ValueError:
        return value


def _program(hyperparameters: dict) -> str:
    program = os.environ.get("SAGEMAKER_PROGRAM") or hyperparameters.get(
        "sagemaker_program"
    )
    if not program:
        raise ClientError(
            "no program is named: give the hyperparameter sagemaker_program (or the variable "
            "SAGEMAKER_PROGRAM), e.g. train.py, and sagemaker_submit_directory"
        )
    return str(_decoded(program) if isinstance(program, str) else program)


def _submit_directory(hyperparameters: dict) -> str:
    given = os.environ.get("SAGEMAKER_SUBMIT_DIRECTORY", "")
    return given or str(hyperparameters.get("sagemaker_submit_directory") or "")


def _find(folder: Path, program: str, setting: str) -> None:
    """Refuse a program that is not a file below the folder."""
    path = (folder / program).resolve()
    if path.is_file() and path.is_relative_to(folder.resolve()):
        return
    files = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
    more = f" and {len(files) - 20} more" if len(files) > 20 else ""
    raise ClientError(
        f"{setting} names {program!r}, which the source archive does not hold; "
        f"its files are: {', '.join(files[:20]) or 'none'}{more}"
    )


def _command(program: str, arguments: list[str]) -> tuple[str, list[str]]:
    """The command as it is shown, and its words."""
    if program.endswith(".py"):
        words = ["python", program, *arguments]
        return " ".join(words), words
    script = ["/bin/sh", "-c", 'chmod +x "./$0"; exec "./$0" "$@"', program]
    return f'/bin/sh -c "{" ".join(["./" + program, *arguments])}"', script + arguments


def _execute(words, shown, container, folder, variables):
    code, error = _started(words, container, folder, variables)
    if code:
        raise AlgorithmError(
            f'ExecuteUserScriptError:\nExitCode {code}\nErrorMessage "{error}"\nCommand "{shown}"'
        )


def _started(words, container, folder, variables) -> tuple[int, str]:
    """Run a command with the container's variables and `variables`, ``/opt/ml`` put right."""
    root = str(container.root.resolve())
    environment = {
        name: opt_ml.rewrite(value, root)
        for name, value in {**os.environ, **variables}.items()
    }
    try:
        return runner.run(
            runner.command(words, container.root.resolve()), folder, environment
        )
    except OSError as error:
        raise ClientError(f"{words[0]!r} cannot be started: {error}") from None


def _variables(container, every, own, program, arguments) -> dict[str, str]:
    """The toolkit's ``SM_*`` variables, and the code folder on Python's path."""
    root, channels = container.root.resolve(), sorted(container.channels)
    resources = _resources(root)
    folders = {channel: str(root / "input" / "data" / channel) for channel in channels}
    training = {
        "channel_input_dirs": folders,
        "channels": channels,
        "current_host": resources["current_host"],
        "current_instance_type": resources.get("current_instance_type", "local"),
        "framework_module": os.environ.get("SAGEMAKER_TRAINING_MODULE"),
        "framework_params": {k: v for k, v in every.items() if k not in own},
        "hosts": resources["hosts"],
        "hps": own,
        "input_config_dir": str(root / "input" / "config"),
        "input_data_config": container.channels,
        "input_dir": str(root / "input"),
        "is_master": resources["current_host"] == resources["hosts"][0],
        "job_name": os.environ.get("TRAINING_JOB_NAME", ""),
        "log_level": every.get("sagemaker_container_log_level", 20),
        "model_dir": str(root / "model"),
        "module_dir": _submit_directory(every) or str(root / "code"),
        "module_name": program.removesuffix(".py"),
        "network_interface_name": resources.get("network_interface_name", "eth0"),
        "num_cpus": os.cpu_count() or 1,
        "num_gpus": 0,
        "output_data_dir": str(root / "output" / "data"),
        "output_dir": str(root / "output"),
        "output_intermediate_dir": str(root / "output" / "intermediate"),
        "resource_config": resources,
        "user_args": arguments,
        "user_entry_point": program,
    }
    only_there = ("channel_input_dirs", "is_master", "job_name")
    values = {name: v for name, v in training.items() if name not in only_there}
    values |= {f"channel_{channel}": folder for channel, folder in folders.items()}
    values |= {f"hp_{name}": value for name, value in own.items()}
    values["training_env"] = {**training, "hyperparameters": own}
    path = os.pathsep.join(
        filter(None, [str(root / "code"), os.environ.get("PYTHONPATH")])
    )
    return {f"SM_{n}".upper(): _text(v) for n, v in values.items()} | {
        "PYTHONPATH": path
    }


def _resources(root: Path) -> dict:
    path = root / "input" / "config" / "resourceconfig.json"
    if not path.is_file():
        return {"current_host": "algo-1", "hosts": ["algo-1"]}
    return json.loads(path.read_text(encoding="utf-8"))


def _text(value) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
