"""The installed package by a folder of its own, ``objectsounds/share/library`` of a wheel, for PYTHONPATH.

A job in a conda environment takes objectsounds from outside it, but must not find what else is installed
there, for another Python.
"""

import importlib.util
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[3]
spec = importlib.util.spec_from_file_location(
    __name__, PACKAGE / "__init__.py", submodule_search_locations=[str(PACKAGE)]
)
sys.modules[__name__] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules[__name__])
