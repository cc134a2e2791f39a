"""Bases of real WAV files: their size, where they come from, and that a shard changes nothing."""

import h5py
import numpy as np
import pytest

from objectsounds.core.tables import write_table
from objectsounds.data.mixtures import mix
from objectsounds.data.status import SHARD_COLUMNS, good_clips, read_audio
from objectsounds.dictionaries.file import Dictionary
from objectsounds.methods.guided import guided_nmf
from objectsounds.methods.problem import Problem
from objectsounds.signal.measures import si_sdr
from objectsounds.signal.transforms import transform_of
from objectsounds.stages.bases import bases_of, make_bases
from objectsounds.stages.clips import make_shard


@pytest.fixture
def shards(settings, tmp_path, make_video):
    """Return the settings and the status of two shards: one of two clips, one of the second clip alone."""
    (tmp_path / "media").mkdir()
    for name, tone in (("low", 300), ("high", 3000)):
        make_video(tmp_path / "media" / f"{name}.mp4", tone=tone)
    options = settings | {
        "clips": settings["clips"] | {"media": str(tmp_path / "media"), "sample_rate": 16000},
        "bases": settings["bases"] | {"count": 4, "iterations": 50},
    }
    statuses = []
    for number, names in enumerate((["low", "high"], ["high"])):
        rows = [
            dict.fromkeys(SHARD_COLUMNS, "") | {"clip_id": n, "source": n, "start": 0, "end": 3}
            for n in names
        ]
        write_table(tmp_path / f"{number}.tsv", SHARD_COLUMNS, rows)
        statuses.append(tmp_path / str(number) / "status.tsv")
        make_shard(options, {"enabled": False}, tmp_path / f"{number}.tsv", statuses[-1])
    return options, statuses


def read(path):
    with h5py.File(path) as file:
        return [name.decode() for name in file["clip_id"][()]], file["bases"][()]


def test_the_energy_of_a_tone_is_at_its_frequency(shards, tmp_path):
    options, statuses = shards
    make_bases(options, statuses[0], tmp_path / "b.h5")
    ids, bases = read(tmp_path / "b.h5")
    assert ids == ["low", "high"] and bases.shape == (2, 801, 4)
    assert bases.sum(axis=2).argmax(axis=1).tolist() == [30, 300]  # bins of 10 Hz


def test_a_clips_bases_do_not_depend_on_its_shard(shards, tmp_path):
    options, statuses = shards
    for number, status in enumerate(statuses):
        make_bases(options, status, tmp_path / f"{number}.h5")
    np.testing.assert_array_equal(read(tmp_path / "0.h5")[1][1], read(tmp_path / "1.h5")[1][0])


def test_the_seed_and_the_clip_draw_the_starting_point(settings):
    waveform = np.random.default_rng(0).standard_normal(16000).astype(np.float32)
    options = settings | {"bases": settings["bases"] | {"count": 3, "iterations": 5}}
    one, again, other = (fit.bases for fit in bases_of([(n, waveform, 16000) for n in "aab"], options))
    np.testing.assert_array_equal(one, again)
    assert not np.allclose(one, other)
    reseeded = next(bases_of([("a", waveform, 16000)], options | {"seed": 1}))
    assert not np.allclose(one, reseeded.bases)


@pytest.mark.parametrize("change", [{"solver": "scikit-learn"}, {"device": "auto"}])
def test_other_solvers_and_devices_find_the_tones_too(shards, tmp_path, change):
    options, statuses = shards
    make_bases(options | {"bases": options["bases"] | change}, statuses[0], tmp_path / "b.h5")
    ids, bases = read(tmp_path / "b.h5")
    assert ids == ["low", "high"] and bases.shape == (2, 801, 4)
    assert bases.sum(axis=2).argmax(axis=1).tolist() == [30, 300]


def test_constant_q_bases_separate_what_they_were_learnt_from(shards, tmp_path):
    options, statuses = shards
    options = options | {"bases": options["bases"] | {"transform": "cqt"}}
    make_bases(options, statuses[0], tmp_path / "b.h5")
    ids, bases = read(tmp_path / "b.h5")
    transform = transform_of(options, 16000)
    assert bases.shape == (2, len(transform.centres), 4)
    clips = [name for name in ids for _ in range(4)]
    words = Dictionary(ids, np.repeat([0, 1], 4), np.concatenate([one.T for one in bases]), clips, {})
    sources = [read_audio(statuses[0], row)[0] for row in good_clips(statuses[0])]
    mixture, references = mix(sources, -23.0)
    estimates = guided_nmf(Problem(mixture, ids, transform, options["separate"], words))
    for name, reference in zip(ids, references, strict=True):
        assert si_sdr(reference, estimates[name]) > 20


def test_half_precision_stores_the_same_bases_to_three_digits(shards, tmp_path):
    options, statuses = shards
    for stored in ("half", "single"):
        chosen = options | {"bases": options["bases"] | {"stored": stored}}
        make_bases(chosen, statuses[1], tmp_path / f"{stored}.h5")
    half, single = (read(tmp_path / f"{stored}.h5")[1] for stored in ("half", "single"))
    assert (half.dtype, single.dtype) == (np.float16, np.float32)
    np.testing.assert_allclose(half, single, rtol=1e-3, atol=1e-6)
