"""Why media cannot be had: the reasons that errors give, and the memory of them in the folder of media.

The memory is ``unavailable.tsv``: one line for each time a clip could not be had, the last of a clip counts.
Jobs that write at once take turns by a lock on ``.unavailable.lock``, which stays: a lock on the table itself
would be lost when the table is replaced.
"""

import fcntl
import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.files import write_text

LASTING = ("removed", "private", "age_restricted", "geo_blocked", "members_only", "too_large")
FETCH_REASONS = (*LASTING, "unavailable", "forbidden", "rate_limited", "network", "timeout")
CUT_SHORT = r"ends prematurely|error during demuxing|partial file|failed to open segment"
CLASSES = (  # the first that matches the text of an error counts
    (r"http error 429|429 too many|not a bot|rate.limited|captcha|likely being blocked", "rate_limited"),
    (r"private video|video is private", "private"),
    (r"confirm your age|age.restricted|age.verification|inappropriate for some", "age_restricted"),
    (r"members.only|channel.s members|requires payment|premium members", "members_only"),
    (r"registered users|login required|sign in", "members_only"),
    (r"in your country|in your region|from your location|geo.?restrict|http error 451", "geo_blocked"),
    (r"http error (404|410)|404 not found|has been removed|removed by the", "removed"),
    (r"no longer available|account .*(terminated|closed)|copyright (grounds|claim)", "removed"),
    (r"http error (401|403)|401 unauthorized|403 forbidden", "forbidden"),
    (r"file too large|larger than clips\.download\.max_mb", "too_large"),
    (r"timed out|timeout", "timeout"),
    (r"http error 5\d\d|5xx server error|connection (refused|reset|aborted)|broken pipe", "network"),
    (r"to resolve|name or service|name resolution|unreachable|no route to host", "network"),
    (r"connect to proxy|tunnel connection|\bssl\b|remote end closed|incompleteread", "network"),
    (r"more expected|bytes, expected|any data blocks|file is empty|input/output error", "network"),
    (CUT_SHORT, "network"),
)
COLUMNS = ("clip_id", "media_id", "reason", "date", "detail")

log = logging.getLogger(__name__)


def finds(pattern: str, text: str) -> bool:
    """Tell whether a pattern is in the text, whatever the case."""
    return re.search(pattern, text, re.IGNORECASE) is not None


def classify(text: str) -> str:
    """Return the reason, of ``FETCH_REASONS``, that an error text of yt-dlp or ffmpeg gives."""
    return next((reason for pattern, reason in CLASSES if finds(pattern, text)), "unavailable")


def remember(folder: str | Path, clip_id: str, media_id: str, reason: str, detail: str) -> None:
    """Append that a clip could not be had today.

    Parameters
    ----------
    folder : path
        The folder of media.
    clip_id, media_id, detail : str
        Their tabs and line ends become spaces.
    reason : str
        Of ``FETCH_REASONS``.

    Raises
    ------
    ObjectsoundsError
        If the folder cannot be written.
    """
    today = datetime.now(UTC).date().isoformat()
    fields = (re.sub(r"[\t\r\n]+", " ", field) for field in (clip_id, media_id, reason, today, detail))
    line = ("\t".join(fields) + "\n").encode("utf-8", "backslashreplace")
    with _locked(folder) as path, path.open("ab+") as table:
        if table.seek(0, 2) == 0:
            line = ("\t".join(COLUMNS) + "\n").encode() + line
        else:
            table.seek(-1, 2)
            if table.read(1) != b"\n":  # the line of a job that was killed
                line = b"\n" + line
        table.write(line)


def known(folder: str | Path) -> dict[str, dict[str, str]]:
    """Return by clip id what is remembered: the columns of its last line."""
    path = Path(folder) / "unavailable.tsv"
    rows = [line.split("\t") for line in _lines(path) if line]
    good = [row for row in rows if len(row) == len(COLUMNS) and row[0] and row[2] in FETCH_REASONS]
    malformed = len(rows) - len(good) - rows.count(list(COLUMNS))
    if malformed:
        log.warning("%s: %d malformed lines are passed over; delete them.", path, malformed)
    return {row[0]: dict(zip(COLUMNS, row, strict=True)) for row in good}


def forget(folder: str | Path, clip_ids: Iterable[str]) -> int:
    """Remove the lines of some clips; return how many of these clips were remembered.

    Raises
    ------
    ObjectsoundsError
        If the folder cannot be written.
    """
    clip_ids = set(clip_ids)
    if not clip_ids or not (Path(folder) / "unavailable.tsv").exists():
        return 0
    with _locked(folder) as path:
        lines = _lines(path)
        kept = [line for line in lines if line.split("\t")[0] not in clip_ids]
        if len(kept) < len(lines):
            write_text(path, "\n".join(kept))
    return len({line.split("\t")[0] for line in lines} & clip_ids)


def _lines(path: Path) -> list[str]:
    # split at line feeds alone: a detail may hold other signs that Python takes for the end of a line
    return path.read_bytes().decode("utf-8", "replace").split("\n") if path.exists() else []


@contextmanager
def _locked(folder: str | Path) -> Iterator[Path]:
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / ".unavailable.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield folder / "unavailable.tsv"
    except OSError as error:
        raise ObjectsoundsError(
            f"{folder / 'unavailable.tsv'} cannot be written ({error.strerror}): free space there, or let "
            "clips.media name a folder that can be written."
        ) from error
