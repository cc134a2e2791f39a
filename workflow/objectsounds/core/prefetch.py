"""Work done ahead: reading and decoding in threads while the caller computes on what came before."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any


def prefetched(
    call: Callable[[Any], Any], items: Iterable, threads: int = 1, stopped: Event | None = None
) -> Iterator[Any]:
    """Yield ``call(item)`` of each item in their order, up to ``threads`` items being ahead of the caller.

    At most ``threads`` + 1 results are held. An error is raised where its result would have come. ``stopped``
    is set when no more is wanted, so that a long call can look at it and end.
    """
    waiting: deque = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(call, item))
                if len(waiting) > threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            if stopped is not None:
                stopped.set()
            for future in waiting:
                future.cancel()
