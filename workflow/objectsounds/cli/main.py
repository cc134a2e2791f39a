"""The command line: a map of the pipeline, one subcommand a stage, which ``commands`` describes."""

import json
import logging
import os
import sys
import time
from pathlib import Path

from objectsounds import __version__
from objectsounds.cli import separate as separate_cli
from objectsounds.cli.arguments import Parser, UsageError, shortened
from objectsounds.cli.commands import COMMANDS
from objectsounds.cli.costs import log_spent
from objectsounds.config.settings import load_settings
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.provenance import first_lines

PATH_ERRORS = (PermissionError, IsADirectoryError, NotADirectoryError, FileExistsError)
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def _parser() -> Parser:
    parser = Parser(
        prog="objectsounds",
        description="Learn how objects sound from unlabelled video, and separate them. The stages, in order:",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="STAGE")
    for name, command in COMMANDS.items():
        sub = commands.add_parser(name, help=command.help, description=command.help)
        sub.add_argument(
            "--settings", help="JSON, or a file of it; default: the settings of config/config.yaml"
        )
        for option, keywords in command.options.items():
            sub.add_argument(f"--{option}", **keywords)
        command.more(sub)
    commands.add_parser("run", help="run the whole workflow, one run at a time; arguments go to snakemake")
    return parser


def _settings(text: str | None) -> dict:
    if text is None:
        return load_settings()
    try:
        return json.loads(text if text.lstrip().startswith("{") else Path(text).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", error)
        raise ObjectsoundsError(
            f"--settings {shortened(text)} is neither JSON nor a file of it ({why}): name one, or none."
        ) from error


def _limit_threads(command: str, settings: dict) -> None:
    """Fix the threads of the linear algebra before NumPy and torch are imported: results depend on them."""
    threads = settings.get(command, {}).get("threads", 1) if isinstance(settings.get(command), dict) else 1
    if command in ("labels", "ablation"):
        threads = settings["labeller"]["threads"]
    if command == "dictionary":
        threads = settings.get("train", {}).get("threads", 1)
    for variable in THREAD_VARIABLES:
        os.environ[variable] = str(threads)
    # Threads that wait spin by default: on a busy machine two then compute several times what one does.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def main(arguments: list[str] | None = None) -> int:
    """Run a subcommand; return 0, or 1 after an error that a user is meant to read."""
    started = time.monotonic()
    arguments = sys.argv[1:] if arguments is None else arguments
    own, rest = (arguments[:1], arguments[1:]) if arguments[:1] == ["run"] else (arguments, [])
    try:
        args = _parser().parse_args(own)
    except UsageError as error:
        print(error, file=sys.stderr)
        return 2
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", stream=sys.stderr
    )
    try:
        if args.command == "run":
            from objectsounds.cli.run import run_workflow

            return run_workflow(rest)
        if separate_cli.is_own(args):
            _limit_threads("separate", {"separate": {"threads": args.threads}})
            separate_cli.separate_own(args)
            return 0
        settings = _settings(args.settings)
        _limit_threads(args.command, settings)
        if args.settings is not None:  # a job of a run, whose log tells what made its results
            for line in first_lines(arguments):
                logging.info("%s", line)
        COMMANDS[args.command].run(args, settings)
        if args.settings is not None:
            log_spent(started)
    except ObjectsoundsError as error:
        print(f"objectsounds {args.command}: {error}", file=sys.stderr)
        return 1
    except FileNotFoundError as error:
        missing = f"{error.filename} does not exist." if error.filename else error  # HDF5 names it in words
        print(f"objectsounds {args.command}: {missing}", file=sys.stderr)
        return 1
    except PATH_ERRORS as error:
        if error.filename is None:
            raise
        said = f"{error.filename}: {error.strerror}; allow it, or name another path."
        print(f"objectsounds {args.command}: {said}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"objectsounds {args.command}: interrupted.", file=sys.stderr)
        return 130
    return 0
