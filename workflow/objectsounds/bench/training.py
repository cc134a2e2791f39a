"""Training from an aggregated file that is not in memory, and building that file."""

import os
import shutil
import tempfile
from pathlib import Path

import h5py
import numpy as np
import psutil
import torch

from objectsounds.bench.table import Comparison, elapsed
from objectsounds.config.settings import load_settings
from objectsounds.core.tables import write_table
from objectsounds.data.bags import Bags, open_dataset
from objectsounds.data.status import OBJECT_COLUMNS
from objectsounds.networks.miml import build_network, margin_loss
from objectsounds.networks.miml_training import BagLoader
from objectsounds.stages.dataset import make_dataset

CLIPS, SHARD = 9200, 64
BINS, BASES = 2401, 25
BATCHES, REPEATS = 8, 3


def write_shards(folder: Path, settings: dict, clips: int) -> tuple[Path, list[tuple[Path, Path]]]:
    """Write shards of random bases and labels, in the files that the stages write.

    Returns
    -------
    objects : Path
        The clips in use.
    shards : list of (bases, labels)
    """
    generator = np.random.default_rng(0)
    block = generator.random((SHARD, BINS, BASES), dtype=np.float32).astype(np.float16)
    names, shards = [f"clip{number:06d}_0" for number in range(clips)], []
    for number, start in enumerate(range(0, clips, SHARD)):
        ids = names[start : start + SHARD]
        bases, labels = (folder / f"{number}{ending}" for ending in (".h5", "-labels.h5"))
        with h5py.File(bases, "w") as file:
            file["clip_id"] = ids
            file.create_dataset("bases", data=block[: len(ids)], chunks=(1, BINS, BASES))
        with h5py.File(labels, "w") as file:
            file["clip_id"] = ids
            file["scores"] = generator.standard_normal((len(ids), 10, 1000), dtype=np.float32)
            file.attrs["class_names"] = "[" + ", ".join(f'"{index}"' for index in range(1000)) + "]"
        shards.append((bases, labels))
    objects = folder / "objects.tsv"
    write_table(objects, OBJECT_COLUMNS, [dict.fromkeys(OBJECT_COLUMNS, "") | {"clip_id": n} for n in names])
    return objects, shards


def forget(folder: Path) -> None:
    """Drop a folder's files from the cache of the file system."""
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def train(bags: Bags, options: dict, orders: np.ndarray) -> tuple[float, float]:
    """Take a step a batch; returns clips a second, each batch at its own, and the last loss."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    loader = BagLoader(bags, bags.targets, options, torch.device("cpu"))
    network = build_network(bags.bases_shape[1], len(bags.objects), options)
    optimiser = torch.optim.Adam(network.parameters())
    network.train()

    def epoch() -> float:
        for bases, labels in loader.batches(orders):
            optimiser.zero_grad(set_to_none=True)
            loss = margin_loss(network(bases), labels)
            loss.backward()
            optimiser.step()
        return loss.item()

    return elapsed(epoch)


def read_chunks(bags: Bags, sources: list[Path], rows: np.ndarray) -> None:
    """Read the same clips' bytes by plain reads from the shards' files, in the same order."""
    places = []
    for source in sources:
        with h5py.File(source) as file:
            stored = file["bases"]
            places += [(source, stored.id.get_chunk_info(row).byte_offset) for row in range(len(stored))]
    size = int(np.prod(bags.bases_shape[1:])) * bags.bases_type.itemsize

    def read() -> None:
        for row in rows:
            source, offset = places[row]
            with source.open("rb", buffering=0) as file:
                os.pread(file.fileno(), size, offset)

    return read


def compare(run: Path, clips: int = CLIPS) -> list[Comparison]:
    """Return the comparisons; nothing of a run is used."""
    settings = load_settings()
    options = settings["train"] | {"batch_size": 128}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        objects, shards = write_shards(folder, settings, clips)
        virtual, copied = folder / "virtual.h5", folder / "copied.h5"
        spent = elapsed(lambda: make_dataset(settings, objects, shards, virtual))[0]
        return [
            *_rates(folder, virtual, [bases for bases, _ in shards], options),
            _building(folder, settings, objects, shards, copied, spent),
        ]


def _rates(folder: Path, dataset: Path, sources: list[Path], options: dict) -> list[Comparison]:
    bags = open_dataset(dataset)
    size = f"{len(bags.clip_ids):,} clips in {len(sources)} shards"
    rows = np.random.default_rng(1).permutation(len(bags.clip_ids))[: BATCHES * options["batch_size"]]
    steps = Comparison(f"training from file, {size}, cache dropped", "the same from memory", 0.9)
    reads = Comparison("reading its batches, cache dropped", "plain reads of the same bytes", 0.8)
    losses, memory = {}, psutil.Process().memory_info
    # Where every clip lies is found once a training, as the load into memory is; and first steps are slow.
    train(bags, options | {"memory_gb": 0}, rows[: options["batch_size"]])
    before = memory().rss
    grown = 0.0
    batches = np.array_split(rows, BATCHES)
    calls = (
        (reads.ours, lambda: list(map(bags.stored_bases, batches))),
        (reads.peer, read_chunks(bags, sources, rows)),
    )
    for _ in range(REPEATS):
        for kind, times, gigabytes in (("file", steps.ours, 0), ("memory", steps.peer, 1e3)):
            forget(folder)
            spent, losses[kind] = train(bags, options | {"memory_gb": gigabytes}, rows)
            times.append(spent)
            grown = grown or (memory().rss - before) / 1e6  # after the first, from file
        for times, call in calls:
            forget(folder)
            times.append(elapsed(call)[0])
    for comparison in (steps, reads):  # the best: a neighbour on the machine disturbs the others
        comparison.ours, comparison.peer = [min(comparison.ours)], [min(comparison.peer)]
    steps.equal = losses["file"] == losses["memory"]
    steps.shown = (
        f"losses equal after {BATCHES} steps of 128; {grown:.0f} MB more from file; best of {REPEATS}"
    )
    rate = len(rows) * np.prod(bags.bases_shape[1:]) * bags.bases_type.itemsize / 1e6
    with h5py.File(dataset) as file:
        reads.equal = all(np.array_equal(bags.stored_bases([row])[0], file["bases"][row]) for row in rows[:8])
    reads.shown = f"{rate / reads.ours[0]:.0f} against {rate / reads.peer[0]:.0f} MB/s; "
    reads.shown += f"training takes {rate / steps.peer[0]:.0f} MB/s"
    return [steps, reads]


def _building(
    folder: Path, settings: dict, objects: Path, shards: list, output: Path, virtual: float
) -> Comparison:
    result = Comparison(f"aggregated HDF5 as a copy, {len(shards)} shards", "copying the shards' files", None)
    copying = settings | {"dataset": settings["dataset"] | {"copy": True}}
    forget(folder)
    result.ours.append(elapsed(lambda: make_dataset(copying, objects, shards, output))[0])
    forget(folder)
    target = folder / "plain"
    target.mkdir()

    def copy() -> None:
        for bases, _ in shards:
            shutil.copyfile(bases, target / bases.name)

    result.peer.append(elapsed(copy)[0])
    with h5py.File(output) as file, h5py.File(folder / "virtual.h5") as other:
        picked = range(0, file["bases"].shape[0], 997)
        result.equal = all(np.array_equal(file["bases"][row], other["bases"][row]) for row in picked)
    result.shown = f"clips equal; the virtual view, our default, took {virtual:.1f} s"
    return result
