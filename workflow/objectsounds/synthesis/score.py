"""Seeded performances: which notes an instrument plays, how loud, and in what room."""

import numpy as np

from objectsounds.synthesis.instruments import COMMON_RANGE, DRUM_BANK, DRUM_PIECES, INSTRUMENTS

SCALES = (
    (0, 2, 4, 5, 7, 9, 11),
    (0, 2, 3, 5, 7, 8, 10),
    (0, 2, 3, 5, 7, 9, 10),
    (0, 2, 4, 7, 9),
    (0, 3, 5, 6, 7, 10),
)
LEVELS_DB = (-30.0, -20.0)  # root mean square of a performance before mixing, dB re full scale
LONGEST_GAP = 0.75  # seconds between onsets, so that silence does not dominate a clip
LAST_ONSET = 0.25  # no note starts closer than this to the end, in seconds
TUNING = 0.03  # semitones; players tune to concert pitch within some cents


def rhythm(rng: np.random.Generator, seconds: float) -> list[list[float]]:
    """Draw onsets, one distribution for every instrument, drums included.

    Returns
    -------
    list of [onset, duration, strength]
        Onset and duration in seconds, strength in 0..1.
    """
    tempo = rng.uniform(60, 150)
    division = int(rng.choice([2, 3, 4]))
    step = 60 / tempo / division
    cells = 4 * division
    density = rng.uniform(0.25, 0.8)
    articulation = rng.uniform(0.35, 1.0)
    pattern = rng.random(cells) < density
    accents = rng.uniform(0.45, 1.0, cells)
    onsets, last, cell = [], -1.0, 0
    time = rng.uniform(0, 0.15)
    while time < seconds - LAST_ONSET:
        plays = bool(pattern[cell % cells]) ^ bool(rng.random() < 0.1)
        if plays or last < 0 or time + step - last > LONGEST_GAP:
            onsets.append((time + rng.normal(0, 0.006), accents[cell % cells]))
            last = time
        time += step
        cell += 1
    onsets = [(max(0.0, onset), accent) for onset, accent in onsets]
    ends = [onset for onset, _ in onsets[1:]] + [seconds]
    return [
        [onset, max(0.06, articulation * (end - onset)), float(accent)]
        for (onset, accent), end in zip(onsets, ends, strict=True)
    ]


def _register(rng: np.random.Generator, name: str, common: bool) -> tuple[int, int]:
    """Draw the lowest and highest key of a performance."""
    instrument = INSTRUMENTS[name]
    low, high = instrument.lowest, instrument.highest
    if common:
        low, high = max(low, COMMON_RANGE[0]), min(high, COMMON_RANGE[1])
    span = int(min(rng.integers(12, 25), high - low))
    start = int(rng.integers(low, high - span + 1))
    return start, start + span


def _scale_keys(rng: np.random.Generator, low: int, high: int) -> list[int]:
    tonic = int(rng.integers(0, 12))
    scale = SCALES[int(rng.integers(len(SCALES)))]
    return [key for key in range(low, high + 1) if (key - tonic) % 12 in scale]


def _walk(rng: np.random.Generator, length: int, steps: int) -> list[int]:
    """Draw a melody as ``steps`` places on a scale of ``length`` keys."""
    place = int(rng.integers(length))
    places = []
    for _ in range(steps):
        leap = int(rng.choice([-4, -2, -1, -1, 0, 1, 1, 2, 4]))
        place += leap if 0 <= place + leap < length else -leap
        place = min(max(place, 0), length - 1)
        places.append(place)
    return places


def _pitched_notes(rng: np.random.Generator, style: str, beats: list, keys: list[int]) -> list[list]:
    """Lay keys on the beats in one of the styles melody, chords, arpeggio, accompanied."""
    melody = _walk(rng, len(keys), len(beats))
    roots = _walk(rng, max(1, len(keys) // 2), 1 + len(beats) // 4)
    size = int(rng.integers(3, 5))
    notes = []
    for index, (onset, duration, strength) in enumerate(beats):
        root = roots[index // 4]
        chord = [keys[root + 2 * k] for k in range(size) if root + 2 * k < len(keys)]
        if style == "chords":
            sounding = chord
        elif style == "arpeggio":
            sounding = [chord[index % len(chord)]]
        elif style == "accompanied" and index % 4 == 0:
            sounding = sorted({*chord[:2], keys[melody[index]]})
        else:
            sounding = [keys[melody[index]]]
        velocity = int(45 + 75 * strength)
        notes.extend([onset, duration, key, velocity] for key in sounding)
    return notes


def _drum_notes(rng: np.random.Generator, style: str, beats: list) -> list[list]:
    """Lay pieces of a drum kit on the beats, by a pattern that repeats."""
    pieces = rng.permutation(DRUM_PIECES[style])[: int(rng.integers(2, 6))]
    weights = rng.dirichlet(np.full(len(pieces), 1.2), size=8)
    notes = []
    for index, (onset, duration, strength) in enumerate(beats):
        count = 1 + int(rng.random() < 0.25)
        struck = rng.choice(pieces, size=min(count, len(pieces)), replace=False, p=weights[index % 8])
        velocity = int(45 + 75 * strength)
        notes.extend([onset, duration, int(key), velocity] for key in sorted(struck))
    return notes


def performance(rng: np.random.Generator, name: str, seconds: float, common: bool) -> dict:
    """Draw one performance of object ``name``.

    Parameters
    ----------
    common : bool
        Whether its keys come from the range that all pitched instruments share.

    Returns
    -------
    dict
        ``object, bank, program, style, common_range, notes`` (each ``[onset s, duration s, key,
        velocity]``), ``level_db``, ``tuning`` (semitones), ``tilt`` (dB per octave), ``pan`` (-1..1).
    """
    instrument = INSTRUMENTS[name]
    style = instrument.styles[int(rng.integers(len(instrument.styles)))]
    beats = rhythm(rng, seconds)
    if instrument.pitched:
        keys = _scale_keys(rng, *_register(rng, name, common))
        notes = _pitched_notes(rng, style, beats, keys)
    else:
        notes = _drum_notes(rng, style, beats)
    return {
        "object": name,
        "bank": 0 if instrument.pitched else DRUM_BANK,
        "program": int(rng.choice(instrument.programs)),
        "style": style,
        "common_range": bool(common and instrument.pitched),
        "notes": notes,
        "level_db": rng.uniform(*LEVELS_DB),
        "tuning": rng.uniform(-TUNING, TUNING),
        "tilt": rng.uniform(-1.5, 1.5),
        "pan": rng.uniform(-0.6, 0.6),
    }


def room(rng: np.random.Generator) -> dict:
    """Draw a small room: decay (s to -60 dB), wet level (dB re the direct sound), noise (dB)."""
    return {
        "decay": rng.uniform(0.15, 0.6),
        "wet_db": rng.uniform(-16, -5),
        "noise_db": rng.uniform(-66, -52),
        "seed": int(rng.integers(2**31)),
    }
