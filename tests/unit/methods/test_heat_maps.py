"""Where sounds come from: a network whose masks are known puts the heat where its features are."""

import numpy as np
import pytest
import torch

from objectsounds.methods.heat_maps import enlarged, heat_of_places
from objectsounds.networks.mix_training import Trained
from objectsounds.networks.sound_of_pixels import SoundOfPixels
from objectsounds.networks.unet import warp_positions

RATE, BINS = 4000, 64
OPTIONS = {"window": 254, "hop": 64, "frames": 64, "bins": BINS}
TIMES = np.arange(3 * RATE) / RATE
LOW, HIGH = (np.sin(2 * np.pi * tone * TIMES).astype(np.float32) for tone in (300, 1000))
NOWHERE, PLACES = -50.0, ((0, 1, 3), (2, 2, 1))  # frame, row, column of what is low, and of what is high


class Split(torch.nn.Module):
    """In place of a U-Net: map 0 is what is below 600 Hz, 1 what is above."""

    def forward(self, magnitudes):
        low = torch.from_numpy(warp_positions(128, BINS) * RATE / OPTIONS["window"] < 600)
        maps = torch.stack([low, ~low]).float() * 40 - 20
        return maps[None, :, :, None].expand(1, 2, BINS, magnitudes.shape[-1])


@pytest.fixture
def trained():
    """A network that hears nothing where it sees nothing."""
    network = SoundOfPixels(2, 2, 4, 8, 4).eval()
    network.unet = Split()
    with torch.no_grad():
        network.bias.fill_(-10.0)
    return Trained(network, [], RATE, OPTIONS, -23.0)


@pytest.fixture
def places():
    """Features of three frames of 3 × 4 places, of which one shows what is low and one what is high."""
    found = np.full((3, 2, 3, 4), NOWHERE, np.float32)
    for feature, (frame, row, column) in enumerate(PLACES):
        found[frame, feature, row, column] = -NOWHERE
    return found


@pytest.mark.parametrize(("low", "high", "hottest"), [(1.5, 1, 0), (1, 1.5, 1)])
def test_the_hottest_place_is_that_of_the_louder_sound(trained, places, low, high, hottest):
    found = heat_of_places(trained, low * LOW + high * HIGH, 2, places)
    assert found.shape == (3, 3, 4)
    assert np.unravel_index(found.argmax(), found.shape) == PLACES[hottest]
    quieter = found[PLACES[1 - hottest]]
    assert found.max() + quieter == pytest.approx(1, abs=0.02) and 0.2 < quieter < 0.5
    for place in PLACES:
        found[place] = 0
    assert found.max() < 1e-4


def test_shares_do_not_depend_on_how_loud_the_mixture_is_and_silence_has_none(trained, places):
    mixture = LOW + HIGH
    loud, quiet = (heat_of_places(trained, scale * mixture, 2, places) for scale in (1, 0.01))
    np.testing.assert_allclose(loud, quiet, atol=1e-4)
    silent = heat_of_places(trained, 0 * mixture, 2, places)
    assert silent.shape == loud.shape and not silent.any()


def test_a_map_is_enlarged_with_each_place_at_the_pixel_that_it_looks_at():
    heat = np.zeros((3, 4))
    heat[1, 2] = 1
    large = enlarged(heat, 48, 96)
    assert large.shape == (48, 96)
    assert np.unravel_index(large.argmax(), large.shape) == (16, 48) and large.max() == 1
    assert large[16, 36] == pytest.approx(0.5) and large[24, 48] == pytest.approx(0.5)
    np.testing.assert_array_equal(enlarged(np.full((1, 1), 0.3), 5, 7), np.full((5, 7), 0.3))
