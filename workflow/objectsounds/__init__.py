"""Learn how objects sound from unlabelled video, and separate the sounds of new videos."""

import importlib

__version__ = "0.1.0"
HOMES = {
    "KLNMF": "signal.kl_nmf",
    "Separator": "video.separator",
}  # of what is imported when it is first asked for
__all__ = list(HOMES)


def __getattr__(name: str):
    """Import what the package offers when it is first asked for: the package itself stays light."""
    if name in HOMES:
        return getattr(importlib.import_module(f"objectsounds.{HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
