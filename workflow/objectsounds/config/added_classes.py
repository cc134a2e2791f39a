"""A person's own classes: rows of ``class_table`` and entries of ``added_classes``, checked and merged.

The merged mapping stands in the settings, so a job is given what the rows say and runs again when one
changes; the table itself is opened only where the settings are read.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from objectsounds.config.classes import MID, cell_items, index_ranges, read_classes
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.tables import read_persons_table

LISTS = ("mids", "descendants", "imagenet", "aliases")
CELLS = ("group", *LISTS, "pictures")
NAME = re.compile(r"[A-Za-z0-9_]+")
RESERVED = ("none", "rest", "mixture", "cross-domain")  # what a name would be taken for elsewhere
IMAGENET = 1000  # classes
GROUP = "other"


def merged_added(settings: dict) -> dict[str, dict]:
    """Return the classes that a person adds, by name, each with all of ``CELLS``.

    Parameters
    ----------
    settings : dict
        Keys ``class_table`` (a table's path or None) and ``added_classes`` (name to cells).

    Raises
    ------
    ObjectsoundsError
        One sentence with the table and line, or the key; the value; and the remedy.
    """
    rows = [(f"added_classes.{name}", name, cells) for name, cells in settings["added_classes"].items()]
    if settings["class_table"] is not None:
        rows = _table_rows(settings["class_table"]) + rows
    added: dict[str, dict] = {}
    taken = {alias: item.name for item in read_classes().values() for alias in (item.name, *item.aliases)}
    for where, name, cells in rows:
        added[name] = _checked(where, name, cells, taken)
        taken |= dict.fromkeys((name, *added[name]["aliases"]), name)
    return added


def _table_rows(path: str) -> list[tuple[str, str, dict]]:
    columns, rows = read_persons_table(path, "class_table", "name a table of classes, or set it to null")
    strange = [name for name in columns if name not in ("object", *CELLS)]
    if "object" not in columns or strange:
        what = f"the unknown column {strange[0]!r}" if strange else "no column 'object'"
        raise ObjectsoundsError(
            f"class_table: {path} has {what}: its first line should name object, and any of "
            f"{', '.join(CELLS)}."
        )
    found = []
    for row in rows:
        where = f"class_table: {path}, line {row.line}"
        if row.problem:
            raise ObjectsoundsError(f"{where}: {row.problem}.")
        found.append((where, row.cells["object"], {key: text for key, text in row.cells.items() if text}))
        found[-1][2].pop("object", None)
    return found


def _checked(where: str, name: object, cells: object, taken: Mapping[str, str]) -> dict:
    """Return a class's cells, complete and in one form; ``taken`` holds the names and aliases before it."""
    if not isinstance(name, str) or not NAME.fullmatch(name) or name in RESERVED:
        raise ObjectsoundsError(
            f"{where}: {name!r} cannot be an object's name: use letters, digits and underscores, and none of "
            f"{', '.join(RESERVED)}."
        )
    if not isinstance(cells, Mapping) or set(cells) - set(CELLS):
        raise ObjectsoundsError(
            f"{where} = {cells!r} is impossible: it should be a mapping of any of {', '.join(CELLS)}."
        )
    lists = {key: _items(where, key, cells.get(key)) for key in LISTS if key != "imagenet"}
    for text in (name, *lists["aliases"]):
        if text in taken or (text != name and text == "none"):
            raise ObjectsoundsError(
                f"{where}: {text!r} is a name of {taken.get(text, 'no object')} already: choose another one."
            )
    for mid in lists["mids"] + lists["descendants"]:
        if not MID.fullmatch(mid):
            raise ObjectsoundsError(f"{where}: {mid!r} is no AudioSet mid: one reads like /m/05r5c.")
    group = cells.get("group") or GROUP
    if not isinstance(group, str) or not NAME.fullmatch(group):
        raise ObjectsoundsError(f"{where}: {group!r} cannot be a group: use letters, digits and underscores.")
    pictures = cells.get("pictures") or None
    if pictures is not None and not Path(str(pictures)).is_dir():
        raise ObjectsoundsError(f"{where}: pictures {pictures!s:.80} is no folder: name one of pictures.")
    return {
        "group": group,
        **lists,
        "imagenet": _indices(where, cells.get("imagenet")),
        "pictures": pictures if pictures is None else str(pictures),
    }


def _items(where: str, key: str, value: object) -> list[str]:
    if value is None or isinstance(value, str):
        return list(dict.fromkeys(cell_items(value or "")))
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return list(dict.fromkeys(value))
    raise ObjectsoundsError(f"{where}: {key} = {value!r} is impossible: it should be a list of texts.")


def _indices(where: str, value: object) -> list[int]:
    """Return ImageNet indices of a list of numbers and ranges, or of a cell such as ``7;151-268``."""
    parts = value if isinstance(value, list) else [] if value is None else [value]
    try:
        found = [index for part in parts for index in index_ranges(str(part))]
    except ValueError:
        found = [-1]
    if any(not 0 <= index < IMAGENET for index in found):
        raise ObjectsoundsError(
            f"{where}: imagenet {value!r} is impossible: name ImageNet's indices, from 0 to {IMAGENET - 1}, "
            "such as 7;151-268."
        )
    return list(dict.fromkeys(found))


def added_pictures(settings: dict) -> dict[str, str]:
    """Return the folders of pictures of the run's own added classes, by object."""
    added = settings["added_classes"]
    folders = {name: added[name]["pictures"] for name in settings["classes"] if name in added}
    return {name: folder for name, folder in folders.items() if folder is not None}
