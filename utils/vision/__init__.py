"""Faces: a simulator, networks, and how they are debiased."""
