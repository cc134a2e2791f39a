"""Co-separation: every mask with its own mixture, object and clip; what the loss asks; what is learnt."""

import json

import h5py
import numpy as np
import pytest
import torch
from torch import nn

from objectsounds.config.method_table import METHODS
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.data.solos import FULL, open_labelled
from objectsounds.methods.neural import Learned, co_separated, object_masks
from objectsounds.methods.problem import Problem
from objectsounds.networks.co_separation import CoSeparator, ResidualBlock, bin_weights, clip_sums, sum_loss
from objectsounds.networks.co_separation_training import (
    CoSeparationTask,
    PairMixer,
    build_co_separator,
    load_co_separation,
)
from objectsounds.networks.mix_training import Trained
from objectsounds.networks.unet import stft, warp_matrix, warp_positions
from objectsounds.networks.unet_training import warped
from objectsounds.networks.vision import torchvision
from objectsounds.signal.measures import si_sdr
from objectsounds.stages.co_separation import train_co_separation

RATE, SAMPLES = 4000, 6000
NAMES = ["drum", "piano", "violin"]
BANDS = {"drum": (150, 400), "piano": (500, 800), "violin": (900, 1500)}  # Hz
SMALL = {"rate": RATE, "window": 254, "hop": 64, "frames": 64, "bins": 64, "levels": 4, "channels": 12}
SMALL |= {"most_channels": 96, "classifier_channels": 4, "learning_rate": 3e-3, "batch_size": 2}
SMALL |= {"steps_per_epoch": 20, "epochs": 3, "val_mixtures": 2, "threads": 1, "device": "cpu"}
LENGTH = SMALL["frames"] * SMALL["hop"] - 1


def tones(rng, names, samples=SAMPLES):
    """Return three tones in the band of each name."""
    times, wave = np.arange(samples) / RATE, np.zeros(samples)
    for name in names:
        for tone in rng.uniform(*BANDS[name], 3):
            wave += 0.1 * np.sin(2 * np.pi * tone * times + rng.uniform(0, 6))
    return wave


@pytest.fixture
def clips(tmp_path):
    """Return a function that opens clips of what is shown, in which that or else ``heard`` sounds."""

    def make(shown, heard=None, sure=0.8):
        rng = np.random.default_rng(0)
        waves = [np.round(tones(rng, names) * FULL).astype(np.int16) for names in heard or shown]
        confidence = np.array([[sure * (name in names) for name in NAMES] for names in shown], np.float32)
        path = tmp_path / "labelled.h5"
        with h5py.File(path, "w") as file:
            file.attrs["objects"], file.attrs["rate"] = json.dumps(NAMES), RATE
            file["waveform"] = np.concatenate(waves)
            file["start"] = np.arange(len(shown) + 1) * SAMPLES
            file["rms"] = [float(np.sqrt(np.mean((wave / FULL) ** 2))) for wave in waves]
            file["label"], file["confidence"] = confidence.argmax(axis=1), confidence
            names = [f"c{number}" for number in range(len(shown))]
            file.create_dataset("clip_id", data=names, dtype=h5py.string_dtype())
        return open_labelled(path)

    return make


def task_of(settings, clips, **changes):
    torch.manual_seed(0)
    return CoSeparationTask(settings["co_separation"] | SMALL | changes, clips)


def batch_of(rng, *mixtures):
    """Return sources and confidence of mixtures, each of two clips' (names seen, names heard)."""
    sources = [[tones(rng, heard, LENGTH) for _, heard in mixture] for mixture in mixtures]
    sure = [[[0.8 * (name in seen) for name in NAMES] for seen, _ in mixture] for mixture in mixtures]
    return torch.tensor(np.array(sources), dtype=torch.float32), torch.tensor(sure, dtype=torch.float32)


class Table(nn.Module):
    """A network whose masks are given: shape=(B, L + 1, R, N)."""

    objects = 3

    def __init__(self, masks, logits=None):
        super().__init__()
        self.masks, self.logits, self.asked = masks, logits, []

    def forward(self, magnitudes, which, told):
        self.asked += list(zip(which.tolist(), told.tolist(), strict=True))
        return self.masks[which, told]

    def classifier(self, pictures):
        return torch.zeros(len(pictures), 4) if self.logits is None else self.logits[: len(pictures)]


def shares(sources, options=SMALL):
    """Return each clip's share of its mixture on the warped axis, shape=(B, 2, R, N)."""
    spectra = stft(sources, options["window"], options["hop"])
    parts = warped(spectra, options["bins"])
    return parts / warped(spectra.sum(dim=1), options["bins"])[:, None].clamp(min=1e-10)


def test_one_forward_pass_at_full_size_has_the_exact_shapes(settings):
    options = settings["co_separation"]
    network = build_co_separator(15, options).eval()
    spectra = stft(torch.randn(1, 65535), options["window"], options["hop"])
    assert spectra.shape == (1, 512, 256)
    bottoms, pictures = [], []
    network.unet.up[0].register_forward_hook(lambda _module, given, _made: bottoms.append(given[0].shape))
    for part in (network.classifier.stem, network.classifier.stages):
        part.register_forward_hook(lambda _module, _given, made: pictures.append(made.shape))
    with torch.no_grad():
        masks = network(warped(spectra, options["bins"]), torch.tensor([0, 0]), torch.tensor([14, 15]))
        assert network.classifier(masks).shape == (2, 16)
    assert masks.shape == (2, 256, 256) and masks.min() > 0 and masks.max() < 1
    assert bottoms == [(2, 512 + 16, 4, 4)]  # twice the bottleneck's 2 x 2
    assert pictures == [(2, 64, 64, 64), (2, 512, 8, 8)]
    assert network.unet.up[-1].out_channels == 1
    assert [layer.out_channels for layer in network.unet.down] == [64, 128, 256, 512, 512, 512, 512]
    theirs = torchvision.models.resnet18(num_classes=16)
    own, known = (sum(p.numel() for p in net.parameters()) for net in (network.classifier, theirs))
    assert own == known - 2 * 64 * 7 * 7  # of three colours, one


def test_a_block_of_the_classifier_is_that_of_resnet_18():
    torch.manual_seed(0)
    shorter = nn.Sequential(nn.Conv2d(4, 8, 1, 2, bias=False), nn.BatchNorm2d(8))
    theirs = torchvision.models.resnet.BasicBlock(4, 8, 2, shorter).eval()
    own, picture = ResidualBlock(4, 8, 2).eval(), torch.randn(2, 4, 8, 8)
    for mine, other in (
        (own.longer[0], theirs.conv1),
        (own.longer[3], theirs.conv2),
        (own.shorter[0], shorter[0]),
    ):
        mine.load_state_dict(other.state_dict())
    torch.testing.assert_close(own(picture), theirs(picture))
    plain, known = ResidualBlock(4, 4, 1).eval(), torchvision.models.resnet.BasicBlock(4, 4).eval()
    for mine, other in ((plain.longer[0], known.conv1), (plain.longer[3], known.conv2)):
        mine.load_state_dict(other.state_dict())
    torch.testing.assert_close(plain(picture), known(picture))


def test_every_mask_is_of_its_own_mixture_and_object():
    torch.manual_seed(0)
    network = CoSeparator(3, 3, 4, 16, 4).eval()
    pictures = torch.rand(3, 16, 16)
    which, told = torch.tensor([0, 2, 1, 0, 2]), torch.tensor([1, 0, 3, 2, 2])
    with torch.no_grad():
        together = network(pictures, which, told)
        for mask, mixture, label in zip(together, which, told, strict=True):
            alone = network(pictures[mixture][None], torch.tensor([0]), label[None])[0]
            torch.testing.assert_close(mask, alone, rtol=1e-4, atol=1e-6)
        swapped = network(pictures, which, told[[1, 0, 2, 3, 4]])
    changes = (swapped - together).std(dim=(1, 2))  # a constant alone would be no change
    assert (changes[:2] > 1e-4).all()
    torch.testing.assert_close(swapped[2:], together[2:])


def test_the_loss_is_the_weighted_distance_of_the_sum_from_the_share():
    mixture = torch.tensor([[[2.0, 0.0], [1e9, 1.0]]])
    sources = torch.stack([mixture, torch.zeros_like(mixture)], dim=1)
    sources[0, 1, 1, 1] = 70.0  # where the clips cancel, the share is seventy, of which five are asked for
    weights = bin_weights(mixture)[0]
    torch.testing.assert_close(weights, torch.tensor([[np.log(3), 1e-3], [10.0, np.log(2)]]).float())
    sums = torch.zeros_like(sources)
    expected = (np.log(3) + 10 + np.log(2) + 5 * np.log(2)) / 4  # a silent bin's share is 0
    assert sum_loss(sums, sources, mixture).item() == pytest.approx(expected, rel=1e-5)
    sums[0, 0], sums[0, 1, 1, 1] = torch.tensor([[1.0, 0.0], [1.0, 1.0]]), 5.0
    assert sum_loss(sums, sources, mixture).item() == pytest.approx(0, abs=1e-6)
    twice = [torch.cat([item, item]) for item in (sums + 0.1, sources, mixture)]
    assert sum_loss(*twice).item() == pytest.approx(0.1 * 2 * weights.mean().item(), rel=1e-4)


def test_masks_are_summed_by_clip_in_any_order():
    masks = torch.arange(1.0, 5.0)[:, None, None].expand(-1, 2, 2)
    found = clip_sums(masks, torch.tensor([3, 0, 3, 1]), 4)
    assert found[:, 0, 0].tolist() == [2, 4, 0, 4]


def test_the_right_masks_cost_nothing_and_those_of_another_object_or_mixture_do(settings, clips):
    duo = [(["drum", "piano"], ["drum", "piano"]), (["violin"], ["violin"])]
    solo = [(["violin"], ["violin"]), (["drum"], ["drum"])]
    sources, sure = batch_of(np.random.default_rng(0), duo, solo)
    task = task_of(settings, clips([["drum"], ["violin"]]), classifier_weight=0.0)
    share, masks = shares(sources), torch.zeros(2, 4, SMALL["bins"], SMALL["frames"])
    masks[0, 0], masks[0, 1], masks[0, 2] = 0.3 * share[0, 0], 0.7 * share[0, 0], share[0, 1]
    masks[1, 2], masks[1, 0] = share[1]
    task.network = Table(masks.clamp(max=5))
    right = task.loss(sources, sure).item()
    assert right < 0.02  # masks of a pair are not clamped as their sum is
    assert sorted(task.network.asked) == [(0, 0), (0, 1), (0, 2), (0, 3), (1, 0), (1, 2), (1, 3)]
    for wrong in (sure.flip(0), sure.flip(1), sure.flip(2)):
        assert task.loss(sources, wrong).item() > right + 0.1
    together = task.loss(sources, sure).item()
    task.network = Table(masks.flip(0).clamp(max=5))
    assert task.loss(sources, sure).item() > right + 0.1
    assert task.loss(sources.flip(0), sure.flip(0)).item() == pytest.approx(together, abs=1e-6)


def test_the_background_takes_what_no_object_of_either_clip_is(settings, clips):
    pair = [(["drum"], ["drum"]), (["violin"], ["violin"])]
    sources, sure = batch_of(np.random.default_rng(0), pair, pair)
    sources[0] += torch.from_numpy(tones(np.random.default_rng(3), ["piano"], LENGTH)).float()
    hertz = warp_positions(128, SMALL["bins"]) * RATE / SMALL["window"]
    off_screen = torch.from_numpy((hertz > 450) & (hertz < 850))[:, None]
    task = task_of(settings, clips([["drum"], ["violin"]]), classifier_weight=0.0)
    masks = torch.zeros(2, 4, SMALL["bins"], SMALL["frames"])
    masks[:, [0, 2]] = shares(sources).clamp(max=5)
    masks[0, [0, 2]] *= ~off_screen
    task.network = Table(masks.clone())
    without = task.loss(sources, sure).item()
    masks[0, 3] = 0.5 * off_screen  # both clips of the first mixture have half of it
    task.network = Table(masks)
    assert task.loss(sources, sure).item() < 0.15 * without


def test_a_sound_off_screen_is_in_the_sum_of_its_clip_alone(settings, clips):
    mixture = [(["drum"], ["drum", "piano"]), (["violin"], ["violin"])]
    sources, sure = batch_of(np.random.default_rng(0), mixture)
    task = task_of(settings, clips([["drum"], ["violin"]]))
    optimiser = torch.optim.Adam(task.network.parameters(), 3e-3)
    losses = []
    for _ in range(40):
        optimiser.zero_grad()
        loss = task.loss(sources, sure)
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 5  # on a fixed batch
    spectrum = stft(sources.sum(dim=1), SMALL["window"], SMALL["hop"])
    with torch.no_grad():
        found = task.network(
            warped(spectrum, SMALL["bins"]), torch.zeros(3, dtype=int), torch.tensor([0, 2, 3])
        )
    weights = warped(spectrum, SMALL["bins"])[0]
    bands = warp_positions(128, SMALL["bins"]) * RATE / SMALL["window"]
    rows = (bands > 500) & (bands < 800)
    sums = [((found[i] + found[2]) * weights)[rows].sum() / weights[rows].sum() for i in range(2)]
    assert sums[0] > 0.85 and sums[1] < 0.15


def test_silence_is_learnt_as_silence_but_not_as_the_sound_of_its_object(settings, clips):
    sources, sure = batch_of(np.random.default_rng(0), [(["drum"], ["drum"]), (["violin"], [])])
    task = task_of(settings, clips([["drum"], ["violin"]]), classifier_weight=1.0)
    masks = torch.zeros(1, 4, SMALL["bins"], SMALL["frames"])
    masks[0, 0] = 1.0
    right, sure_of_it = torch.eye(4)[[0, 2, 3]] * 50, []
    for violin in (50.0, -50.0):  # what the classifier says of the silent violin's mask
        right[1, 2] = violin
        task.network = Table(masks, right.clone())
        sure_of_it.append(task.loss(sources, sure).item())
    assert sure_of_it == pytest.approx([0, 0], abs=1e-6)
    loud = sources[0, 0].square().mean().sqrt()
    weak = torch.from_numpy(tones(np.random.default_rng(1), ["drum"], LENGTH)).float()
    weak *= loud / weak.square().mean().sqrt()
    costs = []
    for level in (0.02, 0.045):  # of the other clip's
        sources[0, 1] = level * weak
        task.network = Table(masks, right)
        costs.append(task.loss(sources, sure).item())
    assert costs[0] < 1 and costs[1] > 10
    sources[0, 1], masks[0, 2] = 0, 1.0
    task.network = Table(masks, right)
    assert task.loss(sources, sure).item() > 0.1
    for silent in (
        task.loss(0 * sources, sure),
        task_of(settings, clips([["drum"]])).loss(0 * sources, sure),
    ):
        assert torch.isfinite(silent)


def test_a_label_counts_as_much_as_it_is_sure(settings, clips):
    sources, sure = batch_of(np.random.default_rng(0), [(["drum"], ["drum"]), (["violin"], ["violin"])])
    task = task_of(settings, clips([["drum"], ["violin"]]), classifier_weight=1.0)
    logits = torch.eye(4)[[0, 2, 3]] * 50
    logits[1] = torch.tensor([1.0, 0.0, 0.0, 0.0])  # the violin is taken for a drum
    cost = float(torch.logsumexp(logits[1], 0))
    sure[0, 1, 2] = 0.2
    masks = torch.zeros(1, 4, SMALL["bins"], SMALL["frames"])
    task.network = Table(masks)
    plain = task.loss(sources, sure).item() - np.log(4)
    task.network = Table(masks, logits)
    expected = plain + 0.2 * cost / (0.8 + 0.2 + 1.0)
    assert task.loss(sources, sure).item() == pytest.approx(expected, rel=1e-4)


def test_two_clips_without_a_common_label_are_drawn_with_their_own_labels(clips):
    shown = [["drum"]] * 6 + [["piano"], ["violin", "piano"], ["drum", "violin"]]
    mixer = PairMixer(clips(shown), 4000, [2], -23.0)
    sources, sure = next(mixer.batches(np.random.default_rng(0), 1, 64))
    assert sources.shape == (64, 2, 4000) and sure.shape == (64, 2, 3) and sure.dtype == torch.float32
    assert not ((sure[:, 0] > 0) & (sure[:, 1] > 0)).any() and (sure > 0).any(dim=2).all()
    spectra = torch.fft.rfft(sources).abs()
    hertz = torch.fft.rfftfreq(4000, 1 / RATE)
    for index, (low, high) in enumerate(BANDS.values()):
        energy = spectra[..., (hertz > low - 10) & (hertz < high + 10)].amax(dim=2)
        assert ((energy > 5) == (sure[..., index] > 0)).all()
    assert (20 * torch.log10(sources.square().mean(dim=2).sqrt()) + 23).abs().max() < 0.5
    assert ((sure[..., 1] > 0).float().mean() > 0.3) and ((sure[..., 2] > 0).float().mean() > 0.2)


def test_clips_that_all_show_one_object_are_said_to_be_too_few(settings, clips, tmp_path):
    path = clips([["drum"], ["drum", "piano"]]).path
    options = settings | {"co_separation": settings["co_separation"] | SMALL}
    with pytest.raises(ObjectsoundsError, match="no two clips, not silent, without a label in common"):
        train_co_separation(options, (path, None), (tmp_path / "n.pt", tmp_path / "h.jsonl"))


def test_the_learning_rate_falls_after_three_and_six_sevenths(settings, clips):
    task = task_of(settings, clips([["drum"], ["violin"]]), epochs=70, steps_per_epoch=500)
    found = [task.decay(step) for step in (0, 14999, 15000, 29999, 30000, 34999)]
    assert found == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01])


def test_masks_are_brought_from_the_warped_axis_to_the_linear_one():
    options = SMALL | {"bins": 128}  # as many rows as bins: the axes are not told apart by their lengths
    rows = warp_positions(128, 128) * RATE / SMALL["window"] > 600
    masks = torch.zeros(1, 4, 128, 64)
    masks[0, 2] = torch.from_numpy(rows).float()[:, None]

    class High(Table):
        def forward(self, magnitudes, which, told):
            np.testing.assert_allclose(magnitudes[0].argmax(dim=0)[30], peak, atol=1)
            return super().forward(magnitudes, which, told)

    times = np.arange(4095) / RATE
    low, high = (np.sin(2 * np.pi * tone * times) for tone in (300, 1000))
    mixture = (1.5 * low + high).astype(np.float32)
    peak = warp_matrix(128, 128)[:, round(300 * SMALL["window"] / RATE)].argmax()
    model = Learned(Trained(High(masks), NAMES, RATE, options, -23.0), None, {}, torch.device("cpu"))
    spectrum = stft(torch.from_numpy(mixture), options["window"], options["hop"])
    linear = object_masks(model, spectrum, ["violin"])[0]
    hertz = np.arange(128) * RATE / options["window"]
    assert (linear[hertz < 550] < 0.01).all() and (linear[hertz > 650] > 0.99).all()
    found = co_separated(Problem(mixture, ["violin", "drum"], None, {}, model=model, sources=2))
    assert list(found) == ["violin", "drum"] and not found["drum"].any()
    np.testing.assert_allclose(found["violin"][200:-200], high[200:-200], atol=0.02)
    assert co_separated(Problem(mixture, [], None, {}, model=model, sources=2)) == {}


def test_it_learns_two_mixtures_by_heart_from_what_is_seen(settings, clips, tmp_path):
    labelled = clips([["drum"], ["violin"], ["drum"], ["violin"]])
    options = settings | {"co_separation": settings["co_separation"] | SMALL}
    outputs = (tmp_path / "n.pt", tmp_path / "h.jsonl")
    train_co_separation(options, (labelled.path, None), outputs)
    rows = [json.loads(line) for line in outputs[1].read_text().splitlines()]
    assert rows[-1]["train_loss"] < rows[0]["train_loss"] / 3
    model = Learned(load_co_separation(outputs[0]), None, {}, torch.device("cpu"))
    mixer = PairMixer(labelled, LENGTH, [2], -23.0)
    sources, sure = next(mixer.batches(np.random.default_rng(3), 1, 2))
    for pair, labels in zip(sources.numpy(), sure, strict=True):
        problem = Problem(pair.sum(axis=0), ["drum", "violin"], None, {}, model=model, sources=2)
        found = co_separated(problem)
        for wave, label in zip(pair, labels, strict=True):
            estimate = found[NAMES[int(label.argmax())]]
            assert si_sdr(wave, estimate) > si_sdr(wave, problem.mixture) + 5


def test_it_separates_what_is_seen_and_has_a_twin_that_is_told():
    assert METHODS["co_separation"].detects and METHODS["co_separation_true_objects"].true_objects
