"""Methods from outside of this project, as section ``external`` of the settings declares them.

No heavy imports here: the Snakefile reads it.
"""

import importlib.metadata
import re
from pathlib import Path

from objectsounds.config.method_table import (
    APART,
    MATCHING,
    METHODS,
    NUMBER,
    REFERENCES,
    WHICH_OBJECTS,
    Method,
    method_of,
    twins_of,
)
from objectsounds.config.schema import defaults_of, read_schema
from objectsounds.core.errors import ObjectsoundsError

GROUP = "objectsounds.methods"  # of entry points
WAYS = ("command", "entry_point", "estimates")
# What may stand in braces in a command, with what section ``given`` must then hold.
PLACES = {
    "mixture": None,
    "objects": None,
    "output": None,
    "rate": None,
    "seed": None,
    "sources": None,
    "frames": ("frames", "frames_apart"),
    "references": ("references",),
    "jobs": None,
}
PLACE = re.compile(r"\{(\w+)\}")
TOLD = {"named": WHICH_OBJECTS, "blind": f"{MATCHING} and {NUMBER}"}
TOLD_BY = {"references": REFERENCES, "frames_apart": APART}
RUN_KEYS = (
    "command",
    "entry_point",
    "estimates",
    "objects",
    "given",
    "rate",
    "timeout",
)  # not how it is shown
FUNCTION = "external.run_program"


def completed(external: dict) -> dict[str, dict]:
    """Return the section with the defaults of each of its methods."""
    item = read_schema()["properties"]["external"]["additionalProperties"]
    defaults = {key: defaults_of(part) for key, part in item["properties"].items()}
    return {name: defaults | given if isinstance(given, dict) else given for name, given in external.items()}


def names() -> list[str]:
    """Return the methods from outside, with their twins."""
    return [name for name, method in METHODS.items() if method.external]


def run_keys(name: str, keys: tuple[str, ...] = RUN_KEYS) -> tuple[str, ...]:
    """Return the settings, or ``keys`` of them, that a method's estimates depend on; none of one of ours."""
    section = method_of(name).external
    return tuple(f"external.{section}.{key}" for key in keys) if section else ()


def table_keys(methods: list[str]) -> tuple[str, ...]:
    """Return the settings by which a table of methods knows those from outside, not how they are run."""
    return tuple(dict.fromkeys(key for name in methods for key in run_keys(name, ("objects",))))


def _declared(name: str, item: dict) -> Method:
    told = [TOLD.get(item["objects"], ""), *(TOLD_BY.get(thing, "") for thing in item["given"]), item["told"]]
    return Method(
        item["title"] or name,
        FUNCTION,
        guided=item["objects"] == "detected",
        best_matching=item["objects"] == "blind",
        told=" and ".join(filter(None, told)),
        external=name,
    )


def register(external: dict) -> None:
    """Put the methods of a section among the methods, in place of those of any section before."""
    for name in names():
        del METHODS[name]
    declared = {name: _declared(name, item) for name, item in completed(external).items()}
    METHODS.update(declared | twins_of(declared))


def check_external(external: dict) -> None:
    """Check what a schema cannot say of the section.

    Raises
    ------
    ObjectsoundsError
        Naming the key, its value and the remedy.
    """
    for name, item in external.items():
        where = f"external.{name}"
        if name in METHODS and METHODS[name].external is None:
            raise ObjectsoundsError(f"{where}: {name} is a method of this project; choose another name.")
        ways = [key for key in WAYS if item[key]]
        if len(ways) != 1:
            found = " and ".join(ways) or "none"
            raise ObjectsoundsError(f"{where} has {found} of {', '.join(WAYS)}; give one.")
        if item["command"]:
            _check_command(f"{where}.command", item)


def _check_command(where: str, item: dict) -> None:
    places = set(PLACE.findall(" ".join(item["command"])))
    for place in sorted(places):
        if place not in PLACES:
            allowed = ", ".join(f"{{{known}}}" for known in PLACES)
            raise ObjectsoundsError(f"{where}: {{{place}}} stands for nothing; allowed are {allowed}.")
        needed = PLACES[place]
        if needed and not set(needed) & set(item["given"]):
            raise ObjectsoundsError(
                f"{where}: {{{place}}} is given only to a method that declares it; write "
                f"given: [{needed[0]}] beside the command."
            )
    if "jobs" in places:
        if len(places) > 1:
            other = sorted(places - {"jobs"})[0]
            raise ObjectsoundsError(
                f"{where}: {{{other}}} is one mixture's and {{jobs}} the list of all; use one of the two."
            )
    elif not {"mixture", "output"} <= places:
        raise ObjectsoundsError(
            f"{where} lacks {{mixture}} or {{output}}: name both, or {{jobs}} for a program that takes all "
            "mixtures at once."
        )


def filled(command: list[str], values: dict[str, object]) -> list[str]:
    """Return a command's arguments with the values in their places."""
    return [PLACE.sub(lambda found: str(values[found[1]]), word) for word in command]


def release_of(item: dict) -> str:
    """Return the distribution and version behind a method's entry point; empty where it is none.

    Raises
    ------
    ObjectsoundsError
        If no installed package has an entry point of that name.
    """
    name = item["entry_point"]
    if not name or ":" in name:
        return ""
    found = importlib.metadata.entry_points(group=GROUP)
    if name not in found.names:
        known = ", ".join(sorted(found.names)) or "none"
        raise ObjectsoundsError(
            f"entry_point: no installed package offers {name!r} in the group {GROUP} (there are: {known}); "
            "install it, or write module:function."
        )
    package = found[name].dist
    return f"{package.name} {package.version}" if package else ""


def section_of(settings: dict, name: str) -> dict:
    """Return what the settings declare of a method from outside, perhaps a twin and with a variant."""
    return settings["external"][method_of(name).external]


def files_of(settings: dict, name: str) -> list[str]:
    """Return the files that a method from outside is made of: those named, and finished estimates.

    Raises
    ------
    ObjectsoundsError
        If a folder of estimates holds none.
    """
    item = section_of(settings, name)
    folder = item["estimates"]
    estimates = sorted(str(path) for path in Path(folder).glob("*/*.wav")) if folder else []
    if folder and not estimates:
        raise ObjectsoundsError(
            f"external.{method_of(name).external}.estimates: {folder} holds no <mixture>/<object>.wav; name "
            "the folder in which each mixture has a folder of WAV files."
        )
    return [*item["files"], *estimates]


def takes_frames(settings: dict, name: str) -> bool:
    """Return whether a method from outside is given the clips' frames."""
    return any(thing.startswith("frames") for thing in section_of(settings, name)["given"])
