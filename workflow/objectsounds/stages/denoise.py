"""Stage ``denoise``: noise taken off single sources by the bases of their objects (Gao 4.5, table 2).

Conventions: noise is added to a clean clip at a signal-to-noise ratio over the whole clip. The bases of
the detected objects are held, as many random ones adapt to the noise, and the objects' share of the model
masks the noisy spectrogram. SDR is BSS-EVAL's against the clean clip, and NSDR is how much of it was
gained: SDR(denoised) - SDR(noisy), in dB. Where nothing can be done the noisy clip stands in, with NSDR 0
and the reason.
"""

import logging
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from objectsounds.core.arguments import ONE, SOME
from objectsounds.core.progress import tracker
from objectsounds.core.tables import write_table
from objectsounds.dictionaries.file import read_dictionary
from objectsounds.methods.denoise_clips import folder_clips, own_clips
from objectsounds.methods.denoising import REFERENCES, score_clip

STAGE_VERSION = 4
COLUMNS = (
    "method",
    "noise",
    "snr_db",
    "clip",
    "objects",
    "detected",
    "sdr_noisy",
    "sdr",
    "nsdr",
    "fallback",
)
SUMMARY_COLUMNS = (
    "method",
    "noise",
    "snr_db",
    "clip",
    "n",
    "nsdr_mean",
    "nsdr_median",
    "sdr_mean",
    "n_fallback",
    "nsdr_mean_denoised",
    "fallback_reasons",
)

log = logging.getLogger(__name__)


def summarise(rows: list[dict], clip: str = "") -> dict:
    """Return one line of the summary, of rows with one method, noise and ratio; ``clip`` is empty for all."""
    values = np.array([float(row["nsdr"]) for row in rows])
    denoised = [float(row["nsdr"]) for row in rows if not row["fallback"]]
    reasons = Counter(row["fallback"] for row in rows if row["fallback"])
    return {
        **{name: rows[0][name] for name in ("method", "noise", "snr_db")},
        "clip": clip,
        "n": len(rows),
        "nsdr_mean": f"{values.mean():.3f}",
        "nsdr_median": f"{np.median(values):.3f}",
        "sdr_mean": f"{np.mean([float(row['sdr']) for row in rows]):.3f}",
        "n_fallback": len(rows) - len(denoised),
        "nsdr_mean_denoised": f"{np.mean(denoised):.3f}" if denoised else "",
        "fallback_reasons": "; ".join(f"{reason}: {count}" for reason, count in sorted(reasons.items())),
    }


def summaries(rows: list[dict], per_clip: bool) -> list[dict]:
    """Return the summary in the order of the rows: over all clips for each condition, and per clip."""
    lines = []
    for key in dict.fromkeys((row["method"], row["noise"], row["snr_db"]) for row in rows):
        group = [row for row in rows if (row["method"], row["noise"], row["snr_db"]) == key]
        lines.append(summarise(group))
        if per_clip:
            lines += [summarise([row], row["clip"]) for row in group]
    return lines


def make_denoising(
    settings: dict,
    dictionaries: list[Path],
    scores: Path,
    summary: Path,
    objects: Path | None = None,
    statuses: list[Path] = (),
    test: Path | None = None,
    progress: Callable = iter,
) -> None:
    """Denoise clips by every dictionary and write the tables.

    Parameters
    ----------
    settings : dict
        Keys ``seed``, ``classes``, ``denoise``, of ``separate`` the factorisation's, the transform's in
        ``bases``, and for a folder ``clips.sample_rate`` and ``clips.timeout``.
    dictionaries : list of path
        HDF5 files; a method is called like its file.
    scores, summary : path
        TSV files to write, with ``COLUMNS`` and ``SUMMARY_COLUMNS``; SDR and NSDR in dB. With a folder
        the summary has a row per clip beside each row over all.
    objects, statuses, test : path, list of path, path
        Unless ``denoise.folder`` is set: the test clips in use, the test shards' status tables, and the
        aggregated HDF5 with their visual labels.
    progress : callable
        Wraps the clips.
    """
    options = settings["denoise"]
    opened = {Path(path).stem: read_dictionary(path) for path in dictionaries}
    clips = folder_clips(settings) if options["folder"] else own_clips(settings, objects, statuses, test)
    rows = []
    for clip in progress(clips):
        for colour in options["noises"]:
            for snr_db in options["snr_db"]:
                rows += score_clip(clip, colour, snr_db, opened, settings)
    order = [*REFERENCES, *opened]
    conditions = [(colour, f"{snr_db:g}") for colour in options["noises"] for snr_db in options["snr_db"]]
    rows.sort(
        key=lambda row: (
            order.index(row["method"]),
            conditions.index((row["noise"], row["snr_db"])),
            row["clip"],
        )
    )
    write_table(scores, COLUMNS, rows)
    write_table(summary, SUMMARY_COLUMNS, summaries(rows, per_clip=bool(options["folder"])))
    fallbacks = sum(bool(row["fallback"]) for row in rows)
    log.info("%d clips, %d estimates, %d fallbacks to the noisy clip", len(clips), len(rows), fallbacks)


OPTIONS = {
    "dictionaries": SOME | {"help": "each is a method"},
    "folder": {"help": "of clean sounds, in place of the settings'"},
    "status": SOME | {"help": "the test shards', unless denoise.folder is set"},
    "objects": {"help": "the test clips in use"},
    "test": {"help": "the test clips' data set, which holds what was detected"},
    "scores": ONE,
    "summary": ONE,
}


def run(args, settings: dict) -> None:
    """Run the stage as its rule does."""
    if args.folder is not None:
        settings = settings | {"denoise": settings["denoise"] | {"folder": args.folder}}
    inputs = (args.objects, args.status, args.test)
    make_denoising(settings, args.dictionaries, args.scores, args.summary, *inputs, tracker("denoise"))
