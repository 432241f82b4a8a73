"""What `make lab` starts: the welcome lesson is served, a kernel runs, a person sees it."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from tools.lab import WELCOME
from tools.notebooks import ROOT, units

BROWSER = next(
    filter(None, map(shutil.which, ["chromium", "google-chrome", "chrome"])), None
)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """JupyterLab as `make lab` starts it, on a free port; its address and token."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home = tmp_path_factory.mktemp("home")
    log = home / "log"
    command = [sys.executable, "tools/lab.py", "--no-browser", "--port", str(port)]
    environment = {
        **os.environ,
        "HOME": str(home),
        "JUPYTER_DATA_DIR": str(home / "data"),
    }
    with open(log, "w") as file:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=file,
            stderr=file,
            env=environment,
            start_new_session=True,
        )
    try:
        token = wait_for(lambda: re.search(r"\?token=(\w+)", log.read_text()), log)[1]
        # the address is printed a moment before anybody listens there
        wait_for(lambda: listens(port), log)
        yield f"http://127.0.0.1:{port}", token, log
    finally:
        os.killpg(process.pid, 15)
        process.wait(timeout=20)


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(condition, log, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.1)
    pytest.fail(f"nothing after {seconds} s; the server said:\n{log.read_text()}")


def ask(server, path, method="GET"):
    address, token, _ = server
    headers = {"Authorization": f"token {token}"}
    request = urllib.request.Request(f"{address}{path}", method=method, headers=headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.status, answer.read()


def test_the_address_printed_leads_to_the_welcome_lesson(server):
    assert f"/lab/tree/{WELCOME}?token=" in server[2].read_text()


def test_the_welcome_lesson_is_served(server):
    assert ask(server, f"/lab/tree/{WELCOME}")[0] == 200
    status, body = ask(server, f"/api/contents/{WELCOME}")
    assert status == 200
    assert json.loads(body)["content"]["cells"][0]["source"].startswith("# 1. Welcome")


def test_its_kernel_starts(server):
    status, body = ask(server, "/api/kernels", "POST")
    kernel = json.loads(body)["id"]
    assert status == 201
    assert ask(server, f"/api/kernels/{kernel}")[0] == 200
    assert ask(server, f"/api/kernels/{kernel}", "DELETE")[0] == 204


@pytest.mark.browser
@pytest.mark.skipif(BROWSER is None, reason="no Chromium or Chrome on this machine")
@pytest.mark.parametrize("notebook", [WELCOME, f"labs/{units('labs')[0]}.ipynb"])
def test_a_person_sees_the_notebook(server, notebook, tmp_path_factory):
    from playwright.sync_api import sync_playwright

    address, token, _ = server
    title = notebook.split("/")[0]
    pictures = os.environ.get("SCREENSHOTS") or tmp_path_factory.mktemp("screenshots")
    with sync_playwright() as driver:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = driver.chromium.launch(executable_path=BROWSER, args=flags)
        page = browser.new_page(viewport={"width": 1300, "height": 1000})
        page.goto(f"{address}/lab/tree/{notebook}?reset&token={token}")
        heading = page.locator(".jp-Notebook h1").first
        heading.wait_for(timeout=60_000)
        assert "1. " in heading.inner_text()
        page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for(
            timeout=60_000
        )
        page.screenshot(path=f"{pictures}/{title}.png")
        browser.close()
