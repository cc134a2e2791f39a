"""Where the networks run."""

import torch

from objectsounds.core.errors import ObjectsoundsError


def choose_device(name: str, key: str) -> torch.device:
    """Return the device that a key of the configuration names; ``auto`` is a GPU when there is one.

    Raises
    ------
    ObjectsoundsError
        If ``cuda`` is asked for and absent.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise ObjectsoundsError(f"{key} = 'cuda', but PyTorch finds no GPU here; set it to auto or cpu.")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")
