"""Training the MIML network on bags, and reading it back."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.files import reading
from objectsounds.core.prefetch import prefetched
from objectsounds.core.seeds import generator, seed_of
from objectsounds.core.weights import load_weights
from objectsounds.data.bags import Bags
from objectsounds.networks.miml import Miml, build_network, margin_loss, normalise_bases
from objectsounds.networks.training import Training
from objectsounds.signal.multilabel import authors_map, class_map, top_accuracy


class BagLoader:
    """Batches of normalised bases and labels, from memory where they fit, else from the file, read ahead.

    In memory bases are kept as they are stored, and on a GPU if they fill at most half of what is free there.

    Parameters
    ----------
    bags : Bags
    labels : np.ndarray [shape=(n, L)]
    options : dict
        Section ``train``.
    device : torch.device
        Where the batches are wanted.
    """

    def __init__(self, bags: Bags, labels: np.ndarray, options: dict, device: torch.device):
        self.bags, self.options, self.device = bags, options, device
        self.labels = torch.from_numpy(labels.astype(bool))
        size = np.prod(bags.bases_shape) * bags.bases_type.itemsize
        self.memory = None
        if size <= options["memory_gb"] * 1e9:
            self.memory = torch.from_numpy(bags.stored_bases(slice(None)))
            if device.type == "cuda" and size <= torch.cuda.mem_get_info(device)[0] / 2:
                self.memory = self.memory.to(device)

    def _read(self, rows: np.ndarray) -> torch.Tensor:
        if self.memory is None:
            return torch.from_numpy(self.bags.stored_bases(rows))
        return self.memory[torch.from_numpy(rows).to(self.memory.device)]

    def batches(self, order: np.ndarray) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield (bases (B, F, M), float32, labels (B, L)), both on the device, of the clips in ``order``."""
        size = self.options["batch_size"]
        batches = [order[start : start + size] for start in range(0, len(order), size)]
        read = map(self._read, batches) if self.memory is not None else prefetched(self._read, batches)
        for rows, bases in zip(batches, read, strict=True):
            bases = normalise_bases(bases.to(self.device).float(), self.options["basis_norm"])
            yield bases, self.labels[torch.from_numpy(rows)].to(self.device)


def _epoch_order(seed: int, epoch: int, count: int, batch_size: int) -> np.ndarray:
    """Return the clips' order of an epoch; a last batch of one is dropped, batch norm cannot use it."""
    order = generator(seed, "train", epoch).permutation(count)
    return order[:-1] if count % batch_size == 1 and count > 1 else order


@torch.no_grad()
def predict(network: Miml, loader: BagLoader) -> tuple[np.ndarray, float]:
    """Return the bags' scores [shape=(n, L)] and the mean loss, without dropout."""
    network.eval()
    scores, losses = [], []
    for bases, labels in loader.batches(np.arange(len(loader.labels))):
        scores.append(network(bases))
        losses.append(margin_loss(scores[-1], labels).item() * len(bases))
    return torch.cat(scores).cpu().numpy(), sum(losses) / max(1, len(loader.labels))


def measures(split: str, scores: np.ndarray, loss: float, labels: np.ndarray) -> dict:
    """Return loss, both mAPs and the accuracy of scores and labels, shape=(n, L), named after the split."""
    return {
        f"{split}_loss": loss,
        f"{split}_map": class_map(scores, labels),
        f"{split}_map_authors": authors_map(scores, labels),
        f"{split}_accuracy": top_accuracy(scores, labels),
    }


class Trainer(Training):
    """The training of the MIML network.

    Parameters
    ----------
    settings : dict
        Keys ``seed`` and ``train``.
    train, val : Bags
    supervision : str
        ``visual`` or ``audioset``.
    checkpoint : Path
        Written every ``checkpoint_every`` epochs; a run with the same settings and data goes on from it.
    version : int
        Of the stage: a checkpoint of another one is not gone on from.
    """

    def __init__(
        self, settings: dict, train: Bags, val: Bags | None, supervision: str, checkpoint: Path, version: int
    ):
        super().__init__(settings, "train", checkpoint)
        self.train = _usable(train, supervision, self.options, self.device)
        self.val = _usable(val, supervision, self.options, self.device) if val is not None else None
        network = build_network(train.bases_shape[1], len(train.objects), self.options).to(self.device)
        optimiser = torch.optim.Adam(
            network.parameters(), self.options["learning_rate"], weight_decay=self.options["weight_decay"]
        )
        schedule = torch.optim.lr_scheduler.StepLR(
            optimiser, self.options["lr_decay_every"], self.options["lr_decay"]
        )
        self.begin(network, optimiser, schedule, _identity(settings, train, val, supervision, version))

    def learn(self, number: int) -> dict:
        """Train over all clips once; returns the losses and measures of both splits."""
        order = _epoch_order(
            self.settings["seed"], number, len(self.train.labels), self.options["batch_size"]
        )
        row = {"running_loss": self._train_epoch(order)}
        self.schedule.step()
        for split, loader in (("train", self.train), ("val", self.val)):
            if loader is not None:
                scores, loss = predict(self.network, loader)
                row |= measures(split, scores, loss, loader.labels.numpy())
        return row

    def _train_epoch(self, order: np.ndarray) -> float:
        self.network.train()
        total = 0.0
        for bases, labels in self.train.batches(order):
            self.optimiser.zero_grad(set_to_none=True)
            with self.mixed_precision():
                scores = self.network(bases)
            loss = margin_loss(scores.float(), labels)
            self.check(loss)
            loss.backward()
            self.optimiser.step()
            total += loss.item() * len(bases)
        return total / len(order)


def _usable(bags: Bags, supervision: str, options: dict, device: torch.device) -> BagLoader:
    labels = bags.supervision(supervision)
    labels = np.where(labels == 1, 1, 0)
    if not labels.any():
        raise ObjectsoundsError(
            f"{bags.path}: no clip has a label of kind {supervision!r} to learn from; "
            "lists that say what sounds are needed for 'audioset'."
        )
    return BagLoader(bags, labels, options, device)


def _identity(settings: dict, train: Bags, val: Bags | None, supervision: str, version: int) -> str:
    parts = [json.dumps(settings, sort_keys=True), supervision, version, torch.__version__]
    for bags in filter(None, (train, val)):
        sample = bags.read_bases(
            np.array([0, len(bags.clip_ids) - 1]) if len(bags.clip_ids) > 1 else slice(0, 1)
        )
        parts += [
            bags.clip_ids,
            bags.objects,
            bags.supervision(supervision).tobytes().hex(),
            float(sample.sum()),
        ]
    return f"{seed_of(*parts):016x}"


def load_network(path: str | Path) -> tuple[Miml, dict]:
    """Load a trained network, weights only, and its section ``train`` of the settings.

    Returns
    -------
    network : Miml
        In evaluation mode.
    saved : dict
        ``objects``, ``bins``, ``epoch``, ``options`` and what else was saved.
    """
    with reading(path):
        saved = load_weights(Path(path))
    options = json.loads(saved["settings"])["train"]
    network = build_network(saved["bins"], len(saved["objects"]), options)
    network.load_state_dict(saved["state_dict"])
    return network.eval(), saved | {"options": options}
