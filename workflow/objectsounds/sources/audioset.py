"""Clips from AudioSet's segment lists."""

from objectsounds.config.classes import objects_by_mid
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.sources.candidates import Candidate
from objectsounds.sources.segments import BadRow, Segment, read_ontology, read_segments


class AudioSet:
    """Reads AudioSet's lists for one configuration."""

    def __init__(self, settings: dict):
        catalogue = settings["catalogue"]
        self.objects = objects_by_mid(settings["classes"], catalogue["descendants"])
        self.known = None
        if catalogue["ontology"] is not None:
            self.known = read_ontology(catalogue["ontology"])
            strange = [mid for mid in self.objects if mid not in self.known]
            if strange:
                raise ObjectsoundsError(
                    f"resources/classes.tsv: {strange[0]} of {self.objects[strange[0]][0]} is not in "
                    f"{catalogue['ontology']}: correct the mid, or get the whole ontology."
                )

    def read(self, path: str) -> tuple[list[Candidate], list[BadRow]]:
        """Return a list's clips that hold any known object."""
        segments, bad = read_segments(path, self.objects, self.known)
        return [self._candidate(segment) for segment in segments], bad

    def _candidate(self, segment: Segment) -> Candidate:
        names = [name for mid in segment.mids for name in self.objects.get(mid, ())]
        objects = tuple(dict.fromkeys(names))
        return Candidate(segment.media_id, segment.media_id, segment.start, segment.end, objects)
