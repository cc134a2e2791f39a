"""The one place that imports torchvision: ``from objectsounds.networks.vision import torchvision``.

A torchvision built for CUDA cannot load its compiled operators beside a CPU torch. Its Python side then
still annotates the operators ``nms`` and ``qnms``, whose schemas are missing, and the import fails with
"operator torchvision::nms does not exist". Declaring the two schemas is enough: image classification
never calls them. They are declared only where the compiled operators could not be loaded.
"""

import contextlib
import importlib.util
from pathlib import Path

import torch

SCHEMA = "{}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


def _load_compiled() -> None:
    """Load torchvision's compiled operators as its own import would, if they can be loaded."""
    found = importlib.util.find_spec("torchvision")
    for folder in (found.submodule_search_locations or []) if found else []:
        for library in sorted(Path(folder).glob("_C*.so")) + sorted(Path(folder).glob("_C*.pyd")):
            with contextlib.suppress(OSError, ImportError):
                torch.ops.load_library(str(library))


def _declare_missing() -> torch.library.Library:
    """Declare the schemas that no library has brought; the result must stay alive."""
    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        if not hasattr(torch.ops.torchvision, name):
            library.define(SCHEMA.format(name))
    return library


_load_compiled()
_declared = _declare_missing()

import torchvision  # noqa: E402

__all__ = ["torchvision"]
