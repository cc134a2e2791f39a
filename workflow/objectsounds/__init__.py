"""Learn how objects sound from unlabelled video, and separate the sounds of new videos."""

__version__ = "0.1.0"
__all__ = ["Separator"]


def __getattr__(name: str):
    """Import ``Separator`` when it is first asked for: the package itself stays light."""
    if name == "Separator":
        from objectsounds.video.separator import Separator

        return Separator
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
