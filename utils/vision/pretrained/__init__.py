"""Networks that were trained on ImageNet, and what they call a photograph."""

from utils.vision.pretrained.network import (
    class_names,
    efficientnet_b0,
    efficientnet_lite0,
    prepare,
    recognise,
)
from utils.vision.pretrained.weights_file import WeightsFileError, read_state_dict

__all__ = [
    "WeightsFileError",
    "class_names",
    "efficientnet_b0",
    "efficientnet_lite0",
    "prepare",
    "read_state_dict",
    "recognise",
]
