"""Stage ``train``: the MIML network learns which bases go with which objects; resumable at any epoch."""

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch

from objectsounds import __version__
from objectsounds.ahead import done_ahead
from objectsounds.dataset import Bags, open_dataset
from objectsounds.devices import choose_device
from objectsounds.errors import BrokenFileError, ObjectsoundsError
from objectsounds.files import reading, write_text, written_whole
from objectsounds.metrics import authors_map, class_map, top_accuracy
from objectsounds.network import Miml, build_network, margin_loss, normalise_bases
from objectsounds.provenance import commit
from objectsounds.seeds import generator, seed_of
from objectsounds.stopping import StopRequest
from objectsounds.weights import load_weights

STAGE_VERSION = 1

log = logging.getLogger(__name__)


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
        read = map(self._read, batches) if self.memory is not None else done_ahead(self._read, batches)
        for rows, bases in zip(batches, read, strict=True):
            bases = normalise_bases(bases.to(self.device).float(), self.options["basis_norm"])
            yield bases, self.labels[torch.from_numpy(rows)].to(self.device)


def _epoch_order(seed: int, epoch: int, count: int, batch_size: int) -> np.ndarray:
    """Return the clips' order of an epoch; a last batch of one is dropped, batch norm cannot use it."""
    order = generator(seed, "train", epoch).permutation(count)
    return order[:-1] if count % batch_size == 1 and count > 1 else order


def _train_epoch(network: Miml, optimiser, loader: BagLoader, order: np.ndarray) -> float:
    network.train()
    total = 0.0
    for bases, labels in loader.batches(order):
        optimiser.zero_grad(set_to_none=True)
        loss = margin_loss(network(bases), labels)
        if not torch.isfinite(loss):
            raise ObjectsoundsError("train: the loss is no longer a number; lower train.learning_rate.")
        loss.backward()
        optimiser.step()
        total += loss.item() * len(bases)
    return total / len(order)


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


class Trainer:
    """One training run, whose whole state is in its checkpoint.

    Parameters
    ----------
    settings : dict
        Keys ``seed`` and ``train``.
    train, val : Bags
    supervision : str
        ``visual`` or ``audioset``.
    checkpoint : Path
        Written every ``checkpoint_every`` epochs; a run with the same settings and data goes on from it.
    """

    def __init__(self, settings: dict, train: Bags, val: Bags | None, supervision: str, checkpoint: Path):
        self.settings, self.options, self.checkpoint = settings, settings["train"], checkpoint
        torch.set_num_threads(self.options["threads"])
        torch.manual_seed(seed_of(settings["seed"], "train", "network"))
        self.device = choose_device(self.options["device"], "train.device")
        self.train = _usable(train, supervision, self.options, self.device)
        self.val = _usable(val, supervision, self.options, self.device) if val is not None else None
        self.network = build_network(train.bases_shape[1], len(train.objects), self.options).to(self.device)
        self.optimiser = torch.optim.Adam(
            self.network.parameters(),
            self.options["learning_rate"],
            weight_decay=self.options["weight_decay"],
        )
        self.schedule = torch.optim.lr_scheduler.StepLR(
            self.optimiser, self.options["lr_decay_every"], self.options["lr_decay"]
        )
        self.history: list[dict] = []
        self.best = {"loss": float("inf"), "epoch": -1, "state": self._weights()}
        self.identity = _identity(settings, train, val, supervision)

    def _weights(self) -> dict:
        return {name: value.detach().cpu().clone() for name, value in self.network.state_dict().items()}

    def resume(self) -> None:
        """Go on from the checkpoint if it belongs to the same settings and data."""
        if not self.checkpoint.exists():
            return
        try:
            with reading(self.checkpoint):
                state = load_weights(self.checkpoint)
        except BrokenFileError as error:
            log.warning("%s Starting anew.", error)
            return
        if state["identity"] != self.identity:
            log.info("the checkpoint belongs to other settings or data: starting anew")
            return
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])
        self.history, self.best = json.loads(state["history"]), state["best"]
        log.info("going on after epoch %d", len(self.history))

    def save(self) -> None:
        """Write the checkpoint."""
        state = {
            "identity": self.identity,
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
            "history": json.dumps(self.history),
            "best": self.best,
        }
        with written_whole(self.checkpoint) as temporary:
            torch.save(state, temporary)

    def epoch(self) -> dict:
        """Train one epoch, measure, and keep the weights if they are the best so far."""
        number = len(self.history)
        torch.manual_seed(seed_of(self.settings["seed"], "train", "dropout", number))
        order = _epoch_order(
            self.settings["seed"], number, len(self.train.labels), self.options["batch_size"]
        )
        running = _train_epoch(self.network, self.optimiser, self.train, order)
        row = {"epoch": number, "learning_rate": self.schedule.get_last_lr()[0], "running_loss": running}
        self.schedule.step()
        for split, loader in (("train", self.train), ("val", self.val)):
            if loader is not None:
                scores, loss = predict(self.network, loader)
                row |= measures(split, scores, loss, loader.labels.numpy())
        self.history.append(row)
        watched = row["train_loss" if self.val is None else "val_loss"]
        if watched < self.best["loss"]:
            self.best = {"loss": watched, "epoch": number, "state": self._weights()}
        return row

    def finished(self) -> bool:
        """True after all epochs, or when the watched loss has not fallen for ``patience`` epochs."""
        patience = self.options["patience"]
        stale = len(self.history) - 1 - self.best["epoch"]
        return len(self.history) >= self.options["epochs"] or (patience is not None and stale >= patience)


def _usable(bags: Bags, supervision: str, options: dict, device: torch.device) -> BagLoader:
    labels = bags.supervision(supervision)
    labels = np.where(labels == 1, 1, 0)
    if not labels.any():
        raise ObjectsoundsError(
            f"{bags.path}: no clip has a label of kind {supervision!r} to learn from; "
            "lists that say what sounds are needed for 'audioset'."
        )
    return BagLoader(bags, labels, options, device)


def _identity(settings: dict, train: Bags, val: Bags | None, supervision: str) -> str:
    parts = [json.dumps(settings, sort_keys=True), supervision, STAGE_VERSION, torch.__version__]
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


def train_network(
    settings: dict,
    train: str | Path,
    val: str | Path | None,
    supervision: str,
    output: str | Path,
    history: str | Path,
    progress: Callable | None = None,
) -> None:
    """Train the MIML network and write its best weights and its history.

    Parameters
    ----------
    settings : dict
        Keys ``seed`` and ``train``.
    train, val : path
        Aggregated HDF5 files; without ``val`` the training loss is watched.
    supervision : str
        ``visual`` or ``audioset`` (the upper bound's).
    output : path
        Weights, objects and settings, loadable as weights only.
    history : path
        JSON lines, one an epoch.
    progress : callable, optional
        Called as ``progress(epoch, epochs, row)``.

    Raises
    ------
    ObjectsoundsError
        If SIGTERM asked to stop: the checkpoint then holds the epoch that had begun.
    """
    bags = open_dataset(train)
    held_out = open_dataset(val) if val is not None else None
    checkpoint = Path(output).with_name("checkpoint.pt")  # no output of the rule: it outlives a killed job
    trainer = Trainer(settings, bags, held_out, supervision, checkpoint)
    trainer.resume()
    with StopRequest() as stop:
        while not trainer.finished():
            row, stopping = trainer.epoch(), bool(stop)
            if stopping or len(trainer.history) % settings["train"]["checkpoint_every"] == 0:
                trainer.save()
            if progress is not None:
                progress(row["epoch"], settings["train"]["epochs"], row)
            if stopping:
                raise ObjectsoundsError(
                    f"stopped on request after {len(trainer.history)} epochs; the next start goes on there."
                )
    write_text(history, "".join(json.dumps(row, sort_keys=True) + "\n" for row in trainer.history))
    _write_network(output, trainer, bags)
    checkpoint.unlink(missing_ok=True)
    log.info("best of %d epochs: %d", len(trainer.history), trainer.best["epoch"])


def _write_network(output: str | Path, trainer: Trainer, bags: Bags) -> None:
    with written_whole(output) as temporary:
        torch.save(
            {
                "state_dict": trainer.best["state"],
                "objects": bags.objects,
                "bins": bags.bases_shape[1],
                "epoch": trainer.best["epoch"],
                "settings": json.dumps(trainer.settings, sort_keys=True),
                "version": __version__,
                "commit": commit(),
                "stage_version": STAGE_VERSION,
            },
            temporary,
        )


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
