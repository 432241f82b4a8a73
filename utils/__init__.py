"""The small package behind the notebooks: data, policing, plots (DESIGN in CONTRIBUTING.md)."""
