"""Loading networks and checkpoints: as weights only, never as code."""

import pickle
from pathlib import Path

import torch

from objectsounds.core.errors import DamagedError, ObjectsoundsError


class WeightsError(ObjectsoundsError, ValueError):
    """A file from which no weights can be read."""


def load_weights(path: str | Path) -> dict:
    """Load a file of tensors and plain values onto the CPU.

    Raises
    ------
    DamagedError
        If it holds anything that would have to be run, which no file of ours does.
    WeightsError
        If it cannot be read for another reason.
    """
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise DamagedError("no file of weights: reading it would run code") from error
    except (EOFError, KeyError, RuntimeError) as error:
        raise WeightsError(
            f"{path} is no file of weights ({type(error).__name__}): delete it, and start the run again."
        ) from error
