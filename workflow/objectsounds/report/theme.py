"""The page's pictures in SVG follow the reader's choice of dark or light, as the page does.

Matplotlib writes fixed colours. Here each becomes a CSS variable with a value for either, and the
picture gets a ground of its own, so that it can also be read outside the page.
"""

import re
from pathlib import Path

from objectsounds.core.files import write_text

SIDES = ("width", "height")
GROUND = ("#ffffff", "#201e1b")
COLOURS = {  # as drawn: (on light, on dark)
    "#777777": ("#4d4842", "#c3bcb2"),
    "#1f77b4": ("#1a66a0", "#74b4ea"),
    "#d9822b": ("#b5560f", "#f0a05a"),
    "#ff7f0e": ("#b5560f", "#f0a05a"),
    "#2ca02c": ("#1f7a1f", "#6cc96c"),
    "#d62728": ("#b02021", "#f07f80"),
    "#9467bd": ("#7a4fa3", "#b896da"),
    "#b8b2a8": ("#c9c3b8", "#55504a"),
}


def _style() -> str:
    light, dark = (
        "".join(f"--c{i}:{pair[side]};" for i, pair in enumerate([GROUND, *COLOURS.values()]))
        for side in (0, 1)
    )
    return f"<style>:root{{{light}}}@media (prefers-color-scheme: dark){{:root{{{dark}}}}}</style>"


def themed(svg: str) -> str:
    """Return a picture of matplotlib's with the colours above in a light and a dark version."""
    for number, colour in enumerate(COLOURS, start=1):
        svg = svg.replace(colour, f"var(--c{number})")
    ground = '<rect width="100%" height="100%" style="fill: var(--c0)"/>'
    return re.sub(r"(<svg\b[^>]*>)", lambda match: match[1] + _style() + ground, svg, count=1)


def picture(path: Path, alt: str) -> dict:
    """Return what the page says of an SVG file in its media; ``width`` and ``height`` are in CSS pixels."""
    text = path.read_text(encoding="utf-8")
    width, height = (round(float(re.search(rf'\b{side}="([\d.]+)pt"', text)[1]) * 4 / 3) for side in SIDES)
    return {"file": f"media/{path.name}", "alt": alt, "width": width, "height": height}


def theme_folder(folder: Path) -> None:
    """Apply `themed` to all SVG files in a folder and below it."""
    for path in sorted(folder.rglob("*.svg")):
        write_text(path, themed(path.read_text(encoding="utf-8")))
