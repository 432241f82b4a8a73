"""One cloud for all tests of a process that do not stop it; each test takes names of its own."""

import itertools
import time

import pytest

from tests.utils.cloud import requests
from utils.cloud import connect

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def cloud():
    with connect() as running:
        yield running


@pytest.fixture
def name():
    return f"test-{next(_numbers)}"


@pytest.fixture(scope="session")
def artefact(cloud):
    """A linear learner's model.tar.gz, trained once."""
    return requests.train(cloud, "shared-artefact")["ModelArtifacts"][
        "S3ModelArtifacts"
    ]


@pytest.fixture
def endpoint(cloud, artefact, name):
    """A running endpoint's name; it is deleted afterwards."""
    requests.deploy(cloud, name, artefact)
    yield name
    cloud.client("sagemaker").delete_endpoint(EndpointName=name)


@pytest.fixture
def eventually():
    """Call a function until it returns something true, for what happens in the background."""

    def wait(function, seconds=90):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = function()
            if found:
                return found
            time.sleep(0.05)
        raise AssertionError(f"nothing came within {seconds} s")

    return wait
