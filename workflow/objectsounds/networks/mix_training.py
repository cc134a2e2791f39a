"""Mix-and-separate: mixtures are drawn from clips while a network learns to take them apart.

Every epoch has its own random numbers, so a training that goes on sees what it would have seen.
"""

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

import h5py
import numpy as np
import torch
from scipy.fft import next_fast_len
from scipy.signal import resample

from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.files import reading
from objectsounds.core.seeds import generator, seed_of
from objectsounds.core.weights import load_weights
from objectsounds.data.solos import Labelled, Sighted, Solos, open_solos
from objectsounds.networks.training import Training, checkpoint_of, evaluating

QUIET = 0.03  # a section this far below its clip's level (linear) says nothing and is drawn again
TRIES = 8
Batch = tuple[torch.Tensor, ...]

log = logging.getLogger(__name__)


@dataclass
class Mixer:
    """Draws sections of solo clips of different objects, at one level.

    Attributes
    ----------
    solos : Solos
    length : int
        Samples of a section.
    counts : list of int
        How many sources a mixture may have; one is drawn.
    rms_db : float
        Level of each source's whole clip, dB full scale, as in the mixtures that are tested with.
    gain_db : float
        The level of each source differs from it by at most this much.
    transpose : float
        By how many semitones, at most, a source is played faster or slower.
    opens : callable
        Opens the file of its clips.
    """

    opens: ClassVar[Callable[[Any], Solos]] = staticmethod(open_solos)
    solos: Solos
    length: int
    counts: list[int]
    rms_db: float
    gain_db: float = 0.0
    transpose: float = 0.0

    def __post_init__(self):
        known = range(len(self.solos.objects))
        self.clips = {label: clips for label in known if len(clips := self.solos.of(label))}

    def lacking(self) -> str:
        """Return what is missing for a mixture, and the remedy; empty if nothing is."""
        if len(self.clips) >= min(self.counts):
            return ""
        return (
            f"{self.solos.path} holds solo clips of {len(self.clips)} objects, mixtures need "
            f"{min(self.counts)}; add clips in which one object is seen, or lower dataset.threshold."
        )

    def draw(self, rng: np.random.Generator, file: h5py.File) -> tuple[np.ndarray, ...]:
        """Return the sources of a mixture, float32 [shape=(L, length)]; those of absent objects are zero."""
        sources = np.zeros((len(self.solos.objects), self.length), np.float32)
        count = min(int(rng.choice(self.counts)), len(self.clips))
        for label in rng.choice(sorted(self.clips), count, replace=False):
            sources[label] = self.section(rng, file, int(rng.choice(self.clips[label])))
        return (sources,)

    def section(self, rng: np.random.Generator, file: h5py.File, clip: int) -> np.ndarray:
        """Return a section of a clip that is not silent where it can be helped, float32 [shape=(length,)]."""
        taken = self.length
        if self.transpose:
            semitones = rng.uniform(-self.transpose, self.transpose)
            taken = next_fast_len(round(taken * 2 ** (semitones / 12)), real=True)
        spare = max(0, int(self.solos.start[clip + 1] - self.solos.start[clip]) - taken)
        for _ in range(TRIES):
            part = self.solos.section(file, clip, int(rng.integers(spare + 1)), taken)
            if np.sqrt(np.mean(part**2)) > QUIET * self.solos.rms[clip]:
                break
        part = part if taken == self.length else resample(part, self.length)
        level = self.rms_db + rng.uniform(-self.gain_db, self.gain_db)
        return part * np.float32(10 ** (level / 20) / self.solos.rms[clip])

    def batches(self, rng: np.random.Generator, count: int, size: int) -> Iterator[Batch]:
        """Yield ``count`` batches of what `draw` returns, stacked: shape=(size, ...)."""
        with h5py.File(self.solos.path) as file:
            for _ in range(count):
                drawn = [self.draw(rng, file) for _ in range(size)]
                yield tuple(torch.from_numpy(np.stack(parts)) for parts in zip(*drawn, strict=True))


def smooth_decay(options: dict) -> Callable[[int], float]:
    """Return the learning rate's factor at a step: ``lr_decay`` for each ``lr_decay_every`` steps."""
    return lambda step: options["lr_decay"] ** (step / options["lr_decay_every"])


class Task(Protocol):
    """What a network is trained for.

    Attributes
    ----------
    network : torch.nn.Module
    length : int
        Samples of a mixture.
    counts : list of int
        Of sources a mixture.
    decay : callable
        Step to what the learning rate is multiplied by.
    """

    network: torch.nn.Module
    length: int
    counts: list[int]
    decay: Callable[[int], float]

    def loss(self, *batch: torch.Tensor) -> torch.Tensor:
        """Return the mean loss of a mixer's batch; of a `Mixer` the sources, shape=(B, L, length)."""


class MixTraining(Training):
    """Mix-and-separate training of a network.

    Parameters
    ----------
    settings : dict
        Keys ``seed``, ``mixtures.rms_db`` and the stage's section.
    stage : str
    task : callable
        Makes the `Task`, after PyTorch has been seeded: ``task(options, solos)``.
    train, val : Solos
    checkpoint : Path
    version : int
        The stage's.
    mixer : type
        Draws the batches.
    """

    def __init__(
        self,
        settings: dict,
        stage: str,
        task: Callable[[dict, Solos], Task],
        train: Solos,
        val: Solos | None,
        checkpoint: Path,
        version: int,
        mixer: type[Mixer] = Mixer,
    ):
        super().__init__(settings, stage, checkpoint)
        self.task = task(self.options, train)
        level, gain = settings["mixtures"]["rms_db"], self.options["gain_db"]
        drawn = (level, gain, self.options["transpose"])
        self.train = mixer(train, self.task.length, self.task.counts, *drawn)
        if lacking := self.train.lacking():
            raise ObjectsoundsError(f"{stage}: {lacking}")
        held = val is not None and self.options["val_mixtures"] > 0
        self.val = mixer(val, self.task.length, self.task.counts, level) if held else None
        if self.val is not None and self.val.lacking():
            log.warning("%s: %s holds too few objects to mix: the training loss is watched", stage, val.path)
            self.val = None
        network = self.task.network.to(self.device)
        optimiser = build_optimiser(network, self.options)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, self.task.decay)
        self.begin(network, optimiser, schedule, _identity(settings, stage, version, train, val))

    def learn(self, number: int) -> dict:
        """Train on ``steps_per_epoch`` batches of new mixtures, and measure on the same ones every time."""
        self.network.train()
        draw = generator(self.settings["seed"], self.stage, "mixtures", number)
        size, steps = self.options["batch_size"], self.options["steps_per_epoch"]
        total = 0.0
        for batch in self.train.batches(draw, steps, size):
            self.optimiser.zero_grad(set_to_none=True)
            with self.mixed_precision():
                loss = self._loss(batch)
            self.check(loss)
            loss.backward()
            self.optimiser.step()
            self.schedule.step()
            self.stepped()
            total += loss.item()
        row = {"train_loss": total / steps}
        return row | ({"val_loss": self._measure(self.val)} if self.val is not None else {})

    def _loss(self, batch: Batch) -> torch.Tensor:
        return self.task.loss(*(part.to(self.device) for part in batch))

    def _measure(self, mixer: Mixer) -> float:
        draw = generator(self.settings["seed"], self.stage, "held out")
        size = self.options["batch_size"]
        count = -(-self.options["val_mixtures"] // size)
        with self.averaged(), evaluating(self.network):
            losses = [self._loss(batch).item() for batch in mixer.batches(draw, count, size)]
        return float(np.mean(losses))


def build_optimiser(network: torch.nn.Module, options: dict) -> torch.optim.Optimizer:
    """Return ``options["optimiser"]``: ``adam``, where none is named too, or ``sgd`` with ``momentum``."""
    groups, rate = _groups(network, options), options["learning_rate"]
    decay = options.get("weight_decay", 0.0)
    if options.get("optimiser", "adam") == "adam":
        return torch.optim.Adam(groups, rate, weight_decay=decay)
    return torch.optim.SGD(groups, rate, momentum=options["momentum"], weight_decay=decay)


def _groups(network: torch.nn.Module, options: dict) -> list[dict]:
    """Return the parameters; those of what looks at frames last, where ``frame_learning_rate`` is theirs."""
    named = list(network.named_parameters())
    if "frame_learning_rate" not in options:
        return [{"params": [value for _, value in named]}]
    looks = [value for name, value in named if name.startswith("frames.")]
    hears = [value for name, value in named if not name.startswith("frames.")]
    return [{"params": hears}, {"params": looks, "lr": options["frame_learning_rate"]}]


def _identity(settings: dict, stage: str, version: int, train: Solos, val: Solos | None) -> str:
    parts = [json.dumps(settings, sort_keys=True), stage, version, torch.__version__]
    for solos in filter(None, (train, val)):
        parts += [solos.clip_ids, solos.objects, solos.labels.tolist(), float(solos.rms.sum())]
        if isinstance(solos, Labelled):
            parts.append(solos.confidence.tolist())
        if isinstance(solos, Sighted):
            parts.append(solos.frames_bytes)
    return f"{seed_of(*parts):016x}"


@dataclass
class Trained:
    """A trained separator with what it was trained on.

    Attributes
    ----------
    network : torch.nn.Module
        In evaluation mode.
    objects : list of str
    rate : int
        Hz.
    options : dict
        The stage's section of the settings that it was trained with: facts of its file, from which its
        layers and its spectrogram follow. What a later job may choose (device, mask) comes by ``--settings``.
    level_db : float
        Of the sources that it learnt from.
    """

    network: torch.nn.Module
    objects: list[str]
    rate: int
    options: dict
    level_db: float


def load_separator(path: str | Path, stage: str, build: Callable[[dict, dict], torch.nn.Module]) -> Trained:
    """Load what `train_separator` wrote, weights only.

    Parameters
    ----------
    path : path
    stage : str
    build : callable
        Makes the network, of what was saved and the stage's section of the settings.
    """
    with reading(path):
        saved = load_weights(Path(path))
    settings = json.loads(saved["settings"])
    network = build(saved, settings[stage])
    network.load_state_dict(saved["state_dict"])
    level = settings["mixtures"]["rms_db"]
    return Trained(network.eval(), saved["objects"], saved["rate"], settings[stage], level)


def train_separator(
    settings: dict,
    stage: str,
    task: Callable[[dict, Solos], Task],
    files: tuple[Any, Any],
    outputs: tuple[str | Path, str | Path],
    about: dict,
    progress: Callable | None = None,
    mixer: type[Mixer] = Mixer,
) -> None:
    """Train a separator from solo clips, or from what else its mixer takes.

    Parameters
    ----------
    settings, stage, task
        As `MixTraining`.
    files : (train, val)
        Solo clips, or what else the mixer opens; without ``val`` the training loss is watched.
    outputs : (network, history)
    about : dict
        Kept beside the weights; holds ``stage_version``.
    progress : callable, optional
        Called as ``progress(epoch, epochs, row)``.
    mixer : type
        Opens the files, and draws mixtures of them.
    """
    train, val = (mixer.opens(path) if path else None for path in files)
    checkpoint, version = checkpoint_of(outputs[0]), about["stage_version"]
    training = MixTraining(settings, stage, task, train, val, checkpoint, version, mixer)
    training.run(*outputs, about | {"objects": train.objects, "rate": train.rate}, progress)
