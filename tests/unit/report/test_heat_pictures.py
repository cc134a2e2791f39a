"""Heat maps over frames: of the frame's size, the frame seen beneath, light where the map is hot."""

import io

import numpy as np
import pytest
from PIL import Image

from objectsounds.report.heat_pictures import QUALITY, evenly_scaled, overlay

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
