"""Guided NMF and a network together: whoever knows decides, and nothing of the mixture is lost."""

import numpy as np
import pytest
import torch

from objectsounds.config.settings import load_settings
from objectsounds.dictionaries.file import Dictionary
from objectsounds.media.wav import resampled
from objectsounds.methods.guided import guided_nmf
from objectsounds.methods.neural import Learned, masks_among_seen
from objectsounds.methods.problem import Problem
from objectsounds.methods.together import masks_of_both
from objectsounds.networks.mix_training import Trained
from objectsounds.signal.measures import si_sdr
from objectsounds.signal.transforms import transform_of

RATE, NETWORK_RATE, NAMES = 8000, 4000, ["drum", "piano"]
UNET = {"window": 256, "hop": 64, "frames": 16, "bins": 64, "mask": "soft", "background": 0.0}
LOW, HIGH = 300.0, 1200.0  # Hz


class ByPitch(torch.nn.Module):
    """Gives the lower bins to the first object and the higher ones to the second, as surely as asked."""

    def __init__(self, sure: float):
        super().__init__()
        self.sure = sure

    def forward(self, magnitudes: torch.Tensor) -> torch.Tensor:
        """Return logits, shape=(B, 2, R, N), of magnitudes of shape=(B, R, N)."""
        lower = torch.linspace(1, -1, magnitudes.shape[1]).sign()[None, None, :, None]
        signs = torch.cat([lower, -lower], dim=1)
        return self.sure * signs * torch.ones_like(magnitudes)[:, None]


def tone(hertz):
    return np.sin(2 * np.pi * hertz * np.arange(2 * RATE) / RATE).astype(np.float32)


@pytest.fixture
def problem():
    """Return a function that makes the mixture of a low and a high tone, by how sure each expert is."""

    def make(bases_tell: bool, network_is_sure: float) -> Problem:
        settings = load_settings({"preset": None})
        transform = transform_of(settings, RATE)
        columns = [np.abs(transform.forward(tone(hertz)))[:, 8] for hertz in (LOW, HIGH)]
        both = columns[0] + columns[1]
        bases = np.stack(columns if bases_tell else [both, both]).astype(np.float32)
        dictionary = Dictionary(NAMES, np.array([0, 1]), bases, ["a", "b"], {})
        model = Learned(
            Trained(ByPitch(network_is_sure), NAMES, NETWORK_RATE, UNET, -23.0),
            None,
            UNET,
            torch.device("cpu"),
        )
        options = settings["separate"] | {"refine": {"smooth_seconds": 0, "components": [], "timbre": False}}
        mixture = tone(LOW) + tone(HIGH)
        given = {"dictionary": dictionary, "rate": RATE, "model": model, "sources": 2}
        return Problem(mixture, list(NAMES), transform, options, **given)

    return make


def quality(estimates):
    return [si_sdr(wave, estimates[name]) for name, wave in zip(NAMES, (tone(LOW), tone(HIGH)), strict=True)]


def test_the_estimates_together_are_the_mixture(problem):
    given = problem(True, 2.0)
    np.testing.assert_allclose(sum(masks_of_both(given).values()), given.mixture, atol=1e-4)


def test_a_network_that_is_unsure_leaves_the_bases_their_say(problem):
    given = problem(True, 0.0)
    alone, inside = guided_nmf(given), slice(RATE // 10, -RATE // 10)
    for name, wave in masks_of_both(given).items():
        np.testing.assert_allclose(wave[inside], alone[name][inside], atol=0.02)
    assert min(quality(alone)) > 20


def test_bases_that_are_alike_leave_the_network_its_say(problem):
    given = problem(False, 4.0)
    assert max(quality(guided_nmf(given))) < 3
    assert min(quality(masks_of_both(given))) > 20


def test_experts_that_agree_are_better_than_each_alone(problem):
    given = problem(True, 1.0)
    # The bases know it roughly, as the network does.
    given.dictionary.bases[0] += given.dictionary.bases[1] / 3
    given.dictionary.bases[1] += given.dictionary.bases[0] / 4
    heard = resampled(given.mixture, RATE, NETWORK_RATE)
    network = masks_among_seen(Problem(heard, NAMES, given.transform, {}, model=given.model, sources=2))
    told = {name: resampled(wave, NETWORK_RATE, RATE, len(given.mixture)) for name, wave in network.items()}
    assert min(quality(masks_of_both(given))) > max(*quality(guided_nmf(given)), *quality(told))


def test_above_half_of_its_rate_the_network_has_no_say(problem):
    given = problem(True, 8.0)
    given.mixture = tone(3000.0) + np.float32(0.1) * tone(LOW)  # 3 kHz is more than 4 kHz can hold
    given.dictionary.bases[1] = np.abs(given.transform.forward(tone(3000.0)))[:, 8]
    given.dictionary.bases[0] += given.dictionary.bases[1] / 3
    alone, both = guided_nmf(given)["drum"], masks_of_both(given)["drum"]
    above = [np.abs(np.fft.rfft(wave * np.hanning(len(wave))))[5900:6100].max() for wave in (alone, both)]
    assert above[1] == pytest.approx(above[0], rel=0.05) and above[0] > 1


def test_of_one_object_the_bases_alone_decide(problem):
    given = problem(True, 4.0)
    given.objects = ["piano"]
    np.testing.assert_array_equal(masks_of_both(given)["piano"], guided_nmf(given)["piano"])
