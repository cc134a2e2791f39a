"""Catalogue kind ``audio``: sound already extracted, named by id, whose pictures lie elsewhere."""

from pathlib import Path

from objectsounds.config.classes import added_of, names_by_alias
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.media.decoder import duration
from objectsounds.media.ffmpeg import MediaError
from objectsounds.sources.candidates import Candidate, placed_as, sections
from objectsounds.sources.folder import told_by_folders
from objectsounds.sources.media_folder import SOUND_SUFFIXES
from objectsounds.sources.parquet import read_shard
from objectsounds.sources.pictures import Pictures, medium_of
from objectsounds.sources.segments import BadRow


def read_audio(path: Path, options: dict) -> tuple[list[Candidate], list[BadRow]]:
    """List the sounds of a folder, or those in Parquet files as Hugging Face's data sets store them.

    In a folder each file is called by its id, and subfolders say what sounds and which split, as for videos.
    A sound is cut into sections. What is seen is found by the id in ``catalogue.pictures``.
    """
    pictures, candidates, rejected = Pictures(options["pictures"]), [], []
    shards = sorted(path.rglob("*.parquet")) if path.is_dir() else [path]
    for shard in shards:
        found, bad = read_shard(shard, options, pictures)
        candidates += found
        rejected += bad
    known = names_by_alias(added_of(options))
    for file, split, objects in told_by_folders(path, SOUND_SUFFIXES, known) if path.is_dir() else ():
        spans = _spans(file, options, pictures)
        if isinstance(spans, str):
            rejected.append(BadRow(str(file), 0, spans))
            continue
        facts = {"picture": str(pictures.of(file.stem)), "medium": medium_of(file.stem), **placed_as(split)}
        candidates += [Candidate(file.stem, str(file), *span, objects, **facts) for span in spans]
    if not candidates:
        why = f", the first left out for: {rejected[0].reason}" if rejected else ""
        raise ObjectsoundsError(
            f"{path} holds no sound that can be used ({len(rejected)} left out{why}); sounds end in "
            f"{', '.join(SOUND_SUFFIXES)} or .parquet."
        )
    return candidates, rejected


def _spans(file: Path, options: dict, pictures: Pictures) -> list[tuple[float, float]] | str:
    """Return the sections of a file, or why it cannot be used."""
    problem = pictures.problem(file.stem)
    if problem:
        return problem
    try:
        return sections(duration(file), options["section_seconds"], options["sections_per_medium"])
    except MediaError as error:
        return f"not readable as a sound ({error})"
