"""What a reader is told when a machine is not ready, and that nothing is done twice."""

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tools import lab, setup

ROOT = Path(setup.ROOT)


@pytest.fixture
def course(tmp_path):
    """A folder with what set-up reads, without the course."""
    for name in [*setup.FILES, "requirements-dev.txt"]:
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def test_an_old_python_is_told_which_to_install(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 6))
    monkeypatch.setattr(setup.shutil, "which", lambda name: None)
    with pytest.raises(
        setup.CannotSetUp, match=r"This is Python 3\.9 .* 3\.11 to 3\.13: install"
    ):
        setup.find_python()


def test_another_python_on_the_path_is_used(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 6))
    monkeypatch.setattr(setup.shutil, "which", lambda name: sys.executable)
    assert setup.find_python() == sys.executable


def test_a_full_disk_is_told_how_much_is_needed(monkeypatch, tmp_path):
    usage = shutil._ntuple_diskusage(10**12, 10**12 - 10**9, 10**9)
    monkeypatch.setattr(setup.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(
        setup.CannotSetUp, match=r"Only 1\.0 GB are free .* about 4 GB: make room"
    ):
        setup.check_disk(tmp_path)


def test_no_network_ends_in_one_sentence(course):
    """The real thing, up to the package index: nobody listens on port 9 of this machine."""
    (course / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "setup.py", course / "tools")
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_EXTRA_INDEX_URL": ""}
    offline = {
        **os.environ,
        **nowhere,
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_FIND_LINKS": "",
    }
    run = subprocess.run(
        [sys.executable, "tools/setup.py"],
        cwd=course,
        capture_output=True,
        text=True,
        env=offline,
    )
    assert run.returncode == 1
    assert "No package index could be reached" in run.stderr.splitlines()[-1]
    assert "Traceback" not in run.stderr
    assert not (course / ".venv" / "stamp").exists()


def test_a_second_run_does_nothing(course, monkeypatch):
    pretend_environment(course, setup.stamp(str(course), dev=False))
    monkeypatch.setattr(setup, "install", lambda *_: pytest.fail("it installed again"))
    setup.set_up(str(course), dev=False)


def test_a_maintainers_environment_serves_a_student(course, monkeypatch):
    pretend_environment(course, setup.stamp(str(course), dev=True))
    monkeypatch.setattr(setup, "install", lambda *_: pytest.fail("it installed again"))
    setup.set_up(str(course), dev=False)


@pytest.mark.parametrize(
    "name", ["requirements.txt", "constraints.txt", "pyproject.toml"]
)
def test_a_changed_requirement_installs_again(course, monkeypatch, name):
    pretend_environment(course, setup.stamp(str(course), dev=False))
    with open(course / name, "a") as file:
        file.write("\n# changed\n")
    installed = []
    monkeypatch.setattr(
        setup, "install", lambda *arguments: installed.append(arguments)
    )
    setup.set_up(str(course), dev=False)
    assert installed
    assert setup.read_stamp(course / ".venv") == setup.stamp(str(course), dev=False)


def test_a_broken_environment_is_made_anew(course, monkeypatch):
    pretend_environment(course, setup.stamp(str(course), dev=False))
    (course / ".venv" / "bin" / "python").unlink()
    made = []
    monkeypatch.setattr(setup, "make_venv", lambda *arguments: made.append(arguments))
    monkeypatch.setattr(setup, "install", lambda *_: None)
    setup.set_up(str(course), dev=False)
    assert made


def pretend_environment(course, stamp):
    (course / ".venv" / "bin").mkdir(parents=True)
    os.symlink(sys.executable, course / ".venv" / "bin" / "python")
    (course / ".venv" / "stamp").write_text(stamp)


def test_an_occupied_port_is_told_what_to_say(capsys):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert lab.main(["--port", str(port)]) == 1
    assert f"make lab PORT={port + 1}" in capsys.readouterr().err


def test_every_direct_dependency_is_pinned_and_locked():
    locked = (ROOT / "constraints.txt").read_text()
    for file in ("requirements.txt", "requirements-dev.txt"):
        for line in (ROOT / file).read_text().splitlines():
            requirement = line.split("#")[0].strip()
            if requirement and not requirement.startswith("-"):
                assert "==" in requirement, f"{file}: pin {requirement}"
                plain = re.sub(r"\[.*\]", "", requirement)
                assert f"{plain}\n" in locked, (
                    f"{requirement} is not locked: say `make lock`"
                )


def test_ci_runs_the_command_of_the_readme():
    assert "\nmake test\n" in (ROOT / ".ci" / "run").read_text()
    assert (
        "make test" in (ROOT / "README.md").read_text(encoding="utf-8").split("## ")[0]
    )
