"""Loading networks and checkpoints, and sharing networks as safetensors: as weights only, never as code."""

import json
import pickle
from pathlib import Path

import torch

from objectsounds.core.errors import DamagedError, ObjectsoundsError
from objectsounds.core.files import written_whole

SAFETENSORS = ".safetensors"
ABOUT = "objectsounds"  # the key of a safetensors file's metadata that holds what is beside the tensors


class WeightsError(ObjectsoundsError, ValueError):
    """A file from which no weights can be read."""


def load_weights(path: str | Path) -> dict:
    """Load a file of tensors and plain values onto the CPU: PyTorch's, or by its ending a safetensors file.

    Returns
    -------
    dict
        As it was saved; of a safetensors file from elsewhere its tensors by name.

    Raises
    ------
    DamagedError
        If it holds anything that would have to be run, which no file of ours does.
    WeightsError
        If it cannot be read for another reason.
    """
    if Path(path).suffix == SAFETENSORS:
        return _load_safetensors(Path(path))
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise DamagedError("no file of weights: reading it would run code") from error
    except (EOFError, KeyError, RuntimeError) as error:
        raise WeightsError(
            f"{path} is no file of weights ({type(error).__name__}): delete it, and start the run again."
        ) from error


def _load_safetensors(path: Path) -> dict:
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise FileNotFoundError(2, "No such file or directory", str(path))
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118, it is no mapping
            about = json.loads((file.metadata() or {}).get(ABOUT, "null"))
    except (SafetensorError, ValueError) as error:
        raise WeightsError(f"{path} is no file of weights ({error}): get it again.") from error
    return tensors if about is None else {"state_dict": tensors} | about


def save_safetensors(path: str | Path, saved: dict, card: str = "") -> None:
    """Write a network as safetensors, from which `load_weights` makes the same again.

    Parameters
    ----------
    path : path
        Ends in ``.safetensors``.
    saved : dict
        ``state_dict``, the tensors, which keep their names, and plain values.
    card : str
        The model's card, for the key ``card`` of the file's metadata.
    """
    from safetensors.torch import save_file

    form = {"memory_format": torch.contiguous_format}  # and of its own memory, as the format wants it
    tensors = {name: tensor.detach().clone(**form) for name, tensor in saved["state_dict"].items()}
    about = {name: value for name, value in saved.items() if name != "state_dict"}
    metadata = {"format": "pt", ABOUT: json.dumps(about, sort_keys=True), "card": card}
    with written_whole(path) as temporary:
        save_file(tensors, temporary, metadata)


def read_card(path: str | Path) -> str:
    """Return the model card in a safetensors file, Markdown; empty where there is none."""
    from safetensors import safe_open

    with safe_open(path, framework="pt", device="cpu") as file:
        return (file.metadata() or {}).get("card", "")
