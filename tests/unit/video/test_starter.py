"""The starter: instruments are separated before anything was learnt."""

import subprocess
import sys

import numpy as np
import pytest
import soundfile

from objectsounds import Separator
from objectsounds.cli.main import main
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.dictionaries.file import Dictionary
from objectsounds.signal.measures import si_sdr
from objectsounds.synthesis.performances import performances
from objectsounds.video import starter
from objectsounds.video.model_file import Model
from objectsounds.video.starter import starter_model, with_starter

RATE = 16000
OBJECTS = ["drum", "flute"]


@pytest.fixture(scope="module", autouse=True)
def kept(tmp_path_factory):
    """Two performances an instrument, kept in a folder of these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(starter, "PERFORMANCES", 2)
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder / "objectsounds" / "starter"


@pytest.fixture(scope="module")
def duet(tmp_path_factory):
    """A file of other performances than the starter's, and both sounds."""
    sounds = [next(performances(name, 1, 4.0, RATE, seed=5)) for name in OBJECTS]
    sounds = [sound / np.sqrt(np.mean(sound**2)) * 0.05 for sound in sounds]
    path = tmp_path_factory.mktemp("duet") / "duet.wav"
    soundfile.write(path, sum(sounds), RATE, subtype="FLOAT")
    return path, dict(zip(OBJECTS, sounds, strict=True))


def test_the_command_separates_a_file_without_a_run_and_plays_each_instrument_once(duet, kept, tmp_path):
    path, sounds = duet
    command = ["separate", str(path), "--objects", "drum,flute", "--output"]
    assert main([*command, str(tmp_path / "first")]) == 0
    made = {file: file.stat().st_mtime_ns for file in kept.glob("*/*.npy")}
    assert {file.stem for file in made} == set(OBJECTS)
    for name, sound in sounds.items():
        estimate, _ = soundfile.read(tmp_path / "first" / "duet" / f"{name}.wav")
        assert si_sdr(sound, estimate.astype(np.float32)) > 4
    assert main([*command, str(tmp_path / "second")]) == 0
    assert {file: file.stat().st_mtime_ns for file in kept.glob("*/*.npy")} == made


def test_it_knows_gaos_fifteen_in_a_notebook_too(duet, monkeypatch):
    monkeypatch.setattr(starter, "OBJECTS", ("flute", "drum"))
    separator = Separator.load()
    assert separator.objects == ["flute", "drum"]
    assert set(separator.separate(duet[0], ["drum", "flute"])) == set(OBJECTS)


def test_an_instrument_is_played_when_its_bases_are_wanted_and_not_before(kept, capsys):
    model = starter_model(["harp", "flute"])
    assert not list(kept.glob("*/harp.npy"))
    bases = model.dictionary.of("harp")
    assert list(kept.glob("*/harp.npy"))
    assert bases.shape[1] == len(model.dictionary.clips_of("harp")) == 2 * 25 * 3  # a harp is pitched
    assert main(["starter", "--objects", "harp,drum"]) == 0
    assert capsys.readouterr().out.startswith("the starter knows harp, drum: 200 bases, kept in ")


def test_an_object_that_no_soundfont_plays_is_named(duet, tmp_path, capsys):
    assert main(["separate", str(duet[0]), "--objects", "cat,drum", "--output", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "'cat' is none of the starter's instruments; it knows accordion, " in said


def model_of(objects, clips, settings=None):
    """Return a run's model with a basis of ones for each object, each from a clip."""
    base = starter_model(["drum"])
    bins = len(base.dictionary.frequencies)
    owners = np.arange(len(objects), dtype=np.int32)
    words = Dictionary(objects, owners, np.ones((len(objects), bins), np.float32), clips, {"harp": "no clip"})
    classes = starter.chosen_classes(objects)
    return Model(base.path, "miml", base.settings, classes, words, "a network")


def test_beside_a_runs_own_bases_come_those_of_its_instruments_and_of_new_ones(monkeypatch):
    monkeypatch.setattr(starter, "OBJECTS", ("flute",))
    own = model_of(["cat", "drum"], ["a", "b"])
    both = with_starter(own)
    assert both.objects == both.dictionary.objects == ["cat", "drum", "flute"]
    assert both.dictionary.of("cat").shape[1] == 1
    drums = both.dictionary.of("drum")
    np.testing.assert_array_equal(drums[:, 0], 1)
    np.testing.assert_array_equal(drums[:, 1:], starter_model(["drum"]).dictionary.of("drum"))
    np.testing.assert_array_equal(
        both.dictionary.of("flute"), starter_model(["flute"]).dictionary.of("flute")
    )
    assert both.labeller == "a network"
    named = with_starter(own, ["drum", "cat"])
    assert named.objects == ["cat", "drum"]


def test_a_run_that_has_a_soundfonts_bases_gets_them_no_second_time():
    own = model_of(["drum", "flute"], ["soundfont 0", "a"])
    both = with_starter(own, OBJECTS)
    assert both.dictionary.of("drum").shape[1] == 1 and both.dictionary.of("flute").shape[1] > 1


def test_options_of_the_starter_are_refused_where_a_run_is_the_model(tmp_path, duet):
    command = ["separate", str(duet[0]), "--model", "m.h5", "--output", str(tmp_path)]
    assert main([*command, "--architecture", "resnet18"]) == 1
    assert main([*command, "--soundfont", "x.sf2"]) == 1
    with pytest.raises(ObjectsoundsError, match=r"x\.sf2 is no file; name a SoundFont"):
        starter_model(["drum"], [tmp_path / "x.sf2"])


def test_a_script_without_a_guard_may_use_it(duet, kept, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from objectsounds import Separator\n"
        "from objectsounds.video import starter\n"
        "starter.PERFORMANCES = 1\n"
        f"print(sorted(Separator.load().separate({str(duet[0])!r}, ['flute', 'drum'])))\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert done.stdout == "['drum', 'flute']\n", done.stderr
