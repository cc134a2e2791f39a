"""Examples of basis-object relation maps beside a clip's frames and its labels (Gao fig. 5)."""

import shutil
from pathlib import Path

import numpy as np

from objectsounds.data.bags import UNKNOWN, Bags, open_dataset
from objectsounds.data.status import clip_folder, read_status, spread_frames
from objectsounds.report.plots import save_relation_map


def _names(row: np.ndarray, objects: list[str]) -> str:
    if (row == UNKNOWN).any():
        return "not known"
    return ", ".join(name.replace("_", " ") for name, hit in zip(objects, row, strict=True) if hit) or "none"


def copy_frames(results: Path, clip_id: str, media: Path, count: int = 3) -> list[str]:
    """Copy some of a test clip's frames into ``media``; return their paths as the page sees them."""
    for status in sorted((results / "clips").glob("test-*/status.tsv")):
        for row in read_status(status):
            if row["clip_id"] == clip_id:
                picked = spread_frames(clip_folder(status, row), count)
                target = media / "frames" / row["folder"]
                target.mkdir(parents=True, exist_ok=True)
                return [
                    f"media/frames/{row['folder']}/{Path(shutil.copy(path, target)).name}" for path in picked
                ]
    return []


def _spread(bags: Bags, count: int) -> list[int]:
    """Return clips of one and of several labels in turn, in the order of the file."""
    several = bags.targets.sum(axis=1) > 1
    one, more = np.flatnonzero(~several).tolist(), np.flatnonzero(several).tolist()
    half = min(len(more), count // 2)
    return (more[:half] + one[: count - half])[:count]


def relation_examples(results: Path, count: int, media: Path) -> list[dict]:
    """Draw the relation maps of some test clips.

    Returns
    -------
    list of dict
        ``clip``, ``map``, ``frames`` (paths), ``labels``, ``sounding``, ``visible`` and ``surest``: the
        object of the strongest relation.
    """
    import torch

    from objectsounds.networks.miml_training import load_network
    from objectsounds.networks.relation_map import relation_maps

    bags = open_dataset(results / "dataset" / "default" / "test.h5")
    network, saved = load_network(results / "train" / "default" / "visual" / "network.pt")
    torch.set_num_threads(1)
    maps = relation_maps(network, bags, saved["options"]["basis_norm"])
    examples = []
    for index in _spread(bags, count):
        path = media / "relations" / f"{len(examples):02d}.svg"
        save_relation_map(maps[index], bags.objects, path)
        examples.append(
            {
                "clip": bags.clip_ids[index],
                "map": f"media/relations/{path.name}",
                "frames": copy_frames(results, bags.clip_ids[index], media),
                "surest": bags.objects[int(maps[index].max(axis=1).argmax())].replace("_", " "),
                "labels": _names(bags.targets[index], bags.objects),
                "sounding": _names(bags.audioset[index], bags.objects),
                "visible": _names(bags.visible[index], bags.objects),
            }
        )
    return examples
