"""The demo's segment lists in AudioSet's own format, and the truth behind them."""

from objectsounds.config.classes import chosen_classes
from objectsounds.core.files import format_lines
from objectsounds.synthesis.instruments import INSTRUMENTS

# Google's files tell when they were made; ours must be the same whenever they are made.
CREATED = "# Segments csv created by objectsounds demo"


def labels(sounding: list[str]) -> list[str]:
    """Return the AudioSet mids of what sounds, with their ancestors in the ontology, sorted."""
    mids = set()
    for chosen in chosen_classes(sounding):
        mids.update([chosen.mids[0], *INSTRUMENTS[chosen.name].parents])
    return sorted(mids)


def segments_csv(clips: list[dict], seconds: float) -> str:
    """Return a segment list with Google's three comment lines, one row a clip, sorted by id."""
    rows, used, count = [], set(), 0
    for clip in sorted(clips, key=lambda clip: clip["media_id"]):
        mids = labels(clip["sounding"])
        used.update(mids)
        count += len(mids)
        end = clip["start"] + seconds
        rows.append(f'{clip["media_id"]}, {clip["start"]:.3f}, {end:.3f}, "{",".join(mids)}"')
    head = [
        CREATED,
        f"# num_ytids={len(rows)}, num_segs={len(rows)}, num_unique_labels={len(used)}, "
        f"num_positive_labels={count}",
        "# YTID, start_seconds, end_seconds, positive_labels",
    ]
    return "\n".join([*head, *rows]) + "\n"


def truth_tsv(clips: list[dict]) -> str:
    """Return the table of what sounds and what is seen in each media file, and the kind of clip."""
    rows = ["media_id\tsounding\tvisible\tkind"]
    for clip in sorted(clips, key=lambda clip: clip["media_id"]):
        columns = [clip["media_id"], ";".join(clip["sounding"]), ";".join(clip["visible"]), clip["kind"]]
        rows.append("\t".join(columns))
    return format_lines(rows)
