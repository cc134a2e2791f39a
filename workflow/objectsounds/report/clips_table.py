"""What became of the clips: counts per split, object and reason, for the page."""

from collections import Counter
from pathlib import Path

from objectsounds.core.tables import read_table, split_names
from objectsounds.data.status import REASONS, SPLITS, read_objects, read_status

UNKNOWN = "not known"


def read_clips(results: Path, classes: list[str]) -> list[dict]:
    """Return the rows of the clips in use in all shards' status tables.

    Each with ``names``: the run's objects that sound in it.
    """
    known = {split: read_objects(results / "catalogue" / f"objects-{split}.tsv") for split in SPLITS}
    rows = [row for path in sorted((results / "clips").glob("*/status.tsv")) for row in read_status(path)]
    rows = [row for row in rows if row["clip_id"] in known[row["split"]]]
    for row in rows:
        names = split_names(known[row["split"]][row["clip_id"]]["objects"])
        row["names"] = [name for name in names if name in classes] if names else [UNKNOWN]
    return rows


def clip_counts(rows: list[dict], classes: list[str]) -> dict:
    """Count the clips by outcome.

    Returns
    -------
    dict
        ``splits``: split to {reason: clips}; ``objects``: object to {split: good clips}; ``outcomes``:
        object to {reason: clips}; ``reasons``: reason to what it means, for those that occur.
    """
    by_split = Counter((row["split"], row["status"]) for row in rows)
    seen = [reason for reason in REASONS if any(row["status"] == reason for row in rows)]
    listed = [*classes, UNKNOWN] if any(row["names"] == [UNKNOWN] for row in rows) else classes
    good = Counter((name, row["split"]) for row in rows if row["status"] == "ok" for name in row["names"])
    outcomes = Counter((name, row["status"]) for row in rows for name in row["names"])
    splits = [split for split in SPLITS if any(row["split"] == split for row in rows)]
    return {
        "splits": {split: {name: by_split[split, name] for name in seen} for split in splits},
        "objects": {name: {split: good[name, split] for split in SPLITS} for name in listed},
        "outcomes": {name: {reason: outcomes[name, reason] for reason in seen} for name in listed},
        "reasons": {reason: REASONS[reason] for reason in seen if reason != "ok"},
    }


def bad_clips(rows: list[dict], limit: int = 30) -> list[dict]:
    """Return the first clips that could not be used, with reason and detail."""
    return [row for row in rows if row["status"] != "ok"][:limit]


def leaked_clips(results: Path) -> Counter | None:
    """Return how many test clips are also in each other split by their sound, and ``all`` of these.

    None if it was not asked for.
    """
    path = results / "leakage" / "leakage.tsv"
    if not path.exists():
        return None
    pairs = {(row["clip"], row["split"]) for row in read_table(path)}
    return Counter(split for _, split in pairs) + Counter(all=len({clip for clip, _ in pairs}))


def rejected_rows(results: Path, limit: int = 30) -> dict:
    """Return how many rows of the lists were left out, and the first of them."""
    path = results / "catalogue" / "rejected.tsv"
    rows = read_table(path) if path.exists() else []
    return {"count": len(rows), "first": rows[:limit]}
