"""The run's settings: default <- preset <- config.yaml and command line, then validated.

No heavy imports here: every Snakemake job reads this module while it parses the Snakefile.
"""

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from objectsounds.config.added_classes import added_pictures, merged_added
from objectsounds.config.classes import classes_of
from objectsounds.config.external_table import check_external, completed, register
from objectsounds.config.kind_table import KINDS
from objectsounds.config.method_table import (
    DICTIONARIES,
    METHODS,
    TRUSTED,
    method_of,
    no_such_method,
    with_twins,
)
from objectsounds.config.schema import defaults_of, read_schema, read_yaml, refuse_repeated_keys, typed
from objectsounds.config.stage_keys import STAGE_KEYS, TRANSPOSING, UPSTREAM, VARIANT_SECTIONS
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.places import PACKAGE, ROOT

CONFIG = ROOT / "config"
PERSONS = Path("config") / "config.yaml"  # in the working folder
SEED = "seed"  # begins the name of the variant of one of ``seeds``


def merge(base: dict, over: dict) -> dict:
    """Return ``base`` overlaid with ``over``: mappings merge, everything else (lists too) replaces."""
    merged = copy.deepcopy(base)
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = merge(merged[key], value)
        else:
            merged[key] = copy.deepcopy(value)
    return merged


def preset_path(name: str) -> Path:
    """Return the file of a preset: a name in config/presets, or the path of a YAML file."""
    known = CONFIG / "presets" / f"{name}.yaml"
    if known.exists():
        return known
    if str(name).endswith((".yaml", ".yml")) and Path(name).exists():
        return Path(name)
    names = sorted(path.stem for path in (CONFIG / "presets").glob("*.yaml"))
    raise ObjectsoundsError(
        f"preset: {name!r} is unknown; choose {', '.join(names)}, or the path of a YAML file."
    )


def _expand_results(value: Any, results: str) -> Any:
    if isinstance(value, dict):
        return {key: _expand_results(item, results) for key, item in value.items()}
    if isinstance(value, list):
        return [_expand_results(item, results) for item in value]
    return value.replace("<results>", results) if isinstance(value, str) else value


def _typed_user(user: dict, schema: dict) -> dict:
    """Return a person's layer with its text as the schema takes it, within overrides too."""
    user = typed(user, schema)
    variants, experiments = user.get("variants"), user.get("experiments")
    compared = experiments.get("variants") if isinstance(experiments, dict) else None
    if isinstance(variants, dict):
        user["variants"] = {name: typed(item, schema) for name, item in variants.items()}
    for item in compared.values() if isinstance(compared, dict) else ():
        if isinstance(item, dict):
            item["overrides"] = typed(item.get("overrides") or {}, schema)
    return user


def load_settings(user: dict | None = None, relocated: Callable[[str], str] = str) -> dict:
    """Merge and validate the settings.

    Parameters
    ----------
    user : dict, optional
        The person's layer (config.yaml with the command line on top); if absent it is read from
        ``config/config.yaml`` of the working folder, or from the one beside the Snakefile.
    relocated : callable, optional
        From the folder that ``results`` names to the one that is used, if another workflow has a say in it.

    Raises
    ------
    ObjectsoundsError
        One sentence naming the key, its value and what is allowed.
    """
    if user is None:
        path = PERSONS if PERSONS.exists() else CONFIG / PERSONS.name
        refuse_repeated_keys(path)
        user = read_yaml(path)
    user = copy.deepcopy(user)
    user.pop("pathvars", None)
    schema = read_schema()
    settings = copy.deepcopy(defaults_of(schema))
    preset = user.pop("preset", None)
    if preset is not None:
        settings = merge(settings, read_yaml(preset_path(str(preset))))
    settings = merge(settings, _typed_user(user, schema))
    for section in (settings, settings["experiments"]):
        if isinstance(section, dict) and isinstance(section["variants"], dict):
            section["variants"] = {k: item for k, item in section["variants"].items() if item is not None}
    if isinstance(settings["external"], dict):
        settings["external"] = completed(settings["external"])
    settings = with_added_classes(settings)
    validate(settings)
    results = settings["results"].replace("<preset>", Path(str(preset or "default")).stem).rstrip("/")
    results = relocated(results)
    return _expand_results(settings | {"results": results}, results)


def with_added_classes(settings: dict) -> dict:
    """Return settings in which ``added_classes`` holds the rows of ``class_table`` too, all checked.

    The pictures of those in the run join ``labeller.pictures.folders``, on which alone the labeller depends.

    Raises
    ------
    ObjectsoundsError
        One sentence naming the key or the table's line, its value and the remedy.
    """
    from objectsounds.config.validation import check_schema

    check_schema(settings, read_schema())
    settings = merge(settings, {})
    settings["added_classes"] = merged_added(settings)
    pictures = settings["labeller"]["pictures"]
    pictures["folders"] = added_pictures(settings) | pictures["folders"]
    return settings


def validate(settings: dict) -> None:
    """Check settings against the schema and the rules that a schema cannot say.

    Raises
    ------
    ObjectsoundsError
        One sentence naming the key, its value and what is allowed.
    """
    from objectsounds.config.validation import check_halving, check_videos

    check_videos(settings)
    for section in ("unet", "co_separation", "sound_of_pixels"):
        check_halving(settings, section)
    unseen = [item.name for item in classes_of(settings) if not item.imagenet]
    if unseen and settings["labeller"]["kind"] == "imagenet":
        raise ObjectsoundsError(
            f"classes: ImageNet knows no {unseen[0]}; take it out, or set labeller.kind: pictures and give "
            "labelled pictures of the objects (or, where ImageNet knows it, its indices in class_table)."
        )
    check_external(settings["external"])
    register(settings["external"])
    _check_downloads(settings)
    experiments = settings["experiments"]
    named = {key: settings[key] for key in ("methods", "variant_methods")}
    named["experiments.methods"] = experiments["methods"]
    for name, item in experiments["variants"].items():
        named[f"experiments.variants.{name}.methods"] = item["methods"]
    for key, names in named.items():
        for name in names:
            if name not in METHODS:
                raise ObjectsoundsError(f"{key}: {no_such_method(name)}")
    _check_denoise(settings)
    for name, overrides in settings["variants"].items():
        _check_variant(settings, name, overrides)
    for name, item in experiments["variants"].items():
        _check_variant(settings, name, item["overrides"])


def _check_downloads(settings: dict) -> None:
    kind = settings["catalogue"]["kind"]
    if settings["clips"]["download"]["enabled"] and not KINDS[kind].downloads:
        raise ObjectsoundsError(
            f"clips.download.enabled: the ids or times of {kind} are of its own files, so none can be "
            "downloaded by them; set it to false, and let clips.media name the folder of the data set's "
            "videos."
        )


def _check_denoise(settings: dict) -> None:
    for name in settings["denoise"]["dictionaries"]:
        if name not in DICTIONARIES:
            raise ObjectsoundsError(
                f"denoise.dictionaries: unknown dictionary {name!r}; allowed are {', '.join(DICTIONARIES)}."
            )
    for stem, names in settings["denoise"]["objects"].items():
        for name in names:
            if name not in settings["classes"]:
                raise ObjectsoundsError(
                    f"denoise.objects.{stem}: {name!r} is none of this run's objects; "
                    f"allowed are {', '.join(settings['classes'])}."
                )


def _check_variant(settings: dict, name: str, overrides: dict) -> None:
    from objectsounds.config.validation import check_schema

    if name == "default":
        raise ObjectsoundsError("variants: 'default' is the run itself; choose another name.")
    foreign = [section for section in overrides if section not in VARIANT_SECTIONS]
    if foreign:
        raise ObjectsoundsError(
            f"variants.{name}: a variant cannot change {foreign[0]!r}; "
            f"it may change {', '.join(VARIANT_SECTIONS)}."
        )
    if any(name == seed_variant(settings, seed) for seed in settings["seeds"]):
        raise ObjectsoundsError(
            f"variants.{name}: {name!r} is what one of seeds is called; choose another name."
        )
    known = read_schema()["properties"]
    touched = {section: known[section] for section in overrides}
    changed = merge({section: settings[section] for section in overrides}, overrides)
    check_schema(changed, {"properties": touched}, where=f"variants.{name}: ")


def _pick(settings: dict, keys: list[str]) -> dict:
    picked: dict = {}
    for key in keys:
        *sections, leaf = key.split(".")
        source, target = settings, picked
        for section in sections:
            source, target = source[section], target.setdefault(section, {})
        target[leaf] = source[leaf]
    return picked


def of_variant(settings: dict, variant: str) -> dict:
    """Return the settings with a variant's overrides applied; ``default`` has none."""
    return settings if variant == "default" else merge(settings, overrides_of(settings, variant))


def overrides_of(settings: dict, variant: str) -> dict:
    """Return the overrides of a variant of the run, of its experiments, or else of one of its seeds."""
    if variant in settings["variants"]:
        return settings["variants"][variant]
    compared = settings.get("experiments", {}).get("variants", {})  # no job of the run itself is told these
    if variant in compared:
        return compared[variant]["overrides"]
    return {"seed": int(variant.removeprefix(SEED))}


def seed_variant(settings: dict, seed: int) -> str:
    """Return the variant that has a seed in place of the run's: ``seed<number>``, ``default`` for its own."""
    return "default" if seed == settings["seed"] else f"{SEED}{seed}"


def of_seeds(settings: dict, name: str) -> list[str]:
    """Return the names under which a method is run with each of ``seeds``: its own where it draws nothing."""
    if not method_of(name).draws:
        return [name]
    variants = (seed_variant(settings, seed) for seed in settings["seeds"])
    return [name if variant == "default" else f"{name}@{variant}" for variant in variants]


def _with_seeds(settings: dict, names: list[str]) -> list[str]:
    """Return methods, and after them those of each further seed."""
    repeated = [of_seeds(settings, name) for name in names if "@" not in name] if settings["seeds"] else []
    return list(dict.fromkeys(names + [name for seeds in repeated for name in seeds]))


def run_methods(settings: dict) -> list[str]:
    """Return the methods of the run: those configured, those of each variant, and of each further seed."""
    variants = [f"{name}@{v}" for v in settings["variants"] for name in settings["variant_methods"]]
    return _with_seeds(settings, _compared(settings, settings["methods"] + variants))


def _compared(settings: dict, names: list[str]) -> list[str]:
    """Return methods, with ``mixtures.objects`` beside each guided one its twin with the true objects."""
    return with_twins(names) if settings["mixtures"]["objects"] else names


def experiment_methods(settings: dict) -> list[str]:
    """Return the methods of the target ``tables``: those of the run, then those of its experiments."""
    experiments = settings["experiments"]
    variants = [f"{n}@{v}" for v, item in experiments["variants"].items() for n in item["methods"]]
    added = _with_seeds(settings, _compared(settings, experiments["methods"] + variants))
    return list(dict.fromkeys(run_methods(settings) + added))


def stage_settings(settings: dict, stage: str, variant: str = "default", extra: tuple[str, ...] = ()) -> dict:
    """Return just the keys that a stage depends on, so that its rule reruns when one of them changes."""
    return _pick(of_variant(settings, variant), STAGE_KEYS[stage] + list(extra))


def canonical(settings: dict) -> str:
    """Return settings as JSON with sorted keys: equal settings give equal text."""
    return json.dumps(settings, sort_keys=True, separators=(",", ":"))


def trusts(settings: dict, variant: str) -> bool:
    """True if the solo clips of a variant are those that a dictionary is made of."""
    return of_variant(settings, variant)["solos"]["supervision"] == "trusted"


def dictionary_keys(dictionary: str) -> tuple[str, ...]:
    """Return the keys of a dictionary beyond its stage's."""
    source = DICTIONARIES[dictionary]
    keys = tuple(f"dictionary.{section}" for section in source.sections)
    return keys if source.as_published else keys + TRANSPOSING


def shared_variant(settings: dict, stage: str, variant: str, extra: tuple[str, ...] = ()) -> str:
    """Return ``default`` if the variant changes nothing that the stage or a stage before it depends on."""
    stages = [stage]
    for name in stages:
        stages.extend(UPSTREAM[name])
        if name == "solos" and trusts(settings, variant):
            stages.append("dictionary")
            extra = dictionary_keys(TRUSTED)
    for name in stages:
        keys = extra if name == "dictionary" else ()
        if stage_settings(settings, name, variant, keys) != stage_settings(settings, name, "default", keys):
            return variant
    return "default"


def stage_version(stage: str, folder: str = "stages") -> int:
    """Return a stage module's ``STAGE_VERSION``, read from its text: importing it would take seconds."""
    text = (PACKAGE / folder / f"{stage}.py").read_text(encoding="utf-8")
    (version,) = re.findall(r"^STAGE_VERSION = (\d+)$", text, re.MULTILINE)
    return int(version)
