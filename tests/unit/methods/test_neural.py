"""The learned separators: exact lengths, labels kept with their item, no seams, exact resumption."""

import itertools
import json
import os
import signal

import cv2
import h5py
import numpy as np
import pytest
import torch

from objectsounds.config.method_table import CONDITIONINGS, LEARNED, METHODS, Conditioning
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.tables import write_table
from objectsounds.data.frame_predictions import read_frame_predictions
from objectsounds.data.solos import FULL, check_performances, open_solos
from objectsounds.data.status import COLUMNS as STATUS_COLUMNS
from objectsounds.data.status import clip_sizes, performance_of
from objectsounds.methods.neural import Learned, at_level, semantic_masks, waveforms
from objectsounds.methods.problem import Problem
from objectsounds.networks.classifiers import build
from objectsounds.networks.mix_training import Mixer, Trained
from objectsounds.networks.unet import (
    UNet,
    decide,
    istft,
    stft,
    targets,
    unwarp_matrix,
    warp_matrix,
    warped_probabilities,
)
from objectsounds.networks.unet_training import load_unet
from objectsounds.networks.wave_unet import WaveUNet, lengths, separate_waveform, upsampled
from objectsounds.networks.wave_unet_training import load_wave_unet
from objectsounds.signal.measures import si_sdr
from objectsounds.stages.frame_predictions import predict_frames
from objectsounds.stages.unet import train_unet
from objectsounds.stages.wave_unet import train_wave_unet

RATE = 4000
NAMES = ["drum", "piano", "violin"]
SMALL_WAVE = {"levels": 3, "channels": 8, "bottleneck": 69, "learning_rate": 3e-3, "lr_decay": 1.0}
SMALL_UNET = {"window": 256, "hop": 64, "frames": 64, "bins": 64, "levels": 4, "channels": 12}


def small(settings, stage, **changes):
    options = {"rate": RATE, "optimiser": "adam", "batch_size": 2, "steps_per_epoch": 20, "epochs": 4}
    options |= {"val_mixtures": 2, "patience": None, "threads": 1}
    return settings | {stage: settings[stage] | options | changes}


def network(conditioning="none", **changes):
    torch.manual_seed(0)
    how = Conditioning.parse(conditioning)
    options = {"objects": 3, "levels": 3, "channels": 4} | changes
    return WaveUNet(conditioning=how.kind, place=how.place, **options).eval()


@pytest.fixture
def solos(tmp_path):
    """Return a function that writes solo clips: low tones are drum 0, high ones are violin 2."""

    def make(name, labels=(0, 2, 0, 2), samples=4094, seed=0):
        rng = np.random.default_rng(seed)
        times = np.arange(samples) / RATE
        waves = []
        for label in labels:
            tones = rng.uniform(150, 400, 3) if label == 0 else rng.uniform(900, 1500, 3)
            wave = sum(np.sin(2 * np.pi * tone * times + rng.uniform(0, 6)) for tone in tones)
            waves.append(np.round(0.2 * wave * FULL).astype(np.int16))
        path = tmp_path / f"{name}.h5"
        with h5py.File(path, "w") as file:
            file.attrs["objects"], file.attrs["rate"] = json.dumps(NAMES), RATE
            file["waveform"] = np.concatenate(waves)
            file["start"] = np.arange(len(labels) + 1) * samples
            file["rms"] = [float(np.sqrt(np.mean((wave / FULL) ** 2))) for wave in waves]
            file["label"] = np.array(labels)
            file.create_dataset(
                "clip_id", data=[f"{name}_{i}" for i in range(len(labels))], dtype=h5py.string_dtype()
            )
        return path

    return make


def test_one_forward_pass_at_full_size_has_the_exact_lengths():
    assert lengths(12, 9) == (147443, 16389)
    full = WaveUNet(objects=13).eval()
    assert full.bottleneck.convolution.out_channels == 312
    seen = []
    full.bottleneck.register_forward_hook(lambda _module, _given, made: seen.append(made.shape))
    with torch.no_grad():
        assert full(torch.zeros(1, 147443), torch.zeros(1, 13)).shape == (1, 13, 16389)
    assert seen == [(1, 312, 9)]


def test_upsampling_puts_means_between_the_samples():
    found = upsampled(torch.tensor([[[0.0, 2.0, 6.0]]]))
    torch.testing.assert_close(found, torch.tensor([[[0.0, 1.0, 2.0, 4.0, 6.0]]]))


def test_there_are_nine_configurations_and_the_unconditioned_one():
    waves = [n for n in LEARNED if n.startswith("wave_unet") and not METHODS[n].true_objects]
    assert len(CONDITIONINGS) == 9 and waves == [
        "wave_unet",
        *(f"wave_unet_{name}" for name in CONDITIONINGS),
    ]
    assert [METHODS[name].guided for name in waves] == [False] + 9 * [True]


@pytest.mark.parametrize("conditioning", CONDITIONINGS)
def test_another_label_gives_another_output_and_each_item_has_its_own(conditioning):
    told = network(conditioning)
    given, _ = lengths(3, 9)
    mixtures, labels = torch.randn(3, given), torch.eye(3)
    with torch.no_grad():
        alone = [told(mixtures[i : i + 1], labels[i : i + 1])[0] for i in range(3)]
        together = told(mixtures, labels)
        swapped = told(mixtures, labels[[1, 0, 2]])
    for found, expected in zip(together, alone, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)
    changes = (swapped - together).std(dim=2).amax(dim=1)  # a constant alone would be no change
    assert changes[0] > 1e-4 and changes[1] > 1e-4
    torch.testing.assert_close(swapped[2], together[2], rtol=1e-4, atol=1e-6)


def test_a_network_that_is_not_told_does_not_hear_the_label():
    given, _ = lengths(3, 9)
    mixture = torch.randn(1, given)
    assert torch.equal(network()(mixture, torch.zeros(1, 3)), network()(mixture, torch.ones(1, 3)))


def test_every_source_has_a_filter_of_its_own_and_the_last_is_the_difference():
    given, taken = lengths(3, 9)
    plain, mixture = network(), torch.randn(2, given)
    before = plain(mixture, torch.zeros(2, 3))
    middle = mixture[:, (given - taken) // 2 :][:, :taken]
    torch.testing.assert_close(before.sum(dim=1), middle, rtol=1e-4, atol=1e-5)
    assert plain.output.out_channels == 2
    with torch.no_grad():
        plain.output.weight[0] += 0.5
    after = plain(mixture, torch.zeros(2, 3))
    assert not torch.allclose(after[:, 0], before[:, 0]) and torch.equal(after[:, 1], before[:, 1])
    assert network(difference=False).output.out_channels == 3


@pytest.mark.parametrize("length", [500, 1000, 1301])
def test_blocks_equal_the_whole(length):
    told, label = network("multiplicative_every_layer"), torch.tensor([1.0, 0.0, 1.0])
    mixture = torch.randn(length)
    blocks = separate_waveform(told, mixture, label, 9)
    whole = separate_waveform(told, mixture, label, 5 + -(-length // 8))
    assert blocks.shape == whole.shape == (3, length)
    torch.testing.assert_close(blocks, whole, rtol=1e-4, atol=1e-6)


def test_the_warp_reads_every_bin_and_is_undone():
    warp, back = warp_matrix(513, 256), unwarp_matrix(513, 256)
    torch.testing.assert_close(warp.sum(dim=1), torch.ones(256))
    torch.testing.assert_close(back.sum(dim=1), torch.ones(513))
    assert (warp.sum(dim=0) > 0).all()
    smooth = torch.sin(torch.arange(513) / 80)
    assert (back @ (warp @ smooth) - smooth).abs().max() < 0.03


def test_the_spectrogram_of_the_papers_section_has_256_frames_and_an_inverse():
    waves = torch.randn(2, 65534)
    spectra = stft(waves, 1024, 256)
    assert spectra.shape == (2, 513, 256)
    torch.testing.assert_close(istft(spectra, 1024, 256, 65534), waves, rtol=1e-3, atol=1e-4)


def test_silent_bins_belong_to_all_and_loud_ones_to_their_object():
    magnitudes = torch.zeros(3, 2, 1)
    magnitudes[1, 0] = 9.0
    found = targets(magnitudes)[..., 0]
    assert found[1, 0] > 0.99
    torch.testing.assert_close(found[:, 1], torch.full((3,), 1 / 3))


def test_masks_take_the_most_probable_object_or_the_background():
    probabilities = torch.tensor([[0.8, 0.34], [0.15, 0.33], [0.05, 0.33]])[..., None]
    binary = decide(probabilities, 0.05, soft=False)[..., 0]
    assert binary.tolist() == [[1, 0], [0, 0], [0, 0]]  # 0.34 is below 0.05 * 21 / 3
    soft = decide(probabilities, 0.0, soft=True)[..., 0]
    torch.testing.assert_close(soft.sum(dim=0), torch.ones(2))


@pytest.mark.parametrize("count", [10, 64, 65, 200])
def test_probabilities_cover_spectrograms_of_any_length(count):
    torch.manual_seed(0)
    found = warped_probabilities(UNet(3, 4, 4, 16).eval(), torch.rand(64, count), 64)
    assert found.shape == (3, 64, count)
    torch.testing.assert_close(found.sum(dim=0), torch.ones(64, count))


def test_a_drawn_mixture_has_different_objects_at_one_level(solos):
    mixer = Mixer(open_solos(solos("train", labels=(0, 0, 1, 2), samples=6000)), 4000, [2], -23.0)
    (drawn,) = next(mixer.batches(np.random.default_rng(0), 1, 16))
    power = drawn.square().mean(dim=2).sqrt()
    assert drawn.shape == (16, 3, 4000) and ((power > 0).sum(dim=1) == 2).all()
    assert (20 * torch.log10(power[power > 0]) + 23).abs().max() < 0.5
    (again,) = next(mixer.batches(np.random.default_rng(0), 1, 16))
    assert torch.equal(drawn, again)


def test_too_few_objects_are_said(settings, solos, tmp_path):
    path = solos("train", labels=(0, 0))
    with pytest.raises(ObjectsoundsError, match="solo clips of 1 objects"):
        train_unet(small(settings, "unet", **SMALL_UNET), (path, None), (tmp_path / "n", tmp_path / "h"))


def heard(train, load, function, path, settings, stage, tmp_path, options):
    """Return how far above the mixture (dB) each source of two mixtures is, after learning just them."""
    options = small(settings, stage, **options)
    train(options, (path, None), (tmp_path / "n.pt", tmp_path / "h.jsonl"))
    trained = load(tmp_path / "n.pt")
    model = Learned(trained, None, options[stage], torch.device("cpu"))
    mixer, gains = Mixer(open_solos(path), 4094, [2], -23.0), []
    for sources in next(mixer.batches(np.random.default_rng(3), 1, 2))[0].numpy():
        problem = Problem(sources.sum(axis=0), ["drum", "violin"], None, {}, model=model)
        for name, found in function(problem).items():
            true = sources[NAMES.index(name)]
            gains.append(si_sdr(true, found) - si_sdr(true, problem.mixture))
    return gains


def test_the_unet_learns_two_mixtures_by_heart(settings, solos, tmp_path):
    options = SMALL_UNET | {"learning_rate": 3e-3, "epochs": 3}
    gains = heard(train_unet, load_unet, semantic_masks, solos("train"), settings, "unet", tmp_path, options)
    assert min(gains) > 5


@pytest.mark.parametrize("conditioning", ["none", "multiplicative_bottleneck"])
def test_the_wave_unet_learns_two_mixtures_by_heart(settings, solos, tmp_path, conditioning):
    def train(options, files, outputs):
        train_wave_unet(options, conditioning, files, outputs)

    path = solos("train")
    gains = heard(train, load_wave_unet, waveforms, path, settings, "wave_unet", tmp_path, SMALL_WAVE)
    assert min(gains) > 5


def test_a_killed_training_goes_on_exactly_where_it_was(settings, solos, tmp_path):
    files = solos("train"), solos("val", seed=1)
    options = small(settings, "wave_unet", **SMALL_WAVE, steps_per_epoch=2, checkpoint_every=1)

    def kill(epoch, *_):
        if epoch == 2:
            raise KeyboardInterrupt

    whole, halves = ((tmp_path / name / "n.pt", tmp_path / name / "h.jsonl") for name in ("whole", "halves"))
    train_wave_unet(options, "additive_output", files, whole)
    with pytest.raises(KeyboardInterrupt):
        train_wave_unet(options, "additive_output", files, halves, kill)
    seen = []
    train_wave_unet(options, "additive_output", files, halves, lambda epoch, *_: seen.append(epoch))
    assert seen == [3]
    assert whole[1].read_text() == halves[1].read_text()
    one, two = (load_wave_unet(paths[0]).network.state_dict() for paths in (whole, halves))
    assert all(torch.equal(one[name], two[name]) for name in one)


def row(clip, source, split, picture=""):
    return {"clip_id": clip, "source": source, "picture": picture, "split": split}


def test_a_request_to_stop_saves_the_epoch_that_had_begun(settings, solos, tmp_path):
    train, _ = solos("train"), tmp_path.joinpath("out").mkdir()
    options = small(settings, "wave_unet", **SMALL_WAVE, steps_per_epoch=1, checkpoint_every=100)
    outputs = (tmp_path / "out" / "n.pt", tmp_path / "out" / "h.jsonl")

    def ask(epoch, *_):
        if epoch == 0:
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(ObjectsoundsError, match="after 2 epochs"):
        train_wave_unet(options, "none", (train, None), outputs, ask)
    seen = []
    train_wave_unet(options, "none", (train, None), outputs, lambda epoch, *_: seen.append(epoch))
    assert seen == [2, 3]


def test_a_performance_that_is_tested_with_is_never_learnt_from():
    train = [row("a_0", "a", "train"), row("b_0", "b", "train")]
    check_performances(train, {"c": "c_0"})
    with pytest.raises(ObjectsoundsError, match=r"b_10000 of another split are of one performance"):
        check_performances(train, {"b": "b_10000"})


def test_separate_tracks_of_one_piece_are_one_performance():
    video = "urmp/01_Jupiter_vn_vc/Vid_01.mp4"
    whole, track = row("piece_0", video, "train"), row("piece-1_0", "AuSep_1.wav", "test", video)
    with pytest.raises(ObjectsoundsError, match="one performance"):
        check_performances([whole], {performance_of(track): "piece-1_0"})


def test_every_learned_method_is_a_plug_with_a_network():
    for name, key in itertools.product(LEARNED, ("function", "network")):
        assert getattr(METHODS[name], key), name


def level_of(waveform):
    return 10 * np.log10(np.mean(np.square(np.asarray(waveform, np.float64))))


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_a_mixture_of_any_number_of_sources_is_brought_to_the_level_learnt_at(count):
    rng = np.random.default_rng(count)
    sources = rng.standard_normal((count, 200000)) * 10 ** (-23 / 20)  # of which the network learnt the sum
    mixture = (0.3 * sources.sum(axis=0)).astype(np.float32)
    scaled, factor = at_level(mixture, -23.0, count)
    assert level_of(scaled) == pytest.approx(-23 + 10 * np.log10(count), abs=1e-4)
    assert level_of(scaled) == pytest.approx(level_of(sources.sum(axis=0)), abs=0.05)
    assert factor == pytest.approx(1 / 0.3, rel=0.005)
    np.testing.assert_allclose(scaled.numpy(), mixture * factor, rtol=1e-5)


def test_silence_has_no_level_and_stays_silence():
    scaled, factor = at_level(np.zeros(10, np.float32), -23.0, 2)
    assert factor == 1 and not scaled.any()


@pytest.mark.parametrize(
    ("sources", "objects", "wanted"),
    [(3, ["violin", "drum"], 3), (2, NAMES, 2), (0, ["violin", "drum"], 2), (0, NAMES, 3), (0, [], 1)],
)
def test_a_network_hears_the_level_of_the_sources_or_else_of_the_objects(
    monkeypatch, sources, objects, wanted
):
    heard, gains = [], torch.tensor([1.0, 2.0, 3.0])[:, None]

    def separate(network, mixture, label, bottleneck):
        heard.append((mixture, label.tolist()))
        return gains * mixture

    monkeypatch.setattr("objectsounds.methods.neural.separate_waveform", separate)
    trained = Trained(None, NAMES, RATE, {"bottleneck": 9}, -20.0)
    mixture = np.random.default_rng(0).standard_normal(1000).astype(np.float32)
    model = Learned(trained, None, {}, torch.device("cpu"))
    found = waveforms(Problem(mixture, objects, None, {}, model=model, sources=sources))
    ((given, label),) = heard
    assert level_of(given) == pytest.approx(-20 + 10 * np.log10(wanted), abs=1e-3)
    assert label == [float(name in objects) for name in NAMES]
    assert list(found) == objects
    for name in objects:  # at the mixture's own level again
        np.testing.assert_allclose(found[name], (NAMES.index(name) + 1) * mixture, rtol=1e-4)


def test_the_semantic_masks_are_asked_at_the_level_of_the_sources_and_put_back(monkeypatch):
    heard = []

    def probabilities(model, spectrum, clips):
        heard.append((spectrum, clips))
        share = torch.zeros(3, SMALL_UNET["bins"], spectrum.shape[1])
        share[2], share[0] = 0.75, 0.25
        return share

    monkeypatch.setattr("objectsounds.methods.neural.mask_probabilities", probabilities)
    trained = Trained(None, NAMES, RATE, SMALL_UNET, -20.0)
    model = Learned(trained, None, {"mask": "soft", "background": 0.0}, torch.device("cpu"))
    mixture = np.random.default_rng(0).standard_normal(4094).astype(np.float32)
    levels = []
    for sources in (2, 4):
        problem = Problem(mixture, ["violin", "drum"], None, {}, model=model, sources=sources)
        problem.clips = ["x", "y"]
        found = semantic_masks(problem)
        assert list(found) == ["violin", "drum"]
        np.testing.assert_allclose(found["violin"], 0.75 * mixture, atol=2e-3)
        np.testing.assert_allclose(found["drum"], 0.25 * mixture, atol=2e-3)
        levels.append(float(heard[-1][0].abs().square().mean()))
        assert heard[-1][1] == ["x", "y"]
    assert levels[1] / levels[0] == pytest.approx(2, rel=1e-4)


def test_the_frame_network_looks_at_the_frame_in_the_middle_of_a_clip(monkeypatch, settings, tmp_path):
    status, rows = tmp_path / "shard" / "status.tsv", []
    for clip, (ends, middle) in {"dark": (250, 10), "light": (10, 250)}.items():
        frames = tmp_path / "shard" / clip / "frames"
        frames.mkdir(parents=True)
        for number in range(5):
            canvas = np.full((8, 8, 3), middle if number == 2 else ends, np.uint8)
            cv2.imwrite(str(frames / f"{number:02d}.jpg"), canvas)
        (tmp_path / "shard" / clip / "audio.wav").write_bytes(b"x")
        cells = {"clip_id": clip, "status": "ok", "folder": clip} | clip_sizes(tmp_path / "shard" / clip)
        rows.append(dict.fromkeys(STATUS_COLUMNS, "") | cells)
    write_table(status, STATUS_COLUMNS, rows)

    def brightness(network, images, device):
        light = torch.from_numpy(images.reshape(len(images), -1).mean(axis=1) / 25.0 - 5.0)
        return torch.stack([-light, light, torch.full_like(light, -99.0)], dim=1).float()

    monkeypatch.setattr("objectsounds.stages.frame_predictions.predict", brightness)
    options = settings | {"frame_network": settings["frame_network"] | {"image_size": 8, "threads": 1}}
    small_network = build(options["frame_network"]["architecture"], 3)
    torch.save({"state_dict": small_network.state_dict(), "objects": NAMES}, tmp_path / "n.pt")
    predict_frames(options, tmp_path / "n.pt", [status], tmp_path / "words.h5")
    words = read_frame_predictions(tmp_path / "words.h5")
    assert words.clip_ids == ["dark", "light"]
    assert words.of(["light", "dark"]).argmax(axis=1).tolist() == [1, 0]
