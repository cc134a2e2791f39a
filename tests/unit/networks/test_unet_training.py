"""The U-Net's second way of learning: shares of a mixture's objects, transposed sources, averaged weights."""

import numpy as np
import pytest
import torch

from objectsounds.data.solos import FULL, Solos
from objectsounds.networks.mix_training import Mixer
from objectsounds.networks.training import Training
from objectsounds.networks.unet_training import share_loss

RATE = 8000


def loss_of(logits, magnitudes, present):
    magnitudes = torch.tensor(magnitudes)[None, :, :, None]
    given = torch.tensor(logits)[None, :, :, None]
    return share_loss(given, magnitudes, magnitudes.sum(dim=1), torch.tensor([present])).item()


def test_shares_are_learnt_among_the_objects_of_the_mixture_alone():
    magnitudes, present = [[3.0], [1.0], [0.0]], [True, True, False]
    weight, shares = np.log1p(4), np.array([0.75, 0.25])
    logits = np.log(shares)
    least = loss_of([[logits[0]], [logits[1]], [0.0]], magnitudes, present)
    assert least == pytest.approx(-weight * (shares * logits).sum(), rel=1e-5)
    assert loss_of([[logits[0]], [logits[1]], [50.0]], magnitudes, present) == pytest.approx(least, rel=1e-5)
    assert loss_of([[0.0], [0.0], [0.0]], magnitudes, present) == pytest.approx(weight * np.log(2), rel=1e-5)
    assert loss_of([[logits[0]], [logits[1]], [50.0]], magnitudes, [True] * 3) > 10 * least


def test_loud_bins_weigh_more():
    wrong_in_loud = loss_of([[-3.0, 3.0], [3.0, -3.0]], [[9.0, 1.0], [0.0, 0.0]], [True, True])
    wrong_in_quiet = loss_of([[3.0, -3.0], [-3.0, 3.0]], [[9.0, 1.0], [0.0, 0.0]], [True, True])
    assert wrong_in_loud == pytest.approx(wrong_in_quiet * np.log(10) / np.log(2), rel=0.02)


@pytest.fixture
def tone(tmp_path):
    """Solo clips of two objects: a tone of 1000 Hz each."""
    wave = 0.2 * np.sin(2 * np.pi * 1000 * np.arange(3 * RATE) / RATE)
    file = {"waveform": np.concatenate([np.round(wave * FULL).astype(np.int16)] * 2)}
    start, rms = np.arange(3) * len(wave), np.full(2, np.sqrt(np.mean(wave**2)))
    return Solos(tmp_path / "none.h5", ["a", "b"], RATE, ["a_0", "b_0"], np.arange(2), start, rms), file


def heard_tones(solos, file, transpose):
    mixer, found = Mixer(solos, 4000, [2], -20.0, 0.0, transpose), []
    for seed in range(20):
        part = mixer.section(np.random.default_rng(seed), file, 0)
        assert part.shape == (4000,) and part.dtype == np.float32
        assert 20 * np.log10(np.sqrt(np.mean(part**2))) == pytest.approx(-20, abs=0.3)
        spectrum = np.abs(np.fft.rfft(part * np.hanning(4000)))
        found.append(12 * np.log2(spectrum.argmax() * RATE / 4000 / 1000))
    return np.array(found)


def test_a_source_is_transposed_by_at_most_so_many_semitones(tone):
    assert not heard_tones(*tone, 0.0).any()
    semitones = heard_tones(*tone, 2.0)
    assert np.abs(semitones).max() <= 2.1  # a length that is fast to transform may be a little more
    assert semitones.min() < -1 and semitones.max() > 1


class Counting(Training):
    """Its one weight is the number of the step."""

    def __init__(self, settings, tmp_path, average):
        options = {"device": "cpu", "threads": 1, "average": average, "epochs": 2, "patience": None}
        super().__init__({"seed": 0, "unet": options | {"checkpoint_every": 1}}, "unet", tmp_path / "c.pt")
        network = torch.nn.Linear(1, 1)
        torch.nn.init.zeros_(network.weight)
        optimiser = torch.optim.SGD(network.parameters(), 1.0)
        schedule = torch.optim.lr_scheduler.ConstantLR(optimiser, 1.0)
        self.measured = []
        self.begin(network, optimiser, schedule, "counting")

    def learn(self, number):
        for _ in range(3):
            with torch.no_grad():
                self.network.weight += 1
            self.optimiser.step()
            self.schedule.step()
            self.stepped()
        with self.averaged():
            self.measured.append(self.network.weight.item())
        return {"train_loss": -float(number)}


@pytest.mark.parametrize("average", [0.0, 0.2, 0.999])
def test_what_is_measured_and_kept_is_the_moving_average_of_the_weights(settings, tmp_path, average):
    training = Counting(settings, tmp_path, average)
    training.run(tmp_path / "n.pt", tmp_path / "h.jsonl", {}, None)
    expected, values = 0.0, []
    for step in range(1, 7):
        decay = min(average, step / (step + 9))
        expected = decay * expected + (1 - decay) * step
        values.append(expected)
    assert training.measured == pytest.approx([values[2], values[5]], rel=1e-5)
    assert training.network.weight.item() == 6  # it goes on from its own weights
    kept = torch.load(tmp_path / "n.pt", weights_only=True)["state_dict"]["weight"].item()
    assert kept == pytest.approx(values[5], rel=1e-5)
