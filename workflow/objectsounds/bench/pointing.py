"""``python -m objectsounds.bench.pointing --run results/demo_neural``: does the heat lie on what sounds?

In the demo it is known where each object stands. Of the test mixtures it prints what share of a frame the
box around the sounding object takes, what share of the heat of Sound of Pixels lies in it, and in how many
frames the hottest place does (the pointing game of Zhang et al. 2018, "Top-down neural attention by
excitation backprop", IJCV 126); each with an interval over clips, and less what it would be at chance.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from objectsounds.config.settings import load_settings
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.seeds import generator
from objectsounds.core.tables import read_table, split_names
from objectsounds.data.block_files import read_block_wav
from objectsounds.data.clip_features import read_clip_places
from objectsounds.data.mixtures import MIXTURE_COLUMNS
from objectsounds.data.status import good_clips
from objectsounds.demo.plan import make_plan
from objectsounds.demo.scenes import seen_part
from objectsounds.media.frames import frame_times
from objectsounds.media.wav import resampled
from objectsounds.methods.heat_maps import enlarged, heat_of_places
from objectsounds.networks.sound_of_pixels import load_sound_of_pixels
from objectsounds.signal.statistics import bootstrap_interval

SIZE = 96  # pixels of the frames on which boxes are found
COLUMNS = {  # with what each would be at chance
    "area": ("the box's share of the frame", None),
    "places": ("its share of the map's places", None),
    "heat": ("share of the heat in it", "area"),
    "above": ("share of the heat above the frame's least", "area"),
    "hottest": ("frames whose hottest place is in it", "places"),
}


def box_around(part: np.ndarray) -> np.ndarray | None:
    """Return the box around the pixels that are True, bool of the same shape; None where there are none."""
    rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
    if not len(rows):
        return None
    box = np.zeros_like(part)
    box[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = True
    return box


def pointed(heat: np.ndarray, box: np.ndarray) -> dict[str, float]:
    """Return what `COLUMNS` names of a map of places, shape=(h, w), and a box, bool [shape=(H, W)].

    A map that is the same everywhere has the chance's share of its heat in the box.
    """
    large, area = enlarged(heat, *box.shape), float(box.mean())
    above = large - large.min()
    rows, columns = (
        (np.arange(n) * size / n).astype(int) for n, size in zip(heat.shape, box.shape, strict=True)
    )
    within = box[np.ix_(rows, columns)]  # at the pixels that the places look at
    return {
        "area": area,
        "places": float(within.mean()),
        "heat": float(large[box].sum() / large.sum()) if large.any() else area,
        "above": float(above[box].sum() / above.sum()) if above.any() else area,
        "hottest": float(within.flat[heat.argmax()]) if above.any() else float(within.mean()),
    }


def boxes_of(clip: dict, row: dict, settings: dict, name: str, frames: list[str]) -> list[np.ndarray | None]:
    """Return the boxes around an object in some frames of a clip of the demo.

    Parameters
    ----------
    clip : dict
        Of the demo's plan.
    row : dict
        Of a shard's status.
    settings : dict
        Keys ``demo.frames_per_second`` and ``clips.frames``.
    name : str
    frames : list of str
        Names of their files, which are their numbers.
    """
    rate = settings["demo"]["frames_per_second"]
    count = round(sum(part["seconds"] for part in clip["recordings"]) * rate)
    times = frame_times(float(row["start"]), float(row["seconds"]), settings["clips"]["frames"])
    shown = [min(int(times[int(Path(frame).stem)] * rate + 1e-6), count - 1) for frame in frames]
    return [box_around(seen_part(clip["scene"], name, index / max(1, count - 1), SIZE)) for index in shown]


def measured(run: Path, settings: dict) -> list[dict]:
    """Return a row for each frame in which the object is seen: what `pointed` finds, mixture and clips.

    Raises
    ------
    ObjectsoundsError
        If the run has no network of Sound of Pixels, or its clips are not the demo's.
    """
    folder = run / "sound_of_pixels" / "default"
    if not (folder / "test.h5").exists():
        raise ObjectsoundsError(f"{run} has no heat maps: run the method sound_of_pixels first.")
    trained = load_sound_of_pixels(folder / "network.pt")
    plan = {clip["media_id"]: clip for clip in make_plan(settings)["clips"]["test"]}
    statuses = sorted((run / "clips").glob("test-*/status.tsv"))
    clips, boxes, found = {row["clip_id"]: row for path in statuses for row in good_clips(path)}, {}, []
    for row in read_table(run / "mixtures" / "mixtures.tsv", MIXTURE_COLUMNS):
        sound, rate = read_block_wav(run / "mixtures" / row["block"] / row["mixture"] / "mixture.wav")
        names, ids = split_names(row["objects"]), split_names(row["clips"])
        for name, clip in zip(names, ids, strict=True):
            media = clips[clip]["source"]
            if media not in plan:
                raise ObjectsoundsError(f"{run}: clip {clip} is not of the demo of these settings.")
            frames, places = read_clip_places(folder / "test.h5", clip)
            if (clip, name) not in boxes:
                boxes[clip, name] = boxes_of(plan[media], clips[clip], settings, name, frames)
            heat = heat_of_places(trained, resampled(sound, rate, trained.rate), len(names), places)
            seen = [pair for pair in zip(heat, boxes[clip, name], strict=True) if pair[1] is not None]
            found += [pointed(*pair) | {"mixture": row["mixture"], "clips": ids} for pair in seen]
    return found


def told(rows: list[dict], seed: int) -> list[str]:
    """Return the lines that tell of rows of `measured`: means, and differences to chance, with intervals."""
    mixtures, clips = [row["mixture"] for row in rows], [row["clips"] for row in rows]
    lines = [f"{len(rows)} frames of {len(set(mixtures))} mixtures, {len(set().union(*clips))} clips"]

    def add(title: str, values: np.ndarray) -> None:
        draw = generator(seed, "bench pointing")
        low, high = bootstrap_interval(values, mixtures, generator=draw, clips=clips)
        lines.append(f"{title}: {values.mean():.3f} ({low:.3f} to {high:.3f})")

    for name, (title, chance) in COLUMNS.items():
        values = np.array([row[name] for row in rows])
        add(title, values)
        if chance is not None:
            add("  above chance", values - [row[chance] for row in rows])
    return lines


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="objectsounds.bench.pointing", description="Check heat maps on a demo."
    )
    parser.add_argument("--run", type=Path, default=Path("results/demo_neural"), help="a finished run")
    parser.add_argument("--preset", default="demo_neural", help="its preset")
    options = parser.parse_args(arguments)
    try:
        settings = load_settings({"preset": options.preset})
        rows = measured(options.run, settings)
    except ObjectsoundsError as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(told(rows, settings["seed"])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
