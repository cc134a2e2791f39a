"""Which split each clip of the lists belongs to; no medium is in two, and no clip is left out unsaid."""

from collections.abc import Callable
from dataclasses import dataclass

from objectsounds.config.classes import added_of
from objectsounds.core.seeds import fractions
from objectsounds.sources.audioset import AudioSet
from objectsounds.sources.candidates import Candidate
from objectsounds.sources.kinds import read_listing
from objectsounds.sources.segments import BadRow
from objectsounds.sources.single_sources import read_single_sources

SPLITS = ("train", "val", "test")
HELD = ("test", "val", "train")  # a medium that is in several stays in the first of these


@dataclass(frozen=True, slots=True)
class Placed:
    """A clip with its split, and the list that it comes from."""

    item: Candidate
    split: str
    path: str


def _read_lists(settings: dict, key: str) -> tuple[list[tuple[Candidate, str]], list[BadRow]]:
    """Return the candidates of ``catalogue.<key>`` with their lists, and the rows left out."""
    catalogue = settings["catalogue"]
    options = catalogue | {"classes": settings["classes"], "added_classes": added_of(settings)}
    audioset = AudioSet(settings) if catalogue["kind"] == "audioset" else None
    found: list[tuple[Candidate, str]] = []
    rejected: list[BadRow] = []
    for path in catalogue[key]:
        more, bad = audioset.read(path) if audioset else read_listing(catalogue["kind"], path, options)
        found += [(item, path) for item in more]
        rejected += bad
    return found, rejected


def _split_by(settings: dict, hold_out: bool) -> Callable[[Candidate], str]:
    """Return what tells the split of a clip of the train lists: by its medium, so none is in two."""
    tested, validated = (fractions(settings["seed"], name) for name in ("test", "split"))
    test_share, val_share = (settings["catalogue"][f"{name}_fraction"] for name in ("test", "val"))

    def split_of(item: Candidate) -> str:
        if item.split:
            return item.split
        if hold_out and "test" in (item.only or SPLITS) and tested(item.whole) < test_share:
            return "test"
        return "val" if validated(item.whole) < val_share else "train"

    return split_of


def placed_clips(settings: dict) -> tuple[list[Placed], list[BadRow]]:
    """Return every candidate with its split; what is in a test list is in no other split.

    Returns
    -------
    clips : list of Placed
        Each clip once.
    rejected : list of BadRow
        Rows that cannot be used, that were listed before, and those whose medium another split holds.
    """
    catalogue = settings["catalogue"]
    tested, rejected = _read_lists(settings, "test")
    trained, bad = _read_lists(settings, "train")
    rejected += bad
    tested = [(item, path) for item, path in tested if "test" in (item.only or SPLITS)]
    kept_out = {item.whole for item, _ in tested}
    if catalogue["single_source"] is not None:
        singles, bad = read_single_sources(catalogue["single_source"], added_of(settings))
        tested = [(item, catalogue["single_source"]) for item in singles]
        rejected += bad
    hold_out = not catalogue["test"] and catalogue["single_source"] is None
    clips = [Placed(item, "test", path) for item, path in tested]
    split_of = _split_by(settings, hold_out)
    clips += [Placed(item, split_of(item), path) for item, path in trained]
    clips = [clip for clip in clips if not clip.item.only or clip.split in clip.item.only]
    good, bad = _one_split_each(clips, dict.fromkeys(kept_out, "test"))
    return good, rejected + bad


def _one_split_each(clips: list[Placed], held: dict[str, str]) -> tuple[list[Placed], list[BadRow]]:
    """Keep each clip once, and each medium in one split; ``held`` says which hold a medium already."""
    for split in HELD:
        for clip in clips:
            if clip.split == split:
                held.setdefault(clip.item.whole, split)
    good: dict[str, Placed] = {}
    rejected = []
    for clip in clips:
        name, split = clip.item.clip_id, held[clip.item.whole]
        if split != clip.split:
            reason = f"{name}: its medium is in the split {split} too"
        elif name in good:
            reason = f"{name}: listed before, of {good[name].item.source!r}"
        else:
            good[name] = clip
            continue
        rejected.append(BadRow(clip.path, 0, reason))
    return list(good.values()), rejected
