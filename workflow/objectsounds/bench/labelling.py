"""Labelling against a bare loop of the network over tensors in memory, and in bfloat16."""

import tempfile
from pathlib import Path

import numpy as np
import torch

from objectsounds.bench.inputs import first_shard, settings_of
from objectsounds.bench.table import Comparison, elapsed, timed
from objectsounds.core.tables import write_table
from objectsounds.data.clip_frames import read_clip_frames
from objectsounds.data.status import good_clips
from objectsounds.networks import classifiers as networks
from objectsounds.stages.labels import label_shard

NETWORK = "resnet152"
CLIPS = 6
AGREE = 0.99


def random_network(folder: Path) -> dict:
    """Write untrained weights of ResNet-152, as fast as trained ones; returns settings that name them."""
    torch.manual_seed(0)
    path = folder / "weights.pth"
    torch.save(networks.build(NETWORK, 1000).state_dict(), path)
    labeller = {"kind": "imagenet", "architecture": NETWORK, "weights": str(path), "device": "cpu"}
    return {"labeller": labeller | {"threads": 1, "precision": "single"}}


def with_precision(settings: dict, precision: str) -> dict:
    """Return settings whose labeller computes in another precision."""
    return settings | {"labeller": settings["labeller"] | {"precision": precision}}


def fewer_clips(status: Path, count: int) -> Path:
    """Return a ``status.tsv`` of the first good clips of a shard, beside that shard's own."""
    rows = good_clips(status)[:count]
    path = status.with_name("bench.tsv")
    write_table(path, list(rows[0]), rows)
    return path


def stage_against_loop(status: Path, settings: dict, folder: Path) -> Comparison:
    """Compare the stage, reading and decoding included, with its network's passes alone."""
    precision = settings["labeller"]["precision"]
    result = Comparison(
        f"labels by {NETWORK}, {precision}, one core", "the network alone, tensors in memory", 0.9
    )
    labeller = networks.load_labeller(settings, None)
    batches = [labeller.input_of(read_clip_frames(status, row)) for row in good_clips(status)]
    labeller.scores_of_input(batches[0])
    for number in range(3):
        result.peer.append(
            elapsed(lambda: np.stack([labeller.scores_of_input(batch) for batch in batches]))[0]
        )
        output = folder / f"{precision}-{number}.h5"
        spent = elapsed(lambda output=output: label_shard(settings, status, None, output))[0]
        result.ours.append(spent - elapsed(lambda: networks.load_labeller(settings, None))[0])
    result.ours, result.peer = [min(result.ours)], [min(result.peer)]
    expected = np.stack([labeller.scores_of_input(batch) for batch in batches])
    result.equal = bool(np.array_equal(_scores(output), expected))
    result.shown = f"scores of {len(batches)} clips equal; both at their best of three, loading left out"
    return result


def _scores(path: Path) -> np.ndarray:
    import h5py

    with h5py.File(path) as file:
        return file["scores"][()]


def precisions(run: Path, settings: dict) -> Comparison:
    """Compare bfloat16 with float32: speed of ResNet-152, labels of the network that the run trained."""
    result = Comparison(f"{NETWORK} in bfloat16, one core", "in float32", None)
    batch = torch.randn(10, 3, networks.IMAGENET_CROP, networks.IMAGENET_CROP)
    for precision, times in (("bfloat16", result.ours), ("single", result.peer)):
        labeller = networks.load_labeller(with_precision(settings, precision), None)
        labeller.scores_of_input(batch)
        times.append(timed(lambda labeller=labeller: labeller.scores_of_input(batch), 3)[0])
    trained = settings_of(run)
    chosen = {}
    for precision in ("single", "bfloat16"):
        labeller = networks.load_labeller(with_precision(trained, precision), run / "labeller" / "weights.pt")
        chosen[precision] = np.concatenate(
            [
                labeller.scores(read_clip_frames(status, row)).argmax(axis=1)
                for status in sorted((run / "clips").glob("test-*/status.tsv"))
                for row in good_clips(status)
            ]
        )
    agree = float(np.mean(chosen["single"] == chosen["bfloat16"]))
    result.equal = agree >= AGREE
    frames = len(chosen["single"])
    result.shown = f"the run's own classifier names the same object in {100 * agree:.2f} % of {frames} frames"
    return result


def compare(run: Path) -> list[Comparison]:
    """Return the comparisons on the first shard of a run."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        settings = random_network(folder)
        status = fewer_clips(first_shard(run, folder), CLIPS)
        rows = [
            stage_against_loop(status, with_precision(settings, precision), folder)
            for precision in ("single", "bfloat16")
        ]
        return [*rows, precisions(run, settings)]
