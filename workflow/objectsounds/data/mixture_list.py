"""A person's list of which clips are mixed, so that mixtures can be others', or the same again."""

from collections.abc import Callable
from pathlib import Path

from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.tables import join_names, names_in, read_persons_table
from objectsounds.data.mixtures import cells_of

KEY, REMEDY = "mixtures.list", "name a table with a column clips, or set it to null"


def listed_mixtures(
    path: str | Path,
    sources: list[tuple[str, str]],
    settings: dict,
    problem_of: Callable[[list[str]], dict | None] = lambda clips: None,
) -> tuple[list[dict], list[dict]]:
    """Return the mixtures that a table lists, in its order.

    Parameters
    ----------
    path : path
        A table with the column ``clips``: two or more clip ids, or the ids of their media where each has one
        clip, with semicolons between. Other columns are passed over, so that a run's own
        ``mixtures.tsv`` is such a list.
    sources : list of (clip id, object)
        The good single-source test clips.
    settings, problem_of
        As of `choose_mixtures`.

    Returns
    -------
    chosen, left_out : list of dict
        As of `choose_mixtures`; what is listed and silent is left out.

    Raises
    ------
    ObjectsoundsError
        Naming the file, the line and the value, if a clip is no good single-source test clip of the run or
        two clips of a mixture hold the same object.
    """
    columns, rows = read_persons_table(path, KEY, REMEDY)
    if "clips" not in columns:
        raise ObjectsoundsError(
            f"{KEY}: {path} has no column clips but {', '.join(columns) or 'none'}; {REMEDY}."
        )
    object_of, of_medium = dict(sources), _by_medium(sources)
    found, left_out = [], []
    for row in rows:
        where = f"{KEY}: {path}, line {row.line}"
        if row.problem:
            raise ObjectsoundsError(f"{where}: {row.problem}.")
        clips = [of_medium.get(name, name) for name in names_in(row.cells["clips"])]
        _check(where, clips, object_of)
        objects = [object_of[clip] for clip in clips]
        cells = cells_of(clips, objects, settings)
        problem = problem_of(clips)
        if problem is None:
            found.append(cells)
        else:
            left_out.append(cells | problem)
    blocks = settings["mixtures"]["blocks"]
    chosen = [
        {"mixture": f"listed-{number:04d}", "block": number % blocks} | cells
        for number, cells in enumerate(found)
    ]
    return chosen, left_out


def _by_medium(sources: list[tuple[str, str]]) -> dict[str, str]:
    """Return the clip of each medium that has one; a clip's id is its medium's and the start in ms."""
    clips: dict[str, list[str]] = {}
    for clip, _ in sources:
        clips.setdefault(clip.rpartition("_")[0], []).append(clip)
    return {medium: found[0] for medium, found in clips.items() if medium and len(found) == 1}


def _check(where: str, clips: list[str], object_of: dict[str, str]) -> None:
    for clip in clips:
        if clip not in object_of:
            raise ObjectsoundsError(
                f"{where}: {clip!r} is no good test clip of one object; see catalogue/objects-test.tsv, and "
                "take the line out."
            )
    objects = [object_of[clip] for clip in clips]
    if len(clips) < 2 or len(set(objects)) < len(objects):
        raise ObjectsoundsError(
            f"{where}: {join_names(clips) or 'nothing'!r} (of {join_names(objects) or 'nothing'}) is no "
            "mixture of two or more different objects; take the line out."
        )
