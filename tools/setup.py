"""Make the course's environment in .venv: ``python tools/setup.py [--dev]``.

Needs only Python and a package index. It runs before anything is installed, and under whatever
Python the reader happens to have, so it uses the standard library and no recent syntax. A second
run compares a stamp and returns at once; changed requirements install again.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OLDEST, NEWEST = (3, 11), (3, 13)
NEEDED_GB = 4
UV = "uv==0.13.9"
FILES = ["requirements.txt", "constraints.txt", "pyproject.toml"]


class CannotSetUp(Exception):
    """Something outside the course is missing; the message is one sentence on what to do."""


def main(arguments=None):
    """Make the environment if it is not there; 0 when it is, 1 with one sentence when not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--dev", action="store_true", help="with what maintainers need on top"
    )
    parser.add_argument(
        "--lock",
        action="store_true",
        help="resolve the requirements into constraints.txt",
    )
    options = parser.parse_args(arguments)
    try:
        if options.lock:
            lock(ROOT)
        else:
            set_up(ROOT, options.dev)
    except CannotSetUp as error:
        sys.stderr.write(f"\n{error}\n")
        return 1
    return 0


def set_up(root, dev):
    """Create and fill ``root/.venv`` unless its stamp says that this has been done."""
    environment = os.path.join(root, ".venv")
    wanted = stamp(root, dev)
    if read_stamp(environment) in (wanted, stamp(root, True)):
        return
    python = ensure_venv(root)
    say("Installing (a few minutes the first time) ...")
    install(python, root, dev)
    with open(os.path.join(environment, "stamp"), "w") as file:
        file.write(wanted)
    say("The environment is ready.")


def ensure_venv(root):
    """The Python of ``root/.venv``, which is made if it is not there or does not work."""
    environment = os.path.join(root, ".venv")
    interpreter = find_python()
    check_disk(root)
    python = os.path.join(environment, *venv_python())
    if not works(python):
        say("Making the environment in .venv ...")
        make_venv(interpreter, environment)
    return python


def lock(root):
    """Resolve the direct requirements anew, whatever the environment holds now."""
    python = ensure_venv(root)
    install_uv(python)
    command = [python, "-m", "uv", "pip", "compile", "--quiet", "--universal"]
    command += ["--python-version", "3.11", "--no-annotate", "--no-header"]
    command += ["--no-emit-package", "debiasing-ai", "-o", "constraints.txt"]
    if subprocess.run([*command, "requirements-dev.txt"], cwd=root).returncode:
        raise CannotSetUp(
            "The requirements contradict each other (the reason is above)."
        )


def stamp(root, dev):
    """What the environment must have been made from."""
    digest = hashlib.sha256()
    for name in FILES + (["requirements-dev.txt"] if dev else []):
        with open(os.path.join(root, name), "rb") as file:
            digest.update(file.read())
    return f"{'dev' if dev else 'student'} {digest.hexdigest()}"


def read_stamp(environment):
    """The stamp of an environment that still works, else None."""
    try:
        with open(os.path.join(environment, "stamp")) as file:
            found = file.read()
    except OSError:
        return None
    return found if works(os.path.join(environment, *venv_python())) else None


def find_python():
    """A Python that the course runs on: this one, or another on the PATH."""
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return sys.executable
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        other = shutil.which(f"python3.{minor}")
        if other and works(other):
            return other
    raise CannotSetUp(
        f"This is Python {sys.version_info[0]}.{sys.version_info[1]} and the course needs "
        f"3.{OLDEST[1]} to 3.{NEWEST[1]}: install one from https://www.python.org/downloads/ and "
        f"say `make lab PYTHON=/path/to/python3.{NEWEST[1]}`."
    )


def check_disk(root):
    """Raise unless there is room for the environment."""
    free = shutil.disk_usage(root).free / 1e9
    if free < NEEDED_GB:
        raise CannotSetUp(
            f"Only {free:.1f} GB are free where the course lies and the environment needs about "
            f"{NEEDED_GB} GB: make room, or move the course to another disk, and try again."
        )


def make_venv(interpreter, environment):
    """Create a virtual environment with pip, replacing one that is broken or half made."""
    command = [interpreter, "-m", "venv", "--clear", environment]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if run.returncode:
        shutil.rmtree(environment, ignore_errors=True)
        detail = run.stdout.decode(errors="replace")
        hint = "try again with another Python, as `make lab PYTHON=/path/to/python3.12`"
        if "ensurepip" in detail:
            hint = (
                "on Debian or Ubuntu say `sudo apt install python3-venv` and try again"
            )
        raise CannotSetUp(
            f"{interpreter} could not make a virtual environment: {hint}."
        )


def install(python, root, dev):
    """Install the locked requirements into the environment, through uv."""
    install_uv(python)
    requirements = "requirements-dev.txt" if dev else "requirements.txt"
    command = [python, "-m", "uv", "pip", "install", "--python", python]
    command += ["-r", requirements, "-c", "constraints.txt"]
    index = pip_index(python)
    if index and not os.environ.get("UV_DEFAULT_INDEX"):
        command += ["--default-index", index]
    if sys.dont_write_bytecode:
        # imports would compile every library anew in each process: seconds for each notebook
        command.append("--compile-bytecode")
    if subprocess.run(command, cwd=root).returncode:
        raise CannotSetUp(
            "Installing stopped (the reason is above): if it is the network, check the connection "
            "and try again, and what was already fetched is not fetched twice."
        )


def install_uv(python):
    """Put uv into the environment, by pip, which every Python has."""
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    quick = subprocess.run([*pip, "--retries", "1", UV], stderr=subprocess.PIPE)
    if quick.returncode:
        raise CannotSetUp(no_index(quick.stderr.decode(errors="replace")))


def pip_index(python):
    """The package index that pip has been told to use, if any: uv does not read pip's settings."""
    if os.environ.get("PIP_INDEX_URL"):
        return os.environ["PIP_INDEX_URL"]
    command = [python, "-m", "pip", "config", "get", "global.index-url"]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return run.stdout.decode().strip()


def no_index(detail):
    """One sentence for a package index that could not be used."""
    reason = (detail.strip().splitlines() or ["no reason given"])[-1]
    return (
        "No package index could be reached, and the first set-up needs one: check the network (or "
        f"set PIP_INDEX_URL to your own index) and try again. pip said: {reason}"
    )


def venv_python():
    """Where a virtual environment keeps its Python."""
    return ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")


def works(python):
    """Whether `python` is a Python that the course runs on."""
    code = f"import sys; sys.exit(not {OLDEST} <= sys.version_info[:2] <= {NEWEST})"
    try:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.run([python, "-c", code], **quiet).returncode == 0
    except OSError:
        return False


def say(text):
    """Tell the reader what is going on, before it takes its time."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
