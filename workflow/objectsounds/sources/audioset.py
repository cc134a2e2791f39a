"""Clips from AudioSet's segment lists."""

from objectsounds.config.classes import Added, added_of, objects_by_mid
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.sources.candidates import Candidate
from objectsounds.sources.segments import BadRow, Segment, read_ontology, read_segments


def known_mids(
    ontology: str | None, objects: dict[str, tuple[str, ...]], added: Added
) -> dict[str, dict] | None:
    """Return the ontology by mid, None where none is named.

    Raises
    ------
    ObjectsoundsError
        If an object's mid is not in it.
    """
    if ontology is None:
        return None
    known = read_ontology(ontology)
    strange = [mid for mid in objects if mid not in known]
    if strange:
        name = objects[strange[0]][0]
        table = "class_table or added_classes" if name in added else "resources/classes.tsv"
        raise ObjectsoundsError(
            f"{table}: {strange[0]} of {name} is not in {ontology}: correct the mid, or get the "
            "whole ontology."
        )
    return known


class AudioSet:
    """Reads AudioSet's lists for one configuration."""

    def __init__(self, settings: dict):
        catalogue = settings["catalogue"]
        added = added_of(settings)
        self.objects = objects_by_mid(settings["classes"], catalogue["descendants"], added)
        self.known = known_mids(catalogue["ontology"], self.objects, added)

    def read(self, path: str) -> tuple[list[Candidate], list[BadRow]]:
        """Return a list's clips that hold any known object."""
        segments, bad = read_segments(path, self.objects, self.known)
        return [self._candidate(segment) for segment in segments], bad

    def _candidate(self, segment: Segment) -> Candidate:
        names = [name for mid in segment.mids for name in self.objects.get(mid, ())]
        objects = tuple(dict.fromkeys(names))
        return Candidate(segment.media_id, segment.media_id, segment.start, segment.end, objects)
