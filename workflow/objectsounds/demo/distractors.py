"""Drawings of what stands about in a scene without sounding: furniture, people, and look-alikes."""

import numpy as np

from objectsounds.demo.pen import Pen, colour, shade, spline


def _paint(u: list[float]) -> tuple[int, int, int]:
    return colour(u[0], 0.05 + 0.45 * u[1], 0.2 + 0.65 * u[2])


def table(pen: Pen, u: list[float]) -> None:
    """Draw a table."""
    wood = _paint([0.03 + 0.1 * u[0], u[1], u[2]])
    top = -0.15 + 0.2 * u[3]
    for leg in (-0.42, 0.36):
        pen.box(leg, top, leg + 0.06, 0.5, shade(wood, 0.7))
    pen.box(-0.5, top, 0.5, top + 0.08, wood)


def shelf(pen: Pen, u: list[float]) -> None:
    """Draw a bookshelf: rows of upright stripes, as a keyboard has."""
    wood = _paint([0.03 + 0.1 * u[0], u[1], u[2]])
    pen.box(-0.4, -0.5, 0.4, 0.5, wood)
    for row in range(3):
        low = -0.2 + 0.32 * row
        pen.box(-0.36, low - 0.26, 0.36, low, shade(wood, 0.4))
        for book in range(11):
            hue = (u[3] + 0.37 * book * (1 + u[4]) + 0.2 * row) % 1
            left = -0.35 + 0.063 * book
            pen.box(
                left, low - 0.16 - 0.09 * hue, left + 0.05, low, colour(hue, 0.5 * u[5], 0.35 + 0.55 * hue)
            )


def window(pen: Pen, u: list[float]) -> None:
    """Draw a window with its bars."""
    pen.box(-0.4, -0.5, 0.4, 0.5, (225, 222, 214))
    for left in (-0.36, 0.02):
        for top in (-0.46, 0.02):
            pen.box(
                left, top, left + 0.34, top + 0.44, colour(0.55 + 0.1 * u[0], 0.4 * u[1], 0.3 + 0.65 * u[2])
            )


def picture(pen: Pen, u: list[float]) -> None:
    """Draw a picture in a frame."""
    pen.box(-0.4, -0.3, 0.4, 0.3, _paint(u[6:]))
    pen.box(-0.34, -0.24, 0.34, 0.24, _paint(u))
    pen.ellipse(u[3] * 0.4 - 0.2, u[4] * 0.2 - 0.1, 0.12, 0.12, _paint(u[3:]))


def lamp(pen: Pen, u: list[float]) -> None:
    """Draw a standing lamp."""
    pen.line([(0, -0.2), (0, 0.48)], 0.025, (70, 66, 60))
    pen.ellipse(0, 0.48, 0.15, 0.03, (70, 66, 60))
    pen.polygon(
        [(-0.1, -0.5), (0.1, -0.5), (0.2, -0.18), (-0.2, -0.18)], _paint([u[0], 0.5 * u[1], 0.5 + 0.5 * u[2]])
    )


def person(pen: Pen, u: list[float]) -> None:
    """Draw a person, standing."""
    skin = colour(0.06, 0.3 + 0.4 * u[3], 0.35 + 0.6 * u[4])
    shirt, trousers = _paint(u), _paint(u[6:])
    for leg in (-0.09, 0.01):
        pen.box(leg, 0.08, leg + 0.08, 0.5, trousers)
    pen.polygon(spline([(-0.13, -0.24), (0.13, -0.24), (0.1, 0.12), (-0.1, 0.12)]), shirt)
    for side in (-1, 1):
        reach = 0.14 + 0.14 * u[5]
        pen.line(
            [(side * 0.12, -0.2), (side * reach, -0.04), (side * 0.1 * u[9], 0.02)], 0.05, shade(shirt, 0.85)
        )
    pen.ellipse(0, -0.37, 0.075, 0.095, skin)
    pen.polygon(
        spline([(-0.08, -0.38), (-0.05, -0.48), (0.05, -0.48), (0.08, -0.38), (0, -0.43)]), shade(skin, u[10])
    )


def stick(pen: Pen, u: list[float]) -> None:
    """Draw a rod, as thin as a flute."""
    half = 0.012 + 0.02 * u[3]
    pen.box(-0.5, -half, 0.5, half, _paint(u))
    pen.box(-0.5, -half * 0.7, 0.5, -half * 0.2, shade(_paint(u), 1.3))
    for band in range(int(5 * u[4])):
        pen.box(-0.4 + 0.17 * band, -half * 1.1, -0.36 + 0.17 * band, half * 1.1, shade(_paint(u), 0.5))


def pot(pen: Pen, u: list[float]) -> None:
    """Draw a pot or basket, as round as a drum."""
    clay = _paint(u)
    wide, ry = 0.3 + 0.1 * u[3], 0.06 + 0.08 * u[4]
    foot = wide * (0.6 + 0.4 * u[5])
    pen.ellipse(0, 0.35, foot, ry, shade(clay, 0.7))
    pen.polygon([(-wide, -0.2), (wide, -0.2), (foot, 0.35), (-foot, 0.35)], clay)
    pen.ellipse(0, -0.2, wide, ry, shade(clay, 1.2))
    pen.ellipse(0, -0.2, wide * 0.88, ry * 0.85, shade(clay, 0.35 + 0.8 * u[6]))


def radiator(pen: Pen, u: list[float]) -> None:
    """Draw a ribbed box, as striped as an accordion's bellows."""
    paint = _paint([u[0], 0.5 * u[1], u[2]])
    ribs = 8 + int(10 * u[3])
    edges = np.linspace(-0.45, 0.45, ribs + 1)
    for index in range(ribs):
        pen.box(edges[index], -0.3, edges[index + 1], 0.3, shade(paint, 1.15 if index % 2 else 0.7))


def vase(pen: Pen, u: list[float]) -> None:
    """Draw a vase with a waist and a long neck, as a fiddle has."""
    wide, waist = 0.17 + 0.05 * u[3], 0.06 + 0.08 * u[4]
    half = [(0.03, -0.45), (0.04, -0.15), (wide * 0.8, 0.0), (waist, 0.15), (wide, 0.32), (wide * 0.6, 0.47)]
    pen.polygon(spline(half + [(-x, y) for x, y in half[::-1]]), _paint(u))
    pen.line([(0, -0.35), (0.02, 0.4)], 0.02, shade(_paint(u), 1.3))


def plant(pen: Pen, u: list[float]) -> None:
    """Draw a plant in its pot."""
    leaf = colour(0.25 + 0.12 * u[0], 0.4 + 0.4 * u[1], 0.25 + 0.5 * u[2])
    for index, turn in enumerate(np.linspace(-1.3, 1.3, 7)):
        tip = 0.42 * np.sin(turn), 0.15 - (0.4 + 0.06 * (index % 3)) * np.cos(turn)
        side = 0.05 * np.cos(turn), 0.05 * np.sin(turn)
        middle = 0.5 * tip[0], 0.5 * (tip[1] + 0.15)
        pen.polygon(
            [
                (0, 0.17),
                (middle[0] - side[0], middle[1] - side[1]),
                tip,
                (middle[0] + side[0], middle[1] + side[1]),
            ],
            shade(leaf, 0.8 + 0.12 * (index % 3)),
        )
    pen.polygon([(-0.16, 0.15), (0.16, 0.15), (0.11, 0.5), (-0.11, 0.5)], _paint(u[4:]))


def panel(pen: Pen, u: list[float]) -> None:
    """Draw a plain board or cushion."""
    corner = 0.3 + 0.2 * u[3]
    pen.polygon(spline([(-corner, -0.4), (corner, -0.4), (corner, 0.4), (-corner, 0.4)]), _paint(u))


DISTRACTORS = {
    drawing.__name__: drawing
    for drawing in (table, shelf, window, picture, lamp, person, stick, pot, radiator, vase, plant, panel)
}
