"""What a run was: its settings, what made it, and digests of its clips and mixtures."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from objectsounds import __version__
from objectsounds.core.provenance import commit, packages
from objectsounds.core.tables import read_table
from objectsounds.data.mixtures import MIXTURE_COLUMNS
from objectsounds.data.status import OBJECT_COLUMNS, SPLITS


def digest(rows: Iterable[Mapping[str, str]], columns: Sequence[str]) -> dict:
    """Return how many rows there are, and the SHA-256 of some of their columns in any order of the rows."""
    cells = sorted([row[name] for name in columns] for row in rows)
    text = json.dumps(cells, separators=(",", ":"))
    return {"n": len(cells), "sha256": hashlib.sha256(text.encode("utf-8")).hexdigest()}


def data_digests(results: Path) -> dict[str, dict]:
    """Return the digests of the clips in use of each split with what sounds in them, and of the mixtures.

    Mixtures are told by their clips and objects alone, not by their names.
    """
    folder = results / "catalogue"
    clips = {name: read_table(folder / f"objects-{name}.tsv", OBJECT_COLUMNS) for name in SPLITS}
    mixtures = read_table(results / "mixtures" / "mixtures.tsv", MIXTURE_COLUMNS)
    found = {f"{name} clips": digest(rows, ("clip_id", "objects")) for name, rows in clips.items()}
    return found | {"mixtures": digest(mixtures, ("clips", "objects"))}


def run_record(settings: dict, results: Path) -> dict:
    """Return a run's record, for JSON.

    Parameters
    ----------
    settings : dict
        The run's, with ``seed`` and ``seeds``.
    results : Path
        The run's folder.

    Returns
    -------
    dict
        ``objectsounds`` (the version), ``commit`` (``None`` where it is not known), ``packages`` (name to
        version), ``seed``, ``seeds``, ``data`` (as `data_digests` returns) and ``settings``, whose paths
        within the run's folder begin with ``<results>``.
    """
    text = json.dumps(settings).replace(json.dumps(f"{results}/")[1:-1], "<results>/")
    return {
        "objectsounds": __version__,
        "commit": commit() or None,
        "packages": packages(),
        "seed": settings["seed"],
        "seeds": settings["seeds"],
        "data": data_digests(results),
        "settings": json.loads(text),
    }
