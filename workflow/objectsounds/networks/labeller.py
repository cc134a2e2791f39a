"""Training of a ResNet-18 on labelled pictures."""

from collections.abc import Callable, Mapping
from pathlib import Path

import cv2
import numpy as np
import torch

from objectsounds.core.errors import ObjectsoundsError
from objectsounds.networks.classifiers import normalised
from objectsounds.networks.vision import torchvision

EVALUATION_BATCH = 100
HELD = 5  # of so many pictures of an object's own folder one is of val
NO_FOLDERS: Mapping[str, Path] = {}
SMALLEST_AREA = 0.7  # of a picture that a random crop keeps
SPARE = 1.2  # size of the pictures that crops are cut from, in image sizes
Progress = Callable[[int, int], None]


def labelled_files(
    folder: Path | None, folders: Mapping[str, str | Path], split: str
) -> dict[str, list[Path]]:
    """Return the pictures of a split by object, sorted.

    Parameters
    ----------
    folder : path or None
        Holds ``{train,val}/<object>/``.
    folders : mapping
        Object to a folder of its pictures alone: it holds ``train`` and ``val``, or else a fifth of its
        pictures, the last of every five, is of val.
    split : str
        ``train`` or ``val``.
    """
    place, files = folder and folder / split, {}
    if place is not None and place.is_dir():
        files = {path.name: sorted(path.iterdir()) for path in place.iterdir() if path.is_dir()}
    for name, own in folders.items():
        files[name] = files.get(name, []) + _of_split(Path(own), split)
    return dict(sorted(files.items()))


def _of_split(folder: Path, split: str) -> list[Path]:
    if (folder / "train").is_dir():
        return sorted((folder / split).iterdir()) if (folder / split).is_dir() else []
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    held = {path for index, path in enumerate(files) if index % HELD == HELD - 1} or set(files[-1:])
    return [path for path in files if (path in held) == (split == "val")]


def read_pictures(
    folder: Path | None, split: str, folders: Mapping[str, str | Path] = NO_FOLDERS
) -> tuple[list[np.ndarray], np.ndarray, list[str]]:
    """Read the labelled pictures of a split: see `labelled_files`.

    Returns
    -------
    pictures : list of np.ndarray [shape=(H, W, 3), dtype=uint8]
        RGB.
    targets : np.ndarray [shape=(n,), dtype=int64]
    objects : list of str
        Sorted.

    Raises
    ------
    ObjectsoundsError
        If a file is no picture, or an object has none.
    """
    files = labelled_files(folder, folders, split)
    objects, pictures, targets = list(files), [], []
    for target, name in enumerate(objects):
        if not files[name]:
            where = folders.get(name, folder)
            raise ObjectsoundsError(f"{where} has no picture of {name} for {split}: add some.")
        for path in files[name]:
            image = cv2.imread(str(path), cv2.IMREAD_COLOR)
            if image is None:
                raise ObjectsoundsError(f"{path} is no picture that can be read; make it again or remove it.")
            pictures.append(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
            targets.append(target)
    if len(objects) < 2 or len(pictures) < len(objects):
        raise ObjectsoundsError(
            f"{folder}/{split} and labeller.pictures.folders need pictures of at least two objects, and have "
            f"them of {', '.join(objects) or 'none'}."
        )
    return pictures, np.array(targets, np.int64), objects


def varied(picture: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """Return a random crop of a picture, maybe mirrored, turned a little, in another light.

    Returns
    -------
    np.ndarray [shape=(size, size, 3), dtype=uint8]
    """
    height, width = picture.shape[:2]
    area, stretch = rng.uniform(SMALLEST_AREA, 1.0), np.exp(rng.uniform(-0.25, 0.25))
    across, down = min(1.0, np.sqrt(area) * stretch), min(1.0, np.sqrt(area) / stretch)
    left, top = rng.uniform(0, 1 - across) * width, rng.uniform(0, 1 - down) * height
    right, bottom = left + across * width, top + down * height
    if rng.random() < 0.5:
        left, right = right, left
    turn = rng.normal(0, 0.12)
    middle = np.array([(left + right) / 2, (top + bottom) / 2])
    corners = np.array([[left, top], [right, top], [left, bottom]]) - middle
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    source = np.float32(corners @ rotation.T + middle)
    matrix = cv2.getAffineTransform(source, np.float32([[0, 0], [size, 0], [0, size]]))
    small = cv2.warpAffine(picture, matrix, (size, size), borderMode=cv2.BORDER_REFLECT_101)
    gains = rng.uniform(0.7, 1.3) * rng.uniform(0.88, 1.12, 3)
    return np.clip(small * gains, 0, 255).astype(np.uint8)


def start_residuals_at_zero(network: torch.nn.Module) -> None:
    """Let every residual block of a ResNet begin as the identity, which shortens a short training."""
    for block in network.modules():
        if isinstance(block, torchvision.models.resnet.BasicBlock):
            torch.nn.init.zeros_(block.bn2.weight)
        elif isinstance(block, torchvision.models.resnet.Bottleneck):
            torch.nn.init.zeros_(block.bn3.weight)


@torch.inference_mode()
def accuracy(network: torch.nn.Module, images: np.ndarray, targets: np.ndarray) -> float:
    """Return the share of images, shape=(n, H, W, 3), whose highest score is their target's."""
    network.eval()
    right = 0
    for first in range(0, len(images), EVALUATION_BATCH):
        part = slice(first, first + EVALUATION_BATCH)
        best = network(normalised(images[part])).argmax(dim=1).numpy()
        right += int((best == targets[part]).sum())
    return right / max(1, len(images))


def train_epoch(
    network, optimiser, schedule, pictures: np.ndarray, targets: np.ndarray, options: dict, rng
) -> dict:
    """Train over all pictures once; returns the mean loss and the accuracy on the varied pictures."""
    network.train()
    size, batch = options["image_size"], options["batch_size"]
    order = rng.permutation(len(pictures))
    total, right = 0.0, 0
    for first in range(0, len(order), batch):
        chosen = order[first : first + batch]
        if len(chosen) < 2:
            continue  # batch normalisation needs more than one picture
        images = normalised(np.stack([varied(pictures[index], size, rng) for index in chosen]))
        wanted = torch.from_numpy(targets[chosen])
        scores = network(images)
        loss = torch.nn.functional.cross_entropy(scores, wanted, label_smoothing=options["label_smoothing"])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        schedule.step()
        total += loss.item() * len(chosen)
        right += int((scores.argmax(dim=1) == wanted).sum())
    return {"loss": total / len(order), "train_accuracy": right / len(order)}
