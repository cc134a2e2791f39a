"""What shows that a file of a run is broken: its first bytes, its size, its end, or that HDF5 cannot walk it.

That reading failed shows nothing: a lock, a disk that answers with an error or a mistake in the reader
leave a good file good.
"""

import errno
import re
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from objectsounds.core.errors import DamagedError

HDF5 = b"\x89HDF\r\n\x1a\n"
ZIP = b"PK\x03\x04"  # PyTorch's files are archives
ERRNO = re.compile(r"errno = (\d+)")  # HDF5 tells of the system's errors in words


def of_the_system(error: BaseException) -> bool:
    """Return whether the operating system refused something, which says nothing of the file.

    But for EINVAL: a cut file can send its reader to a place before its beginning.
    """
    number, told = getattr(error, "errno", None), ERRNO.search(str(error))
    if number is None and told:
        number = int(told[1])
    return number not in (None, 0, errno.EINVAL)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(len(HDF5))


def _hdf5(path: Path) -> str | None:
    import h5py

    if _head(path) != HDF5:
        return "it does not begin as an HDF5 file does"
    try:
        # Not by its path: HDF5 would ask for a lock, which another process may hold.
        with path.open("rb") as opened, h5py.File(opened) as file:
            file.visititems(_read_item)
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        return None if of_the_system(error) else f"{error}"
    return None


def _read_item(name: str, item: Any) -> None:
    if hasattr(item, "shape") and not item.is_virtual:  # a view's parts are files of their own
        item[()]


def _weights(path: Path) -> str | None:
    if _head(path)[: len(ZIP)] != ZIP:
        return "it does not begin as a file of weights does"
    try:
        with zipfile.ZipFile(path) as archive:
            garbled = archive.testzip()
    except zipfile.BadZipFile as error:
        return f"{error}"
    return None if garbled is None else f"{garbled} in it is garbled"


def check_wav_size(path: str | Path) -> None:
    """Compare the size of a WAV file with its header's.

    Raises
    ------
    DamagedError
        If they differ, or it is no WAV file.
    """
    path = Path(path)
    with open(path, "rb") as file:
        header = file.read(28)
    if len(header) < 28:
        raise DamagedError(f"{path.name} is cut: {len(header)} bytes")
    kind, size = struct.unpack_from("<4sI", header)
    if kind not in (b"RIFF", b"RF64") or header[8:12] != b"WAVE":
        raise DamagedError(f"{path.name} does not begin as a WAV file does")
    if kind == b"RF64":
        size = struct.unpack_from("<Q", header, 20)[0]
    if size + 8 != path.stat().st_size:
        raise DamagedError(f"{path.name} is cut: {path.stat().st_size} of {size + 8} bytes")


def _wav(path: Path) -> str | None:
    try:
        check_wav_size(path)
    except DamagedError as error:
        return f"{error}"
    return None


def _text(path: Path) -> str | None:
    data = path.read_bytes()
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "it is no text in UTF-8"
    return "it holds zero bytes" if b"\0" in data else None


CHECKS: dict[str, Callable[[Path], str | None]] = {
    ".h5": _hdf5,
    ".pt": _weights,
    ".wav": _wav,
    ".tsv": _text,
    ".txt": _text,
    ".json": _text,
    ".jsonl": _text,
}


def shown_damage(path: Path, error: BaseException) -> str | None:
    """Return what shows that a file is broken, after reading it failed; None if nothing does.

    Parameters
    ----------
    path : Path
    error : exception
        As which reading it failed.
    """
    if isinstance(error, DamagedError):
        return str(error)
    check = CHECKS.get(path.suffix)
    if check is None or of_the_system(error):
        return None
    try:
        return check(path)
    except OSError:
        return None
