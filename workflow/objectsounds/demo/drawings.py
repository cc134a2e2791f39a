"""Drawings of the objects. Each takes a pen and twelve numbers in 0..1 that vary it."""

import numpy as np

from objectsounds.demo.pen import Pen, colour, shade, spline

STRING = (215, 210, 195)
DARK = (28, 24, 22)


def _case(u: list[float]) -> tuple[int, int, int]:
    """Return a lacquer: black, brown, white, or a colour."""
    if u[0] < 0.5:
        return colour(0.07, 0.3, 0.1 + 0.12 * u[1])
    if u[0] < 0.85:
        return colour(0.03 + 0.06 * u[1], 0.65, 0.25 + 0.3 * u[2])
    return colour(u[1], 0.15 + 0.6 * u[2], 0.55 + 0.4 * u[1])


def _wood(u: list[float]) -> tuple[int, int, int]:
    return colour(0.03 + 0.075 * u[0], 0.45 + 0.45 * u[1], 0.35 + 0.6 * u[2])


def _metal(u: list[float]) -> tuple[int, int, int]:
    if u[0] < 0.5:
        return colour(0.6, 0.05 + 0.08 * u[1], 0.65 + 0.3 * u[2])
    return colour(0.12 + 0.02 * u[1], 0.5 + 0.2 * u[1], 0.65 + 0.3 * u[2])


def _upright(pen: Pen, u: list[float]) -> None:
    case = _case(u[1:])
    top = -0.42 + 0.12 * u[4]
    pen.box(-0.46, top, 0.46, 0.42, case)
    pen.box(-0.49, top - 0.03, 0.49, top + 0.02, shade(case, 0.7))
    pen.box(-0.38, top + 0.07, 0.38, -0.06, shade(case, 1.25))
    if u[5] < 0.6:
        pen.box(-0.12, top + 0.1, 0.12, -0.04, (225, 222, 205))
    pen.box(-0.38, 0.19, 0.38, 0.38, shade(case, 1.15))
    pen.box(-0.5, 0.0, 0.5, 0.13, shade(case, 0.8))
    pen.keyboard(-0.44, 0.01, 0.44, 0.1, 14 + int(10 * u[6]), vertical=False)
    for side in (-0.45, 0.41):
        pen.box(side, 0.13, side + 0.05, 0.46, shade(case, 0.65))
    for pedal in (-0.05, 0.0, 0.05):
        pen.ellipse(pedal, 0.42, 0.015, 0.012, (200, 165, 70))


def _grand(pen: Pen, u: list[float]) -> None:
    case = _case(u[1:])
    lid = 0.2 + 0.25 * u[4]
    pen.polygon([(-0.34, -0.04), (-0.3, -0.04 - lid), (0.28, -0.14 - lid), (0.5, -0.02)], shade(case, 1.3))
    pen.line([(0.12, 0.0), (0.16, -0.1 - lid * 0.8)], 0.012, shade(case, 0.6))
    pen.polygon([(-0.44, -0.04), (0.5, -0.04), (0.49, 0.08), (0.36, 0.12), (-0.44, 0.12)], case)
    pen.box(-0.36, -0.035, 0.47, -0.005, (190, 150, 70))
    pen.box(-0.5, 0.02, -0.02, 0.14, shade(case, 0.75))
    pen.keyboard(-0.47, 0.035, -0.05, 0.115, 10 + int(6 * u[5]), vertical=False)
    for leg in (-0.42, -0.08, 0.38):
        pen.polygon(
            [(leg, 0.12), (leg + 0.07, 0.12), (leg + 0.05, 0.44), (leg + 0.02, 0.44)], shade(case, 0.8)
        )
    pen.line([(-0.24, 0.14), (-0.24, 0.4)], 0.02, shade(case, 0.6))


def piano(pen: Pen, u: list[float]) -> None:
    """Draw an upright or a grand piano."""
    (_upright if u[0] < 0.55 else _grand)(pen, u)


def accordion(pen: Pen, u: list[float]) -> None:
    """Draw an accordion, its bellows more or less open."""
    case = _case([0.6 + 0.4 * u[0], u[1], u[2]])
    opening = 0.06 + 0.12 * u[3]
    height = 0.27 + 0.08 * u[4]
    folds = 6 + int(6 * u[5])
    bellows = colour(u[6], 0.5 * u[7], 0.12 + 0.5 * u[8])
    edges = np.linspace(-0.14 - opening, 0.14 + opening, 2 * folds + 1)
    for index in range(2 * folds):
        outer = height * (0.97 if index % 2 else 0.9)
        pen.box(edges[index], -outer, edges[index + 1], outer, shade(bellows, 1.5 if index % 2 else 0.7))
    left, right = edges[0], edges[-1]
    pen.polygon(
        [(left - 0.16, -height * 0.85), (left, -height), (left, height), (left - 0.16, height * 0.85)], case
    )
    pen.polygon([(right, -height), (right + 0.14, -height), (right + 0.14, height), (right, height)], case)
    for row in range(3):
        for button in range(7):
            spot = left - 0.13 + 0.04 * row, height * (-0.66 + 0.22 * button)
            pen.ellipse(*spot, 0.012, 0.012, (230, 228, 220))
    for slot in range(5):
        at = height * (-0.7 + 0.35 * slot)
        pen.line([(right + 0.03, at), (right + 0.11, at)], 0.016, shade(case, 0.5))
    pen.keyboard(right + 0.14, -height * 1.02, right + 0.22, height * 1.02, 10 + int(6 * u[9]), vertical=True)


def acoustic_guitar(pen: Pen, u: list[float]) -> None:
    """Draw an acoustic guitar, its neck upwards."""
    top = _wood([0.4 + 0.6 * u[0], u[1], 0.5 + 0.5 * u[2]]) if u[3] < 0.85 else _case(u[4:])
    lower, upper, waist = 0.19 + 0.03 * u[5], 0.14 + 0.02 * u[6], 0.105 + 0.02 * u[7]
    half = [(0.0, -0.05), (upper * 0.75, -0.035), (upper, 0.05), (waist, 0.15), (lower * 0.9, 0.24)]
    half += [(lower, 0.34), (lower * 0.75, 0.45), (0.0, 0.49)]
    outline = half + [(-x, y) for x, y in half[-2:0:-1]]
    pen.polygon(spline([(1.05 * x, 1.02 * y) for x, y in outline]), shade(top, 0.5))
    pen.polygon(spline(outline), top)
    if u[8] < 0.4:
        pen.polygon(spline([(0.05, 0.14), (0.12, 0.2), (0.1, 0.3), (0.04, 0.24)]), shade(top, 0.3))
    pen.ellipse(0.0, 0.14, 0.068, 0.068, shade(top, 0.75))
    pen.ellipse(0.0, 0.14, 0.055, 0.055, DARK)
    pen.box(-0.09, 0.325, 0.09, 0.35, shade(top, 0.35))
    pen.box(-0.026, -0.37, 0.026, 0.1, shade(top, 0.4))
    for fret in range(9):
        pen.line([(-0.026, -0.36 + 0.045 * fret), (0.026, -0.36 + 0.045 * fret)], 0.003, STRING)
    pen.polygon([(-0.028, -0.37), (-0.042, -0.49), (0.042, -0.49), (0.028, -0.37)], shade(top, 0.55))
    for peg in range(3):
        for side in (-0.052, 0.052):
            pen.ellipse(side, -0.47 + 0.035 * peg, 0.012, 0.009, STRING)
    for string in np.linspace(-0.018, 0.018, 4 + 2 * (u[9] < 0.5)):
        pen.line([(string, -0.42), (string * 1.4, 0.335)], 0.002, STRING)


def _fiddle(pen: Pen, u: list[float], width: float, neck: float) -> None:
    """Draw a violin's or cello's body, neck and scroll; ``neck`` is where the body begins."""
    top = colour(0.02 + 0.06 * u[0], 0.65 + 0.3 * u[1], 0.3 + 0.45 * u[2])
    length = 0.46 - neck
    shape = [(0, 0), (0.66, 0.03), (0.84, 0.16), (0.8, 0.28), (0.86, 0.34), (0.58, 0.42), (0.54, 0.52)]
    shape += [(0.62, 0.62), (0.92, 0.66), (0.9, 0.72), (1.0, 0.84), (0.76, 0.97), (0, 1.0)]
    half = [(width * x, neck + length * y) for x, y in shape]
    outline = half + [(-x, y) for x, y in half[-2:0:-1]]
    pen.polygon(spline([(1.06 * x, y * 1.01) for x, y in outline], 5), shade(top, 0.4))
    pen.polygon(spline(outline, 5), top)
    for side in (-1, 1):
        hole = [(0.3, 0.42), (0.26, 0.46), (0.36, 0.58), (0.44, 0.68), (0.38, 0.71)]
        pen.line([(side * width * x, neck + length * y) for x, y in hole], 0.011, DARK)
    pen.polygon(
        [(-0.018, -0.38), (0.018, -0.38), (0.032, neck + 0.42 * length), (-0.032, neck + 0.42 * length)], DARK
    )
    pen.polygon(
        [(-0.02, neck + 0.7 * length), (0.02, neck + 0.7 * length), (0.035, 0.45), (-0.035, 0.45)], DARK
    )
    pen.box(-0.06, neck + 0.58 * length, 0.06, neck + 0.6 * length, (205, 175, 120))
    pen.box(-0.02, -0.45, 0.02, -0.38, shade(top, 0.5))
    pen.ellipse(0.0, -0.465, 0.03, 0.03, shade(top, 0.45))
    for peg in (-0.44, -0.405):
        pen.line([(-0.055, peg), (0.055, peg + 0.012)], 0.012, DARK)
    for string in (-0.014, -0.005, 0.005, 0.014):
        pen.line([(string, -0.4), (string * 2, neck + 0.7 * length)], 0.002, STRING)


def _bow(pen: Pen, u: list[float]) -> None:
    x, lean = 0.26 + 0.1 * u[10], 0.3 * (u[11] - 0.5)
    pen.line([(x - lean, -0.42), (x + lean, 0.42)], 0.014, colour(0.05, 0.7, 0.3))
    pen.line([(x - lean + 0.025, -0.41), (x + lean + 0.025, 0.4)], 0.008, (225, 222, 210))
    pen.box(x + lean - 0.005, 0.36, x + lean + 0.035, 0.41, DARK)


def violin(pen: Pen, u: list[float]) -> None:
    """Draw a violin, its scroll upwards, mostly with a bow beside it."""
    _fiddle(pen, u, 0.17 + 0.03 * u[3], -0.08 + 0.04 * u[4])
    pen.ellipse(-0.09, 0.42, 0.055, 0.035, DARK)
    if u[9] < 0.7:
        _bow(pen, u)


def cello(pen: Pen, u: list[float]) -> None:
    """Draw a cello on its endpin."""
    pen.line([(0.0, 0.44), (0.0, 0.56)], 0.014, (60, 60, 64))
    _fiddle(pen, u, 0.23 + 0.03 * u[3], -0.16 + 0.03 * u[4])
    if u[9] < 0.35:
        _bow(pen, u)


def _barrel(pen: Pen, x: float, top: float, rx: float, height: float, shell: tuple, u: list[float]) -> None:
    """Draw one drum seen a little from above."""
    ry = rx * (0.2 + 0.2 * u[0])
    pen.ellipse(x, top + height, rx, ry, shade(shell, 0.7))
    pen.box(x - rx, top, x + rx, top + height, shell)
    pen.box(x - rx, top, x - rx * 0.55, top + height, shade(shell, 0.75))
    rods = 5 + int(4 * u[1])
    for rod in np.linspace(-0.92, 0.92, rods):
        foot = top + height + ry * np.sqrt(1 - rod**2)
        if u[2] < 0.4:
            pen.line(
                [(x + rx * rod, top), (x + rx * (rod + 1.4 / rods), foot - 0.01)], 0.012, (232, 226, 205)
            )
        pen.line([(x + rx * rod, top), (x + rx * rod, foot)], 0.01, (205, 205, 210))
    pen.ellipse(x, top, rx * 1.04, ry * 1.06, (185, 185, 190) if u[3] < 0.6 else shade(shell, 0.5))
    pen.ellipse(x, top, rx * 0.95, ry * 0.93, colour(0.12, 0.08 + 0.2 * u[4], 0.75 + 0.2 * u[5]))


def _kit(pen: Pen, u: list[float], shell: tuple) -> None:
    for x, y, lean in ((-0.4, -0.3, 0.02), (0.4, -0.36, -0.02)):
        pen.line([(x, y), (x * 0.9, 0.45)], 0.012, (170, 170, 175))
        pen.polygon(
            spline([(x - 0.15, y + lean), (x, y - 0.025), (x + 0.15, y - lean), (x, y + 0.02)]),
            (212, 178, 82),
        )
    _barrel(pen, -0.14, -0.16, 0.12, 0.13, shell, u)
    _barrel(pen, 0.14, -0.16, 0.12, 0.13, shell, u)
    _barrel(pen, 0.34, 0.1, 0.13, 0.2, shell, u)
    _barrel(pen, -0.36, 0.1, 0.12, 0.09, shade(shell, 1.2), u)
    pen.ellipse(0.0, 0.2, 0.25, 0.25, shade(shell, 0.6))
    pen.ellipse(0.0, 0.2, 0.215, 0.215, (226, 222, 212) if u[6] < 0.6 else (40, 40, 44))
    pen.ellipse(0.0, 0.2, 0.07, 0.07, shell)


def drum(pen: Pen, u: list[float]) -> None:
    """Draw a side drum with sticks, a drum kit, or a hand drum."""
    shell = _case([0.75 + 0.25 * u[7], u[8], u[9]]) if u[7] < 0.75 else _wood(u[8:])
    if u[10] < 0.4:
        _barrel(pen, 0.0, -0.14, 0.36, 0.22 + 0.2 * u[6], shell, u)
        for end in (-0.16, 0.12):
            pen.line([(end, -0.13), (end + 0.3 * (u[11] - 0.3), -0.46)], 0.02, (205, 165, 105))
    elif u[10] < 0.75:
        _kit(pen, u, shell)
    else:
        waist = 0.1 + 0.12 * u[6]
        pen.polygon(
            [(-0.24, -0.3), (0.24, -0.3), (waist, 0.12), (0.17, 0.46), (-0.17, 0.46), (-waist, 0.12)], shell
        )
        for cord in np.linspace(-0.22, 0.22, 9):
            pen.line([(cord, -0.3), (cord * waist / 0.24, 0.12)], 0.01, (225, 215, 190))
        pen.ellipse(0.0, -0.3, 0.25, 0.07 + 0.05 * u[0], shade(shell, 0.6))
        pen.ellipse(0.0, -0.3, 0.225, 0.06 + 0.045 * u[0], (228, 212, 180))


def flute(pen: Pen, u: list[float]) -> None:
    """Draw a flute, lying across."""
    tube = _metal(u) if u[3] < 0.75 else _wood(u[4:]) if u[3] < 0.9 else (40, 36, 38)
    half = 0.021 + 0.012 * u[5]
    pen.box(-0.5, -half, 0.5, half, shade(tube, 0.75))
    pen.box(-0.5, -half, 0.5, -half * 0.1, tube)
    pen.box(-0.5, -half * 0.8, 0.5, -half * 0.45, shade(tube, 1.35))
    for joint in (-0.26, 0.32):
        pen.box(joint - 0.012, -half * 1.3, joint + 0.012, half * 1.3, shade(tube, 0.6))
    pen.ellipse(-0.37, 0.0, 0.05, half * 1.7, shade(tube, 1.2))
    pen.ellipse(-0.37, 0.0, 0.016, half * 0.7, DARK)
    for key in np.linspace(-0.16, 0.27, 8 + int(4 * u[6])):
        pen.ellipse(key, -half * 0.3, 0.018, half * 1.25, shade(tube, 0.45))
        pen.ellipse(key, -half * 0.3, 0.013, half * 0.9, shade(tube, 1.1))
    pen.line([(-0.18, half * 1.2), (0.3, half * 1.2)], 0.006, shade(tube, 0.5))


def saxophone(pen: Pen, u: list[float]) -> None:
    """Draw a saxophone."""
    tube = colour(0.11 + 0.03 * u[0], 0.55 + 0.25 * u[1], 0.6 + 0.35 * u[2])
    path = [(-0.3, -0.4), (-0.16, -0.46), (-0.08, -0.4), (-0.03, 0.0), (0.0, 0.3), (0.09, 0.42), (0.19, 0.36)]
    path += [(0.22, 0.2), (0.25, 0.02)]
    widths = np.linspace(0.03, 0.12, len(path) - 1)
    for index, width in enumerate(widths):
        pen.line(path[index : index + 2], width + 0.02, shade(tube, 0.55))
    for index, width in enumerate(widths):
        pen.line(path[index : index + 2], width, tube)
    pen.polygon([(0.17, 0.1), (0.3, 0.1), (0.4, -0.08), (0.12, -0.06)], tube)
    pen.ellipse(0.26, -0.07, 0.14, 0.04, shade(tube, 0.5))
    pen.line([(-0.36, -0.36), (-0.28, -0.41)], 0.045, DARK)
    for key in range(7):
        pen.ellipse(-0.045 + 0.008 * key, -0.25 + 0.09 * key, 0.026, 0.024, shade(tube, 1.3))


DRAWINGS = {
    "accordion": accordion,
    "acoustic_guitar": acoustic_guitar,
    "cello": cello,
    "drum": drum,
    "flute": flute,
    "piano": piano,
    "saxophone": saxophone,
    "violin": violin,
}
