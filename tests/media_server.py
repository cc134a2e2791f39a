"""A media server on localhost that answers Range requests, and that misbehaves where a test asks it to."""

import contextlib
import mimetypes
import re
import threading
import time
from dataclasses import dataclass, field
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

BLOCK = 16384


@dataclass
class Behaviour:
    """How one path answers, other than well.

    Parameters
    ----------
    status : int
        Answered in place of the file; 0 serves the file.
    after, first : int
        Only requests number ``after`` to ``after + first`` are answered so, the others well. A download
        is two requests or more: the extractor looks at the file before ffmpeg reads it.
    headers : dict
        Added to the answer.
    cut, stall : int
        The announced length stays, but no byte from this position of the file on is ever sent: the
        connection is closed there, or held open until the server closes.
    slow : float
        Seconds waited before each 16 KiB.
    """

    status: int = 0
    after: int = 0
    first: int = 10**9
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    stall: int | None = None
    slow: float = 0.0
    seen: int = 0


@dataclass(frozen=True)
class Request:
    """One request as the server saw it; ``target`` is a whole URL if the server was used as a proxy."""

    method: str
    target: str
    path: str
    status: int
    headers: Message


class MediaServer:
    """Serve a folder while the ``with`` block lasts; as an HTTP proxy it answers for every host.

    Examples
    --------
    >>> with MediaServer(folder) as server:
    ...     server.behave("tone.mp4", status=403)
    ...     fetch(server.url + "/tone.mp4")
    ...     assert [request.status for request in server.requests] == [403]
    """

    def __init__(self, folder: Path):
        self.folder, self.requests, self.closing = folder, [], threading.Event()
        self._behaviours: dict[str, Behaviour] = {}
        self._lock = threading.Lock()

    def __enter__(self):
        handler = type("Handler", (_Handler,), {"media": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """The address of the folder, without a slash at the end."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def behave(self, name: str, **how) -> None:
        """Let the file ``name`` answer as the :class:`Behaviour` of these keywords."""
        with self._lock:
            self._behaviours[name] = Behaviour(**how)

    def behaviour(self, name: str) -> Behaviour:
        """Return how the next request for ``name`` is to be answered."""
        with self._lock:
            behaviour = self._behaviours.get(name, Behaviour())
            behaviour.seen += 1
            if behaviour.after < behaviour.seen <= behaviour.after + behaviour.first:
                return behaviour
            return Behaviour()

    def record(self, request: Request) -> None:
        """Keep a request for the test to look at."""
        with self._lock:
            self.requests.append(request)


class _Handler(BaseHTTPRequestHandler):
    media: MediaServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        """Stay silent: the requests are recorded."""

    def handle(self):
        with contextlib.suppress(ConnectionError):  # a client may hang up in the middle of anything
            super().handle()

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        path = unquote(urlsplit(self.path).path).lstrip("/")
        behaviour, file = self.media.behaviour(path), self.media.folder / path
        status = behaviour.status or (HTTPStatus.OK if file.is_file() else HTTPStatus.NOT_FOUND)
        if status != HTTPStatus.OK:
            self._answer(path, status, {"Content-Length": "0", **behaviour.headers})
            return
        size = file.stat().st_size
        first, last = self._range(size)
        if first >= size:
            none = {"Content-Range": f"bytes */{size}", "Content-Length": "0"}
            self._answer(path, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, none)
            return
        headers = {
            "Content-Type": mimetypes.guess_type(path)[0] or "application/octet-stream",
            "Content-Length": str(last + 1 - first),
            "Accept-Ranges": "bytes",
            **behaviour.headers,
        }
        if "Range" in self.headers:
            status, headers["Content-Range"] = HTTPStatus.PARTIAL_CONTENT, f"bytes {first}-{last}/{size}"
        self._answer(path, status, headers)
        if self.command == "GET":
            self._send(file, first, last + 1 - first, behaviour)

    def _range(self, size: int) -> tuple[int, int]:
        match = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        if not match or not any(match.groups()):
            return 0, size - 1
        first, last = match.groups()
        if not first:
            return max(size - int(last), 0), size - 1
        return int(first), min(int(last or size - 1), size - 1)

    def _answer(self, path: str, status: int, headers: dict[str, str]) -> None:
        self.media.record(Request(self.command, self.path, path, int(status), self.headers))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _send(self, file: Path, first: int, length: int, behaviour: Behaviour) -> None:
        limits = [limit for limit in (behaviour.cut, behaviour.stall) if limit is not None]
        left = max(min([length, *(limit - first for limit in limits)]), 0)
        short = left < length
        with file.open("rb") as stream:
            stream.seek(first)
            while left > 0 and (block := stream.read(min(left, BLOCK))):
                time.sleep(behaviour.slow)
                self.wfile.write(block)
                left -= len(block)
        self.wfile.flush()
        if short and behaviour.stall is not None:
            self.media.closing.wait()
        self.close_connection = self.close_connection or short
