"""The subcommands: one a stage, of its module's name, and a few beside the stages.

A module behind a subcommand has ``OPTIONS``, the options that are added to a parser, and ``run(args,
settings)``; ``add_options(parser)`` where a table of options does not suffice. It is imported when it is
asked for: ``clips`` works where torch is not installed.
"""

import ast
import importlib
import re
from types import ModuleType

from objectsounds.core.arguments import Parser
from objectsounds.core.places import PACKAGE
from objectsounds.stages import STAGES

COMMANDS = {name: f"stages.{name}" for name in STAGES} | {
    name: f"cli.{name}"
    for name in ("separate", "serve", "starter", "check", "compare", "estimate", "retry", "init")
}


def module_of(command: str) -> ModuleType:
    """Return the module behind a subcommand."""
    return importlib.import_module(f"objectsounds.{COMMANDS[command]}")


def summary_of(command: str) -> str:
    """Return what a subcommand does: the first sentence of its module, which is read but not imported."""
    text = (PACKAGE / f"{COMMANDS[command].replace('.', '/')}.py").read_text(encoding="utf-8")
    first = ast.get_docstring(ast.parse(text)).split("\n\n")[0].replace("\n", " ")
    return re.sub(r"^(Stage|Command) ``\w+``: ", "", first).rstrip(".")


def parser_of(command: str) -> Parser:
    """Return the parser of a subcommand, whose module is imported for it."""
    module, summary = module_of(command), summary_of(command)
    parser = Parser(prog=f"objectsounds {command}", description=f"{summary[0].upper()}{summary[1:]}.")
    parser.add_argument(
        "--settings", help="JSON, or a file of it; default: the settings of config/config.yaml"
    )
    for option, keywords in module.OPTIONS.items():
        parser.add_argument(f"--{option}", **keywords)
    if hasattr(module, "add_options"):
        module.add_options(parser)
    return parser
