"""Copies of the page for ``snakemake --report``, which shows a result alone, away from the files beside it.

``report.html`` can hold single files: the page without its listening room, pictures inside. ``report.zip``
can hold folders: the page with the sounds of as many mixtures as fit.
"""

import base64
import logging
import mimetypes
import os
import re
import shutil
from pathlib import Path

from objectsounds.core.files import folder_written_whole, write_text

FILE_LIMIT = 1.5e6  # bytes: Chromium shows no frame whose address, base64 of the file, is above 2 MiB
FOLDER_LIMIT = 20e6

log = logging.getLogger(__name__)


def local_files(html: str) -> list[str]:
    """Return the files beside the page that it shows or plays, each once."""
    return list(dict.fromkeys(re.findall(r'(?:src|data-\w+)="(media/[^"]+)"', html)))


def with_pictures_inside(html: str, folder: Path) -> str:
    """Return the page with its pictures as data URIs."""

    def inside(match: re.Match) -> str:
        path = folder / match[1]
        kind = mimetypes.guess_type(path.name)[0]
        return f'src="data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"'

    return re.sub(r'src="(media/[^"]+)"', inside, html)


def write_file(html: str, folder: Path, output: Path) -> None:
    """Write the page as one file, its pictures from ``folder`` inside it."""
    whole = with_pictures_inside(html, folder)
    if len(whole.encode()) > FILE_LIMIT:
        log.warning(
            "%s has %.1f MB: Chromium shows at most %.1f MB inside report.html, so take report.zip",
            output.name,
            len(whole.encode()) / 1e6,
            FILE_LIMIT / 1e6,
        )
    write_text(output, whole)


def fitting(mixtures: list[dict], html: str, folder: Path) -> list[dict]:
    """Return the first of the mixtures whose files, beside those of the page without them, fit."""
    size = len(html) + sum((folder / name).stat().st_size for name in local_files(html))
    kept = []
    for item in mixtures:
        size += item["bytes"]
        if size > FOLDER_LIMIT:
            break
        kept.append(item)
    return kept


def write_folder(html: str, folder: Path, output: Path) -> None:
    """Write the page and the files it names, hard links of those in ``folder``, into a folder of its own."""
    with folder_written_whole(output) as target:
        write_text(target / "index.html", html)
        for name in local_files(html):
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(folder / name, path)
            except OSError:  # a file system without hard links
                shutil.copyfile(folder / name, path)
