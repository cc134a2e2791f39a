"""Catalogue kind ``urmp``: URMP's folders."""

import re
from pathlib import Path

from objectsounds.config.classes import added_of, names_by_alias
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.media.decoder import duration
from objectsounds.media.ffmpeg import MediaError
from objectsounds.sources.candidates import Candidate, sections
from objectsounds.sources.segments import BadRow

URMP_TRACK = re.compile(r"AuSep_(\d+)_([a-z]+)_(.+)\.wav")


def read_urmp(folder: Path, options: dict) -> tuple[list[Candidate], list[BadRow]]:
    """List URMP's pieces (Li et al. 2018), ``01_Jupiter_vn_vc/{Vid_*.mp4, AuSep_<n>_<code>_*.wav}``.

    For the splits in ``urmp_tracks`` a piece gives sections of each separate track over its picture:
    single sources with their truth; for the others, sections of its video, in which all sound.
    """
    known, candidates, rejected = names_by_alias(added_of(options)), [], []
    pieces = sorted(path for path in folder.iterdir() if path.is_dir() and list(path.glob("AuSep_*.wav")))
    for piece in pieces:
        found, bad = _urmp_piece(piece, known, options)
        candidates += found
        rejected += bad
    if not candidates:
        raise ObjectsoundsError(
            f"{folder} holds no piece of URMP: none of its folders has Vid_*.mp4 and AuSep_*.wav."
        )
    return candidates, rejected


def _urmp_piece(piece: Path, known: dict[str, str], options: dict) -> tuple[list[Candidate], list[BadRow]]:
    videos = sorted(piece.glob("Vid_*.mp4"))
    tracks = [(path, URMP_TRACK.fullmatch(path.name)) for path in sorted(piece.glob("AuSep_*.wav"))]
    odd = [path.name for path, match in tracks if match is None or match[2] not in known]
    if not videos or odd:
        what = f"unknown track {odd[0]}" if odd else "no Vid_*.mp4"
        return [], [BadRow(str(piece), 0, what)]
    try:
        seconds = duration(videos[0])
    except MediaError as error:
        return [], [BadRow(str(videos[0]), 0, f"not readable as a video ({error})")]
    spans = sections(seconds, options["section_seconds"], options["sections_per_medium"])
    players = [(path, known[match[2]]) for path, match in tracks]
    visible = tuple(dict.fromkeys(name for _, name in players))
    shown, video = ";".join(visible), str(videos[0])
    apart = tuple(options["urmp_tracks"])
    together = tuple(split for split in ("train", "val", "test") if split not in apart)
    whole = {"visible": shown, "medium": piece.name, "only": together}
    found = [Candidate(piece.name, video, *span, visible, **whole) for span in spans if together]
    track = {"picture": video, "visible": shown, "medium": piece.name, "only": apart}
    for path, name in players:
        media_id = f"{piece.name}-{path.stem.split('_')[1]}"
        found += [Candidate(media_id, str(path), *span, (name,), **track) for span in spans]
    return found, []
