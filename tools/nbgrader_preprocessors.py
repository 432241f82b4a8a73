"""What nbgrader runs before its own steps when it builds labs/ from solutions/."""

from nbgrader.preprocessors import NbGraderPreprocessor

SOLUTION_ONLY = "solution-only"


class RemoveTagged(NbGraderPreprocessor):
    """Leave out cells that only the solution shows, such as its discussion."""

    def preprocess(self, nb, resources):
        nb.cells = [
            c for c in nb.cells if SOLUTION_ONLY not in c.metadata.get("tags", [])
        ]
        return nb, resources


class PlainMetadata(NbGraderPreprocessor):
    """Keep the kernel's and the language's name only, so that a lab depends on its text alone."""

    def preprocess(self, nb, resources):
        kernel = nb.metadata.get("kernelspec", {})
        nb.metadata.clear()
        nb.metadata["kernelspec"] = kernel
        nb.metadata["language_info"] = {"name": "python"}
        return super().preprocess(nb, resources)

    def preprocess_cell(self, cell, resources, index):
        cell.metadata.pop("execution", None)
        return cell, resources
