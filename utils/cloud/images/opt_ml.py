"""Run somebody's script with a job's own folder in the place of ``/opt/ml``.

``python opt_ml.py <root> train.py --epochs 3`` or ``python opt_ml.py <root> -m package``.

Scripts written for SageMaker name ``/opt/ml/model`` and the like word for word, and two jobs at
once cannot both have that folder. The script, and every module imported from below `root`, is
therefore compiled with the ``/opt/ml`` in its string literals put right, those of f-strings
included. Line numbers, ``__file__``, ``sys.argv`` and ``sys.path`` are those of a plain run.

What differs from a container: a path put together at run time from smaller pieces
(``"/opt" + "/ml"``), one read from a file, the inside of a shell script, and a Python process that
the script itself starts, are not seen. Nothing of the course is imported here: the script's own
``utils`` must be the one that it finds.
"""

import ast
import importlib.machinery
import os
import re
import runpy
import sys
import types

# not the tail of another path (s3://bucket/opt/ml), not the start of another name (/opt/mlflow)
FOLDER = re.compile(r"(?<![\w./-])/opt/ml(?![\w.-])")


def rewrite(text: str, root: str) -> str:
    """`text` with `root` for each ``/opt/ml`` that begins a path."""
    return FOLDER.sub(lambda match: root, text)


def compiled(source: bytes, path: str, root: str) -> types.CodeType:
    """Compile a Python file's `source`, its string literals rewritten."""
    tree = ast.parse(source, path)
    return compile(_Literals(root).visit(tree), path, "exec", dont_inherit=True)


def install(root: str) -> None:
    """From now on, rewrite the modules that are imported from below `root`."""
    finders = sys.meta_path
    finders[:] = [f for f in finders if getattr(f, "root", None) != root]
    finders.insert(finders.index(importlib.machinery.PathFinder), _Finder(root))


class _Literals(ast.NodeTransformer):
    def __init__(self, root: str):
        self.root = root

    def visit_Constant(self, node):
        if isinstance(node.value, str):
            node.value = rewrite(node.value, self.root)
        elif isinstance(node.value, bytes) and re.match(rb"/opt/ml(/|$)", node.value):
            node.value = os.fsencode(self.root) + node.value[len("/opt/ml") :]
        return node

    def visit_JoinedStr(self, node):
        for place, part in enumerate(node.values):
            if isinstance(part, ast.Constant):
                # what follows a {…} continues it: the x stands for that
                before = "x" if place else ""
                part.value = rewrite(before + part.value, self.root)[len(before) :]
            else:
                self.visit(part)
        return node


class _Loader(importlib.machinery.SourceFileLoader):
    root = ""

    def get_code(self, name):
        # never from __pycache__: what lies there was compiled from the literals as they are
        path = self.get_filename(name)
        return compiled(self.get_data(path), path, self.root)


class _Finder:
    def __init__(self, root: str):
        self.root = root

    def find_spec(self, name, path=None, target=None):
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if (
            spec is None
            or type(spec.loader) is not importlib.machinery.SourceFileLoader
        ):
            return None
        if not _below(self.root, spec.origin):
            return None
        spec.loader = _Loader(name, spec.origin)
        spec.loader.root = self.root
        return spec


def _below(root: str, path: str) -> bool:
    root, path = os.path.realpath(root), os.path.realpath(path)
    return path.startswith(root + os.sep)


def _report_from(root: str):
    """An exception hook that leaves out the frames of this file, as a plain run has none."""

    def hook(kind, error, trace):
        own = trace
        while own and not _below(root, own.tb_frame.f_code.co_filename):
            own = own.tb_next
        # a SyntaxError has no frame of the script's, and names its line itself
        shown = None if isinstance(error, SyntaxError) and own is None else own or trace
        sys.__excepthook__(kind, error.with_traceback(shown), shown)

    return hook


def _run_script(root: str, script: str, arguments: list[str]) -> None:
    path = os.path.abspath(script)
    try:
        with open(path, "rb") as file:
            source = file.read()
    except OSError as error:
        sys.exit(f"python: can't open file {path!r}: {error.strerror}")
    sys.argv = [script, *arguments]
    sys.path.insert(0, os.path.dirname(os.path.realpath(path)))
    module = types.ModuleType("__main__")
    module.__file__, module.__builtins__ = path, __builtins__
    module.__loader__ = importlib.machinery.SourceFileLoader("__main__", path)
    sys.modules["__main__"] = module
    exec(compiled(source, path, root), module.__dict__)


def main(root: str, script: str, *arguments: str) -> None:
    """Run a script, or with ``-m`` a module, as ``__main__``."""
    install(root)
    sys.excepthook = _report_from(root)
    if script == "-m":
        sys.path.insert(0, os.getcwd())
        sys.argv = list(arguments)
        runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
    else:
        _run_script(root, script, list(arguments))


if __name__ == "__main__":
    main(*sys.argv[1:])
