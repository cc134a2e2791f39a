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

from objectsounds.bss_eval import bss_eval
from objectsounds.denoise_clips import Clip, folder_clips, own_clips
from objectsounds.dictionaries import Dictionary, read_dictionary
from objectsounds.guided_masks import guided_masks, soft_masks
from objectsounds.seeds import generator
from objectsounds.separate import SILENT
from objectsounds.tables import join_names, write_table
from objectsounds.transforms import Stft, transform_of

STAGE_VERSION = 4
EXPONENTS = {"white": 0, "pink": 1, "brown": 2}  # of 1 / f, the noise's power over frequency
LOWEST = 20.0  # Hz; below it lies most of brown noise's power, which nobody hears
REFERENCES = ("noisy", "ideal_ratio_mask")
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


def coloured_noise(length: int, rate: int, colour: str, draw: np.random.Generator) -> np.ndarray:
    """Return Gaussian noise, float64 [shape=(length,)], with RMS 1.

    Parameters
    ----------
    length : int
    rate : int
        Hz.
    colour : str
        ``white``; ``pink``, whose power falls as 1 / f; or ``brown``, as 1 / f². The latter two hold
        nothing below 20 Hz.
    draw : np.random.Generator
    """
    noise = draw.standard_normal(length)
    exponent = EXPONENTS[colour]
    if exponent:
        frequencies = np.fft.rfftfreq(length, 1 / rate)
        heard = frequencies >= LOWEST
        gains = np.where(heard, np.maximum(frequencies, LOWEST) ** (-exponent / 2), 0)
        noise = np.fft.irfft(np.fft.rfft(noise) * gains, length)
    return noise / np.sqrt(np.mean(noise**2))


def add_noise(clean: np.ndarray, noise: np.ndarray, snr_db: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the noisy waveform and the noise in it, float32 [shape=(T,)], at a ratio of powers in dB."""
    level = np.sqrt(np.mean(np.square(clean, dtype=np.float64))) * 10 ** (-snr_db / 20)
    scaled = (noise * (level / np.sqrt(np.mean(noise**2)))).astype(np.float32)
    return clean + scaled, scaled


def denoise(
    noisy: np.ndarray, bases: np.ndarray, transform: Stft, options: dict, draw: np.random.Generator
) -> np.ndarray:
    """Keep what the objects' bases explain better than as many free ones (Gao 4.5).

    Parameters
    ----------
    noisy : np.ndarray [shape=(T,)]
    bases : np.ndarray [shape=(F, M)]
        Of all detected objects, at least one.
    transform : Stft
    options : dict
        ``iterations`` of the factorisation. They are few: free bases that go on learn the object too.
    draw : np.random.Generator
        Draws where the free bases start.

    Returns
    -------
    np.ndarray, float32 [shape=(T,)]
    """
    spectrogram = transform.forward(noisy)
    limits = {"iterations": options["iterations"], "tolerance": 0}
    kept, _ = guided_masks(np.abs(spectrogram), [bases], free=draw, **limits)
    return transform.inverse(spectrogram * kept, len(noisy))


def _ideal_ratio_mask(clean: np.ndarray, noise: np.ndarray, transform: Stft) -> np.ndarray:
    pair = [transform.forward(part) for part in (clean, noise)]
    masks = soft_masks(np.abs(np.stack(pair)))
    return transform.inverse((pair[0] + pair[1]) * masks[0], len(clean))


def _by_dictionary(
    clip: Clip, noisy: np.ndarray, words: Dictionary, settings: dict, draw: np.random.Generator
) -> tuple[np.ndarray, str]:
    """Return the denoised clip and an empty reason, or the noisy clip and why it was left as it is."""
    if not clip.detected:
        return noisy, "no detected object"
    bases = np.concatenate([words.of(name) for name in clip.detected], axis=1)
    if not bases.shape[1]:
        return noisy, "empty dictionary"
    estimate = denoise(noisy, bases, transform_of(settings, clip.rate), settings["denoise"], draw)
    silent = np.sqrt(np.mean(np.square(estimate))) <= SILENT
    return (noisy, "silent estimate") if silent else (estimate, "")


def _sdr(clean: np.ndarray, estimate: np.ndarray) -> float:
    return float(bss_eval(clean[None].astype(np.float64), estimate[None].astype(np.float64))[0][0])


def score_clip(
    clip: Clip, colour: str, snr_db: float, dictionaries: dict[str, Dictionary], settings: dict
) -> list[dict]:
    """Add noise to a clip, take it off by every method and score each: rows with the keys ``COLUMNS``."""
    seeds = (settings["seed"], "denoise", clip.name, colour)
    noise = coloured_noise(len(clip.waveform), clip.rate, colour, generator(*seeds))
    noisy, noise = add_noise(clip.waveform, noise, snr_db)
    ideal = _ideal_ratio_mask(clip.waveform, noise, transform_of(settings, clip.rate))
    estimates = {"noisy": (noisy, ""), "ideal_ratio_mask": (ideal, "")}
    for name, words in dictionaries.items():
        draw = generator(*seeds, "bases")
        estimates[name] = _by_dictionary(clip, noisy, words, settings, draw)
    before = _sdr(clip.waveform, noisy)
    rows = []
    for method, (estimate, reason) in estimates.items():
        after = before if estimate is noisy else _sdr(clip.waveform, estimate)
        rows.append(
            {
                "method": method,
                "noise": colour,
                "snr_db": f"{snr_db:g}",
                "clip": clip.name,
                "objects": join_names(clip.objects),
                "detected": "" if method in REFERENCES else join_names(clip.detected),
                "sdr_noisy": f"{before:.4f}",
                "sdr": f"{after:.4f}",
                "nsdr": f"{after - before:.4f}",
                "fallback": reason,
            }
        )
    return rows


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
    words = {Path(path).stem: read_dictionary(path) for path in dictionaries}
    clips = folder_clips(settings) if options["folder"] else own_clips(settings, objects, statuses, test)
    rows = []
    for clip in progress(clips):
        for colour in options["noises"]:
            for snr_db in options["snr_db"]:
                rows += score_clip(clip, colour, snr_db, words, settings)
    order = [*REFERENCES, *words]
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
