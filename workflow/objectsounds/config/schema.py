"""The one source of the settings, workflow/schemas/config.schema.yaml: what it says of each key.

No heavy imports here, not even YAML's before a file is read: every job reads this module.
"""

import functools
from pathlib import Path
from typing import Any

from objectsounds.config.kind_table import KINDS
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.places import ROOT

SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.yaml"
WORDS = {  # in words: of one value, of several
    "integer": ("a whole number", "whole numbers"),
    "number": ("a number", "numbers"),
    "string": ("text", "texts"),
    "boolean": ("true or false", "truth values"),
    "object": ("a section of keys", "sections of keys"),
}
LIMITS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "below {}",
    "multipleOf": "a multiple of {}",
    "minLength": "of at least {} character",
    "pattern": "of the form {}",
}


def read_yaml(path: Path) -> dict:
    """Read a YAML mapping; an empty file is an empty mapping."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the first is eight times as fast
    try:
        value = yaml.load(path.read_text(encoding="utf-8"), loader)  # noqa: S506 (both load plain values alone)
    except (OSError, yaml.YAMLError) as error:
        raise ObjectsoundsError(f"{path} cannot be read as YAML: {error}") from error
    if value is not None and not isinstance(value, dict):
        raise ObjectsoundsError(f"{path} must hold keys and values, not {type(value).__name__}.")
    return value or {}


def refuse_repeated_keys(path: Path) -> None:
    """Refuse a person's YAML in which a key is there twice: all but the last would be ignored without a word.

    Raises
    ------
    ObjectsoundsError
        One sentence that names the key and its lines.
    """
    import yaml

    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (OSError, UnicodeError, yaml.YAMLError):
        return  # who reads it will say so
    nodes = [("", root)]
    while nodes:
        name, node = nodes.pop()
        if isinstance(node, yaml.SequenceNode):
            nodes += [(name, item) for item in node.value]
        if not isinstance(node, yaml.MappingNode):
            continue
        lines: dict[str, int] = {}
        for key, value in node.value:
            whole, line = f"{name}{key.value}", key.start_mark.line + 1
            if whole in lines:
                raise ObjectsoundsError(
                    f"{path}: {whole} is there twice, in lines {lines[whole]} and {line}, and only the last "
                    "would count: make one of the two."
                )
            lines[whole] = line
            nodes.append((f"{whole}.", value))


@functools.cache
def read_schema(path: Path = SCHEMA) -> dict:
    """Return the schema with what need not be written in it: a section has all of its keys, and no others."""
    schema = read_yaml(path)
    schema.pop("$defs", None)  # YAML has put them in their places
    if "catalogue" in schema["properties"]:
        schema["properties"]["catalogue"]["properties"]["kind"]["enum"] = list(KINDS)
    return _completed(schema)


def _completed(item: dict) -> dict:
    """Return a part of the schema with what its sections imply."""
    item = dict(item)
    for inside in ("items", "additionalProperties"):
        if inside in item:
            item[inside] = _completed(item[inside])
    if "properties" in item:
        parts = {name: _completed(part) for name, part in item["properties"].items()}
        implied = {"type": "object", "required": list(parts), "additionalProperties": False}
        item |= implied | {"properties": parts}
    return item


def defaults_of(item: dict) -> Any:
    """Return the default of a key, or of all keys of a section."""
    if "properties" not in item:
        return item["default"]
    return {name: defaults_of(part) for name, part in item["properties"].items()}


def kinds_of(item: dict) -> list[str]:
    """Return the JSON types that a key may have; none where anything goes."""
    kinds = item.get("type", "string" if "enum" in item or "pattern" in item else [])
    return [kinds] if isinstance(kinds, str) else kinds


def typed(value: Any, item: dict) -> Any:
    """Return ``value`` with the text in it read as YAML where a key of the schema takes no text.

    Snakemake hands ``--config 'train={epochs: 50}'`` on with every nested value as text, also null.
    """
    if isinstance(value, dict):
        known, other = item.get("properties", {}), item.get("additionalProperties") or {}
        return {key: typed(inside, known.get(key, other)) for key, inside in value.items()}
    if isinstance(value, list):
        return [typed(inside, item.get("items", {})) for inside in value]
    kinds = kinds_of(item)
    if not isinstance(value, str) or not kinds or kinds == ["string"]:
        return value
    read = _number_or_word(value)
    return value if "string" in kinds and read is not None else read


def _number_or_word(text: str) -> object:
    """Return the number, truth value or null that a text is in YAML, else the text."""
    import yaml

    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        return text
    return value if value is None or isinstance(value, (int, float)) else text


def wanted(item: dict) -> str:
    """Return what a key takes in words, as in an error sentence: ``a number above 0 and at most 1 (s)``."""
    unit = f" ({item['unit']})" if "unit" in item else ""
    null = ", or null" if "null" in kinds_of(item) else ""
    if "array" in kinds_of(item):
        choice = "of " if "enum" in item["items"] and "minItems" in item else ""
        least = f"{item['minItems']} or more {choice}" if "minItems" in item else ""
        once = ", none twice" if item.get("uniqueItems") else ""
        return f"a list of {least}{_one(item['items'], plural=True)}{once}{unit}{null}"
    return f"{_one(item)}{unit}{null}"


def _one(item: dict, plural: bool = False) -> str:
    """Return what a single value may be, or the items of a list."""
    if "enum" in item:
        *others, last = (repr(choice) for choice in item["enum"])
        return f"{', '.join(others)} or {last}"
    kind = next(kind for kind in kinds_of(item) if kind != "null")
    limits = [text.format(item[key]) for key, text in LIMITS.items() if key in item]
    words = f"{WORDS[kind][plural]} {' and '.join(limits)}".rstrip()
    return words.replace(" at ", " of at ", 1) if limits and limits[0].startswith("at ") else words
