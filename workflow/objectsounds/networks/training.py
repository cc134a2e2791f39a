"""The loop by which every network is trained: checkpoints, exact resumption, history, early stopping."""

import contextlib
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import torch

from objectsounds import __version__
from objectsounds.core.devices import choose_device
from objectsounds.core.errors import BrokenFileError, ObjectsoundsError
from objectsounds.core.files import reading, write_json_lines, written_whole
from objectsounds.core.provenance import commit
from objectsounds.core.seeds import seed_of
from objectsounds.core.stopping import StopRequest
from objectsounds.core.weights import load_weights

log = logging.getLogger(__name__)


class Training:
    """One training run, whose whole state is in its checkpoint.

    A subclass builds its network after calling this constructor, which has seeded PyTorch, hands it to
    `begin`, and says in `learn` what an epoch is.

    Parameters
    ----------
    settings : dict
        Keys ``seed`` and the stage's section, which holds ``device``, ``threads``, ``mixed_precision``,
        ``epochs`` and ``patience``; where it holds ``keep: last``, the last weights are kept, not the best;
        where it holds ``average``, what is measured and kept is the moving average of the weights.
    stage : str
        Names the section, and the random numbers.
    checkpoint : Path
        A run with the same identity goes on from it.
    """

    def __init__(self, settings: dict, stage: str, checkpoint: Path):
        self.settings, self.stage, self.checkpoint = settings, stage, checkpoint
        self.options = settings[stage]
        torch.set_num_threads(self.options["threads"])
        torch.manual_seed(seed_of(settings["seed"], stage, "network"))
        self.device = choose_device(self.options["device"], f"{stage}.device")
        self.history: list[dict] = []
        self.average: dict[str, torch.Tensor] = {}

    def begin(self, network: torch.nn.Module, optimiser, schedule, identity: str) -> None:
        """Take what is trained; ``identity`` is the same for the same settings and data alone."""
        self.network, self.optimiser, self.schedule = network, optimiser, schedule
        self.identity = identity
        if self.options.get("average"):
            self.average = self._own_weights()
        self.best = {"loss": float("inf"), "epoch": -1, "state": self._weights()}

    def learn(self, number: int) -> dict:
        """Train an epoch and measure it; returns a row with ``val_loss``, or else ``train_loss``."""
        raise NotImplementedError

    def _own_weights(self) -> dict:
        return {name: value.detach().clone() for name, value in self.network.state_dict().items()}

    def _weights(self) -> dict:
        state = self.average or self.network.state_dict()
        return {name: value.detach().cpu().clone() for name, value in state.items()}

    def stepped(self) -> None:
        """Take the weights into their moving average, after a step of the schedule.

        It decays faster in the first steps, so that the weights of the beginning are soon forgotten.
        """
        number = self.schedule.last_epoch
        decay = min(self.options.get("average", 0.0), number / (number + 9))
        for name, value in self.network.state_dict().items() if self.average else ():
            kept = self.average[name]
            if kept.is_floating_point():
                kept.lerp_(value.detach().to(kept), 1 - decay)
            else:
                kept.copy_(value)

    @contextlib.contextmanager
    def averaged(self) -> Iterator[None]:
        """Give the network the moving average of its weights for a while, where one is kept."""
        own = self._own_weights()
        self.network.load_state_dict(self.average or own)
        try:
            yield
        finally:
            self.network.load_state_dict(own)

    def mixed_precision(self) -> contextlib.AbstractContextManager:
        """Return the context of a forward pass: bfloat16 on a GPU if asked for, else float32."""
        wanted = self.options["mixed_precision"] and self.device.type == "cuda"
        return torch.autocast(self.device.type, torch.bfloat16, enabled=wanted)

    def check(self, loss: torch.Tensor) -> None:
        """Raise an error if a loss is no number."""
        if not torch.isfinite(loss):
            raise ObjectsoundsError(
                f"{self.stage}: the loss is no longer a number; lower {self.stage}.learning_rate."
            )

    def resume(self) -> None:
        """Go on from the checkpoint if it belongs to the same settings and data."""
        if not self.checkpoint.exists():
            return
        try:
            with reading(self.checkpoint):
                state = load_weights(self.checkpoint)
        except BrokenFileError as error:
            log.warning("%s Starting again.", error)
            return
        if state["identity"] != self.identity:
            log.info("the checkpoint belongs to other settings or data: starting again")
            return
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])
        self.history, self.best = json.loads(state["history"]), state["best"]
        self.average = state["average"]
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
            "average": self.average,
        }
        with written_whole(self.checkpoint) as temporary:
            torch.save(state, temporary)

    def epoch(self) -> dict:
        """Train one epoch, measure, and keep the weights if they are the best so far."""
        number = len(self.history)
        torch.manual_seed(seed_of(self.settings["seed"], self.stage, "dropout", number))
        rate = self.schedule.get_last_lr()[0]
        row = {"epoch": number, "learning_rate": rate} | self.learn(number)
        self.history.append(row)
        watched = row.get("val_loss", row.get("train_loss"))
        if watched < self.best["loss"]:
            self.best = {"loss": watched, "epoch": number, "state": self._weights()}
        return row

    def finished(self) -> bool:
        """True after all epochs, or when the watched loss has not fallen for ``patience`` epochs."""
        patience = self.options["patience"]
        stale = len(self.history) - 1 - self.best["epoch"]
        return len(self.history) >= self.options["epochs"] or (patience is not None and stale >= patience)

    def kept(self) -> dict:
        """Return ``epoch`` and ``state`` of the weights that are written."""
        if self.options.get("keep", "best") == "best":
            return self.best
        return {"epoch": len(self.history) - 1, "state": self._weights()}

    def _epoch_or_stop(self, stop: StopRequest, progress: Callable | None) -> None:
        row, stopping = self.epoch(), bool(stop)
        if stopping or len(self.history) % self.options["checkpoint_every"] == 0:
            self.save()
        if progress is not None:
            progress(row["epoch"], self.options["epochs"], row)
        if stopping:
            raise ObjectsoundsError(
                f"stopped on request after {len(self.history)} epochs; the next start goes on there."
            )

    def run(self, output: str | Path, history: str | Path, about: dict, progress: Callable | None) -> None:
        """Train to the end, or on from the checkpoint, and write the weights, best or last, and the history.

        Parameters
        ----------
        output : path
            Weights, settings and ``about``, loadable as weights only.
        history : path
            JSON lines, one an epoch.
        about : dict
            Plain values to keep beside the weights.
        progress : callable or None
            Called as ``progress(epoch, epochs, row)``.

        Raises
        ------
        ObjectsoundsError
            If SIGTERM asked to stop: the checkpoint then holds the epoch that had begun.
        """
        self.resume()
        with StopRequest() as stop:
            while not self.finished():
                self._epoch_or_stop(stop, progress)
        write_json_lines(history, self.history)
        kept = self.kept()
        saved = {
            "state_dict": kept["state"],
            "epoch": kept["epoch"],
            "settings": json.dumps(self.settings, sort_keys=True),
            "version": __version__,
            "commit": commit(),
        }
        with written_whole(output) as temporary:
            torch.save(saved | about, temporary)
        self.checkpoint.unlink(missing_ok=True)
        log.info("%d epochs, weights of epoch %d", len(self.history), kept["epoch"])


def checkpoint_of(output: str | Path) -> Path:
    """Return where a network's checkpoint lies: no output of a rule, so that it outlives a killed job."""
    return Path(output).with_name("checkpoint.pt")


@contextlib.contextmanager
def evaluating(network: torch.nn.Module) -> Iterator[None]:
    """Put a network into evaluation mode without gradients for a while, and back into training."""
    network.eval()
    with torch.no_grad():
        yield
    network.train()
