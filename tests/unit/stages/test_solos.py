"""Which clips the learned separators learn from: of one label, of a dictionary, played by a SoundFont."""

import h5py
import numpy as np
import pytest

from objectsounds.core.tables import write_table
from objectsounds.data.solos import open_solos
from objectsounds.data.status import COLUMNS, clip_sizes
from objectsounds.dictionaries.file import write_dictionary
from objectsounds.media.wav import write_wav
from objectsounds.stages.solos import make_solos

RATE = 8000
SPLIT = [["drum"], ["piano"], ["violin"], ["drum"], ["piano", "violin"], ["violin"]]


@pytest.fixture
def clips(planted_dataset, tmp_path):
    """The data set and the table of a shard of planted clips: tones of one second."""
    rows = []
    for number in range(len(SPLIT)):
        folder = tmp_path / "media" / str(number)
        (folder / "frames").mkdir(parents=True)
        write_wav(folder / "audio.wav", 0.1 * (1 + number) * np.sin(np.arange(RATE) / 3), RATE)
        facts = {"clip_id": f"train_{number}", "status": "ok", "folder": f"media/{number}"}
        rows.append(dict.fromkeys(COLUMNS, "") | facts | clip_sizes(folder))
    write_table(tmp_path / "status.tsv", COLUMNS, rows)
    return planted_dataset("train", SPLIT), [str(tmp_path / "status.tsv")]


@pytest.fixture
def solos(settings, clips, tmp_path):
    """Return a function that makes and opens the solo clips."""

    def make(performances=0, **options):
        section = {"solos": {"supervision": "visual", "performances": performances}}
        make_solos(settings | section, RATE, *clips, [], tmp_path / "solos.h5", **options)
        return open_solos(tmp_path / "solos.h5")

    return make


def labels_of(solos):
    return {name: solos.objects[label] for name, label in zip(solos.clip_ids, solos.labels, strict=True)}


def dictionary(path, owners, clips):
    bases = np.ones((len(owners), 30), np.float32)
    write_dictionary(
        path, {}, 1, "consensus", ["drum", "piano", "violin"], owners, bases, {"clip_id": clips}, {}
    )
    return path


def test_clips_of_one_label_are_solos(solos):
    alone = {f"train_{i}": names[0] for i, names in enumerate(SPLIT) if len(names) == 1}
    assert labels_of(solos()) == alone


def test_trusted_clips_are_those_of_a_dictionary_each_of_one_object(solos, tmp_path):
    clips = ["train_0", "train_0", "train_1", "train_3", "train_3", "train_4", "soundfont 2"]
    path = dictionary(tmp_path / "d.h5", [0, 0, 1, 0, 2, 2, 1], clips)
    trusted = solos(dictionary=path)
    # Clip 3 stands for two objects; clip 4 for one, though two are seen in it; a performance is no clip.
    assert labels_of(trusted) == {"train_0": "drum", "train_1": "piano", "train_4": "violin"}


def test_performances_of_a_soundfont_join_the_clips(solos):
    plain, joined = solos(), solos(performances=2, play=True)
    count = len(plain.clip_ids)
    assert joined.clip_ids[:count] == plain.clip_ids
    played = labels_of(joined)
    assert [played[f"soundfont {i}"] for i in range(6)] == ["drum"] * 2 + ["piano"] * 2 + ["violin"] * 2
    lengths = np.diff(joined.start)
    assert (lengths[:count] == RATE).all() and (lengths[count:] == 10 * RATE).all()
    assert (joined.rms[count:] > 0.001).all()
    with h5py.File(joined.path) as file:
        first, second = (joined.section(file, count + i, 0, 10 * RATE) for i in (2, 3))
    assert not np.allclose(first, second)
