"""What the page does with a file: look at it, separate it, mix its sounds again. No web library in here."""

import json
import logging
import math
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from objectsounds.config.video_options import MIN_SHARE, VideoOptions
from objectsounds.core.cores import cores
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.files import written_whole
from objectsounds.media.decoder import Medium
from objectsounds.media.sound_stream import SoundStream
from objectsounds.video.detection import look, save_frames
from objectsounds.video.own_files import MARK, check_file, length_of
from objectsounds.video.page import FRAME_SIZE, FRAMES
from objectsounds.video.remix import Remix, put_sound
from objectsounds.video.separation import check_names, separate_video
from objectsounds.web.offers import Offer
from objectsounds.web.sessions import Session, Sessions

LEAST_GAIN, MOST_GAIN = -60.0, 6.0  # dB, of the sliders
MEGABYTE = 2**20  # bytes, as Gradio counts them
PIECE_SECONDS = 10.0  # of a remix that are in memory
STEMS = "stems.zip"
SAID_BY = "objectsounds.video"  # the logger whose warnings belong on the page

Progress = Callable[[int, int, str], None]  # done, in all, of what


@dataclass(frozen=True)
class Limits:
    """What may be given: bytes and seconds of one file."""

    megabytes: int = 500
    minutes: int = 20

    def check_bytes(self, path: Path) -> None:
        """Refuse a file that is too large."""
        if path.stat().st_size > self.megabytes * MEGABYTE:
            raise ObjectsoundsError(
                f"{path.name} has {path.stat().st_size / MEGABYTE:.1f} MB, the most is {self.megabytes} MB: "
                "give a shorter one, or start with a larger --max-megabytes."
            )

    def check_seconds(self, name: str, seconds: float) -> None:
        """Refuse a file that is too long."""
        if seconds > self.minutes * 60:
            raise ObjectsoundsError(
                f"{name} is {seconds / 60:.1f} minutes long, the most is {self.minutes}: "
                "give a part of it, or start with a larger --max-minutes."
            )


@dataclass
class Seen:
    """What was found in a file.

    Attributes
    ----------
    frames : list of str
        Names of pictures in the session's folder.
    rows : list of dict
        As ``seen`` in ``separation.json``.
    objects : list of str
        That were seen in enough of it.
    said : str
        Why nothing was looked for or found, else empty.
    """

    frames: list[str] = field(default_factory=list)
    rows: list[dict] = field(default_factory=list)
    objects: list[str] = field(default_factory=list)
    said: str = ""


class Workshop:
    """The work behind the page; one file at a time is decoded or separated, the others wait."""

    def __init__(self, offers: list[Offer], sessions: Sessions, limits: Limits):
        self.offers = {offer.title: offer for offer in offers}
        self.sessions, self.limits = sessions, limits
        self.busy = threading.Lock()

    def take(self, session: Session, upload: Path) -> None:
        """Take a file in, if it has a sound and keeps to the limits.

        Raises
        ------
        ObjectsoundsError
            If not; the file is then gone, like the one before it.
        """
        with self._working(session):
            path = session.take(upload)
            try:
                check_file(path)
                self.limits.check_bytes(path)
                with SoundStream(path):  # says in a sentence why there is no sound
                    pass
                session.seconds = length_of(path)
                self.limits.check_seconds(path.name, session.seconds)
            except ObjectsoundsError:
                path.unlink(missing_ok=True)
                session.path = None
                raise

    @contextmanager
    def _working(self, session: Session) -> Iterator[threading.Event]:
        """Wait until nothing else is done; yield what is set when this shall stop."""
        stop = session.begin()
        with self.busy:
            try:
                session.check(stop)
                yield stop
            finally:
                if session.closed:  # what was still written meanwhile
                    session.remove()

    def end(self) -> None:
        """Close all pages, and wait until nothing is done for them."""
        for key in list(self.sessions.open):
            self.sessions.close(key)
        with self.busy:
            pass

    def look(self, session: Session, title: str, progress: Progress) -> Seen:
        """Return pictures of the session's file, and what a model sees in them.

        Raises
        ------
        CancelledError
            If that was wanted.
        """
        path, offer = self._given(session), self.offers[title]
        with self._working(session) as stop:
            seen = Seen()
            try:
                seen.frames = save_frames(path, session.seconds, FRAMES, FRAME_SIZE, session.folder)
                if not seen.frames:
                    seen.said = "There is no picture in it to see objects in: tick what sounds."
                    return seen
                offer.check_sight()
                tools = offer.looking()
                step = partial(_step, partial(session.check, stop), progress, session.seconds)
                found = look(tools.model, tools.labeller, path, session.seconds, step)
            except ObjectsoundsError as error:
                session.check(stop)
                seen.said = str(error)
                return seen
        seen.rows = found.rows()
        seen.objects = [name for name in found.objects(MIN_SHARE) if name in offer.objects]
        if not seen.objects:
            seen.said = f"No object was seen in {MIN_SHARE:.0%} of it: tick what sounds."
        return seen

    def separate(
        self, session: Session, title: str, objects: list[str], rest: bool, progress: Progress
    ) -> list[str]:
        """Separate the session's file into its folder; return what there is to say of it.

        Raises
        ------
        ObjectsoundsError
            If it cannot be separated, or that was cancelled.
        """
        path, offer = self._given(session), self.offers[title]
        if not objects:
            raise ObjectsoundsError("Tick the objects to separate.")
        with self._working(session) as stop, _said() as lines:
            check = partial(session.check, stop)
            session.forget()
            session.number += 1
            tools = offer.separating(objects, partial(_count, check, progress, "instruments played"))
            options = VideoOptions(objects, rest=rest)
            check_names(tools.model, options)
            tell = partial(_tell, check, progress)
            try:
                facts = separate_video(tools, path, session.separated, options, tell, cores())
            except OSError as error:
                check()  # its folder goes with the page
                raise ObjectsoundsError(f"{path.name}: {error.strerror or error}.") from error
            if stop.is_set():  # after the last time that it was asked
                session.forget()
                check()
            session.facts = facts
        return lines

    def remix(self, session: Session, gains: dict) -> tuple[str, float]:
        """Mix the separated sounds at other levels, with the picture where there is one.

        Parameters
        ----------
        session : Session
        gains : dict
            Sound to dB, within the sliders' range or -inf; what is not named stays as it is.

        Returns
        -------
        name : str
            Of the file: ``remix.mp4`` or ``.mkv`` of a video, else ``remix.wav``.
        lowered : float
            By how many dB all was turned down so that it does not clip.
        """
        if not session.facts:
            raise ObjectsoundsError("There is nothing to mix yet: separate a file first.")
        names, folder = session.facts["tracks"], session.separated
        wanted = {name: _gain(name, value, names) for name, value in gains.items()}
        if all(wanted.get(name) == -math.inf for name in names):
            raise ObjectsoundsError("Every sound is muted: nothing would be heard.")
        with self._working(session), ExitStack() as stack:
            sounds = [stack.enter_context(SoundStream(folder / f"{name}.wav")) for name in names]
            remix = Remix(wanted, names, folder, sounds[0].form)
            stack.callback(remix.writer.close)
            size = round(PIECE_SECONDS * sounds[0].rate)
            while len((pieces := [sound.read(size) for sound in sounds])[0]):
                remix.write(np.stack(pieces))
            lowered = remix.turn_down()
        return self._with_picture(session, remix.path), lowered

    def _with_picture(self, session: Session, sound: Path) -> str:
        path = self._given(session)
        with self._working(session), Medium(path) as medium:
            if medium.picture is None:
                return sound.name
            return put_sound(path, sound, session.seconds).name

    @staticmethod
    def _given(session: Session) -> Path:
        if session.path is None:
            raise ObjectsoundsError("Give a video or a sound first.")
        return session.path


def _count(check: Callable[[], None], progress: Progress, what: str, done: int, total: int) -> None:
    check()
    progress(done, total, what)


def _tell(check: Callable[[], None], progress: Progress, step: str, done: int, total: int) -> None:
    _count(check, progress, f"seconds {step}", done, total)


def _step(check: Callable[[], None], progress: Progress, seconds: float, done: float) -> None:
    _count(check, progress, "seconds looked at", round(min(done, seconds)), round(seconds))


@contextmanager
def _said() -> Iterator[list[str]]:
    """Gather what this thread warns of, for the page; the terminal shows it too."""
    lines: list[str] = []
    thread = threading.get_ident()

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.thread == thread:
                lines.append(record.getMessage())

    listener = Listener(logging.WARNING)
    logging.getLogger(SAID_BY).addHandler(listener)
    try:
        yield lines
    finally:
        logging.getLogger(SAID_BY).removeHandler(listener)


def _gain(name: str, value: object, names: list[str]) -> float:
    if name not in names:
        raise ObjectsoundsError(f"{name!r} is none of the sounds; they are {', '.join(names)}.")
    if value is None:
        return -math.inf
    if isinstance(value, bool) or not isinstance(value, int | float) or not LEAST_GAIN <= value <= MOST_GAIN:
        raise ObjectsoundsError(
            f"{name}: {value!r} is no gain from {LEAST_GAIN:g} to {MOST_GAIN:g} dB, or null for none of it."
        )
    return float(value)


def parse_mix(text: str) -> dict:
    """Return the gains that the page sends as JSON: sound to dB, null where it is muted.

    Raises
    ------
    ObjectsoundsError
        If it is something else.
    """
    try:
        gains = json.loads(text)
    except (ValueError, RecursionError):
        gains = None
    if not isinstance(gains, dict):
        raise ObjectsoundsError("The sliders could not be read: load the page again.")
    return gains


def zip_stems(session: Session) -> Path:
    """Return a ZIP file of the separated sounds and what is told of them, made when first wanted."""
    path = session.separated / STEMS
    if not path.is_file():
        with written_whole(path) as temporary, zipfile.ZipFile(temporary, "w") as packed:
            for name in [*(f"{track}.wav" for track in session.facts["tracks"]), MARK]:
                packed.write(session.separated / name, name)  # stored: sound hardly gets smaller
    return path


def trust_in_words(trust: float | None) -> str:
    """Return what a trust means: `objectsounds.methods.trust` tells where the number comes from."""
    if trust is None:
        return (
            "Trust: not known. It is told of two objects or more, without the rest, "
            "where each of them is heard."
        )
    words = [(0.8, "high"), (0.6, "good"), (0.4, "middling"), (0.2, "low"), (0.0, "very low")]
    word = next(word for least, word in words if trust >= least)
    return (
        f"Trust: {word}, {trust:.2f}. Of separations of real sounds with such a number, about so large a "
        "share of the sounds came out well (SDR above 5 dB). It is told from the sound alone and can err."
    )
