"""Small real things that several tests need: media files made by ffmpeg, data sets with planted bases."""

import json

import cv2
import ffmpeg
import h5py
import numpy as np
import pytest

from objectsounds.config.settings import load_settings
from objectsounds.core.files import RUN
from objectsounds.core.tables import write_table
from objectsounds.data.status import OBJECT_COLUMNS
from objectsounds.media.ffmpeg import local_file, run_ffmpeg


@pytest.fixture(autouse=True)
def _run_at_work(tmp_path_factory, monkeypatch):
    """Let what tests write be of the run at work, whose broken files are moved aside."""
    monkeypatch.setenv(RUN, str(tmp_path_factory.getbasetemp()))


@pytest.fixture(scope="session")
def settings():
    """The demo's settings with three objects."""
    return load_settings({"preset": "demo", "classes": ["drum", "piano", "violin"]})


@pytest.fixture(scope="session")
def make_video():
    """Return a function that writes a real MP4: a tone over a picture that grows lighter."""

    def make(path, seconds=3.0, tone=440, volume=0.3, picture=True, sound=True, webm=False):
        streams = []
        if picture:
            streams.append(
                ffmpeg.input(f"testsrc=size=160x120:rate=10:duration={seconds}", format="lavfi").video
            )
        if sound:
            source = f"sine=frequency={tone}:sample_rate=48000:duration={seconds}"
            streams.append(ffmpeg.input(source, format="lavfi").audio.filter("volume", volume))
        path.parent.mkdir(parents=True, exist_ok=True)
        codecs = {"vcodec": "libvpx", "acodec": "libvorbis"} if webm else {}
        run_ffmpeg(ffmpeg.output(*streams, local_file(path), pix_fmt="yuv420p", threads=1, **codecs))
        return path

    return make


@pytest.fixture
def planted_shard(tmp_path):
    """Return a function that writes a shard's bases and labels with one planted spectrum an object.

    Object c has energy in bins [c * 10, c * 10 + 10) alone; a clip's bases are noisy copies of the
    spectra of its objects.
    """

    def make(name, clips, objects=("drum", "piano", "violin"), bins=30, count=6, labels=None, seed=0):
        rng = np.random.default_rng(seed)
        ids = [f"{name}_{i}" for i in range(len(clips))]
        bases = np.zeros((len(clips), bins, count), np.float32)
        scores = np.zeros((len(clips), 2, len(objects)), np.float32)
        for row, sounding in enumerate(clips):
            for column in range(count):
                first = objects.index(sounding[column % len(sounding)]) * 10
                bases[row, first : first + 10, column] = rng.gamma(2.0, 1.0, 10)
            for label in (labels or clips)[row]:
                scores[row, :, objects.index(label)] = 8.0
        for kind, array in (("bases", bases), ("labels", scores)):
            with h5py.File(tmp_path / f"{name}-{kind}.h5", "w") as file:
                file.create_dataset("clip_id", data=ids, dtype=h5py.string_dtype())
                file.create_dataset("bases" if kind == "bases" else "scores", data=array)
                file.attrs["class_names"] = json.dumps(list(objects))
        return tmp_path / f"{name}-bases.h5", tmp_path / f"{name}-labels.h5"

    return make


@pytest.fixture
def objects_table(tmp_path):
    """Return a function that writes the catalogue's table of clips in use: id to objects, heard and seen."""

    def make(name, objects):
        path = tmp_path / f"objects-{name}.tsv"
        cells = {clip: ";".join(names) for clip, names in objects.items()}
        rows = [{"clip_id": clip, "objects": cell, "visible": cell} for clip, cell in cells.items()]
        write_table(path, OBJECT_COLUMNS, rows)
        return path

    return make


@pytest.fixture
def planted_dataset(planted_shard, objects_table, settings, tmp_path):
    """Return a function that aggregates planted clips into a data set file."""
    from objectsounds.stages.dataset import make_dataset

    def make(name, clips, **options):
        shard = planted_shard(name, clips, **options)
        objects = objects_table(name, {f"{name}_{i}": sounding for i, sounding in enumerate(clips)})
        make_dataset(settings, objects, [shard], tmp_path / f"{name}.h5")
        return tmp_path / f"{name}.h5"

    return make


@pytest.fixture
def picture():
    """A picture with structure, uint8 [shape=(120, 160, 3)]."""
    canvas = np.full((120, 160, 3), 90, np.uint8)
    cv2.circle(canvas, (80, 60), 40, (20, 200, 240), -1, cv2.LINE_AA)
    return canvas
