"""Command ``check``: open every file of a run; what cannot be read is moved aside and made again."""

import os
from collections.abc import Callable
from pathlib import Path

from objectsounds.core.arguments import ONE
from objectsounds.core.errors import BrokenFileError, ObjectsoundsError
from objectsounds.core.files import RUN, move_aside, read_json, read_json_lines, read_lines, reading
from objectsounds.core.tables import read_table
from objectsounds.stages import STAGES


def _read_hdf5(path: Path) -> None:
    import h5py

    def read(name: str, item: h5py.Group | h5py.Dataset) -> None:
        if isinstance(item, h5py.Dataset) and not item.is_virtual:
            item[()]

    with h5py.File(path) as file:
        file.visititems(read)


def _read_weights(path: Path) -> None:
    from objectsounds.core.weights import load_weights

    load_weights(path)


def _read_wav(path: Path) -> None:
    import soundfile

    from objectsounds.core.damage import check_wav_size

    check_wav_size(path)
    for _ in soundfile.blocks(path, 2**20):  # your own sounds may be hours long
        pass


# That the workflow writes, each of its stage's name: whatever else lies in a run's folder is a person's.
FOLDERS = sorted({*STAGES, "separate", "separate_videos"})
READERS: dict[str, Callable[[Path], None]] = {
    ".h5": _read_hdf5,
    ".pt": _read_weights,
    ".json": read_json,
    ".jsonl": read_json_lines,
    ".wav": _read_wav,
    ".tsv": read_table,
    ".txt": read_lines,
}


def unit_of(path: Path, results: Path) -> Path:
    """Return what is made again as a whole for a broken file: itself, its block, or its shard's status."""
    parts = path.relative_to(results).parts
    if parts[0] == "mixtures" and len(parts) > 2:
        return results.joinpath(*parts[:2])
    if parts[0] == "masks":
        return results / "masks"
    if parts[0] == "separate":
        return results.joinpath(*parts[:3])
    if parts[0] == "separate_videos":
        return results.joinpath(*parts[:2])
    if parts[0] == "clips" and len(parts) > 3:
        return results.joinpath(*parts[:2]) / "status.tsv"
    return path


def _broken(path: Path) -> str | None:
    """Return what is wrong with a file, which has then been moved aside.

    Raises
    ------
    OSError, ValueError
        If it cannot be read for another reason than that it is broken.
    """
    try:
        with reading(path):
            READERS[path.suffix](path)
    except BrokenFileError as error:
        return str(error)
    return None


def _files_of(results: Path) -> list[Path]:
    """Return the files of a run that can be read, but for those that were moved aside before."""
    paths = [path for name in FOLDERS for path in (results / name).rglob("*")]
    return sorted(
        path
        for path in paths
        if path.suffix in READERS
        and path.is_file()
        and not any(part.endswith(".broken") for part in path.relative_to(results).parts)
    )


def check_results(results: Path) -> None:
    """Open every file of a run.

    Raises
    ------
    ObjectsoundsError
        If it is no folder of a run, or anything was broken; everything broken has been moved aside.
    """
    from objectsounds.data.status import good_clips

    if not (results / "catalogue").is_dir():
        raise ObjectsoundsError(f"{results} is no folder of results: it holds no catalogue.")
    os.environ[RUN] = str(results)
    broken, unread = [], []
    for path in _files_of(results):
        unit = unit_of(path, results)
        try:
            if path.name == "status.tsv":
                good_clips(path)
            problem = _broken(path)
        except BrokenFileError as error:
            problem = str(error)
        except (OSError, ValueError) as error:
            unread.append(f"{path} cannot be read, but is not shown to be broken; it stays ({error})")
            continue
        if problem is not None:
            broken.append(problem)
            if unit != path and unit.exists():
                move_aside(unit)
    for problem in broken + unread:
        print(problem)
    if broken:
        # Snakemake makes a missing file again only on the way to a target, so the page has to go too.
        (results / "report" / "index.html").unlink(missing_ok=True)
        raise ObjectsoundsError(f"{len(broken)} broken files were moved aside: start the run again.")
    if unread:
        raise ObjectsoundsError(f"{len(unread)} files cannot be read: see why above, and check again.")
    print(f"{results}: every file can be read.")


OPTIONS = {"results": ONE}


def run(args, settings: dict) -> None:
    """Check a run."""
    check_results(Path(args.results))
