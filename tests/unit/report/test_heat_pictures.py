"""Heat maps over frames: of the frame's size, the frame seen beneath, light where the map is hot."""

import io

import h5py
import numpy as np
import pytest
from PIL import Image

from objectsounds.media.wav import write_wav
from objectsounds.report.heat_pictures import QUALITY, HeatMaps, evenly_scaled, overlay, run_heat_maps
from tests.unit.methods.test_heat_maps import HIGH, LOW, NOWHERE, RATE, trained

__all__ = ["trained"]

WIDTH, HEIGHT = 96, 64


def frame_of():
    """Return a frame with a bright square on a dark ground."""
    pixels = np.full((HEIGHT, WIDTH, 3), (30, 60, 20), np.uint8)
    pixels[8:24, 8:24] = (240, 200, 220)
    return Image.fromarray(pixels)


def lightness(picture):
    return np.asarray(picture.convert("L"), float)


@pytest.mark.parametrize("places", [(4, 6), (14, 14), (2, 2)])
def test_the_overlay_keeps_the_frames_size_and_is_small(places):
    made = overlay(frame_of(), np.random.default_rng(0).random(places))
    assert made.size == (WIDTH, HEIGHT) and made.mode == "RGB"
    file = io.BytesIO()
    made.save(file, "JPEG", quality=QUALITY)
    assert len(file.getvalue()) < 10_000


def test_the_picture_is_light_where_the_map_is_hot_and_the_frame_is_seen_through_it():
    heat = np.zeros((4, 6))
    heat[3, 4] = 1
    made = lightness(overlay(frame_of(), heat))
    assert np.unravel_index(made[32:].argmax(), made[32:].shape) == (16, 64)  # of the lower half, all dark
    square, ground = made[8:24, 8:24].mean(), made[8:24, 30:46].mean()
    assert square - ground > 50


def test_hotter_is_always_lighter():
    ramp = np.linspace(0, 1, 9)[None, :]
    made = lightness(overlay(Image.new("RGB", (90, 4), (128, 128, 128)), ramp))[0]
    assert (np.diff(made[:80:10]) > 0).all()


def test_shares_are_scaled_to_their_own_range_and_equal_ones_are_dark():
    np.testing.assert_allclose(evenly_scaled(np.array([[0.2, 0.3], [0.6, 0.4]])), [[0, 0.25], [1, 0.5]])
    assert not evenly_scaled(np.full((2, 2), 0.4)).any()


@pytest.fixture
def features(tmp_path):
    """What is seen in two clips of two frames: the low sound in frame 1 of ``a``, nothing in ``b``."""
    path, places = tmp_path / "test.h5", np.full((4, 2, 2, 3), NOWHERE, np.float32)
    places[3, 0, 1, 2] = -NOWHERE
    with h5py.File(path, "w") as file:
        file["frame_clip"], file["frame"] = [b"b", b"b", b"a", b"a"], [b"00.jpg", b"09.jpg"] * 2
        file["places"] = places
    return path


def test_each_frame_gets_its_own_map_and_a_clip_that_shows_nothing_is_said_to(tmp_path, trained, features):
    media, target = tmp_path / "media.tmp", tmp_path / "drawn"  # the folder has another name when it is whole
    target.mkdir()
    write_wav(tmp_path / "mixture.wav", 0.3 * LOW + 0.1 * HIGH, RATE)
    frames = {}
    for name, clip in (("drum", "a"), ("flute", "b")):
        (media / "frames" / clip).mkdir(parents=True)
        for file in ("00.jpg", "09.jpg"):
            Image.new("RGB", (WIDTH, HEIGHT), (90, 90, 90)).save(media / "frames" / clip / file)
        frames[name] = [f"media/frames/{clip}/{file}" for file in ("00.jpg", "09.jpg")]
    heat = HeatMaps(trained, features, "Sound of Pixels")
    row = {"objects": "drum;flute", "clips": "a;b"}
    drawn = heat.draw(tmp_path, row, frames, media, target)
    assert drawn["title"] == "Sound of Pixels" and drawn["places"] == "2 × 3"
    drum, flute = drawn["clips"]["drum"], drawn["clips"]["flute"]
    assert drum["least"] < 0.001 and drum["most"] == pytest.approx(0.9, abs=0.02) and not drum["narrow"]
    assert flute["narrow"] and flute["most"] < 0.001
    cold, hot = (lightness(Image.open(target / name)) for name in drum["pictures"])
    assert np.ptp(cold) < 10 and np.ptp(hot) > 60
    assert hot[HEIGHT // 2 :, 2 * WIDTH // 3 :].mean() > hot[: HEIGHT // 4, : WIDTH // 3].mean() + 60
    assert len(drum["pictures"]) == len(flute["pictures"]) == len(list(target.iterdir())) / 2 == 2


def test_a_run_without_the_method_has_no_heat_maps(settings, tmp_path):
    assert run_heat_maps(settings, tmp_path, ["mixture", "miml", "unet_combined"]) is None
