"""A ResNet-18 that learns from the frames of solo clips what is seen (Nuotimaa 3.3)."""

import json
from pathlib import Path

import cv2
import numpy as np
import torch

from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.files import reading
from objectsounds.core.seeds import generator, seed_of
from objectsounds.core.weights import load_weights
from objectsounds.data.solos import Solos
from objectsounds.data.status import clip_folder, good_clips
from objectsounds.networks.classifiers import build, normalised, resized
from objectsounds.networks.labeller import start_residuals_at_zero, varied
from objectsounds.networks.training import Training, evaluating

BATCH = 100  # frames at a time where nothing is learnt


def read_picture(path: Path) -> np.ndarray:
    """Return a stored frame, uint8 [shape=(H, W, 3)], RGB."""
    return cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)


def network_frames(folder: Path, size: int, middle: bool = False) -> np.ndarray:
    """Return a clip's frames, or that in its middle alone, uint8 [shape=(n, size, size, 3)], RGB."""
    paths = sorted((folder / "frames").iterdir())
    paths = [paths[len(paths) // 2]] if middle else paths
    return resized([read_picture(path) for path in paths], size, size)


def solo_frames(solos: Solos, statuses: list[str], size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return all frames of the solo clips, shape=(n, size, size, 3), and their objects, shape=(n,)."""
    label_of = dict(zip(solos.clip_ids, solos.labels, strict=True))
    images, labels = [np.empty((0, size, size, 3), np.uint8)], []
    for status in statuses:
        for row in good_clips(status):
            if row["clip_id"] in label_of:
                images.append(network_frames(clip_folder(status, row), size))
                labels += [label_of[row["clip_id"]]] * len(images[-1])
    return np.concatenate(images), np.array(labels, np.int64)


class FrameTraining(Training):
    """The training of the frame network.

    Parameters
    ----------
    settings : dict
        Keys ``seed`` and ``frame_network``.
    train, val : (images, labels)
        As `solo_frames` returns them.
    objects : list of str
    start : path or None
        The labeller's weights, for ``start: labeller``.
    checkpoint : Path
    version : int
        Of the stage.
    """

    def __init__(
        self,
        settings: dict,
        train: tuple,
        val: tuple | None,
        objects: list[str],
        start: Path | None,
        checkpoint: Path,
        version: int,
    ):
        super().__init__(settings, "frame_network", checkpoint)
        self.train, self.val = train, val
        network = build(self.options["architecture"], len(objects))
        start_residuals_at_zero(network)
        if self.options["start"] != "scratch":
            _start_from(network, self.options, objects, start)
        network = network.to(self.device)
        optimiser = torch.optim.SGD(
            network.parameters(), self.options["learning_rate"], momentum=self.options["momentum"]
        )
        schedule = torch.optim.lr_scheduler.ConstantLR(optimiser, factor=1.0)
        parts = [json.dumps(settings, sort_keys=True), version, torch.__version__, objects]
        for images, labels in filter(None, (train, val)):
            parts += [labels.tolist(), int(images.sum(dtype=np.int64))]
        self.begin(network, optimiser, schedule, f"{seed_of(*parts):016x}")

    def learn(self, number: int) -> dict:
        """Train over all frames once, each a little varied; returns losses and accuracies."""
        self.network.train()
        rng = generator(self.settings["seed"], "frame_network", number)
        images, labels = self.train
        order, size = rng.permutation(len(images)), self.options["batch_size"]
        total, right = 0.0, 0
        for first in range(0, len(order), size):
            chosen = order[first : first + size]
            if len(chosen) < 2:
                continue  # batch normalisation needs more than one frame
            batch = np.stack([varied(images[i], self.options["image_size"], rng) for i in chosen])
            loss, hits = self._step(normalised(batch), torch.from_numpy(labels[chosen]))
            total, right = total + loss * len(chosen), right + hits
        row = {"train_loss": total / len(order), "train_accuracy": right / len(order)}
        return row | (self._measure(*self.val) if self.val is not None else {})

    def _step(self, batch: torch.Tensor, wanted: torch.Tensor) -> tuple[float, int]:
        wanted = wanted.to(self.device)
        with self.mixed_precision():
            scores = self.network(batch.to(self.device))
        loss = torch.nn.functional.cross_entropy(scores.float(), wanted)
        self.check(loss)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        return loss.item(), int((scores.argmax(dim=1) == wanted).sum())

    def _measure(self, images: np.ndarray, labels: np.ndarray) -> dict:
        size = self.options["image_size"]
        with evaluating(self.network):
            scores = predict(self.network, resized(images, size, size), self.device)
        loss = torch.nn.functional.cross_entropy(scores, torch.from_numpy(labels)).item()
        return {"val_loss": loss, "val_accuracy": float((scores.argmax(dim=1).numpy() == labels).mean())}


def _start_from(network: torch.nn.Module, options: dict, objects: list[str], start: Path | None) -> None:
    """Take the labeller's weights, but for the last layer where it does not know all objects."""
    if start is None:
        raise ObjectsoundsError(
            "frame_network.start: 'labeller' needs labeller.kind: pictures; or set scratch."
        )
    with reading(start):
        saved = load_weights(start)
    if saved["architecture"] != options["architecture"]:
        raise ObjectsoundsError(
            f"frame_network.start: the labeller is a {saved['architecture']}, not a "
            f"{options['architecture']}; make them the same, or set scratch."
        )
    state, own = saved["state_dict"], saved["objects"]
    last = [name for name in state if name.startswith("fc.")]
    if all(name in own for name in objects):
        state = state | {name: state[name][[own.index(item) for item in objects]] for name in last}
    else:
        state = {name: value for name, value in state.items() if name not in last}
    network.load_state_dict(state, strict=False)


@torch.inference_mode()
def predict(network: torch.nn.Module, images: np.ndarray, device: torch.device) -> torch.Tensor:
    """Return the scores, shape=(n, L), of RGB images, shape=(n, H, W, 3)."""
    parts = [
        network(normalised(images[first : first + BATCH]).to(device)).float().cpu()
        for first in range(0, len(images), BATCH)
    ]
    return torch.cat(parts)
