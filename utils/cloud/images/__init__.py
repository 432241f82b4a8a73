"""The container images that really run here, found by the name in their address.

A module behind an image has ``train(container)``, which reads the container's folders, prints its
log and writes the model; and ``load(model_dir, environment)``, which returns an object whose
``invoke(body, content_type, accept)`` answers ``(body, content_type)`` or raises an
`InvocationError`. `hosted` images score inside the cloud's process, the others in one of their own.
"""

import importlib
import re
from dataclasses import dataclass
from types import ModuleType

from utils.cloud.images.container import (
    AlgorithmError,
    ClientError,
    Container,
    InvocationError,
)

__all__ = [
    "AlgorithmError",
    "ClientError",
    "Container",
    "Image",
    "InvocationError",
    "find",
    "image_uri",
    "known",
]

ADDRESS = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?/"
    r"(?P<repository>[a-z0-9._/-]+?)(:(?P<tag>[\w.-]+))?(@sha256:[0-9a-f]{64})?"
)


@dataclass(frozen=True)
class Image:
    """An image: its repository's name, the module behind it, what it can be used for."""

    name: str
    module: str
    uses: tuple[str, ...]  # of "training", "inference", "processing"
    tag: str
    owners: dict[str, str]  # region → the account that publishes the image there
    hosted: bool = False
    alone: bool = False  # does on one machine what AWS spreads over several instances

    def load(self) -> ModuleType:
        """Import the module behind the image."""
        return importlib.import_module(f"utils.cloud.images.{self.module}")


# The accounts that publish the images (SageMaker's "Docker registry paths" pages), for the regions
# that the course shows. Any other account is accepted too: the repository's name decides.
CLASSIC = {
    "us-east-1": "382416733822",
    "us-west-2": "174872318107",
    "eu-west-1": "438346466558",
    "ap-northeast-1": "351501993468",
}
FRAMEWORK = {
    "us-east-1": "683313688378",
    "us-west-2": "246618743249",
    "eu-west-1": "141502667606",
    "ap-northeast-1": "354813040037",
}
CLARIFY = {
    "us-east-1": "205585389593",
    "us-west-2": "306415355426",
    "eu-west-1": "131013547314",
    "ap-northeast-1": "377024640650",
}
DEEP_LEARNING = dict.fromkeys(FRAMEWORK, "763104351884")
MONITOR = {
    "us-east-1": "156813124566",
    "us-west-2": "159807026194",
    "eu-west-1": "468650794304",
    "ap-northeast-1": "574779866223",
}
EVERY_USE = ("training", "inference", "processing")

IMAGES = (
    Image("linear-learner", "linear_learner", EVERY_USE[:2], "1", CLASSIC, hosted=True),
    Image("kmeans", "kmeans", EVERY_USE[:2], "1", CLASSIC, hosted=True),
    Image("sagemaker-xgboost", "xgboost", EVERY_USE[:2], "1.7-1", FRAMEWORK),
    Image(
        "sagemaker-scikit-learn", "script_mode", EVERY_USE, "1.2-1-cpu-py3", FRAMEWORK
    ),
    Image(
        "tensorflow-training",
        "script_mode",
        ("training", "processing"),
        "2.16-cpu-py310",
        DEEP_LEARNING,
    ),
    Image(
        "tensorflow-inference",
        "tensorflow_serving",
        ("inference",),
        "2.16-cpu",
        DEEP_LEARNING,
    ),
    Image(
        "sagemaker-clarify-processing",
        "clarify",
        ("processing",),
        "1.0",
        CLARIFY,
        alone=True,
    ),
    Image(
        "sagemaker-model-monitor-analyzer",
        "model_monitor",
        ("processing",),
        "latest",
        MONITOR,
    ),
    Image(
        "sagemaker-model-monitor-groundtruth-merger",
        "model_monitor.merger",
        ("processing",),
        "latest",
        MONITOR,
    ),
)


def known() -> dict[str, Image]:
    """Every image that runs here, by its repository's name."""
    return {image.name: image for image in IMAGES}


def find(uri: str, use: str) -> Image:
    """The image at an address.

    Parameters
    ----------
    uri : str
        ``<account>.dkr.ecr.<region>.amazonaws.com/<repository>:<tag>``.
    use : {"training", "inference", "processing"}
        What it is wanted for.

    Raises
    ------
    ValueError
        If it is not an address in Amazon's registry, not an image that runs here, or not for `use`.
    """
    match = ADDRESS.fullmatch(uri)
    if match is None:
        raise ValueError(
            f"{uri!r} is not the address of an image in Amazon's registry: "
            "<account>.dkr.ecr.<region>.amazonaws.com/<repository>:<tag> is"
        )
    image = known().get(match["repository"])
    if image is None or use not in image.uses:
        names = ", ".join(name for name, i in known().items() if use in i.uses)
        raise ValueError(
            f"no image {match['repository']!r} for {use} runs here; known are: {names}"
        )
    return image


def image_uri(name: str, region: str = "us-east-1", tag: str | None = None) -> str:
    """The address under which AWS publishes an image, as one writes it into a request.

    Parameters
    ----------
    name : str
        The repository's name, e.g. ``linear-learner``.
    region : str
        A region whose registry is on record here.
    tag : str, optional
        The version; the newest one on record if omitted.

    Raises
    ------
    ValueError
        If the image or its registry in that region is not on record.
    """
    image = known().get(name)
    if image is None:
        raise ValueError(f"no image {name!r}; known are: {', '.join(known())}")
    if region not in image.owners:
        on_record = ", ".join(image.owners)
        raise ValueError(
            f"no registry on record for {name} in {region!r}; known are: {on_record}"
        )
    account = image.owners[region]
    return f"{account}.dkr.ecr.{region}.amazonaws.com/{name}:{tag or image.tag}"
