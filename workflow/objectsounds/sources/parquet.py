"""Sound in Parquet files, as Hugging Face's data sets store it: a row a sound, with its bytes and labels.

A clip names its row: ``<file>.parquet#<row>``. Parquet is read by pyarrow, an extra of the package.
"""

import io
import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import soundfile

from objectsounds.config.classes import added_of, names_by_alias, objects_by_mid
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.media.decoder import duration
from objectsounds.media.ffmpeg import MediaError
from objectsounds.sources.candidates import Candidate, labels_in, placed_as, sections
from objectsounds.sources.folder import SPLIT_FOLDERS
from objectsounds.sources.pictures import Pictures, medium_of
from objectsounds.sources.segments import BadRow

IDS = ("video_id", "youtube_id", "ytid", "clip_id", "media_id", "id", "key", "file_name", "file")
LABELS = ("objects", "labels", "label", "human_labels", "classes", "class", "category")
SPLIT = re.compile(rf"({'|'.join(SPLIT_FOLDERS)})[-_.]")  # of train-00000-of-00002.parquet
ROW = re.compile(r"(.+\.parquet)#(\d+)")
BATCH = 16  # rows whose sound is in memory at once


def _pyarrow(path: Path) -> Any:
    try:
        import pyarrow.parquet
    except ModuleNotFoundError:
        raise ObjectsoundsError(
            f"{path} is read by pyarrow: install it by pip install 'objectsounds[parquet]', or in a clone "
            "by pip install -c constraints.txt -r requirements-parquet.txt."
        ) from None
    return pyarrow


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Yield the Parquet file.

    Raises
    ------
    ObjectsoundsError
        If it is missing, cut, or something else.
    """
    pyarrow = _pyarrow(path)
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            yield file
    except (pyarrow.ArrowException, OSError) as error:
        why = str(error).split("\n")[0]
        raise ObjectsoundsError(f"{path} is no whole Parquet file ({why}): get it again.") from None


class Columns:
    """Which columns of a Parquet file hold the sound, its id and its labels.

    Raises
    ------
    ObjectsoundsError
        If none holds sound as bytes.
    """

    def __init__(self, path: Path, schema: Any):
        sounds = [
            item.name
            for item in schema
            if {"bytes", "path"} <= {item.type.field(i).name for i in range(item.type.num_fields)}
        ]
        if not sounds:
            raise ObjectsoundsError(
                f"{path} has no column of sound (a struct of bytes and path) among "
                f"{', '.join(schema.names)}: save the data set with its audio embedded."
            )
        self.sound = "audio" if "audio" in sounds else sounds[0]
        self.name = next((name for name in IDS if name in schema.names), None)
        self.labels = next((name for name in LABELS if name in schema.names), None)
        self.split = "split" if "split" in schema.names else None
        told = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        self.names = dict(enumerate(_class_names(told.get("info", {}).get("features", {}).get(self.labels))))

    @property
    def read(self) -> list[str]:
        """All that are read."""
        return [name for name in (self.sound, self.name, self.labels, self.split) if name]

    def facts(self, row: dict) -> tuple[str, list[str], str]:
        """Return the id, the labels and the split of a row."""
        name = row[self.name] if self.name else row[self.sound]["path"]
        cell = row[self.labels] if self.labels else None
        cells = cell if isinstance(cell, list) else [] if cell is None else [cell]
        labels = [self.names.get(item, str(item)) if isinstance(item, int) else str(item) for item in cells]
        return (
            re.sub(r"\.[a-z0-9]{2,4}$", "", Path(str(name or "")).name),
            labels,
            row.get(self.split or "", ""),
        )


def _class_names(feature: Any) -> list[str]:
    """Return the names that whole numbers stand for in a column, ``ClassLabel`` of Hugging Face."""
    while isinstance(feature, dict) and "names" not in feature:
        feature = feature.get("feature")
    while isinstance(feature, list) and feature and isinstance(feature[0], dict):
        return _class_names(feature[0])
    return feature["names"] if isinstance(feature, dict) else []


def read_shard(path: Path, options: dict, pictures: Pictures) -> tuple[list[Candidate], list[BadRow]]:
    """List the sounds of a Parquet file, cut into sections.

    Columns: the sound (a struct of ``bytes`` and ``path``), its id (one of ``IDS``, else the path), what
    sounds (one of ``LABELS``: names, a data set's labels, mids, or the numbers of a ``ClassLabel``) and
    ``split``, which else the file's name says.

    Parameters
    ----------
    path : Path
    options : dict
        The section ``catalogue``, with the run's ``classes`` and ``added_classes``.
    pictures : Pictures

    Raises
    ------
    ObjectsoundsError
        If pyarrow is missing, or the file is cut or holds no sound.
    """
    meaning, told = _meaning(options), SPLIT.match(path.name)
    candidates, rejected, number, strange = [], [], 0, {}
    with _opened(path) as file:
        columns = Columns(path, file.schema_arrow)
        for batch in file.iter_batches(batch_size=BATCH, columns=columns.read):
            for row in batch.to_pylist():
                name, labels, split = columns.facts(row)
                words = [word for label in labels for word in labels_in(label, meaning)]
                objects = dict.fromkeys(item for word in words for item in meaning.get(word, ()))
                strange |= dict.fromkeys(word for word in words if word not in meaning)
                place = placed_as(SPLIT_FOLDERS.get(split or (told[1] if told else ""), ""))
                spans = _spans(row[columns.sound], name, options, pictures)
                if isinstance(spans, str):
                    rejected.append(BadRow(str(path), 0, f"row {number}: {spans}"))
                elif objects or not words:
                    source, shown = f"{path}#{number}", str(pictures.of(name))
                    facts = {"picture": shown, "medium": medium_of(name), **place}
                    candidates += [Candidate(name, source, *span, tuple(objects), **facts) for span in spans]
                number += 1
    if strange and not candidates:
        reason = f"none of its labels is an object's name or alias ({', '.join(list(strange)[:5])})"
        rejected.insert(0, BadRow(str(path), 0, reason))
    return candidates, rejected


def _meaning(options: dict) -> dict[str, tuple[str, ...]]:
    """Return the objects that a name, a data set's label or a mid means."""
    added = added_of(options)
    mids = objects_by_mid(options["classes"], options["descendants"], added)
    return {label: (name,) for label, name in names_by_alias(added).items()} | mids


def _spans(sound: dict | None, name: str, options: dict, pictures: Pictures) -> list | str:
    """Return the sections of a row's sound, or why it cannot be used."""
    if not sound or not sound["bytes"]:
        return "no sound in it: save the data set with its audio embedded"
    problem = pictures.problem(name)
    if problem:
        return problem
    try:
        seconds = soundfile.info(io.BytesIO(sound["bytes"])).duration
    except soundfile.LibsndfileError:  # AAC, say, which ffmpeg reads
        try:
            with tempfile.NamedTemporaryFile(suffix=suffix_of(sound)) as file:
                file.write(sound["bytes"])
                file.flush()
                seconds = duration(file.name)
        except MediaError as error:
            return f"not readable as a sound ({error})"
    return sections(seconds, options["section_seconds"], options["sections_per_medium"])


def suffix_of(sound: dict) -> str:
    """Return the ending of the file that a sound was, for what decodes it."""
    suffix = Path(sound["path"] or "").suffix.lower()
    return suffix if re.fullmatch(r"\.[a-z0-9]{2,4}", suffix) else ".bin"


def row_of(source: str) -> tuple[Path, int] | None:
    """Return the file and the row that a clip's source names; None of a source that is no Parquet file's."""
    named = ROW.fullmatch(source)
    return (Path(named[1]), int(named[2])) if named else None


def unpack(path: Path, number: int, folder: str | Path) -> Path:
    """Write the sound of a row of a Parquet file into a folder; return its file.

    Raises
    ------
    ObjectsoundsError
        If pyarrow is missing, the file is cut, or it has no such row.
    """
    with _opened(path) as file:
        columns, first = Columns(path, file.schema_arrow), 0
        for group in range(file.num_row_groups):
            count = file.metadata.row_group(group).num_rows
            if number < first + count:
                rows = file.iter_batches(batch_size=1, row_groups=[group], columns=[columns.sound])
                sound = next(islice(rows, number - first, None)).to_pylist()[0][columns.sound]
                output = Path(folder) / f"sound{suffix_of(sound)}"
                output.write_bytes(sound["bytes"])
                return output
            first += count
    raise ObjectsoundsError(
        f"{path} has no row {number}, which the catalogue names: make the catalogue again."
    )
