"""Catalogue kind ``music``: MUSIC's listings."""

import json
from pathlib import Path

from objectsounds.config.classes import added_of, names_by_alias
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.files import persons_file
from objectsounds.sources.candidates import Candidate, known_objects
from objectsounds.sources.segments import MEDIA_ID, BadRow


def read_music(path: Path, options: dict) -> tuple[list[Candidate], list[BadRow]]:
    """Read a listing of MUSIC or MUSIC-21 (Zhao et al. 2018): ``{"videos": {"flute violin": [ids]}}``.

    The media are not there yet, so their length is not known: sections are taken one after the other
    from the beginning, and one that lies behind the end becomes ``too_short``.
    """
    known, candidates, rejected = names_by_alias(added_of(options)), [], []
    with persons_file(path, "catalogue", "name one of MUSIC's JSON listings") as file:
        text = file.read_text(encoding="utf-8")
    try:
        videos = json.loads(text)["videos"]
        groups = [(str(names), [str(name) for name in ids]) for names, ids in videos.items()]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ObjectsoundsError(
            f"{path} is no listing of MUSIC ({type(error).__name__}: {error}); "
            'it should read {"videos": {"<object>": ["<media id>", ...]}}.'
        ) from None
    length = options["section_seconds"]
    for names, ids in groups:
        words = names.split()
        unknown = [word for word in words if word not in known]
        for media_id in ids:
            if unknown:
                rejected.append(BadRow(str(path), 0, f"{media_id}: unknown object {unknown[0][:30]!r}"))
            elif not MEDIA_ID.fullmatch(media_id):
                rejected.append(BadRow(str(path), 0, f"impossible media id {media_id[:20]!r}"))
            else:
                objects = known_objects(words, known)
                candidates += [
                    Candidate(media_id, media_id, i * length, (i + 1) * length, objects)
                    for i in range(options["sections_per_medium"])
                ]
    return candidates, rejected
