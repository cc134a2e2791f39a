"""Rule ``soundfont``: no clip at all, so that a dictionary holds what stage ``soundfont`` played, alone."""

from objectsounds.data.bags import Bags
from objectsounds.dictionaries.choice import Choice


def choose(maps: None, bags: Bags, options: dict) -> Choice:
    """Choose nothing; see the module. Parameters as in the other rules."""
    return Choice(empty=dict.fromkeys(bags.objects, "no performance of it (soundfont.performances)"))
