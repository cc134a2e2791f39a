"""How far a job is: a bar in a terminal, lines in a log."""

import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

log = logging.getLogger(__name__)
EVERY_SECONDS = 10


def track(items: Iterable, *, label: str) -> Iterator:
    """Yield ``items`` and tell how many are done: a bar on a terminal, else a line every ten seconds."""
    items = list(items)
    if sys.stderr.isatty():
        from tqdm import tqdm

        yield from tqdm(items, desc=label, unit="")
        return
    started = last = time.monotonic()
    for done, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if now - last >= EVERY_SECONDS or done == len(items):
            log.info("%s: %d of %d in %.0f s", label, done, len(items), now - started)
            last = now


class Counter:
    """The same for work that reports ``(done, total)`` itself, as a callable."""

    def __init__(self, label: str):
        self.label, self.last = label, time.monotonic()
        self.bar: Any = None

    def __call__(self, done: int, total: int, note: str = "") -> None:
        """Show that ``done`` of ``total`` are done."""
        if sys.stderr.isatty():
            self._draw(done, total, note)
        elif time.monotonic() - self.last >= EVERY_SECONDS or done >= total:
            log.info("%s: %d of %d %s", self.label, done, total, note)
            self.last = time.monotonic()

    def _draw(self, done: int, total: int, note: str) -> None:
        from tqdm import tqdm

        if self.bar is None:
            self.bar = tqdm(total=total, desc=self.label, unit="")
        self.bar.n = done
        self.bar.set_postfix_str(note, refresh=False)
        self.bar.refresh()
        if done >= total:
            self.bar.close()
            self.bar = None


def tracker(label: str) -> Callable:
    """Return `track` with a label."""
    return partial(track, label=label)


def epochs(label: str) -> Callable:
    """Return a function ``(epoch, epochs, row)`` that shows how far a training is."""
    counter = Counter(label)

    def show(epoch: int, count: int, row: dict) -> None:
        loss = row.get("val_loss", row["train_loss"])
        counter(epoch + 1, count, f"epochs, watched loss {loss:.4g}")

    return show
