"""Seeded scenes: what stands where, in what light, and how the camera moves over it."""

import numpy as np

from objectsounds.demo.distractors import DISTRACTORS

WORLD = (2.0, 1.15)  # width and height of a scene, in units; a camera view spans about one unit
CARRIED = ("accordion", "acoustic_guitar", "flute", "saxophone", "violin")  # seen at any slant
LONG = ("flute",)
FRONT = ("panel", "plant", "pot", "person", "vase", "lamp", "table")


def _numbers(rng: np.random.Generator) -> list[float]:
    return [float(number) for number in rng.random(12)]


def _object(rng: np.random.Generator, name: str, x: float) -> dict:
    slant = 20 if name in CARRIED else 5
    return {
        "name": name,
        "x": x,
        "y": rng.uniform(0.45, 0.7),
        "size": rng.uniform(0.55, 0.85) * (1.15 if name in LONG else 1.0),
        "angle": rng.normal(0, slant),
        "flip": bool(rng.random() < 0.5),
        "numbers": _numbers(rng),
    }


def _distractor(rng: np.random.Generator, name: str, x: float, y: float, size: float) -> dict:
    return {
        "name": name,
        "x": x,
        "y": y,
        "size": size,
        "angle": rng.uniform(-90, 90) if name == "stick" else rng.normal(0, 5),
        "flip": bool(rng.random() < 0.5),
        "numbers": _numbers(rng),
    }


def _behind(rng: np.random.Generator) -> list[dict]:
    """Draw what stands behind the objects."""
    items = []
    for _ in range(int(rng.integers(0, 4))):
        name = str(rng.choice(sorted(DISTRACTORS)))
        x, y = rng.uniform(0.05, WORLD[0] - 0.05), rng.uniform(0.25, 0.85)
        items.append(_distractor(rng, name, x, y, rng.uniform(0.2, 0.5)))
    return items


def _before(rng: np.random.Generator, seen: dict) -> list[dict]:
    """Draw what hides part of an object, if anything does."""
    if rng.random() < 0.8:
        return []
    turn, reach = rng.uniform(0, 2 * np.pi), seen["size"] * rng.uniform(0.28, 0.48)
    x, y = seen["x"] + reach * np.cos(turn), seen["y"] + 0.8 * reach * np.sin(turn)
    return [_distractor(rng, str(rng.choice(FRONT)), x, y, seen["size"] * rng.uniform(0.25, 0.5))]


def _look(rng: np.random.Generator, x: float, y: float, stray: float) -> list[float]:
    """Draw a camera point [x, y, view] that strays from (x, y) by up to ``stray`` views."""
    view = rng.uniform(0.7, 1.0)
    x, y = x + view * rng.uniform(-stray, stray), y + 0.5 * view * rng.uniform(-stray, stray)
    half = view / 2
    return [
        float(np.clip(x, half, WORLD[0] - half)),
        float(np.clip(y, half, max(half, WORLD[1] - half))),
        view,
    ]


def _background(rng: np.random.Generator) -> dict:
    return {
        "wall": [_hue_value(rng), _hue_value(rng)],
        "floor": _hue_value(rng),
        "horizon": rng.uniform(0.65, 1.05),
        "stripes": int(rng.integers(0, 40)) if rng.random() < 0.4 else 0,
        "mottle": rng.uniform(1, 8),
        "grain": int(rng.integers(3, 40)),
    }


def _hue_value(rng: np.random.Generator) -> list[float]:
    return [float(rng.random()), float(0.35 * rng.random()), float(0.2 + 0.75 * rng.random())]


def _light(rng: np.random.Generator) -> dict:
    return {
        "gain": rng.uniform(0.7, 1.1),
        "angle": rng.uniform(0, 2 * np.pi),
        "slope": rng.uniform(0, 0.3),
        "cast": [float(part) for part in rng.uniform(0.88, 1.12, 3)],
        "blur": rng.uniform(0.0005, 0.003),
        "noise": rng.uniform(1, 5),
        "flicker": rng.uniform(0.005, 0.04),
    }


def scene(rng: np.random.Generator, visible: list[str], *, still: bool = False) -> dict:
    """Draw a scene that shows the objects ``visible`` (at most two).

    Parameters
    ----------
    still : bool
        One view for a picture instead of a camera's path.

    Returns
    -------
    dict
        ``background, items`` (in drawing order), ``light, camera`` (points ``[x, y, view]`` in units,
        evenly spaced in time), ``seed`` (of texture and noise).
    """
    middle = WORLD[0] / 2
    if len(visible) == 2:
        places = [0.5 + rng.uniform(-0.14, 0.14), 1.5 + rng.uniform(-0.14, 0.14)]
    else:
        places = [middle + rng.uniform(-0.4, 0.4) for _ in visible]
    seen = [_object(rng, name, x) for name, x in zip(rng.permutation(visible).tolist(), places, strict=True)]
    front = [item for one in seen for item in _before(rng, one)]
    stops = [one for one in seen for _ in range(3)]  # so that the way from one to the other is short
    if rng.random() < 0.5:
        stops = stops[::-1]
    camera = [_look(rng, stop["x"], stop["y"], 0.15) for stop in (stops[:1] if still else stops)]
    return {
        "background": _background(rng),
        "items": [*_behind(rng), *seen, *front],
        "light": _light(rng),
        "camera": camera,
        "seed": int(rng.integers(2**31)),
    }
