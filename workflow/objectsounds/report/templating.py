"""The pages' templates."""

import jinja2

from objectsounds.core.places import PACKAGE


def templates() -> jinja2.Environment:
    """Return the templates of the page and of a separated video's page."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(PACKAGE / "report" / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
