"""The listening room: some mixtures with references and every method's estimates, to hear and to see."""

import logging
import shutil
from pathlib import Path

import numpy as np

from objectsounds.config.method_table import estimates_of, method_of, method_title
from objectsounds.core.tables import read_table, split_names
from objectsounds.data.block_files import read_block_table, read_block_wav
from objectsounds.report.charts import db, spoken_name
from objectsounds.report.heat_pictures import HeatMaps
from objectsounds.report.relation_maps import copy_frames
from objectsounds.report.tracks import Scene
from objectsounds.signal.bss_eval import bss_eval

log = logging.getLogger(__name__)


def ranking_method(methods: list[str]) -> str:
    """Return the method whose scores rank the mixtures: ours where it was run, never a diagnostic."""
    found = [name for name in methods if not method_of(name).true_objects] or methods
    return "miml" if "miml" in found else found[-1]


def mixture_means(scores: list[dict], method: str) -> dict[str, dict[str, float]]:
    """Return per group a method's mean SDR of each mixture, the best first."""
    values: dict[str, dict[str, list[float]]] = {}
    for row in scores:
        if row["method"] == method:
            values.setdefault(row["group"], {}).setdefault(row["mixture"], []).append(float(row["sdr"]))
    means = {
        group: {name: float(np.mean(sdr)) for name, sdr in mixtures.items()}
        for group, mixtures in values.items()
    }
    return {
        group: dict(sorted(mixtures.items(), key=lambda item: -item[1])) for group, mixtures in means.items()
    }


def choose_mixtures(scores: list[dict], method: str, count: int) -> list[tuple[str, str]]:
    """Choose the best, the median and the worst mixtures of each group in turn, not only nice ones.

    Parameters
    ----------
    scores : list of dict
        Rows of ``scores.tsv``.
    method : str
        Whose mean SDR over a mixture's sources ranks it.
    count : int

    Returns
    -------
    list of (mixture, why)
    """
    orders = {group: list(means) for group, means in mixture_means(scores, method).items()}
    chosen: dict[str, str] = {}
    rounds = 0
    while len(chosen) < count and rounds <= max(map(len, orders.values()), default=0):
        for group, order in orders.items():
            middle = len(order) // 2
            picks = [(rounds, "best"), (middle + rounds, "median"), (len(order) - 1 - rounds, "worst")]
            for place, why in picks:
                if 0 <= place < len(order) and len(chosen) < count:
                    nearly = "near" if why == "median" else "among"
                    chosen.setdefault(order[place], f"{group}: {nearly + ' ' if rounds else ''}the {why}")
        rounds += 1
    return list(chosen.items())


def place_of(results: Path, folder: str, mixture: str) -> Path:
    """Return the folder of a mixture in whichever block of ``folder`` holds it.

    What a killed job has left behind begins with a dot and is no block.
    """
    return next(path for path in sorted(results.glob(f"{folder}/[!.]*/{mixture}")) if path.is_dir())


def _estimates(results: Path, method: str, mixture: str) -> dict[str, Path]:
    """Return a method's estimates, object to file, those of objects that are not there too.

    Estimates without names go to the objects that the scores matched them to.
    """
    folder = place_of(results, f"separate/{estimates_of(method)}", mixture)
    rows = [row for row in read_block_table(folder.parent / "estimates.tsv") if row["mixture"] == mixture]
    files = {row["object"]: folder.parent / row["file"] for row in rows if row["file"]}
    if not method_of(method).best_matching or any(row["fallback"] for row in rows):
        return files
    truth = place_of(results, "mixtures", mixture)
    references = np.stack([read_block_wav(truth / f"reference_{n}.wav")[0] for n in range(1, len(files) + 1)])
    order = bss_eval(references, np.stack([read_block_wav(path)[0] for path in files.values()]), True)[3]
    return {name: list(files.values())[place] for name, place in zip(files, order, strict=True)}


def _estimate_cells(results: Path, row: dict, method: str, scores: dict, scene: Scene) -> dict[str, dict]:
    """Return a method's cells: object to track, and to the reason where there is none."""
    files = _estimates(results, method, row["mixture"])
    title, made = method_title(method), {}
    if files:
        names = [f"{method}-{name}" for name in files]
        made = dict(zip(files, scene.add(list(files.values()), names, masks=True), strict=True))
    cells = {}
    for name in dict.fromkeys([*split_names(row["objects"]), *made]):
        score = scores.get((method, row["mixture"], name))
        if score and score["fallback"]:
            cells[name] = {"fallback": score["fallback"]}
        elif name in made:
            figure = f"{db(float(score['sdr']))} dB" if score else "not there"
            said = f"SDR {figure}" if score else "an object that is not there"
            cells[name] = made[name] | {"label": figure, "spoken": f"{spoken_name(name)} by {title}, {said}"}
    return cells


def _rows(results: Path, row: dict, methods: list[str], scores: dict, scene: Scene) -> list[dict]:
    """Return the player's rows, each with a title and a cell per object."""
    folder, objects = place_of(results, "mixtures", row["mixture"]), split_names(row["objects"])
    mixture = scene.add([folder / "mixture.wav"], ["mixture"], masks=False)[0]
    spoken = f"the mixture of {' and '.join(map(spoken_name, objects))}"
    names = [f"reference_{number}" for number in range(1, len(objects) + 1)]
    made = scene.add([folder / f"{name}.wav" for name in names], names, masks=True)
    references = {
        name: track | {"label": "true sound", "spoken": f"the true sound of {spoken_name(name)}"}
        for name, track in zip(objects, made, strict=True)
    }
    whole = mixture | {"label": "mixture", "spoken": spoken}
    rows = [{"title": "Mixture", "whole": whole}, {"title": "References", "cells": references}]
    for method in (name for name in methods if name != "mixture"):
        cells = _estimate_cells(results, row, method, scores, scene)
        rows.append({"title": method_title(method), "cells": cells})
    return rows


def _heat(heat: HeatMaps | None, results: Path, row: dict, frames: dict, media: Path, folder: Path) -> dict:
    """Draw a mixture's heat maps; return what the page says of them, nothing where there are none."""
    if heat is None:
        return {}
    drawn = heat.draw(place_of(results, "mixtures", row["mixture"]), row, frames, media, folder)
    for clip in drawn["clips"].values():
        clip["pictures"] = [f"media/mixtures/{row['mixture']}/{name}" for name in clip["pictures"]]
    return drawn


def _prefix(rows: list[dict], prefix: str) -> None:
    for row in rows:
        for cell in [*row.get("cells", {}).values(), *([row["whole"]] if "whole" in row else [])]:
            for kind in ("sound", "picture", "mask"):
                if kind in cell:
                    cell[kind] = f"{prefix}/{cell[kind]}"


def folder_size(folder: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _prepare(
    results: Path, row: dict, methods: list[str], scores: dict, media: Path, heat: HeatMaps | None
) -> dict:
    """Make one mixture's files and return what the page says of it."""
    mixture, objects = row["mixture"], split_names(row["objects"])
    scene = Scene(media / "mixtures" / mixture)
    rows = _rows(results, row, methods, scores, scene)
    _prefix(rows, f"media/mixtures/{mixture}")
    named = [name for line in rows for name in line.get("cells", {})]
    clips = zip(objects, split_names(row["clips"]), strict=True)
    frames = {name: copy_frames(results, clip, media, 2) for name, clip in clips}
    pictures = [media / path.removeprefix("media/") for paths in frames.values() for path in paths]
    return {
        "mixture": mixture,
        "objects": objects,
        "extras": [name for name in dict.fromkeys(named) if name not in objects],
        "frames": frames,
        "heat": _heat(heat, results, row, frames, media, scene.folder),
        "rows": rows,
        "ticks": scene.ticks,
        "seconds": scene.seconds,
        "bytes": folder_size(scene.folder) + sum(path.stat().st_size for path in pictures),
    }


def listening_room(
    results: Path, methods: list[str], options: dict, media: Path, heat: HeatMaps | None = None
) -> dict:
    """Prepare the sounds and pictures of some mixtures, as many as there is room for.

    Parameters
    ----------
    results : Path
    methods : list of str
    options : dict
        ``mixtures``: how many; ``max_megabytes``: what ``media`` may hold in the end.
    media : Path
    heat : HeatMaps, optional
        Draws where a method says that the sounds come from.

    Returns
    -------
    dict
        ``mixtures``: a list of dictionaries with ``mixture``, ``why``, ``sdr``, ``objects``,
        ``extras``, ``frames``, ``heat``, ``rows``, ``ticks``, ``seconds`` and ``bytes``;
        ``left_out``: how many found no room.
    """
    scores = read_table(results / "score" / "scores.tsv")
    ranked_by = ranking_method(methods)
    pairs = {row["mixture"]: row for row in read_table(results / "mixtures" / "mixtures.tsv")}
    by_key = {(row["method"], row["mixture"], row["object"]): row for row in scores}
    groups = mixture_means(scores, ranked_by)
    means = {name: mean for group in groups.values() for name, mean in group.items()}
    chosen = choose_mixtures(scores, ranked_by, options["mixtures"])
    room: list[dict] = []
    for mixture, why in chosen:
        item = _prepare(results, pairs[mixture], methods, by_key, media, heat)
        if folder_size(media) > options["max_megabytes"] * 1e6:
            shutil.rmtree(media / "mixtures" / mixture)
            log.warning(
                "%d of %d mixtures find room in report.max_megabytes, %g MB; the rest are left out",
                len(room),
                len(chosen),
                options["max_megabytes"],
            )
            break
        room.append(item | {"why": why, "sdr": means[mixture]})
    return {"mixtures": room, "left_out": len(chosen) - len(room)}
