"""The learned methods: trained networks as plugs beside NMF.

Mixtures are brought to the level that the networks learnt at, and the estimates back to the mixture's.
That level is the one of as many sources as sound, each at ``mixtures.rms_db``: known of test mixtures.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from objectsounds.config.method_table import Method
from objectsounds.core.devices import choose_device
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.data.clip_features import ClipFeatures, read_clip_features
from objectsounds.data.frame_predictions import FramePredictions, read_frame_predictions
from objectsounds.methods.problem import Problem
from objectsounds.networks.co_separation_training import load_co_separation
from objectsounds.networks.mix_training import Trained
from objectsounds.networks.sound_of_pixels import DOMINANT, load_sound_of_pixels
from objectsounds.networks.unet import decide, istft, over_windows, stft, unwarp_matrix, warped_probabilities
from objectsounds.networks.unet_training import load_unet, warped
from objectsounds.networks.wave_unet import separate_waveform
from objectsounds.networks.wave_unet_training import load_wave_unet

STAGE_VERSION = 2
LOADERS = {
    "unet": load_unet,
    "wave_unet": load_wave_unet,
    "co_separation": load_co_separation,
    "sound_of_pixels": load_sound_of_pixels,
}


@dataclass
class Learned:
    """A trained network, ready to separate.

    Attributes
    ----------
    trained : Trained
    frames : FramePredictions, ClipFeatures or None
        What the frame network, or Sound of Pixels, says of the test clips.
    options : dict
        The stage's section of the settings, as far as it concerns separation.
    device : torch.device
    """

    trained: Trained
    frames: FramePredictions | ClipFeatures | None
    options: dict
    device: torch.device

    @property
    def rate(self) -> int:
        """The rate in Hz at which it separates."""
        return self.trained.rate

    def weights(self, clips: list[str]) -> np.ndarray:
        """Return each object's weight, shape=(L,): its maximum over the clips' frames (Nuotimaa 3.1.1)."""
        if not isinstance(self.frames, FramePredictions):
            return np.ones(len(self.trained.objects), np.float32)
        return self.frames.of(clips).max(axis=0)


def load_learned(
    settings: dict, method: Method, network: str | Path | None, frames: str | Path | None
) -> Learned:
    """Load a learned method's network.

    Raises
    ------
    ObjectsoundsError
        If a file that the method needs is not given.
    """
    stage = method.network.partition("/")[0]
    if network is None or (method.frames and frames is None):
        raise ObjectsoundsError(
            f"separate: this method needs the option --network with the network of stage {stage}"
            + (f", and --frames with what {method.frames} says of the clips." if method.frames else ".")
        )
    torch.set_num_threads(settings["separate"]["threads"])
    trained = LOADERS[stage](network)
    device = choose_device(settings[stage]["device"], f"{stage}.device")
    trained.network.to(device)
    return Learned(trained, _told_of_frames(method, trained, network, frames), settings[stage], device)


def _told_of_frames(
    method: Method, trained: Trained, network: str | Path, frames: str | Path | None
) -> FramePredictions | ClipFeatures | None:
    if method.frames is None or frames is None:
        return None
    if method.frames == "sound_of_pixels":
        features = read_clip_features(frames)
        if features.features.shape[1] != trained.options["features"]:
            raise ObjectsoundsError(f"{frames} is not of {network}: run stage pixel_features again.")
        return features
    predictions = read_frame_predictions(frames)
    if predictions.objects != trained.objects:
        raise ObjectsoundsError(f"{frames} knows other objects than {network}: run both trainings again.")
    return predictions


def at_level(mixture: np.ndarray, level_db: float, sources: int) -> tuple[torch.Tensor, float]:
    """Return a mixture at the level that sources of one level have together, and the factor for it.

    Parameters
    ----------
    mixture : np.ndarray [shape=(T,)]
    level_db : float
        Of each source, dB full scale. Sources are not correlated: together they are 10 log10(n) dB louder.
    sources : int
        How many sound, n.
    """
    power = float(np.sqrt(np.mean(np.square(mixture, dtype=np.float64))))
    wanted = 10 ** (level_db / 20) * np.sqrt(sources)
    factor = float(wanted / power) if power > 0 else 1.0
    return torch.from_numpy(mixture * np.float32(factor)), factor


def _at_its_level(problem: Problem) -> tuple[torch.Tensor, float]:
    """Return the mixture at the level that the network learnt at; see `at_level`.

    Where nobody knows how many sources sound, the objects that are to be separated count: those that
    were seen, or named, at least one.
    """
    count = problem.sources or max(len(problem.objects), 1)
    return at_level(problem.mixture, problem.model.trained.level_db, count)


def mask_probabilities(model: Learned, spectrum: torch.Tensor, clips: list[str]) -> torch.Tensor:
    """Return the objects' probabilities, shape=(L, R, N), of a complex spectrogram, shape=(F, N).

    On the warped frequency axis; times the frame network's where the method has one.
    """
    options = model.trained.options
    magnitudes = warped(spectrum, options["bins"])
    found = warped_probabilities(model.trained.network, magnitudes, options["frames"])
    weights = torch.from_numpy(model.weights(clips).astype(np.float32)).to(found.device)
    return found * weights[:, None, None]


def unwarped(model: Learned, spectrum: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """Return values on the bins of a spectrogram, shape=(L, F, N), of those on the warped axis, (L, R, N)."""
    return unwarp_matrix(len(spectrum), values.shape[-2]).to(model.device) @ values


def _predicted(
    model: Learned, spectrum: torch.Tensor, predict: Callable[[torch.Tensor], torch.Tensor]
) -> torch.Tensor:
    """Return what a network says of a spectrogram's magnitudes, (1, R, frames) at a time, on its own bins."""
    options = model.trained.options
    magnitudes = warped(spectrum, options["bins"])
    return unwarped(
        model, spectrum, over_windows(lambda part: predict(part[None]), magnitudes, options["frames"])
    )


def through_masks(problem: Problem, masks: Callable[[torch.Tensor], torch.Tensor]) -> np.ndarray:
    """Return what masks let through of a mixture, with its phase, shape=(P, T).

    Parameters
    ----------
    problem : Problem
    masks : callable
        From the complex spectrogram, shape=(F, N), of the mixture at the level that the network learnt at,
        to P masks on it.
    """
    model = problem.model
    window, hop = model.trained.options["window"], model.trained.options["hop"]
    mixture, factor = _at_its_level(problem)
    spectrum = stft(mixture.to(model.device), window, hop)
    waves = istft(masks(spectrum) * spectrum, window, hop, len(mixture)) / factor
    return waves.cpu().numpy()


def semantic_masks(problem: Problem) -> dict[str, np.ndarray]:
    """Separate by the U-Net's masks on the mixture's spectrogram, with the mixture's phase (Nuotimaa 3.1)."""
    model, own = problem.model, problem.model.options
    numbers = [model.trained.objects.index(name) for name in problem.objects]

    def masks(spectrum: torch.Tensor) -> torch.Tensor:
        probabilities = unwarped(model, spectrum, mask_probabilities(model, spectrum, problem.clips))
        return decide(probabilities, own["background"], own["mask"] == "soft")[numbers]

    return dict(zip(problem.objects, through_masks(problem, masks), strict=True))


def masks_among_seen(problem: Problem) -> dict[str, np.ndarray]:
    """Separate by the U-Net's masks among the detected objects alone, with the mixture's phase.

    The masks are a softmax over these objects, whatever the network says of others.
    """
    model, names = problem.model, problem.objects
    if not names:
        return {}
    told = [model.trained.objects.index(name) for name in names]

    def masks(spectrum: torch.Tensor) -> torch.Tensor:
        return _predicted(model, spectrum, lambda part: model.trained.network(part)[0, told].softmax(dim=0))

    return dict(zip(names, through_masks(problem, masks), strict=True))


def object_masks(model: Learned, spectrum: torch.Tensor, objects: list[str]) -> torch.Tensor:
    """Return the masks of objects, shape=(len(objects), F, N), of a complex spectrogram, shape=(F, N).

    On the linear axis, in 0 to 1; each object is looked for by itself, and no two masks need to sum to 1.
    """
    told = torch.tensor([model.trained.objects.index(name) for name in objects], device=spectrum.device)
    mixture = torch.zeros_like(told)
    return _predicted(model, spectrum, lambda part: model.trained.network(part, mixture, told))


def co_separated(problem: Problem) -> dict[str, np.ndarray]:
    """Separate by co-separation's masks of the detected objects, with the mixture's phase (Gao 2019)."""
    model, names = problem.model, problem.objects
    if not names:
        return {}
    waves = through_masks(problem, lambda spectrum: object_masks(model, spectrum, names))
    return dict(zip(names, waves, strict=True))


def pixel_masks(model: Learned, spectrum: torch.Tensor, clips: list[str]) -> torch.Tensor:
    """Return the masks of clips by their frames, shape=(len(clips), F, N), of a spectrogram, shape=(F, N).

    On the linear axis, in 0 to 1, or 0 and 1 with ``mask: binary``; no two masks need to sum to 1.
    """
    features = torch.from_numpy(model.frames.of(clips)).to(spectrum.device)[None]
    masks = _predicted(model, spectrum, lambda part: model.trained.network(part, features)[0])
    return (masks > DOMINANT).float() if model.options["mask"] == "binary" else masks


def heard_of_clips(problem: Problem) -> dict[str, np.ndarray]:
    """Separate by the frames of each clip, with the mixture's phase (Zhao et al. 2018).

    It knows no objects: one gets what is heard of the clip that shows it, two of one clip the same.
    """
    model, names = problem.model, problem.objects
    if not names:
        return {}
    clips = sorted({problem.clip_of[name] for name in names})
    waves = through_masks(problem, lambda spectrum: pixel_masks(model, spectrum, clips))
    return {name: waves[clips.index(problem.clip_of[name])] for name in names}


def waveforms(problem: Problem) -> dict[str, np.ndarray]:
    """Separate by the Wave-U-Net, which is told the detected objects if it was taught to listen (VIMSS)."""
    model, names = problem.model, problem.model.trained.objects
    label = torch.tensor([float(name in problem.objects) for name in names], device=model.device)
    mixture, factor = _at_its_level(problem)
    bottleneck = model.trained.options["bottleneck"]
    waves = separate_waveform(model.trained.network, mixture.to(model.device), label, bottleneck) / factor
    return {name: waves[names.index(name)].cpu().numpy() for name in problem.objects}
