"""Loading networks and checkpoints: as weights only, never as code."""

import pickle
from pathlib import Path

import torch


def load_weights(path: str | Path) -> dict:
    """Load a file of tensors and plain values onto the CPU.

    Raises
    ------
    ValueError
        If it is cut, garbled, or holds anything that would have to be run.
    """
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, EOFError, KeyError, RuntimeError) as error:
        raise ValueError(f"no file of weights: {type(error).__name__}") from error
