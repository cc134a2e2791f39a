"""Image classifiers that say what is seen in a frame: ImageNet's, or one trained on labelled pictures."""

import logging
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from objectsounds.core.devices import choose_device
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.files import reading, sha256_of
from objectsounds.core.weights import load_weights
from objectsounds.networks.vision import torchvision

MEAN = (0.485, 0.456, 0.406)  # of ImageNet's RGB values in 0..1, which the trained network uses too
STD = (0.229, 0.224, 0.225)
IMAGENET_RESIZE, IMAGENET_CROP = 256, 224  # Gao 4.1
log = logging.getLogger(__name__)
PRECISIONS = {"single": torch.float32, "bfloat16": torch.bfloat16}


def build(architecture: str, classes: int) -> torch.nn.Module:
    """Return an untrained torchvision classifier.

    Raises
    ------
    ObjectsoundsError
        If torchvision has no classifier of that name.
    """
    known = torchvision.models.list_models(module=torchvision.models)
    if architecture not in known:
        raise ObjectsoundsError(
            f"labeller: architecture {architecture!r} is none of torchvision's: {', '.join(known)}."
        )
    return torchvision.models.get_model(architecture, weights=None, num_classes=classes)


def use_threads(settings: dict) -> None:
    """Let torch use the configured number of threads, on which the last digits of its results depend."""
    torch.set_num_threads(int(settings["labeller"].get("threads", 1)))


def normalised(images: np.ndarray) -> torch.Tensor:
    """Return network input, shape=(n, 3, H, W), from RGB uint8 images, shape=(n, H, W, 3)."""
    pixels = (images.astype(np.float32) / 255 - np.float32(MEAN)) / np.float32(STD)
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2)))


def unnormalised(images: np.ndarray) -> torch.Tensor:
    """Return the same input as `normalised`, but as plain values in 0..1."""
    return torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2))).float() / 255


def resized(images: np.ndarray, size: int, crop: int) -> np.ndarray:
    """Resize images, shape=(n, H, W, 3), to ``size`` both ways and keep the middle ``crop`` pixels."""
    first = (size - crop) // 2
    out = np.empty((len(images), crop, crop, 3), np.uint8)
    for index, image in enumerate(images):
        shrinks = max(image.shape[:2]) > size
        whole = cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
        out[index] = whole[first : first + crop, first : first + crop]
    return out


@dataclass
class Labeller:
    """A classifier with its preprocessing.

    Attributes
    ----------
    class_names : list of str
        Its C classes, in the order of its scores.
    identity : str
        The network and the SHA-256 of its weights.
    resize, crop : int
        Pixels to which a frame is resized, and of its middle that is kept.
    normalise : bool
        Whether scores are log-probabilities rather than the network's raw output. Both have the same
        softmax within a frame; but log-probabilities end at 0, so the best frame of each of two objects
        weighs the same when scores are pooled over frames.
    precision : torch.dtype
        Of the network's numbers.
    """

    network: torch.nn.Module
    class_names: list[str]
    identity: str
    resize: int
    crop: int
    device: torch.device
    normalise: bool = False
    precision: torch.dtype = torch.float32

    def scores(self, frames: np.ndarray) -> np.ndarray:
        """Return class scores: logits, or log-probabilities if ``normalise``.

        Parameters
        ----------
        frames : np.ndarray [shape=(n, H, W, 3), dtype=uint8]
            RGB; taken as one batch.

        Returns
        -------
        np.ndarray [shape=(n, C), dtype=float32]
        """
        return self.scores_of_input(self.input_of(frames))

    def input_of(self, frames: np.ndarray) -> torch.Tensor:
        """Return network input, shape=(n, 3, crop, crop), from RGB frames, shape=(n, H, W, 3)."""
        return normalised(resized(frames, self.resize, self.crop))

    @torch.inference_mode()
    def scores_of_input(self, batch: torch.Tensor) -> np.ndarray:
        """Return the scores of network input, shape=(n, 3, crop, crop), as `scores` does of frames."""
        batch = batch.to(self.device, self.precision, memory_format=torch.channels_last)
        scores = self.network(batch).float()
        return (torch.log_softmax(scores, dim=1) if self.normalise else scores).cpu().numpy()


def _imagenet_weights(architecture: str):
    weights = torchvision.models.get_model_weights(architecture)
    if "IMAGENET1K_V1" not in weights.__members__:
        raise ObjectsoundsError(f"labeller: torchvision has no ImageNet weights for {architecture!r}.")
    return weights["IMAGENET1K_V1"]


def _megabytes(weights) -> float:
    return float(weights.meta["_file_size"]) * 1.048576


def _downloaded(architecture: str) -> tuple[dict, str]:
    """Return torchvision's own weights (downloaded once, hash checked) and their SHA-256."""
    weights = _imagenet_weights(architecture)
    file = _kept(weights)
    if not file.is_file():
        log.info("%s: %.0f MB of weights are downloaded to %s, once", architecture, _megabytes(weights), file)
    try:
        state = weights.get_state_dict(progress=False, check_hash=True, map_location="cpu")
    except (OSError, RuntimeError) as error:
        raise ObjectsoundsError(
            f"labeller: the weights of {architecture!r} could not be downloaded ({error}); "
            "download them elsewhere and name the file in labeller.weights."
        ) from error
    return state, sha256_of(file)


def imagenet_file(architecture: str) -> Path | None:
    """Return the file of torchvision's ImageNet weights, None where they were not downloaded yet.

    Raises
    ------
    ObjectsoundsError
        If there are none of such a network.
    """
    path = _kept(_imagenet_weights(architecture))
    return path if path.is_file() else None


def _kept(weights) -> Path:
    return Path(torch.hub.get_dir()) / "checkpoints" / weights.url.rsplit("/", 1)[-1]


def _from_file(path: Path) -> tuple[dict, str]:
    """Return the weights in a file, read as weights only, and their SHA-256."""
    if not path.is_file():
        raise ObjectsoundsError(f"labeller.weights: {path} is no file; name a file of weights, or null.")
    try:
        state = load_weights(path)
    except (OSError, ValueError) as error:
        raise ObjectsoundsError(
            f"labeller.weights: {path} cannot be read as weights ({error}); download it again."
        ) from error
    if isinstance(state, dict) and isinstance(state.get("state_dict"), dict):
        state = state["state_dict"]
    return state, sha256_of(path)


def _imagenet(settings: dict, weights: Path | None) -> Labeller:
    architecture = settings["labeller"]["architecture"]
    with torch.device("meta"):  # no time for random weights that the file's replace
        network = build(architecture, 1000)
    categories = list(_imagenet_weights(architecture).meta["categories"])
    named = weights or settings["labeller"].get("weights")
    state, digest = _from_file(Path(named)) if named else _downloaded(architecture)
    try:
        network.load_state_dict(state, assign=True)
    except (RuntimeError, TypeError, AttributeError) as error:
        raise ObjectsoundsError(
            f"labeller.weights: {named} does not fit labeller.architecture {architecture!r}; "
            "name the architecture that the file was made for."
        ) from error
    return Labeller(
        network,
        categories,
        f"{architecture} imagenet sha256:{digest}",
        IMAGENET_RESIZE,
        IMAGENET_CROP,
        choose_device(settings["labeller"]["device"], "labeller.device"),
        precision=PRECISIONS[settings["labeller"].get("precision", "single")],
    )


def _trained(settings: dict, weights: Path) -> Labeller:
    with reading(weights):
        return trained_labeller(settings, load_weights(weights), sha256_of(weights))


def trained_labeller(settings: dict, saved: dict, digest: str) -> Labeller:
    """Return the classifier of what `train_labeller` saved, and the SHA-256 of that file."""
    network = build(saved["architecture"], len(saved["objects"]))
    network.load_state_dict(saved["state_dict"])
    size = int(saved["image_size"])
    identity = f"{saved['architecture']} pictures sha256:{digest}"
    return Labeller(
        network,
        list(saved["objects"]),
        identity,
        size,
        size,
        choose_device(settings["labeller"]["device"], "labeller.device"),
        normalise=True,
        precision=PRECISIONS[settings["labeller"].get("precision", "single")],
    )


def load_labeller(settings: dict, weights: Path | None) -> Labeller:
    """Load the configured classifier.

    Parameters
    ----------
    settings : dict
        ``labeller``: kind (``imagenet`` or ``pictures``), architecture, weights, precision, threads, device.
    weights : Path or None
        The file made by `train_labeller` for kind ``pictures``; for ``imagenet`` a file that takes the
        place of ``labeller.weights``. Without either, torchvision's own ImageNet weights.

    Raises
    ------
    ObjectsoundsError
        If the kind or architecture is unknown, or the weights are missing or do not fit.
    """
    use_threads(settings)
    kind = settings["labeller"]["kind"]
    if kind == "imagenet":
        labeller = _imagenet(settings, weights)
    elif kind == "pictures":
        if weights is None or not Path(weights).is_file():
            raise ObjectsoundsError(
                f"labeller: no trained network at {weights}; run the stage labeller first."
            )
        labeller = _trained(settings, Path(weights))
    else:
        raise ObjectsoundsError(f"labeller.kind: {kind!r} is unknown; choose imagenet or pictures.")
    return ready(labeller)


def ready(labeller: Labeller) -> Labeller:
    """Put a classifier onto its device, to be asked and no longer trained."""
    labeller.network.eval().to(labeller.device, labeller.precision, memory_format=torch.channels_last)
    return labeller
