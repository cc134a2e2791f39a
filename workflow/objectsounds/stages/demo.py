"""Stage ``demo``: the embedded data set: MP4 files, labelled pictures, lists in AudioSet's format."""

from pathlib import Path

from objectsounds.core.arguments import ONE, WORKERS
from objectsounds.core.progress import Counter
from objectsounds.core.writable import check_writable
from objectsounds.demo import make

STAGE_VERSION = 2
OPTIONS = {"output": ONE, "workers": {"type": WORKERS, "default": 1}}


def run(args, settings: dict) -> None:
    """Run the stage as its rule does."""
    check_writable(args.output, "--output")
    make(settings, Path(args.output), args.workers, Counter("demo"))
