"""What lies in a block of mixtures or of estimates, or among the masks: folders that are made as a whole."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from objectsounds.core.files import reading
from objectsounds.core.tables import read_table
from objectsounds.media.wav import read_wav


def read_block_table(path: Path, columns: Sequence[str] = ()) -> list[dict[str, str]]:
    """Read the table ``<block>/<name>.tsv``.

    Raises
    ------
    BrokenFileError
        If it is broken; the block has then been moved aside.
    """
    return read_table(path, columns, unit=path.parent)


def read_block_wav(path: Path, dtype: str = "float32") -> tuple[np.ndarray, int]:
    """Read the sound ``<block>/<mixture>/<name>.wav``: waveform, shape=(T,), and rate in Hz.

    Raises
    ------
    BrokenFileError
        As ``read_block_table``.
    """
    with reading(path, unit=path.parents[1]):
        return read_wav(path, dtype)
