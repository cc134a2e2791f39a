"""Downloading a section of a medium by yt-dlp into a folder: whole or not at all.

yt-dlp, and with it ffmpeg and a JavaScript runtime, runs in a child process of its own session, so that an
attempt that takes too long can be ended with everything it started.

ffmpeg reads the section over the network and encodes it again, to H.264 and FLAC in Matroska, from the exact
start: time 0 of the file is the section's start. Copying the streams would be cheaper, but a copy begins at
the keyframe before the section and only MP4 can hide what is too much: from Matroska and WebM a copied
section was 2 s early where keyframes were 5 s apart. FLAC keeps the decoded sound as it is, to 16 bits.
"""

import json
import logging
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import StringIO
from pathlib import Path
from urllib.parse import quote

import ffmpeg

from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.places import LIBRARY
from objectsounds.media.decoder import SECTION_TAG
from objectsounds.media.ffmpeg import MediaError, ffmpeg_executable, local_file, run_ffmpeg
from objectsounds.sources.media_folder import IGNORED
from objectsounds.sources.unavailable import CUT_SHORT, FETCH_REASONS, LASTING, classify, finds

RETRIES = dict.fromkeys(LASTING, 0) | {"forbidden": 1, "timeout": 1}  # the others: as many as attempts allow
FAULTS = (  # of this machine or of the settings: nothing about the medium
    (
        r"no space left|disk quota exceeded|read-only file system",
        "free space there, or let clips.media name a folder that has some",
    ),
    (r"load cookies|netscape format", "let clips.download.cookies name a cookies.txt in Netscape's format"),
    (r"invalid f(ormat|ilter) spec", "write clips.download.format in yt-dlp's language of formats"),
    (r"no module named", "install requirements.txt again"),
)
SECRET = 5  # characters: shorter words of a file of cookies are none
LEFTOVER_AGE = 24 * 3600  # s
LONGEST_WAIT = 600  # s
PROTOCOLS = (
    "http,https,httpproxy,tcp,tls,crypto"  # what ffmpeg may open: a playlist can name files of this machine
)
ENCODING = ["-sn", "-dn", "-map_chapters", "-1", "-c:v", "libx264", "-preset", "veryfast", "-crf", "18"]
ENCODING += ["-pix_fmt", "yuv420p", "-c:a", "flac", "-sample_fmt", "s16", "-threads", "1"]
# Gaps become silence. That the sound begins late is in its time stamps: a filter that pads the beginning
# would pad again wherever the channels change within the medium.
ENCODING += ["-af", "aresample=async=1", "-metadata", f"{SECTION_TAG}=0", "-f", "matroska"]
PRE_ROLL = 1.0  # s that are decoded before the section: decoders lose their first frame after a jump
PARAMETERS = {"noplaylist": True, "playlist_items": "1", "outtmpl": "medium.%(ext)s", "updatetime": False}
PARAMETERS |= {"cachedir": False, "noprogress": True, "continuedl": False, "retries": 0}
PARAMETERS |= {"fragment_retries": 3, "skip_unavailable_fragments": False}

__all__ = ["FETCH_REASONS", "FetchError", "classify", "fetch_section"]
log = logging.getLogger(__name__)


class FetchError(ObjectsoundsError):
    """A medium that could not be had; its reason is one of ``FETCH_REASONS``."""

    def __init__(self, reason: str, detail: str, retry_after: float = 0.0):
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail, self.retry_after = reason, detail, retry_after


def fetch_section(media_id: str, start: float, end: float, folder: Path, options: dict) -> Path:
    """Download a section of a medium, unless it is there; return its file.

    Parameters
    ----------
    media_id : str
    start, end : float
        The section in s. A medium that ends before ``end`` gives a shorter file.
    folder : Path
        The file is ``<media id>_<start>_<end>.mkv`` in ms, whose time 0 is the section's start; or the
        whole medium, ``<media id>.<its container>``, without ``sections``, and with ``rate_limit`` or a
        proxy that is not HTTP, which ffmpeg knows nothing of.
    options : dict
        ``url`` (holds ``{media_id}``), ``sections`` (False: whole media), ``format`` (yt-dlp's),
        ``attempts``, ``backoff_seconds`` (doubled after each attempt), ``timeout`` (s, of one attempt),
        ``max_mb`` (of a file), ``cookies`` (path or None; only read),
        ``proxy`` (or None: the environment's), ``rate_limit`` (bytes/s or None).

    Raises
    ------
    FetchError
        If the medium cannot be had.
    ObjectsoundsError
        If the folder cannot be written, or yt-dlp cannot take the options.
    """
    if "/" in media_id or "\0" in media_id:
        raise ObjectsoundsError(f"The media id {media_id!r} cannot be a file name: take the slash out of it.")
    folder, proxy = Path(folder), options["proxy"] or ""
    whole = (
        not options["sections"]
        or bool(options["rate_limit"])
        or ("://" in proxy and not proxy.startswith("http://"))
    )
    name = media_id if whole else f"{media_id}_{round(start * 1000)}_{round(end * 1000)}"
    job = {key: options[key] for key in ("format", "timeout", "proxy", "rate_limit", "max_mb")}
    job["url"] = options["url"].replace("{media_id}", quote(media_id, safe=""))
    job |= {"start": start, "end": end, "whole": whole, "cookies": _read_cookies(options["cookies"])}
    try:
        return _fetched(folder, name, whole) or _attempts(job, folder, name, options)
    except OSError as error:
        raise ObjectsoundsError(
            f"Downloads cannot be written to {folder} ({error.strerror}): free space there, or let "
            "clips.media name a folder that can be written."
        ) from error


def _read_cookies(path: str | None) -> str | None:
    try:
        return Path(path).read_text("utf-8") if path else None
    except (OSError, UnicodeDecodeError) as error:
        raise ObjectsoundsError(
            f"clips.download.cookies names {path}, which cannot be read ({error}): name a cookies.txt."
        ) from error


def _fetched(folder: Path, name: str, whole: bool) -> Path | None:
    if not whole:
        path = folder / f"{name}.mkv"
        return path if path.exists() else None
    files = folder.iterdir() if folder.exists() else ()
    return next((path for path in files if path.stem == name and path.suffix not in IGNORED), None)


def _attempts(job: dict, folder: Path, name: str, options: dict) -> Path:
    failures: list[str] = []
    while True:
        try:
            with _partial_folder(folder, name) as work:
                _run_child(job, work)
                return _accept(work, folder, name, job)
        except FetchError as error:
            failures.append(error.reason)
            retries = RETRIES.get(error.reason, options["attempts"])
            if len(failures) >= options["attempts"] or failures.count(error.reason) > retries:
                raise
            jitter = 1 + random.SystemRandom().random() / 4
            wait = options["backoff_seconds"] * 2 ** (len(failures) - 1) * jitter
            wait = max(wait, min(error.retry_after, LONGEST_WAIT))
            log.info("%s: %s; attempt %d in %.0f s", name, error, len(failures) + 1, wait)
            time.sleep(wait)


@contextmanager
def _partial_folder(folder: Path, name: str) -> Iterator[Path]:
    """Yield an empty folder for one attempt, and remove those that killed runs left."""
    partial = folder / ".partial"
    partial.mkdir(parents=True, exist_ok=True)
    for leftover in partial.iterdir():
        with suppress(FileNotFoundError):  # another job may be as quick
            if time.time() - leftover.stat().st_mtime > LEFTOVER_AGE:
                shutil.rmtree(leftover, ignore_errors=True)
    work = Path(tempfile.mkdtemp(dir=partial, prefix=f"{quote(name, safe='')[:100]}.{os.getpid()}."))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _environment(job: dict, work: Path) -> dict[str, str]:
    env = os.environ | {"DENO_DIR": str(work / "deno")}
    paths = [str(LIBRARY), env.get("PYTHONPATH")]
    env["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    if job["proxy"]:  # what the settings say counts, for ffmpeg too
        env = {key: value for key, value in env.items() if key.lower() != "no_proxy"}
    return env


def _run_child(job: dict, work: Path) -> None:
    """Run one attempt in ``work``; return if it says that it succeeded."""
    stdout, stderr = work / "stdout", work / "stderr"
    with stdout.open("wb") as out, stderr.open("wb") as err:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "objectsounds.sources.download"],
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=err,
            cwd=work,
            env=_environment(job, work),
            start_new_session=True,
        )
        try:
            with suppress(BrokenPipeError):  # a child that is dead already has its say on stderr
                child.stdin.write(json.dumps(job).encode() + b"\n")
                child.stdin.flush()
            child.wait(job["timeout"])  # its standard input stays open: the end of it is the end of the child
        except subprocess.TimeoutExpired as error:
            raise FetchError("timeout", f"not finished after {job['timeout']:g} s") from error
        finally:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            with suppress(BrokenPipeError):
                child.stdin.close()
    if any(path.is_file() and path.stat().st_size >= job["max_mb"] * 10**6 for path in work.iterdir()):
        raise FetchError("too_large", f"larger than clips.download.max_mb, {job['max_mb']} MB")
    said = [path.read_text("utf-8", "replace") for path in (stdout, stderr)]
    _judge(*said, work, child.returncode, job["cookies"])


def _judge(stdout: str, stderr: str, work: Path, status: int, cookies: str | None) -> None:
    """Raise the error that the child's output tells of, if any."""
    said = "\n".join(line for line in stderr.splitlines() if not line.startswith(("WARNING:", "ERROR:")))
    if stdout:
        result = json.loads(stdout.splitlines()[-1])
    else:
        result = {"error": f"{said}\nthe downloader ended with status {status}"}
    text = result.get("error", "")
    # ffmpeg tells why on stderr; of a body cut short it tells there alone, and ends as if all were well
    if "ffmpeg exited with code" in text or (not text and finds(CUT_SHORT, said)):
        text = f"{said}\n{text}".strip()
    if not text:
        return
    for pattern, remedy in FAULTS:
        line = next((line for line in text.splitlines() if finds(pattern, line)), None)
        if line is not None:
            raise ObjectsoundsError(
                f"The download to {work.parents[1]} failed ({_shown(line, cookies)}): {remedy}."
            )
    reason = classify(text)
    detail = next((line for line in text.splitlines() if classify(line) == reason), text)
    raise FetchError(reason, _shown(detail, cookies), result.get("retry_after", 0.0))


def _shown(text: str, cookies: str | None) -> str:
    """Return an error text without yt-dlp's and ffmpeg's ornaments, as one line, and without any cookie."""
    for line in (cookies or "").splitlines():  # yt-dlp shows a line that it cannot read
        fields = line.split()
        for secret in fields[-1:] if line.count("\t") == 6 else fields:
            if len(secret) >= SECRET:
                text = text.replace(secret, "...")
    text = re.split(r"; please report this issue| \(caused by", text)[0]
    return " ".join(re.sub(r"^ERROR:|^\[\w+ @ 0x\w+\]", "", text).split())[:300]


def _accept(work: Path, folder: Path, name: str, job: dict) -> Path:
    """Move the finished file from ``work`` to ``folder`` and return it."""
    file = next((path for path in work.iterdir() if path.stem == "medium"), None)
    if file is None:
        raise FetchError("network", "nothing was downloaded")
    try:
        run_ffmpeg(
            ffmpeg.input(local_file(file)).output("pipe:", format="null", c="copy"), timeout=job["timeout"]
        )
    except MediaError as error:
        raise FetchError("unavailable", f"no sound or picture in this section ({error})") from error
    with file.open("rb") as stream:
        os.fsync(stream.fileno())
    path = folder / f"{name}{file.suffix if job['whole'] else '.mkv'}"
    os.replace(file, path)
    return path


def _parameters(job: dict, problems: list[str]) -> dict:
    """Return the parameters of YoutubeDL; what makes a medium useless is added to ``problems``."""

    def refuse(info: dict, *, incomplete: bool) -> str | None:
        if info.get("is_live"):
            problems.append("a live event")
        elif job["start"] >= (info.get("duration") or float("inf")):
            problems.append(f"the medium ends after {info['duration']:g} s, before this section")
        return problems[-1] if problems else None

    parameters = PARAMETERS | {key: job[key] for key in ("format", "proxy")}
    parameters |= {"ratelimit": job["rate_limit"], "socket_timeout": min(20, job["timeout"])}
    parameters |= {"match_filter": refuse, "logger": logging.getLogger("yt_dlp")}
    if job["cookies"]:
        parameters["cookiefile"] = StringIO(job["cookies"])  # yt-dlp writes back to it when it ends
    if job["whole"]:
        return parameters
    # ffmpeg does not tell a stall from a bad file, so that its own limit is not to be the first to be reached
    limit = ["-rw_timeout", str(int(job["timeout"] * 1e6))]
    ahead = min(job["start"], PRE_ROLL)
    return parameters | {
        "download_ranges": lambda *_: [{"start_time": job["start"] - ahead, "end_time": job["end"]}],
        "force_keyframes_at_cuts": True,
        "fixup": "never",
        "external_downloader_args": {
            "ffmpeg_i": ["-loglevel", "warning", "-nostats", "-protocol_whitelist", PROTOCOLS, *limit],
            "ffmpeg_o": ["-ss", str(ahead), *ENCODING],
        },
    }


def _download(job: dict) -> None:
    import yt_dlp
    from yt_dlp.postprocessor.ffmpeg import FFmpegPostProcessor

    # its downloader looks for ffmpeg here and on the PATH, but not at the parameter ffmpeg_location
    FFmpegPostProcessor._ffmpeg_location.set(ffmpeg_executable())
    problems: list[str] = []
    with yt_dlp.YoutubeDL(_parameters(job, problems)) as downloader:
        downloader.extract_info(job["url"])
    if problems:
        raise yt_dlp.utils.DownloadError(problems[-1])


def _retry_after(error: BaseException | None) -> float:
    """Return the seconds of the header Retry-After of the answer that led to ``error``, 0 without."""
    for _ in range(5):
        response = getattr(error, "response", None)
        if response is not None:
            value = response.headers.get("Retry-After") or ""
            return float(value) if value.isdecimal() else 0.0
        error = getattr(error, "cause", None) or (getattr(error, "exc_info", None) or (None, None))[1]
    return 0.0


def _die_with_parent() -> None:
    """End this session when standard input ends, as it does with the parent."""
    while os.read(0, 1):
        continue
    os.killpg(0, signal.SIGKILL)


def _child() -> None:
    """Do the job, a line of JSON on standard input; the last line of output says how it went."""
    job = json.loads(sys.stdin.buffer.raw.readline())
    most = job["max_mb"] * 10**6
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))  # for everything that this process starts too
    threading.Thread(target=_die_with_parent, daemon=True).start()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s", stream=sys.stderr)
    try:
        _download(job)
        result: dict = {}
    except Exception as error:
        result = {"error": str(error) or repr(error), "retry_after": _retry_after(error)}
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    _child()
