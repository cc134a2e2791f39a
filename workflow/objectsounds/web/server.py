"""The server of the page: who may ask it, what it gives, and that nothing is left when it ends."""

import ipaddress
import logging
import os
import signal
import socket
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from objectsounds.core.errors import ObjectsoundsError
from objectsounds.web.offers import Offer
from objectsounds.web.sessions import Session, Sessions
from objectsounds.web.workshop import MEGABYTE, STEMS, Limits, Workshop, zip_stems

POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "font-src 'self' data:",
        "style-src 'self' 'unsafe-inline'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "content-security-policy": POLICY,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
PATIENCE = 2  # s that open connections get when the server ends

log = logging.getLogger(__name__)


def is_loopback(host: str) -> bool:
    """Return whether an address is this machine's alone."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Guard:
    """Refuse what other pages of the browser could ask for, and say that nothing else may be fetched.

    A page from elsewhere can let its own name lead to the loopback address, or send a form to it: the
    request's name and its origin tell. (ASGI; responses that stream are passed through as they are.)
    """

    def __init__(self, app, local: bool):
        self.app, self.local = app, local

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        host, origin = given.get(b"host", ""), given.get(b"origin")
        named = urlsplit(f"//{host}").hostname or ""
        foreign = origin is not None and urlsplit(origin).netloc != host
        if (self.local and not is_loopback(named)) or foreign:
            start = {
                "type": "http.response.start",
                "status": 403,
                "headers": [(b"content-type", b"text/plain")],
            }
            await send(start)
            await send({"type": "http.response.body", "body": b"This page answers its own machine alone.\n"})
            return

        async def sending(message) -> None:
            if message["type"] == "http.response.start":
                extra = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                message = message | {"headers": [*message.get("headers", []), *extra]}
            await send(message)

        await self.app(scope, receive, sending)


def file_of(sessions: Sessions, token: str, number: int, name: str) -> Path | None:
    """Return a file of a session by its address, None where there is none of that name."""
    session = sessions.by_token(token)
    if session is None:
        return None
    if name == STEMS and session.facts and number == session.number:
        return zip_stems(session)
    return _known(session, number).get(name)


def _known(session: Session, number: int) -> dict[str, Path]:
    """Return what may be asked for by its name: the pictures, and the sounds of that separation."""
    found = {path.name: path for path in session.folder.glob("frame_*.jpg")}
    if number == session.number and session.facts:
        folder = session.separated
        found |= {path.name: path for path in folder.glob("*.wav")}
        found |= {path.name: path for path in folder.glob("remix.m*")}
        found |= {f"media/{path.name}": path for path in (folder / "media").glob("*.png")}
    return found


def application(workshop: Workshop, host: str, port: int):
    """Return the ASGI application: the sounds at ``/sounds``, the page at ``/``."""
    import fastapi
    import gradio
    from fastapi.responses import FileResponse

    from objectsounds.web import page

    app = fastapi.FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/sounds/{token}/{number}/{name:path}")
    def sound(token: str, number: int, name: str) -> FileResponse:
        path = file_of(workshop.sessions, token, number, name)
        if path is None:
            raise fastapi.HTTPException(404, "This sound is no longer there: separate the file again.")
        return FileResponse(path, headers={"cache-control": "no-store"})

    app.add_middleware(Guard, local=is_loopback(host))
    return gradio.mount_gradio_app(
        app,
        page.build(workshop),
        path="/",
        server_name=host,
        server_port=port,
        footer_links=[],
        run_history=False,
        max_file_size=workshop.limits.megabytes * MEGABYTE,
        show_error=False,
        ssr_mode=False,
        enable_monitoring=False,
        mcp_server=False,
        pwa=False,
        theme=page.theme(),
        css=page.css(),
        head=page.head(),
    )


def listening_at(host: str, port: int) -> socket.socket:
    """Return a socket that listens, so that a taken port is said before anything is loaded."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
        taken.listen()  # who asks before the page is ready waits
    except OSError as error:
        taken.close()
        raise ObjectsoundsError(
            f"--host {host} --port {port} cannot be used ({error.strerror or error}): name another port."
        ) from None
    return taken


def serve(offers: list[Offer], limits: Limits, host: str, port: int) -> None:
    """Serve the page until it is interrupted; then remove every temporary file.

    Parameters
    ----------
    offers : list of Offer
    limits : Limits
    host : str
        A loopback address keeps the page to this machine.
    port : int
        0 takes a free one.

    Raises
    ------
    ObjectsoundsError
        If there cannot be listened at the port.
    """
    listening = listening_at(host, port)
    if not is_loopback(host):
        log.warning(
            "--host %s: whoever reaches this machine can use the page, without a password or encryption; "
            "leave the option out to keep it to this machine.",
            host,
        )
    handler = signal.signal(signal.SIGTERM, _end)  # so that what follows is tidied up then, too
    before = tempfile.tempdir
    with listening, Sessions() as sessions:
        os.environ |= {"GRADIO_TEMP_DIR": str(sessions.uploads), "GRADIO_ANALYTICS_ENABLED": "False"}
        tempfile.tempdir = str(sessions.uploads)  # for all that the libraries put there
        try:
            workshop = Workshop(offers, sessions, limits)
            try:
                _run(workshop, host, listening)
            finally:
                workshop.end()
        finally:
            tempfile.tempdir = before
            signal.signal(signal.SIGTERM, handler)


def _end(*_: object) -> None:
    raise SystemExit(143)


def _run(workshop: Workshop, host: str, listening: socket.socket) -> None:
    import uvicorn

    port = listening.getsockname()[1]
    app = application(workshop, host, port)
    shown = f"[{host}]" if ":" in host else host
    print(f"Open http://{shown}:{port} in a browser; Ctrl-C ends it.", flush=True)
    config = uvicorn.Config(
        app, log_level="warning", timeout_graceful_shutdown=PATIENCE, access_log=False, server_header=False
    )
    server = uvicorn.Server(config)
    server.run(sockets=[listening])
