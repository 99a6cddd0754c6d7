"""A pytest plugin that lets RAMPART be loaded where PyRIT, or what its prompts are made with, is not installed. Both
are for talking to language models, which these tests do not do. pytest-xdist's workers load it too."""

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from unittest.mock import MagicMock


class StandIn(MagicMock):
    __path__ = []


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "pyrit":
            return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        return StandIn(name=spec.name)

    def exec_module(self, module):
        for name in ("EmptyResponseException", "InvalidJsonException", "PyritException"):
            setattr(module, name, type(name, (Exception,), {}))


if not importlib.util.find_spec("pyrit"):
    sys.meta_path.append(Finder())
if not (importlib.util.find_spec("pydantic") and importlib.util.find_spec("jinja2")):
    sys.modules["rampart.common.templates"] = MagicMock()
