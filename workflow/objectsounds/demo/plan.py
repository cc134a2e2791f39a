"""The seeded plan of the whole demo: every clip's notes and scene, every picture, as plain JSON data."""

import hashlib
import json
from collections import Counter

import numpy as np

from objectsounds.config.classes import chosen_classes
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.seeds import generator
from objectsounds.demo import layout
from objectsounds.demo.drawings import DRAWINGS
from objectsounds.synthesis import score
from objectsounds.synthesis.instruments import INSTRUMENTS

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
ID_LENGTH = 11
DASH_EVERY = 12  # one media id in so many begins with "-"
LONGER_EVERY = 12  # one media file in so many goes on before and after its clip
MARGIN = 3.0  # seconds before and after the clip in those
DUET_DIFFERENCE_DB = 4.0
OUT_OF_COMMON_RANGE = 0.7  # chance that a performance not bound to the common range leaves it
WRONG_OBJECT_EVERY = 3  # one off-screen clip in so many shows only an object that is silent
DECIMALS = 4


def possible_objects() -> list[str]:
    """Return the objects that the demo can both play and draw."""
    return sorted(set(INSTRUMENTS) & set(DRAWINGS))


def checked_objects(objects: list[str]) -> list[str]:
    """Return the configured objects if the demo can make them.

    Raises
    ------
    ObjectsoundsError
        If one cannot be played or drawn, or there are fewer than two different ones.
    """
    possible = possible_objects()
    for name in objects:
        if name not in possible:
            raise ObjectsoundsError(
                f"demo.objects: {name!r} can be neither played nor drawn; choose from {', '.join(possible)}."
            )
    if len(set(objects)) < 2 or len(set(objects)) != len(objects):
        raise ObjectsoundsError(f"demo.objects: name at least two, each once, not {', '.join(objects)!r}.")
    return list(objects)


def _kinds(demo: dict, split: str, rng: np.random.Generator) -> list[str]:
    """Return the kind of every clip of a split, in a seeded order."""
    if split == "test":
        solos = demo["test_clips_per_object"] * len(demo["objects"])
        return ["solo"] * solos + ["duet"] * demo["test_duets"]
    total = demo["train_clips"]
    kinds = ["duet"] * round(total * demo["duet_fraction"])
    kinds += ["silent_visible"] * round(total * demo["silent_visible_fraction"])
    kinds += ["offscreen"] * round(total * demo["offscreen_fraction"])
    kinds = (kinds + ["solo"] * total)[:total]
    return rng.permutation(kinds).tolist()


def _cast(kind: str, place: int, objects: list[str], rng: np.random.Generator) -> tuple[list, list]:
    """Return (sounding, visible) objects; ``place`` counts the clips of a kind, to use objects evenly."""
    first = objects[place % len(objects)]
    second = str(rng.choice([name for name in objects if name != first]))
    if kind == "solo":
        return [first], [first]
    if kind == "duet":
        return [first, second], [first, second]
    if kind == "silent_visible":
        return [first], [first, second]
    if place % WRONG_OBJECT_EVERY == WRONG_OBJECT_EVERY - 1:
        return [first], [second]
    return [first, second], [first]


def _media_ids(seed: int, count: int) -> list[str]:
    """Return ``count`` ids that differ in more than case, every twelfth beginning with a dash."""
    rng = generator(seed, "demo", "ids")
    ids, taken = [], set()
    while len(ids) < count:
        letters = rng.choice(list(ALPHABET), ID_LENGTH)
        letters[0] = "-" if len(ids) % DASH_EVERY == 1 else letters[0]
        name = "".join(letters)
        if name.lower() not in taken:
            taken.add(name.lower())
            ids.append(name)
    return ids


def _recording(
    seed: int, media_id: str, part: str, sounding: list[str], seconds: float, turns: Counter
) -> dict:
    """Plan one recording; ``turns`` counts performances per object: every second keeps the common range."""
    rng = generator(seed, "demo", "recording", media_id, part)
    performances = []
    for name in sounding:
        common = turns[name] % 2 == 0 or rng.random() > OUT_OF_COMMON_RANGE
        turns[name] += 1
        performances.append(score.performance(rng, name, seconds, bool(common)))
    if len(performances) == 2:
        difference = rng.uniform(-DUET_DIFFERENCE_DB, DUET_DIFFERENCE_DB)
        performances[1]["level_db"] = performances[0]["level_db"] + difference
    return {"part": part, "seconds": seconds, "performances": performances, "room": score.room(rng)}


def _clip(seed: int, demo: dict, media_id: str, kind: str, cast: tuple, longer: bool, turns: Counter) -> dict:
    sounding, visible = cast
    lengths = {"before": MARGIN, "clip": demo["seconds"], "after": MARGIN}
    if not longer:
        lengths = {"clip": demo["seconds"]}
    return {
        "media_id": media_id,
        "kind": kind,
        "sounding": sounding,
        "visible": visible,
        "start": MARGIN if longer else 0.0,
        "recordings": [
            _recording(seed, media_id, part, sounding, float(length), turns)
            for part, length in lengths.items()
        ],
        "scene": layout.scene(generator(seed, "demo", "scene", media_id), visible),
    }


def _pictures(seed: int, demo: dict) -> list[dict]:
    return [
        {
            "path": f"{split}/{name}/{index:03d}.png",
            "scene": layout.scene(generator(seed, "demo", "picture", split, name, index), [name], still=True),
        }
        for split, count in sorted(demo["pictures_per_object"].items())
        for name in demo["objects"]
        for index in range(count)
    ]


def _rounded(value):
    """Round every float of nested data, so that what is played is what the digest covers."""
    if isinstance(value, dict):
        return {str(key): _rounded(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(part) for part in value]
    if isinstance(value, float):
        return round(float(value), DECIMALS)
    return value


def make_plan(settings: dict) -> dict:
    """Plan the demo.

    Parameters
    ----------
    settings : dict
        ``seed`` and the section ``demo``.

    Returns
    -------
    dict
        ``clips``: {"train": [...], "test": [...]}, and ``pictures``; JSON data, floats to 4 decimals.
    """
    seed, demo = settings["seed"], settings["demo"]
    objects = checked_objects(demo["objects"])
    chosen_classes(objects)
    kinds = {
        split: _kinds(demo, split, generator(seed, "demo", "kinds", split)) for split in ("train", "test")
    }
    ids = _media_ids(seed, sum(map(len, kinds.values())))
    clips, turns = {}, Counter()
    for split, of_split in kinds.items():
        rng, places = generator(seed, "demo", "cast", split), Counter()
        clips[split] = []
        for index, kind in enumerate(of_split):
            cast = _cast(kind, places[kind], objects, rng)
            places[kind] += 1
            longer = index % LONGER_EVERY == LONGER_EVERY // 2
            clips[split].append(_clip(seed, demo, ids.pop(0), kind, cast, longer, turns))
    return _rounded({"clips": clips, "pictures": _pictures(seed, demo)})


def digest(plan: dict) -> str:
    """Return the SHA-256 of a plan as canonical JSON."""
    text = json.dumps(plan, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
