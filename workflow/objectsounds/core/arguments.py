"""Options of the command line: numbers with a range, named files, and errors as one sentence.

No heavy imports here.
"""

import argparse
import math
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn


class UsageError(Exception):
    """An option that is missing or impossible: the command's name and a sentence."""


class Parser(argparse.ArgumentParser):
    """A parser that raises its errors as ``UsageError`` instead of printing how the command is used."""

    def error(self, message: str) -> NoReturn:
        """Raise ``UsageError``."""
        raise UsageError(f"{self.prog}: {message.removeprefix('argument ')} (see {self.prog} --help)")


@dataclass(frozen=True)
class Number:
    """The type of an option that takes a number, for ``add_argument(type=…)``.

    Attributes
    ----------
    unit : str
        What is counted or measured, for the sentence: ``cores``, ``Hz``.
    least, most : int or float
        The range, with its ends.
    whole : bool
        Whether it must be an integer.
    above : bool
        Whether ``least`` itself is out of the range.
    """

    unit: str
    least: float
    most: float
    whole: bool = True
    above: bool = False

    def __call__(self, text: str) -> int | float:
        """Return the number that a word of the command line says.

        Raises
        ------
        argparse.ArgumentTypeError
            If it is no number, not finite, or out of the range.
        """
        try:
            value = int(text) if self.whole else float(text)
            good = math.isfinite(value) and self.least <= value <= self.most
        except (ValueError, OverflowError):
            good = False
        if not good or (self.above and value == self.least):
            raise argparse.ArgumentTypeError(f"{shortened(text)} is impossible; give {self.wanted()}")
        return value

    def wanted(self) -> str:
        """Return the range in words."""
        kind = "a whole number" if self.whole else "a number"
        least = f"above {self.least}" if self.above else f"of at least {self.least}"
        return f"{kind} {least} and at most {self.most} ({self.unit})"


@dataclass(frozen=True)
class NamedFile:
    """A file and what it is of: a method's dictionary, a table."""

    name: str
    path: Path

    @classmethod
    def parse(cls, text: str) -> "NamedFile":
        """Read ``name=path``."""
        name, _, path = text.partition("=")
        return cls(name, Path(path))


def shortened(text: str) -> str:
    """Return a word as it is shown in a sentence: quoted, and cut where it is long."""
    shown = repr(text)
    return shown if len(shown) <= 60 else shown[:57] + "..."


CLIPS = Number("clips", 1, 10**12)
CORES = Number("cores", 1, 10**6)
GPUS = Number("GPUs", 0, 10**6)
THREADS = Number("threads", 1, 1024)
WORKERS = Number("processes", 1, 1024)
BLOCK = Number("block of the table", 0, 10**9)
RATE = Number("Hz", 1000, 768_000)
SHARE = Number("share of the sections", 0, 1, whole=False, above=True)

# How an option of a stage is given: once, at least once, any number of times.
ONE = {"required": True}
MANY = {"nargs": "+", "required": True}
SOME = {"nargs": "*", "default": []}
