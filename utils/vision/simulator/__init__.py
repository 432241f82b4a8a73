"""Simulated faces with known skin tone, presentation, age and pose, and pictures of no face.

Nobody's face was taken, and the truth of every attribute is known; a network trained on these
pictures does not see real faces, so they say nothing about the real world by themselves.
"""

from utils.vision.simulator.attributes import GROUPS
from utils.vision.simulator.face_sets import FaceSet, contact_sheet, join
from utils.vision.simulator.faces import simulate_faces
from utils.vision.simulator.not_faces import simulate_not_faces

__all__ = [
    "GROUPS",
    "FaceSet",
    "contact_sheet",
    "join",
    "simulate_faces",
    "simulate_not_faces",
]
