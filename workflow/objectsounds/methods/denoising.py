"""Noise taken off single sources by the bases of their objects (Gao 4.5)."""

import numpy as np

from objectsounds.core.seeds import generator
from objectsounds.core.tables import join_names
from objectsounds.dictionaries.file import Dictionary
from objectsounds.methods.denoise_clips import Clip
from objectsounds.methods.guided_masks import guided_masks
from objectsounds.methods.separation import SILENT
from objectsounds.signal.bss_eval import bss_eval
from objectsounds.signal.masks import soft_masks
from objectsounds.signal.transforms import Stft, transform_of

EXPONENTS = {"white": 0, "pink": 1, "brown": 2}  # of 1 / f, the noise's power over frequency
LOWEST = 20.0  # Hz; below it lies most of brown noise's power, which nobody hears
REFERENCES = ("noisy", "ideal_ratio_mask")


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
    clip: Clip, noisy: np.ndarray, dictionary: Dictionary, settings: dict, draw: np.random.Generator
) -> tuple[np.ndarray, str]:
    """Return the denoised clip and an empty reason, or the noisy clip and why it was left as it is."""
    if not clip.detected:
        return noisy, "no detected object"
    bases = np.concatenate([dictionary.of(name) for name in clip.detected], axis=1)
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
    for name, dictionary in dictionaries.items():
        draw = generator(*seeds, "bases")
        estimates[name] = _by_dictionary(clip, noisy, dictionary, settings, draw)
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
