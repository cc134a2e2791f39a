"""Command ``serve``: a page in your browser to separate videos and sounds, listen, remix and download."""

import argparse
import importlib.util
from pathlib import Path

from objectsounds.core.arguments import THREADS, Number
from objectsounds.core.errors import ObjectsoundsError

OPTIONS = {}
HOST, PORT = "127.0.0.1", 7860
MEGABYTES, MINUTES = 500, 20


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options, in groups."""
    model = parser.add_argument_group("models to choose from, beside the starter")
    model.add_argument(
        "--run", metavar="RESULTS", action="append", help="a finished run's folder; may be given again"
    )
    model.add_argument(
        "--model", metavar="FILE", action="append", help="a file that export made; may be given again"
    )
    model.add_argument(
        "--weights", metavar="FILE", help="of ImageNet's classifier, where a model only names it"
    )
    model.add_argument("--architecture", help="of the weights, for the starter; default resnet152")
    model.add_argument(
        "--soundfont", metavar="FILE", action="append", help="to play the starter; may be given again"
    )
    where = parser.add_argument_group("where it listens")
    where.add_argument("--host", default=HOST, help=f"default {HOST}: this machine alone")
    where.add_argument(
        "--port", type=Number("port", 0, 65535), default=PORT, help=f"default {PORT}; 0 takes a free one"
    )
    limits = parser.add_argument_group("limits")
    limits.add_argument(
        "--max-megabytes",
        type=Number("MB of a file", 1, 100_000),
        default=MEGABYTES,
        help=f"of a file; default {MEGABYTES}",
    )
    limits.add_argument(
        "--max-minutes",
        type=Number("minutes of a file", 1, 1440),
        default=MINUTES,
        help=f"of a file; default {MINUTES}",
    )
    limits.add_argument("--threads", type=THREADS, default=1)


def run(args: argparse.Namespace, settings: dict) -> None:
    """Serve the page until it is interrupted.

    Raises
    ------
    ObjectsoundsError
        If the web library is not installed, a model cannot be read, or the port is taken.
    """
    if importlib.util.find_spec("gradio") is None:
        raise ObjectsoundsError(
            "the page needs Gradio, which is not installed: `pip install 'objectsounds[web]'`, "
            "or in a clone `pip install --constraint constraints.txt -r requirements-web.txt`."
        )
    from objectsounds.web.offers import offers_of
    from objectsounds.web.server import serve
    from objectsounds.web.workshop import Limits

    fonts = [Path(name) for name in args.soundfont or []]
    offers = offers_of(args.run or [], args.model or [], args.weights, fonts, args.architecture)
    serve(offers, Limits(args.max_megabytes, args.max_minutes), args.host, args.port)
