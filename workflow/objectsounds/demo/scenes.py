"""From a planned scene to pixels: paint it once, then let the camera move over it."""

from collections.abc import Iterator

import cv2
import numpy as np

from objectsounds.demo.distractors import DISTRACTORS
from objectsounds.demo.drawings import DRAWINGS
from objectsounds.demo.layout import WORLD
from objectsounds.demo.pen import Pen, colour

DETAIL = 1.25  # a painted unit, in picture sizes
LEAST_CHANGE = 8  # of 255: more than the lens blurs around an object
GRAIN = 32  # pixels by which the noise field is larger than a picture, to shift it from frame to frame


def _background(plan: dict, seed: int, height: int, width: int) -> np.ndarray:
    """Paint wall, floor and texture; shape=(height, width, 3), float32."""
    rng = np.random.default_rng(seed)
    upper, lower = (np.array(colour(*wall), np.float32) for wall in plan["wall"])
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    canvas = np.repeat(upper * (1 - down) + lower * down, width, axis=1)
    if plan["stripes"]:
        wave = np.sin(np.linspace(0, 2 * np.pi * plan["stripes"], width, dtype=np.float32))
        canvas += 8 * np.sign(wave)[None, :, None]
    floor = int(height * plan["horizon"] / WORLD[1])
    canvas[floor:] = np.array(colour(*plan["floor"]), np.float32)
    cells = rng.standard_normal((plan["grain"], 2 * plan["grain"])).astype(np.float32)
    mottle = cv2.resize(cells, (width, height), interpolation=cv2.INTER_CUBIC)
    return canvas + plan["mottle"] * mottle[:, :, None]


def _lit(canvas: np.ndarray, light: dict) -> np.ndarray:
    """Apply gain, slope and colour cast of the light; returns uint8."""
    height, width = canvas.shape[:2]
    across = np.linspace(-1, 1, width, dtype=np.float32)[None, :] * np.float32(np.cos(light["angle"]))
    down = np.linspace(-1, 1, height, dtype=np.float32)[:, None] * np.float32(np.sin(light["angle"]))
    gains = light["gain"] * (1 + light["slope"] * (across + down))
    lit = canvas * gains[:, :, None] * np.array(light["cast"], np.float32)
    return np.clip(lit, 0, 255).astype(np.uint8)


def paint(scene: dict, size: int) -> np.ndarray:
    """Paint a whole scene for pictures of ``size`` pixels.

    Returns
    -------
    np.ndarray [shape=(height, width, 3), dtype=uint8]
        RGB; one unit is ``DETAIL * size`` pixels.
    """
    unit = DETAIL * size
    height, width = round(WORLD[1] * unit), round(WORLD[0] * unit)
    ground = _background(scene["background"], scene["seed"], height, width)
    canvas = np.clip(ground, 0, 255).astype(np.uint8)
    for item in scene["items"]:
        draw = DRAWINGS.get(item["name"]) or DISTRACTORS[item["name"]]
        centre = item["x"] * unit, item["y"] * unit
        draw(Pen(canvas, centre, item["size"] * unit, item["angle"], item["flip"]), item["numbers"])
    canvas = _lit(canvas, scene["light"])
    return cv2.GaussianBlur(canvas, (0, 0), max(0.3, scene["light"]["blur"] * unit))


def _camera(points: list, progress: float) -> tuple[float, float, float]:
    """Return (x, y, view) at ``progress`` in 0..1, easing in and out of every point."""
    if len(points) == 1:
        return tuple(points[0])
    place = min(progress, 1 - 1e-9) * (len(points) - 1)
    index = int(place)
    ease = 0.5 - 0.5 * np.cos(np.pi * (place - index))
    start, stop = np.array(points[index]), np.array(points[index + 1])
    return tuple(start + ease * (stop - start))


def _view(canvas: np.ndarray, look: tuple[float, float, float], size: int) -> np.ndarray:
    """Cut the camera's view out of the painted scene, shape=(size, size, 3)."""
    x, y, view = look
    unit = DETAIL * size
    step = view * unit / size
    matrix = np.float32([[step, 0, (x - view / 2) * unit], [0, step, (y - view / 2) * unit]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(canvas, matrix, (size, size), flags=flags, borderMode=cv2.BORDER_REFLECT_101)


def frames(scene: dict, count: int, size: int) -> Iterator[np.ndarray]:
    """Film a scene along its camera's path.

    Yields
    ------
    np.ndarray [shape=(size, size, 3), dtype=uint8]
        RGB, ``count`` of them, each with its own noise and flicker.
    """
    rng = np.random.default_rng(scene["seed"] + 1)
    canvas = paint(scene, size)
    noise = rng.normal(0, scene["light"]["noise"], (size + GRAIN, size + GRAIN, 3)).astype(np.int16)
    for index in range(count):
        seen = _view(canvas, _camera(scene["camera"], index / max(1, count - 1)), size)
        top, left = rng.integers(0, GRAIN, 2)
        gain = 1 + scene["light"]["flicker"] * rng.standard_normal()
        seen = cv2.convertScaleAbs(seen, alpha=gain) + noise[top : top + size, left : left + size]
        yield np.clip(seen, 0, 255).astype(np.uint8)


def seen_part(scene: dict, name: str, progress: float, size: int) -> np.ndarray:
    """Return which pixels show an object, bool [shape=(size, size)], at ``progress`` in 0..1 of the film.

    They are those that change when the object is left out: not what stands before it.
    """
    without = scene | {"items": [item for item in scene["items"] if item["name"] != name]}
    both = (paint(part, size).astype(np.int16) for part in (scene, without))
    changed = np.abs(np.subtract(*both)).max(axis=2) > LEAST_CHANGE
    return _view(changed.astype(np.uint8), _camera(scene["camera"], progress), size) > 0


def picture(scene: dict, size: int) -> np.ndarray:
    """Return the first view of a scene, shape=(size, size, 3), RGB uint8."""
    return next(frames(scene, 1, size))
