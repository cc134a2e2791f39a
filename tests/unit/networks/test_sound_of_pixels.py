"""Sound of Pixels: every mask with its own mixture and frames; what the loss asks; what is learnt."""

import json

import cv2
import h5py
import numpy as np
import pytest
import torch

from objectsounds.config.method_table import METHODS
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.tables import write_table
from objectsounds.data.bags import Bags
from objectsounds.data.clip_features import ClipFeatures, read_clip_features, read_clip_places
from objectsounds.data.solos import FULL, open_sighted
from objectsounds.data.status import COLUMNS, clip_sizes
from objectsounds.media.wav import write_wav
from objectsounds.methods.neural import Learned, heard_of_clips, load_learned
from objectsounds.methods.problem import Problem
from objectsounds.methods.separation import showing_clips
from objectsounds.networks import sound_of_pixels_training
from objectsounds.networks.classifiers import MEAN, STD
from objectsounds.networks.mix_training import Trained, build_optimiser
from objectsounds.networks.sound_of_pixels import (
    FrameFeatures,
    SoundOfPixels,
    build_sound_of_pixels,
    heat_map,
    load_sound_of_pixels,
    mask_loss,
    mask_targets,
)
from objectsounds.networks.sound_of_pixels_training import PixelTask, SightedMixer, drawn_pictures
from objectsounds.networks.unet import stft, warp_positions
from objectsounds.networks.unet_training import warped
from objectsounds.networks.vision import torchvision
from objectsounds.signal.measures import si_sdr
from objectsounds.stages.pixel_features import write_pixel_features
from objectsounds.stages.sound_of_pixels import train_sound_of_pixels

RATE, SAMPLES = 4000, 6000
NAMES = ["drum", "violin"]
BANDS = {"drum": (150, 400), "violin": (900, 1500), "": (1, 2)}  # Hz
COLOURS = {"drum": (220, 40, 40), "violin": (40, 40, 220), "": (40, 220, 40)}  # RGB
SMALL = {"rate": RATE, "window": 254, "hop": 64, "frames": 64, "bins": 64, "levels": 4, "channels": 8}
SMALL |= {"most_channels": 64, "features": 4, "pictures": 1, "image_size": 32, "frame_channels": 4}
SMALL |= {"start": "scratch", "optimiser": "adam", "learning_rate": 5e-3, "frame_learning_rate": 5e-3}
SMALL |= {"weight_decay": 0.0, "gain_db": 0.0, "batch_size": 4, "steps_per_epoch": 30, "epochs": 2}
SMALL |= {"val_mixtures": 4, "threads": 1, "device": "cpu"}
LENGTH = SMALL["frames"] * SMALL["hop"] - 1


def tones(rng, name, samples=SAMPLES):
    """Return three tones in the band of a name."""
    times, wave = np.arange(samples) / RATE, np.zeros(samples)
    for tone in rng.uniform(*BANDS[name], 3):
        wave += 0.1 * np.sin(2 * np.pi * tone * times + rng.uniform(0, 6))
    return wave


@pytest.fixture
def clips(tmp_path):
    """Return a function that writes clips, each with the tones and the colour of its name."""

    def make(names, samples=SAMPLES, frames=3):
        rng, rows, waves = np.random.default_rng(0), [], []
        for number, name in enumerate(names):
            folder = tmp_path / "media" / f"{number:04d}"
            (folder / "frames").mkdir(parents=True)
            waves.append(np.round(tones(rng, name, samples) * FULL * (name != "")).astype(np.int16))
            write_wav(folder / "audio.wav", waves[-1] / FULL, RATE)
            for frame in range(frames):
                picture = np.full((40, 40, 3), COLOURS[name][::-1], np.uint8)
                picture[:, : 10 * frame] //= 2
                cv2.imwrite(str(folder / "frames" / f"{frame:02d}.jpg"), picture)
            facts = {"clip_id": f"c{number}", "status": "ok", "folder": f"media/{folder.name}"}
            rows.append(dict.fromkeys(COLUMNS, "") | facts | clip_sizes(folder))
        write_table(tmp_path / "status.tsv", COLUMNS, rows)
        with h5py.File(tmp_path / "all.h5", "w") as file:
            file.attrs["objects"], file.attrs["rate"] = json.dumps(NAMES), RATE
            file["waveform"], file["start"] = np.concatenate(waves), np.arange(len(names) + 1) * samples
            file["rms"] = [float(np.sqrt(np.mean((wave / FULL) ** 2))) for wave in waves]
            file["label"] = np.full(len(names), -1)
            ids = [row["clip_id"] for row in rows]
            file.create_dataset("clip_id", data=ids, dtype=h5py.string_dtype())
        return tmp_path / "all.h5", [str(tmp_path / "status.tsv")]

    return make


@pytest.fixture
def sighted(clips):
    """Return a function that opens such clips, each with a frame of 32 pixels."""
    return lambda names, **changes: open_sighted((*clips(names, **changes), 1, 32))


def task_of(settings, **changes):
    torch.manual_seed(0)
    return PixelTask(settings["sound_of_pixels"] | SMALL | changes, None)


def batch_of(*mixtures):
    """Return sections, frames and presence of mixtures, each of the names of its two clips."""
    rng = np.random.default_rng(0)
    sections = np.array([[tones(rng, name, LENGTH) * (name != "") for name in names] for names in mixtures])
    colours = np.array([[COLOURS[name] for name in names] for names in mixtures]) / 255
    pictures = ((colours - MEAN) / STD)[:, :, None, :, None, None] * np.ones((1, 1, 1, 1, 32, 32))
    present = torch.ones(sections.shape[:2], dtype=torch.bool)
    return torch.from_numpy(sections).float(), torch.from_numpy(pictures).float(), present


def test_one_forward_pass_at_full_size_has_the_exact_shapes(settings):
    options = settings["sound_of_pixels"]
    network = build_sound_of_pixels(options).eval()
    spectra = stft(torch.randn(1, 65535), options["window"], options["hop"])
    assert spectra.shape == (1, 512, 256)
    pictures = torch.randn(2, options["pictures"], 3, options["image_size"], options["image_size"])
    with torch.no_grad():
        assert network.frames(pictures[0]).shape == (3, 32, 14, 14)
        features = network.seen(pictures)
        masks = network(warped(spectra, options["bins"]), features[None])
    assert features.shape == (2, 32) and features.min() > 0 and features.max() < 1
    assert masks.shape == (1, 2, 256, 256) and masks.min() > 0 and masks.max() < 1
    assert [layer.out_channels for layer in network.unet.down] == [64, 128, 256, 512, 512, 512, 512]
    assert network.unet.up[-1].out_channels == network.scale.numel() == 32
    assert (options["batch_size"], options["learning_rate"], options["frame_learning_rate"]) == (
        *(80, 1e-3, 1e-4),
    )


def test_the_network_that_looks_is_a_resnet_18_whose_last_stage_is_dilated_in_place_of_its_stride():
    torch.manual_seed(0)
    theirs = torchvision.models.resnet18(weights=None).eval()
    for module in theirs.modules():  # known running means, so that every layer's are told apart
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(std=0.1)
    own = FrameFeatures(5, 64).eval()
    own.start_from(theirs.state_dict())
    last = theirs.layer4
    last[0].conv1.stride = last[0].downsample[0].stride = (1, 1)
    for layer in (last[0].conv2, last[1].conv1, last[1].conv2):
        layer.dilation = layer.padding = (2, 2)
    picture = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        known = theirs.maxpool(theirs.relu(theirs.bn1(theirs.conv1(picture))))
        known = theirs.layer4(theirs.layer3(theirs.layer2(theirs.layer1(known))))
        assert known.shape == (1, 512, 4, 4)
        torch.testing.assert_close(own.stages(own.stem(picture)), known)
        assert own(picture).shape == (1, 5, 4, 4)
    with pytest.raises(RuntimeError, match="Missing key"):
        own.start_from({name: v for name, v in theirs.state_dict().items() if "layer3" not in name})


def test_a_clip_has_the_most_of_its_frames_and_places():
    network = SoundOfPixels(3, 2, 4, 8, 4).eval()
    pictures = torch.randn(2, 3, 3, 32, 32)
    with torch.no_grad():
        places = torch.stack([network.frames(clip) for clip in pictures])
        assert places.shape == (2, 3, 3, 2, 2)
        expected = torch.sigmoid(places).amax(dim=(1, 3, 4))
        torch.testing.assert_close(network.seen(pictures), expected)


def test_a_mask_is_the_sum_of_its_mixtures_maps_by_its_clips_features():
    network = SoundOfPixels(2, 2, 4, 8, 4)
    with torch.no_grad():
        network.scale.copy_(torch.tensor([2.0, -1.0]))
        network.bias.fill_(0.25)
    maps = torch.randn(2, 2, 4, 3)
    features = torch.tensor([[[1.0, 0.0], [0.5, 1.0]], [[0.0, 1.0], [0.0, 0.0]]])
    found = network.chosen(maps, features)
    assert found.shape == (2, 2, 4, 3)
    torch.testing.assert_close(found[0, 0], 2 * maps[0, 0] + 0.25)
    torch.testing.assert_close(found[0, 1], maps[0, 0] - maps[0, 1] + 0.25)
    torch.testing.assert_close(found[1, 0], 0.25 - maps[1, 1])
    torch.testing.assert_close(found[1, 1], torch.full((4, 3), 0.25))


def test_targets_are_where_a_clip_dominates_or_its_share():
    mixture = torch.tensor([[[2.0, 1.0, 0.0, 1.0]]])
    sources = torch.tensor([[[[1.0, 0.6, 0.0, 9.0]], [[1.5, 0.4, 0.0, 0.0]]]])
    assert mask_targets(sources, mixture, True)[0, :, 0].tolist() == [[0, 1, 0, 1], [1, 0, 0, 0]]
    ratios = mask_targets(sources, mixture, False)[0, :, 0]
    torch.testing.assert_close(ratios, torch.tensor([[0.5, 0.6, 0, 5], [0.75, 0.4, 0, 0]]))


@pytest.mark.parametrize("binary", [True, False])
def test_loud_bins_count_by_the_logarithm_of_their_magnitude_and_absent_clips_not_at_all(binary):
    mixture = torch.tensor([[[np.e - 1, 0.0]]]).float()
    sources = torch.stack([mixture, 0 * mixture, mixture], dim=1)
    logits, present = torch.zeros_like(sources), torch.tensor([[True, True, False]])
    each = np.log(2) if binary else 0.5
    expected = each * (1 + 1e-3) / 2  # of the first two clips alike: silence is a target too
    assert mask_loss(logits, sources, mixture, present, binary).item() == pytest.approx(expected, rel=1e-5)
    logits[0, 2] = 30.0
    assert mask_loss(logits, sources, mixture, present, binary).item() == pytest.approx(expected, rel=1e-5)
    logits[0, 0, 0, 0], logits[0, 1] = 30.0, -30.0
    assert mask_loss(logits, sources, mixture, present, binary).item() < 1e-3


def test_frames_go_with_their_own_sound_in_any_order(settings):
    batch = batch_of(("drum", "violin"), ("violin", "drum"), ("drum", "drum"))
    task = task_of(settings)
    task.network.eval()
    loss = task.loss(*batch).item()
    assert task.loss(*(part.flip(1) for part in batch)).item() == pytest.approx(loss, rel=1e-5)
    assert task.loss(*(part.flip(0) for part in batch)).item() == pytest.approx(loss, rel=1e-5)
    optimiser = torch.optim.Adam(task.network.parameters(), 5e-3)
    task.network.train()
    losses = []
    for _ in range(30):
        optimiser.zero_grad()
        found = task.loss(*batch)
        found.backward()
        optimiser.step()
        losses.append(found.item())
    assert losses[-1] < losses[0] / 2  # on a fixed batch
    task.network.eval()
    sections, pictures, present = (part[:1] for part in batch)
    right = task.loss(sections, pictures, present).item()
    assert task.loss(sections, pictures.flip(1), present).item() > right + 0.2


def test_a_third_clip_that_is_absent_changes_nothing(settings):
    sections, pictures, present = batch_of(("drum", "violin"), ("violin", "drum"))
    task = task_of(settings, sources=[2, 3])
    two = task.loss(sections, pictures, present).item()
    batch = (sections, pictures, present)
    longer = [torch.cat([part, torch.zeros_like(part[:, :1])], dim=1) for part in batch]
    assert task.counts == [2, 3]
    assert task.loss(*longer).item() == pytest.approx(two, rel=1e-5)
    longer[2][:, 2] = True
    assert task.loss(*longer).item() != pytest.approx(two, rel=1e-3)


def test_silence_is_learnt_as_silence_and_a_silent_mixture_has_a_finite_loss(settings):
    sections, pictures, present = batch_of(("drum", ""))
    for targets in ("binary", "ratio"):
        task = task_of(settings, targets=targets)
        silent, loud = [], []
        for bias in (-30.0, 30.0):
            with torch.no_grad():
                task.network.bias.fill_(bias)
            found = [torch.isfinite(task.loss(0 * sections, pictures, present))]
            assert all(found)
            both = task.loss(sections, pictures, present).item()
            loud.append(task.loss(sections, pictures, torch.tensor([[True, False]])).item())
            silent.append(2 * both - loud[-1])
        assert silent[0] < 1e-3 < silent[1]


def test_frames_of_the_clip_are_drawn_without_names_and_normalised(sighted, tmp_path):
    solos = sighted(["drum", "violin", "", "drum"])
    mixer = SightedMixer(solos, LENGTH, [2, 3], -23.0)
    sections, pictures, present = next(mixer.batches(np.random.default_rng(0), 1, 40))
    assert sections.shape == (40, 3, LENGTH) and pictures.shape == (40, 3, 1, 3, 32, 32)
    assert set(present.sum(dim=1).tolist()) == {2, 3} and present[:, :2].all()
    spectra, hertz = torch.fft.rfft(sections).abs(), torch.fft.rfftfreq(LENGTH, 1 / RATE)
    low, high = (
        spectra[..., (hertz > a - 10) & (hertz < b + 10)].amax(dim=2) for a, b in list(BANDS.values())[:2]
    )
    red, blue = pictures[:, :, 0, 0].mean(dim=(2, 3)), pictures[:, :, 0, 2].mean(dim=(2, 3))
    assert ((low > high) == (red > blue))[present].all()
    assert {(2, 0), (1, 1), (2, 1)} == {
        (int((low > high)[i].sum()), int((high > low)[i].sum())) for i in range(40)
    }
    assert not sections[~present].any() and not pictures[~present].any()
    assert (20 * torch.log10(sections[present].square().mean(dim=1).sqrt()) + 23).abs().max() < 0.7
    whole = next(SightedMixer(solos, LENGTH, [2], -23.0).batches(np.random.default_rng(0), 1, 1))
    again = next(SightedMixer(solos, LENGTH, [2], -23.0).batches(np.random.default_rng(0), 1, 1))
    assert all(torch.equal(one, other) for one, other in zip(whole, again, strict=True))
    assert solos.frames_bytes[0] == sum(p.stat().st_size for p in solos.folders[0].iterdir())


def test_drawn_frames_are_different_ones_in_order_where_there_are_enough(clips, tmp_path):
    clips(["drum"])
    folder = tmp_path / "media" / "0000" / "frames"
    dark = [int(cv2.imread(str(path))[:, :, 2].mean()) for path in sorted(folder.iterdir())]
    assert dark[0] > dark[1] > dark[2]
    found = drawn_pictures(folder, 3, 32, np.random.default_rng(0))
    red = found[:, 0].mean(axis=(1, 2))
    assert found.shape == (3, 3, 32, 32) and red[0] > red[1] > red[2]
    assert drawn_pictures(folder, 5, 32, np.random.default_rng(0)).shape == (5, 3, 32, 32)
    darker = [
        p[:, :, :, :4].mean() < p[:, :, :, -4:].mean()
        for p in (drawn_pictures(folder, 3, 32, np.random.default_rng(seed)) for seed in range(20))
    ]
    assert 4 < sum(darker) < 16  # mirrored as often as not


def test_clips_without_frames_and_too_few_clips_are_said(clips, settings, tmp_path):
    path, statuses = clips(["drum", ""])
    options = settings | {"sound_of_pixels": settings["sound_of_pixels"] | SMALL}
    outputs = (tmp_path / "n.pt", tmp_path / "h.jsonl")
    with pytest.raises(ObjectsoundsError, match="holds 1 clips that are not silent, mixtures need 2"):
        train_sound_of_pixels(options, (path, None), (statuses, []), None, outputs)
    with pytest.raises(ObjectsoundsError, match="no shard has frames of clip c0"):
        open_sighted((path, [], 1, 32))


@pytest.mark.parametrize(
    ("changes", "labeller", "said"),
    [
        ({"start": "labeller"}, None, "needs labeller.kind: pictures"),
        ({"start": "labeller"}, "resnet34", "the labeller is a resnet34, not a resnet18"),
        ({"start": "imagenet", "frame_channels": 8}, None, "frame_channels: 8 does not fit start: imagenet"),
        ({"start": "imagenet"}, None, "not to be had .no net.. Set start: labeller or scratch"),
    ],
)
def test_weights_that_are_not_there_or_do_not_fit_are_said(
    settings, changes, labeller, said, monkeypatch, tmp_path
):
    def offline(settings, weights):
        raise ObjectsoundsError("no net.")

    monkeypatch.setattr(sound_of_pixels_training, "load_labeller", offline)
    if labeller:
        torch.save({"architecture": labeller, "state_dict": {}}, tmp_path / "weights.pt")
    options = settings["sound_of_pixels"] | SMALL | {"frame_channels": 64} | changes
    with pytest.raises(ObjectsoundsError, match=said):
        PixelTask(options, None, tmp_path / "weights.pt" if labeller else None)


def test_it_starts_from_the_labeller(settings, tmp_path):
    theirs = torchvision.models.resnet18(num_classes=2)
    torch.save({"architecture": "resnet18", "state_dict": theirs.state_dict()}, tmp_path / "weights.pt")
    options = settings["sound_of_pixels"] | SMALL | {"frame_channels": 64, "start": "labeller"}
    task = PixelTask(options, None, tmp_path / "weights.pt")
    torch.testing.assert_close(
        task.network.frames.stages[2][1].longer[3].weight, theirs.layer3[1].conv2.weight
    )


def test_what_looks_has_a_learning_rate_of_its_own_and_both_fall_after_two_and_four_fifths(settings):
    task = task_of(settings, epochs=100, steps_per_epoch=500)
    found = [task.decay(step) for step in (0, 19999, 20000, 39999, 40000, 49999)]
    assert found == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01])
    for optimiser in ("sgd", "adam"):
        options = task.options | {"optimiser": optimiser, "learning_rate": 0.5, "frame_learning_rate": 0.25}
        hears, looks = build_optimiser(task.network, options | {"weight_decay": 0.125}).param_groups
        assert (hears["lr"], looks["lr"], hears["weight_decay"], looks["weight_decay"]) == (
            *(0.5, 0.25, 0.125, 0.125),
        )
        own = {id(value) for value in task.network.frames.parameters()}
        assert {id(value) for value in looks["params"]} == own
        count = sum(1 for _ in task.network.parameters())
        assert len(hears["params"]) == count - len(own)


class Bands(SoundOfPixels):
    """A network whose masks are known: feature 0 lets through what is below 600 Hz, 1 what is above."""

    def __init__(self, bins):
        super().__init__(2, 2, 4, 8, 4)
        low = torch.from_numpy(warp_positions(128, bins) * RATE / SMALL["window"] < 600).float()
        self.low = torch.stack([low, 1 - low])[:, :, None]

    def forward(self, magnitudes, features):
        return torch.einsum("bck,krn->bcrn", features, self.low.expand(-1, -1, magnitudes.shape[-1]))


def known_model(mask="soft"):
    options = SMALL | {"bins": 128}  # as many rows as bins: the axes are not told apart by their lengths
    features = ClipFeatures(["other", "deep", "bright"], np.float32([[0, 0], [1, 0], [0, 1]]))
    return Learned(
        Trained(Bands(128).eval(), NAMES, RATE, options, -23.0), features, {"mask": mask}, torch.device("cpu")
    )


def test_frames_choose_the_estimate_and_masks_are_brought_to_the_linear_axis():
    times = np.arange(4095) / RATE
    low, high = (np.sin(2 * np.pi * tone * times).astype(np.float32) for tone in (300, 1000))
    mixture = (1.5 * low + high).astype(np.float32)
    clip_of = {"violin": "bright", "drum": "deep"}
    for mask in ("soft", "binary"):
        problem = Problem(mixture, ["violin", "drum"], None, {}, clip_of=clip_of, sources=2)
        problem.model = known_model(mask)
        found = heard_of_clips(problem)
        assert list(found) == ["violin", "drum"]
        np.testing.assert_allclose(found["violin"][200:-200], high[200:-200], atol=0.02)
        np.testing.assert_allclose(found["drum"][200:-200], 1.5 * low[200:-200], atol=0.02)
        problem.clip_of = {"violin": "deep", "drum": "bright"}
        swapped = heard_of_clips(problem)
        np.testing.assert_array_equal(swapped["violin"], found["drum"])
        problem.clip_of = {"violin": "deep", "drum": "deep"}  # both are seen in one clip
        same = heard_of_clips(problem)
        np.testing.assert_array_equal(same["violin"], same["drum"])
        problem.objects = []
        assert heard_of_clips(problem) == {}


def test_a_soft_mask_is_kept_and_a_binary_one_is_all_or_nothing():
    mixture = np.sin(2 * np.pi * 300 * np.arange(4095) / RATE).astype(np.float32)
    for share, mask, expected in ((0.6, "soft", 0.6), (0.6, "binary", 1.0), (0.4, "binary", 0.0)):
        model = known_model(mask)
        model.frames.features[1] = [share, 0]
        problem = Problem(mixture, ["drum"], None, {}, clip_of={"drum": "deep"}, model=model, sources=1)
        found = heard_of_clips(problem)["drum"]
        np.testing.assert_allclose(found[200:-200], expected * mixture[200:-200], atol=0.01)


def test_an_object_is_sought_in_the_clip_that_shows_it_most_surely():
    sure = np.array([[0.9, 0.1, 0.3], [0.2, 0.6, 0.5], [0.95, 0.9, 0.4]])
    hits = np.array([[1, 0, 1], [0, 1, 0], [1, 1, 1]], np.uint8)
    bags = Bags(None, ["a", "b", "c"], ["x", "y", "z"], sure, hits, hits, hits, hits)
    assert showing_clips(bags, ["a", "b"], ["x", "y", "z"]) == {"x": "a", "y": "b", "z": "a"}
    assert showing_clips(bags, ["b", "a"], ["x"]) == {"x": "a"}


def test_the_heat_map_is_the_energy_that_the_mask_of_each_place_lets_through():
    network = SoundOfPixels(2, 2, 4, 8, 4)
    with torch.no_grad():
        network.bias.fill_(-10.0)
        network.scale.fill_(20.0)
    magnitudes, maps = torch.zeros(4, 3), torch.zeros(2, 4, 3)
    magnitudes[0], magnitudes[3] = 2.0, 1.0
    maps[0, :2], maps[1, 2:] = 2.0, 2.0
    places = torch.full((2, 2, 5), -50.0)
    places[0, 0, 1], places[1, 1, 4] = 50.0, 50.0
    found = heat_map(network, magnitudes, maps, places, torch.eye(4))
    assert found.shape == (2, 5)
    assert found[0, 1].item() == pytest.approx(12, rel=1e-3)
    assert found[1, 4].item() == pytest.approx(3, rel=1e-3)
    upside_down = heat_map(network, magnitudes, maps, places, torch.eye(4).flip(0))
    assert upside_down[1, 4].item() == pytest.approx(12, rel=1e-3)
    found[0, 1] = found[1, 4] = 0
    assert found.max() < 1e-6


def test_it_learns_two_mixtures_by_heart_from_their_frames_alone(settings, clips, tmp_path):
    path, statuses = clips(["drum", "violin"])
    options = settings | {"sound_of_pixels": settings["sound_of_pixels"] | SMALL}
    outputs = (tmp_path / "n.pt", tmp_path / "h.jsonl")
    train_sound_of_pixels(options, (path, path), (statuses, statuses), None, outputs)
    rows = [json.loads(line) for line in outputs[1].read_text().splitlines()]
    assert rows[-1]["train_loss"] < rows[0]["train_loss"] and rows[-1]["val_loss"] < rows[0]["val_loss"]
    write_pixel_features(options, outputs[0], statuses, tmp_path / "test.h5")
    seen = read_clip_features(tmp_path / "test.h5")
    assert seen.clip_ids == ["c0", "c1"] and seen.features.shape == (2, 4)
    for clip in seen.clip_ids:
        names, places = read_clip_places(tmp_path / "test.h5", clip)
        assert names == ["00.jpg", "02.jpg"] and places.shape == (2, 4, 2, 2)
        shown = 1 / (1 + np.exp(-places.max(axis=(0, 2, 3))))
        assert (shown <= seen.of([clip])[0] + 1e-6).all() and np.ptp(places) > 0
    with pytest.raises(ObjectsoundsError, match="knows no clip c2: run stage pixel_features again"):
        read_clip_places(tmp_path / "test.h5", "c2")
    options |= {"separate": {"threads": 1}}
    model = load_learned(options, METHODS["sound_of_pixels"], outputs[0], tmp_path / "test.h5")
    mixer = SightedMixer(open_sighted((path, statuses, 1, 32)), LENGTH, [2], -23.0)
    sections, _, _ = next(mixer.batches(np.random.default_rng(3), 1, 2))
    order = [
        NAMES if deep else NAMES[::-1] for deep in (sections[:, 0].diff().square().sum(dim=1) < 5).tolist()
    ]
    for pair, names in zip(sections.numpy(), order, strict=True):
        clip_of = {"drum": "c0", "violin": "c1"}
        problem = Problem(pair.sum(axis=0), NAMES, None, {}, clip_of=clip_of, model=model, sources=2)
        found = heard_of_clips(problem)
        for wave, name in zip(pair, names, strict=True):
            assert si_sdr(wave, found[name]) > si_sdr(wave, problem.mixture) + 5
    trained = load_sound_of_pixels(outputs[0])
    assert not trained.network.training and "mask" in options["sound_of_pixels"]
    with pytest.raises(ObjectsoundsError, match="--frames with what sound_of_pixels says"):
        load_learned(options, METHODS["sound_of_pixels"], outputs[0], None)
    with h5py.File(tmp_path / "test.h5", "a") as file:
        del file["features"]
        file["features"] = np.zeros((2, 3), np.float32)
    with pytest.raises(ObjectsoundsError, match="run stage pixel_features again"):
        load_learned(options, METHODS["sound_of_pixels"], outputs[0], tmp_path / "test.h5")


def test_it_says_what_it_is_told_and_has_a_twin_that_is_told_the_objects():
    method = METHODS["sound_of_pixels"]
    assert method.detects and method.told == "which frames are of which source"
    assert METHODS["sound_of_pixels_true_objects"].told.endswith("and which objects sound")
