"""The command line: a map of the pipeline, one subcommand a stage, which ``commands`` describes."""

import argparse
import json
import logging
import os
import sys
import time
from pathlib import Path

from objectsounds import __version__
from objectsounds.cli.commands import COMMANDS, module_of, parser_of, summary_of
from objectsounds.cli.costs import log_spent, spent_so_far
from objectsounds.config.external_table import register
from objectsounds.config.settings import load_settings
from objectsounds.core.arguments import Parser, UsageError, shortened
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.provenance import first_lines

PATH_ERRORS = (PermissionError, IsADirectoryError, NotADirectoryError, FileExistsError)
SECTIONS = {  # of the settings that say how many threads, where it is not the command's own
    "labels": "labeller",
    "ablation": "labeller",
    "dictionary": "train",
    "frame_predictions": "frame_network",
    "pixel_features": "sound_of_pixels",
}
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def _overview() -> Parser:
    """Return the parser that knows the subcommands by name alone."""
    parser = Parser(
        prog="objectsounds",
        description="Learn how objects sound from unlabelled video, and separate them. The stages, in order:",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="STAGE")
    for name in COMMANDS:
        commands.add_parser(name, help=summary_of(name))
    commands.add_parser("run", help="run the whole workflow, one run at a time; arguments go to snakemake")
    return parser


def _parsed(arguments: list[str]) -> tuple[argparse.Namespace, dict]:
    """Return the options of a subcommand and its settings; threads are limited before its module comes."""
    command, rest = arguments[0], arguments[1:]
    early = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    early.add_argument("--settings")
    early.add_argument("--threads", default="1")
    early.add_argument("--mixtures")
    known = early.parse_known_args(rest)[0]
    own = command == "separate" and known.mixtures is None
    if own or command == "serve":  # a person's videos, which need no configuration
        threads = known.threads if known.threads.isdecimal() else "1"
        limit_threads("separate", {"separate": {"threads": threads}})
        return parser_of(command).parse_args(rest), {}
    wanted = None if {"-h", "--help"} & set(rest) else known
    settings = _settings(known.settings) if wanted else {}
    limit_threads(command, settings)
    return parser_of(command).parse_args(rest), settings


def _settings(text: str | None) -> dict:
    if text is None:
        return load_settings()
    try:
        settings = json.loads(
            text if text.lstrip().startswith("{") else Path(text).read_text(encoding="utf-8")
        )
        register(settings.get("external", {}))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", error)
        raise ObjectsoundsError(
            f"--settings {shortened(text)} is neither JSON nor a file of it ({why}): name one, or none."
        ) from error
    return settings


def limit_threads(command: str, settings: dict) -> None:
    """Fix the threads of the linear algebra before NumPy and torch are imported: results depend on them."""
    section = settings.get(SECTIONS.get(command, command))
    threads = section.get("threads", 1) if isinstance(section, dict) else 1
    for variable in THREAD_VARIABLES:
        os.environ[variable] = str(threads)
    # Threads that wait spin by default: on a busy machine two then compute several times what one does.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def main(arguments: list[str] | None = None) -> int:
    """Run a subcommand; return 0, or 1 after an error that a user is meant to read."""
    started = time.monotonic()
    arguments = sys.argv[1:] if arguments is None else arguments
    command = arguments[0] if arguments else ""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", stream=sys.stderr
    )
    try:
        if command == "run":
            from objectsounds.cli.run import run_workflow

            return run_workflow(arguments[1:])
        if command not in COMMANDS:
            _overview().parse_args(arguments)
        args, settings = _parsed(arguments)
        of_a_run = args.settings is not None  # its log tells what made its results
        if of_a_run:
            for line in first_lines(arguments):
                logging.info("%s", line)
        start = spent_so_far()
        module_of(command).run(args, settings)
        if of_a_run:
            log_spent(started, start)
    except UsageError as error:
        print(error, file=sys.stderr)
        return 2
    except ObjectsoundsError as error:
        print(f"objectsounds {command}: {error}", file=sys.stderr)
        return 1
    except FileNotFoundError as error:
        missing = f"{error.filename} does not exist." if error.filename else error  # HDF5 names it in words
        print(f"objectsounds {command}: {missing}", file=sys.stderr)
        return 1
    except PATH_ERRORS as error:
        if error.filename is None:
            raise
        said = f"{error.filename}: {error.strerror}; allow it, or name another path."
        print(f"objectsounds {command}: {said}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"objectsounds {command}: interrupted.", file=sys.stderr)
        return 130
    return 0
