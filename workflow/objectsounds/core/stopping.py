"""SIGTERM, by which a cluster asks a job to stop before it kills it, noticed where work can be saved."""

import signal
import threading
from typing import Any, Self


class StopRequest:
    """While entered, SIGTERM ends nothing at once; the object is then true.

    In another thread than the main one, where signals cannot be caught, it stays false.
    """

    def __init__(self) -> None:
        self.asked = False
        self.before: Any = None

    def __bool__(self) -> bool:
        return self.asked

    def _ask(self, *_: object) -> None:
        self.asked = True

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self.before = signal.signal(signal.SIGTERM, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        if self.before is not None:
            signal.signal(signal.SIGTERM, self.before)
