"""The built-in algorithm Linear Learner: yes/no, one of several classes, or a number."""

from utils.cloud.images.linear_learner.serving import load
from utils.cloud.images.linear_learner.training import train

__all__ = ["load", "train"]
