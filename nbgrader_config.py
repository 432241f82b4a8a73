"""nbgrader: solutions/ is the source, labs/ the release. A module is an assignment."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from nbgrader.converters import GenerateAssignment

from tools.nbgrader_preprocessors import PlainMetadata, RemoveTagged

c = get_config()  # noqa: F821

c.CourseDirectory.course_id = "debiasing-ai"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "labs"
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "README.md"]

c.ClearSolutions.code_stub = {"python": "# Your code here.\nraise NotImplementedError"}
c.ClearSolutions.text_stub = "*Write your answer here.*"

c.ExecutePreprocessor.timeout = 120

# ours first: nbgrader's list stays its own
c.GenerateAssignment.preprocessors = [
    PlainMetadata,
    RemoveTagged,
    *GenerateAssignment.preprocessors.default(),
]

# what a form or a learning platform hands out: one file a student and lab, as anna_01_welcome.ipynb
c.FileNameCollectorPlugin.named_regexp = (
    r".*[/\\](?P<student_id>[^_/\\]+)_(?P<file_id>[^/\\]+)"
)
