"""Stage ``separate``: one method on one block of mixtures."""

import logging
from collections.abc import Callable
from pathlib import Path

from objectsounds.config.method_table import Method, method_of, separate_options
from objectsounds.core.files import folder_written_whole
from objectsounds.core.tables import write_table
from objectsounds.data.bags import open_dataset
from objectsounds.data.block_files import read_block_table
from objectsounds.data.mixtures import MIXTURE_COLUMNS
from objectsounds.dictionaries.file import read_dictionary
from objectsounds.media.wav import write_wav
from objectsounds.methods.separation import separate_mixture

STAGE_VERSION = 7
COLUMNS = ("mixture", "object", "file", "fallback", "detected")

log = logging.getLogger(__name__)


def _learned(settings: dict, method: Method, network: str | Path | None, frames: str | Path | None):
    """Return a learned method's model, None for other methods."""
    if method.network is None:
        return None
    from objectsounds.methods.neural import load_learned

    return load_learned(settings, method, network, frames)


def separate_block(
    settings: dict,
    name: str,
    mixtures: str | Path,
    output: str | Path,
    dictionary: str | Path | None = None,
    test: str | Path | None = None,
    progress: Callable = iter,
    network: str | Path | None = None,
    frames: str | Path | None = None,
) -> None:
    """Separate the mixtures of a block.

    Parameters
    ----------
    settings : dict
        Keys ``separate`` and the transform's in ``bases``.
    name : str
        The method, perhaps with its variant.
    mixtures : path
        A block's folder.
    output : path
        Folder to write: ``estimates.tsv`` and ``<mixture>/<object>.wav``, 32-bit float.
    dictionary, test : path, optional
        For guided methods: the dictionary, and the aggregated HDF5 with the test clips' visual labels.
    progress : callable
        Wraps the mixtures.
    network, frames : path, optional
        For learned methods: the trained network, and what the frame network says of the test clips.
    """
    method = method_of(name)
    settings = settings | {"separate": separate_options(name, settings["separate"])}
    bases = read_dictionary(dictionary) if dictionary else None
    bags = open_dataset(test, bases=False) if test else None
    model = _learned(settings, method, network, frames)
    mixtures = Path(mixtures)
    table = []
    with folder_written_whole(output) as folder:
        for row in progress(read_block_table(mixtures / "mixtures.tsv", MIXTURE_COLUMNS)):
            estimates, rows, rate = separate_mixture(method, settings, mixtures, row, bases, bags, model)
            (folder / row["mixture"]).mkdir()
            for object_name, waveform in estimates.items():
                write_wav(folder / row["mixture"] / f"{object_name}.wav", waveform, rate)
            table += rows
        write_table(folder / "estimates.tsv", COLUMNS, table)
    fallbacks = sum(bool(row["fallback"]) for row in table)
    log.info("%s: %d estimates, %d fallbacks to the mixture", name, len(table), fallbacks)
