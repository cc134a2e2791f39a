"""Schema errors as sentences: which key, which value, what is allowed."""

import math
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from objectsounds.config.schema import kinds_of, wanted
from objectsounds.config.video_options import REST, parse_gains
from objectsounds.core.errors import ObjectsoundsError


def _value_text(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _unknown_key(error: Any, path: str) -> str:
    allowed = sorted(error.schema["properties"])
    unknown = sorted(set(error.instance) - set(allowed))[0]
    key = f"{path}.{unknown}" if path else unknown
    value = _value_text(error.instance[unknown])
    return f"{key} (= {value}) is not a key of the configuration; allowed here are {', '.join(allowed)}."


def _sentence(error: Any) -> str:
    path = ".".join(str(part) for part in error.absolute_path)
    if error.validator == "additionalProperties":
        return _unknown_key(error, path)
    if error.validator == "required":
        missing = next(name for name in error.validator_value if name not in error.instance)
        return f"{path} = {_value_text(error.instance)} lacks {missing!r}; add it."
    value, hint = error.instance, ""
    if "propertyNames" in error.absolute_schema_path:
        return f"{path}: the name {_value_text(value)} is impossible; it must be {wanted(error.schema)}."
    if isinstance(value, str) and "number" in kinds_of(error.schema):
        hint = " (YAML reads 1e-5 as text: write 1.0e-5)"
    return f"{path} = {_value_text(value)} is impossible; it must be {wanted(error.schema)}{hint}."


def _numbers(value: object, path: str = "") -> Iterator[tuple[str, float]]:
    """Yield each floating-point number in the settings with its key; a schema lets NaN pass every limit."""
    if isinstance(value, float):
        yield path, value
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        yield from _numbers(item, f"{path}.{key}" if path else str(key))


def check_schema(settings: dict, schema: dict, where: str = "") -> None:
    """Check settings against a JSON schema.

    Raises
    ------
    ObjectsoundsError
        For the first error, with the number of further ones.
    """
    import jsonschema

    for path, value in _numbers(settings):
        if not math.isfinite(value):
            raise ObjectsoundsError(f"config: {where}{path} = {value} is impossible; it must be finite.")
    errors = sorted(
        jsonschema.Draft202012Validator(schema).iter_errors(settings),
        key=lambda error: list(map(str, error.path)),
    )
    if errors:
        more = f" ({len(errors) - 1} more)" if len(errors) > 1 else ""
        raise ObjectsoundsError(f"config: {where}{_sentence(errors[0])}{more}")


def check_videos(settings: dict) -> None:
    """Check the section ``separate_videos``: names that are unique, objects that are the run's.

    Raises
    ------
    ObjectsoundsError
        For the first error.
    """
    section = settings["separate_videos"]
    names = Counter(PurePath(path).stem for path in section["videos"])
    twice = [name for name, count in names.items() if count > 1]
    if twice:
        raise ObjectsoundsError(
            f"separate_videos.videos: two files are called {twice[0]!r}, without their endings; rename one."
        )
    for key in ("objects", "remix", "mute"):
        for name, value in section[key].items():
            where = f"separate_videos.{key}.{name}"
            if name not in names:
                raise ObjectsoundsError(f"{where}: no file of separate_videos.videos is called {name!r}.")
            known = settings["classes"] + [REST] * (section["rest"] and key != "objects")
            muted = ",".join(section["mute"].get(name, [])) or None
            keys = (where, f"separate_videos.mute.{name}")
            for item in parse_gains(value, muted, keys) if key == "remix" else value:
                if item not in known:
                    raise ObjectsoundsError(
                        f"{where}: {item!r} is none of this run's objects; allowed are {', '.join(known)}."
                    )


def check_halving(settings: dict, section: str, where: str = "") -> None:
    """Check that the U-Net of a section can halve its picture as often as it has levels.

    Raises
    ------
    ObjectsoundsError
        Naming the key, its value and what is allowed.
    """
    options = settings[section]
    step = 2 ** options["levels"]
    for key in ("frames", "bins"):
        if options[key] % step:
            raise ObjectsoundsError(
                f"{where}{section}.{key}: {options[key]} cannot be halved {options['levels']} times; "
                f"allowed are multiples of {step}."
            )
