"""Drawing in an item's own coordinates: a pen that moves, turns, sizes and mirrors what it draws."""

import colorsys

import cv2
import numpy as np

SUBPIXEL_BITS = 4
FINEST = 0.4  # pixels; OpenCV draws no line thinner than one, so finer ones would look too strong
BLACK_KEYS = (1, 1, 0, 1, 1, 1, 0)  # which white keys of an octave have a black one to their right


def colour(hue: float, saturation: float, value: float) -> tuple[int, int, int]:
    """Return an RGB colour (0..255) from hue, saturation and value in 0..1."""
    return tuple(round(255 * part) for part in colorsys.hsv_to_rgb(hue % 1, saturation, value))


def shade(rgb: tuple[int, int, int], factor: float) -> tuple[int, int, int]:
    """Return a colour made darker (below 1) or lighter (above 1)."""
    return tuple(int(min(255, max(0, part * factor))) for part in rgb)


def spline(points: list[tuple[float, float]], steps: int = 8) -> np.ndarray:
    """Return a closed Catmull-Rom curve through ``points``, shape=(len(points) * steps, 2)."""
    control = np.asarray(points, float)
    before, after, beyond = np.roll(control, 1, 0), np.roll(control, -1, 0), np.roll(control, -2, 0)
    t = np.linspace(0, 1, steps, endpoint=False)[None, :, None]
    a, b, c, d = (part[:, None, :] for part in (before, control, after, beyond))
    curve = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    return curve.reshape(-1, 2)


class Pen:
    """Draws on ``canvas`` in local coordinates, in which an item fills -0.5..0.5 both ways.

    Parameters
    ----------
    canvas : np.ndarray [shape=(height, width, 3), dtype=uint8]
    centre : tuple of float
        Place of the item's centre, in pixels.
    size : float
        Pixels for one local unit.
    angle : float
        Clockwise, in degrees.
    flip : bool
        Whether left and right are exchanged.
    """

    def __init__(
        self, canvas: np.ndarray, centre: tuple[float, float], size: float, angle: float, flip: bool
    ):
        self.canvas = canvas
        self.centre = np.asarray(centre, float)
        self.size = size
        turn = np.deg2rad(angle)
        rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        self.matrix = size * rotation @ np.diag([-1.0 if flip else 1.0, 1.0])

    def _pixels(self, points) -> np.ndarray:
        placed = np.asarray(points, float) @ self.matrix.T + self.centre
        return np.round(placed * 2**SUBPIXEL_BITS).astype(np.int32)[None]

    def polygon(self, points, fill: tuple) -> None:
        """Fill a closed outline."""
        cv2.fillPoly(self.canvas, self._pixels(points), fill, cv2.LINE_AA, SUBPIXEL_BITS)

    def line(self, points, width: float, stroke: tuple) -> None:
        """Draw an open line, ``width`` in local units; one too fine to be seen is left out."""
        if width * self.size < FINEST:
            return
        thickness = max(1, round(width * self.size))
        cv2.polylines(self.canvas, self._pixels(points), False, stroke, thickness, cv2.LINE_AA, SUBPIXEL_BITS)

    def box(self, left: float, top: float, right: float, bottom: float, fill: tuple) -> None:
        """Fill a rectangle."""
        self.polygon([(left, top), (right, top), (right, bottom), (left, bottom)], fill)

    def ellipse(self, x: float, y: float, rx: float, ry: float, fill: tuple) -> None:
        """Fill an ellipse."""
        turn = np.linspace(0, 2 * np.pi, 36, endpoint=False)
        self.polygon(np.column_stack([x + rx * np.cos(turn), y + ry * np.sin(turn)]), fill)

    def keyboard(
        self, left: float, top: float, right: float, bottom: float, keys: int, vertical: bool
    ) -> None:
        """Draw white and black piano keys; the black ones hang from the top (or the left) edge."""
        self.box(left, top, right, bottom, (238, 236, 228))
        start, stop = (top, bottom) if vertical else (left, right)
        step = (stop - start) / keys
        for key in range(1, keys):
            at = start + key * step
            ends = [(left, at), (right, at)] if vertical else [(at, top), (at, bottom)]
            self.line(ends, 0.003, (120, 120, 120))
            if BLACK_KEYS[key % 7]:
                half = 0.3 * step
                if vertical:
                    self.box(left, at - half, left + 0.6 * (right - left), at + half, (15, 15, 15))
                else:
                    self.box(at - half, top, at + half, top + 0.6 * (bottom - top), (15, 15, 15))
