"""What each open page has on the disk, and that it goes when the page or the server ends."""

import logging
import secrets
import shutil
import tempfile
import threading
import time
from pathlib import Path

from objectsounds.core.errors import ObjectsoundsError

FORGOTTEN = 3600.0  # s after which an upload that no page took is removed

log = logging.getLogger(__name__)


class CancelledError(ObjectsoundsError):
    """A person pressed Cancel, or closed the page."""


class Session:
    """One open page: a folder with the file and its sounds.

    Attributes
    ----------
    token : str
        Cannot be guessed; the address of the sounds holds it.
    path : Path or None
        The file that was given.
    facts : dict
        Of the last separation, as in ``separation.json``; empty before it.
    """

    def __init__(self, root: Path):
        self.token = secrets.token_urlsafe(16)
        self.folder = root / "sessions" / self.token
        self.folder.mkdir(parents=True)
        self.path: Path | None = None
        self.seconds = 0.0
        self.facts: dict = {}
        self.number = 0  # of the separation, so that no browser shows an older one's sounds
        self.stop, self.closed = threading.Event(), False

    def begin(self) -> threading.Event:
        """Begin a piece of work; return what is set when it, and nothing that is begun later, shall stop."""
        self.stop = threading.Event()
        return self.stop

    @property
    def separated(self) -> Path:
        """The folder of the last separation."""
        return self.folder / f"separated{self.number}"

    def take(self, upload: Path) -> Path:
        """Move an upload into the folder, in place of what was there; return its path."""
        self.forget()
        place = self.folder / "given"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        try:
            self.path = Path(shutil.move(upload, place / upload.name))
        except FileNotFoundError:
            raise ObjectsoundsError(f"{upload.name} is no longer there: give it again.") from None
        return self.path

    def remove(self) -> None:
        """Remove all that is on the disk."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def forget(self) -> None:
        """Remove what was separated."""
        shutil.rmtree(self.separated, ignore_errors=True)
        self.facts = {}

    def check(self, stop: threading.Event) -> None:
        """Raise ``CancelledError`` if a piece of work shall stop, or the page was closed."""
        if self.closed or stop.is_set():
            raise CancelledError("Cancelled; nothing was kept of it.")


class Sessions:
    """All open pages; a context manager, at whose end nothing of them is left.

    Attributes
    ----------
    root : Path
        A temporary folder that holds everything.
    uploads : Path
        Where the web library puts what arrives.
    """

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="objectsounds-"))
        self.uploads = self.root / "uploads"
        self.uploads.mkdir()
        self.open: dict[str, Session] = {}
        self.closed: set[str] = set()
        self.lock = threading.Lock()

    def of(self, key: str) -> Session:
        """Return the session of a page, which begins with its first request.

        Raises
        ------
        CancelledError
            If the page was closed: what was waiting for it is not begun.
        """
        with self.lock:
            if key in self.closed:
                raise CancelledError("The page was closed.")
            if key not in self.open:
                self._sweep()
                self.open[key] = Session(self.root)
            return self.open[key]

    def by_token(self, token: str) -> Session | None:
        """Return the session of a token."""
        with self.lock:
            return next((item for item in self.open.values() if item.token == token), None)

    def close(self, key: str) -> None:
        """End a page's session: what runs for it stops, and its files go."""
        with self.lock:
            session = self.open.pop(key, None)
            self.closed.add(key)
        if session is not None:
            session.closed = True
            session.remove()

    def _sweep(self) -> None:
        """Remove uploads that no page took, as of a tab that was closed in the middle."""
        for path in self.uploads.iterdir():
            if time.time() - path.stat().st_mtime > FORGOTTEN:
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def __enter__(self) -> "Sessions":
        return self

    def __exit__(self, *error: object) -> None:
        for key in list(self.open):
            self.close(key)
        shutil.rmtree(self.root, ignore_errors=True)
