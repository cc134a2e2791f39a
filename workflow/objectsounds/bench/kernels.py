"""The factorisation against the literature's, written from the papers: divergence over core-seconds.

All begin where ours does (means of frames, without its coarse bins), in float32, on products of one BLAS.
"""

import itertools
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from objectsounds.bench.factorization import COUNT, LIMIT, WHAT
from objectsounds.bench.inputs import spectrograms
from objectsounds.bench.table import Comparison, judge_divergences, timed
from objectsounds.signal.kl_descent import kl_divergence
from objectsounds.signal.nmf import checked, factorize, start

Factors = Iterator[tuple[np.ndarray, np.ndarray]]
TINY = np.float32(1e-10)
NEWTON_IS_SAFE = 0.683802  # a full step lowers a self-concordant function below this decrement
WARM_UP = 5  # multiplicative updates, with which the peer does best on real clips
LONG_STEP = np.float32(1.9)  # of a majorant's minimum; below 2 it still descends
LONGEST = 10.0  # times our core-seconds that a peer is waited for
LOOKS = 40  # at a peer's divergence meanwhile
OURS_LOOKS = (10, 20, 30, 50, 80, 120, 200)  # iterations


def alternating(V: np.ndarray, W: np.ndarray, H: np.ndarray) -> Factors:
    """Yield the factors after each multiplicative update of H, then W (Lee and Seung 2001)."""
    while True:
        H = H * ((W.T @ (V / (W @ H + TINY))) / np.maximum(W.sum(axis=0), TINY)[:, None])
        W = W * (((V / (W @ H + TINY)) @ H.T) / np.maximum(H.sum(axis=1), TINY))
        yield W, H


def joint(V: np.ndarray, W: np.ndarray, H: np.ndarray) -> Factors:
    """Yield the factors after each joint majorise-minimise step (Marmin, Goulart and Févotte 2021)."""
    while True:
        ratio = V / (W @ H + TINY)
        H_gain, W_gain = W.T @ ratio, ratio @ H.T
        W, H = W * W_gain, H * H_gain  # with columns of W that sum to 1, these are the joint minimum
        W = W / np.maximum(W.sum(axis=0), TINY)
        yield W, H


def scalar_newton(V: np.ndarray, W: np.ndarray, H: np.ndarray) -> Factors:
    """Yield the factors after each sweep of scalar Newton steps (Hien and Gillis 2021, algorithm SN)."""
    least = [1 / np.sqrt(np.where(V > 0, V, np.inf).min(axis=axis)) for axis in (0, 1)]
    V, W, H = V.copy(), W.copy(), H.copy()
    across = np.ascontiguousarray(V.T)
    while True:
        _newton_sweep(V, W, H, least[0])
        turned = np.ascontiguousarray(W.T)
        _newton_sweep(across, np.ascontiguousarray(H.T), turned, least[1])
        W = np.ascontiguousarray(turned.T)
        yield W, H


def _newton_sweep(V: np.ndarray, W: np.ndarray, H: np.ndarray, constant: np.ndarray) -> None:
    """Take a step of each row of H, in place; ``constant`` is each column's of self-concordance."""
    model = W @ H + TINY
    sums = W.sum(axis=0)
    for number, column in enumerate(W.T):
        ratio = V / model
        slope = sums[number] - column @ ratio
        ratio /= model
        bend = np.maximum((column * column) @ ratio, TINY)
        step = -slope / bend
        decrement = constant * np.abs(slope) / np.sqrt(bend)
        damped = (slope > 0) & (decrement > NEWTON_IS_SAFE)
        new = np.maximum(H[number] + np.where(damped, step / (1 + decrement), step), TINY)
        model += np.outer(column, new - H[number])
        np.maximum(model, TINY, out=model)
        H[number] = new


def second_order(V: np.ndarray, W: np.ndarray, H: np.ndarray) -> Factors:
    """Yield the factors after each second-order majorant step of H, then W (Pham and others 2023, AmSOM).

    The first are multiplicative, for near the start the majorant is none of this divergence's. Columns of W
    and rows of H begin with equal sums.
    """
    W, H = next(itertools.islice(alternating(V, W, H), WARM_UP - 1, None))
    scale = np.sqrt(H.sum(axis=1) / W.sum(axis=0))
    W, H = W * scale, H / scale[:, None]
    while True:
        H = _second_order_step(V, W, H)
        W = _second_order_step(V.T, H.T, W.T).T
        yield W, H


def _second_order_step(V: np.ndarray, W: np.ndarray, H: np.ndarray) -> np.ndarray:
    """Return H after a step along the slope over the row sums of the Hessian."""
    model = W @ H + TINY
    ratio = V / model
    slope = W.sum(axis=0)[:, None] - W.T @ ratio
    ratio *= W.sum(axis=1, keepdims=True) / model
    return np.maximum(H - LONG_STEP * slope / np.maximum(W.T @ ratio, TINY), TINY)


PEERS: dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray], Factors]] = {
    "multiplicative updates (Lee and Seung 2001)": alternating,
    "joint majorise-minimise (Marmin, Goulart and Févotte 2021)": joint,
    "scalar Newton (Hien and Gillis 2021)": scalar_newton,
    "second-order majorant (Pham, Cohen and Chonavel 2023)": second_order,
}


def curve(peer: Callable, V: np.ndarray, seed: int, seconds: float) -> tuple[np.ndarray, np.ndarray]:
    """Return core-seconds and the divergence at each of ``LOOKS``, the looks themselves not counted."""
    begin = time.process_time()
    steps = peer(V, *start(V, COUNT, np.random.default_rng(seed)))
    times, divergences, spent = [], [], 0.0
    while spent < seconds:
        W, H = next(steps)
        spent = time.process_time() - begin
        if spent >= len(times) * seconds / LOOKS:
            times.append(spent)
            divergences.append(kl_divergence(V, W @ H))
            begin = time.process_time() - spent
    return np.array(times), np.array(divergences)


def our_curve(V: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return core-seconds and the divergence of ours after ``OURS_LOOKS`` iterations."""

    def call(iterations: int) -> object:
        draw = np.random.default_rng(seed)
        return factorize(V, COUNT, generator=draw, iterations=iterations, tolerance=0)

    found = [timed(lambda count=count: call(count)) for count in OURS_LOOKS]
    return np.array([item[0] for item in found]), np.array([item[1].divergence for item in found])


def compare(run: Path, count: int = 12) -> list[Comparison]:
    """Return how much later each peer is where ours ends, on ``count`` clips of a run."""
    rows = [Comparison(f"{WHAT}: core-s to our divergence", name, 1) for name in PEERS]
    ours: list[float] = []
    at_once: list[list[float]] = [[] for _ in rows]
    never = [0] * len(rows)
    for seed, magnitudes in enumerate(spectrograms(run, count)):
        V = checked(magnitudes)[0]
        seconds, fit = timed(
            lambda V=V, seed=seed: factorize(V, COUNT, generator=np.random.default_rng(seed)), 2
        )
        ours.append(kl_divergence(V, fit.bases @ fit.activations))
        own = our_curve(V, seed)
        for number, (row, peer) in enumerate(zip(rows, PEERS.values(), strict=True)):
            times, divergences = curve(peer, V, seed, LONGEST * seconds)
            there = np.flatnonzero(divergences <= ours[-1] * (1 + LIMIT))
            never[number] += not len(there)
            row.ours.append(seconds)
            row.peer.append(float(times[there[0]] if len(there) else times[-1]))
            at_once[number].append(float(np.interp(seconds, times, divergences)))
            row.curves.setdefault("ours", []).append((own[0] / seconds, own[1] / ours[-1]))
            row.curves.setdefault(row.peer_name, []).append((times / seconds, divergences / ours[-1]))
    for row, divergences, missing in zip(rows, at_once, never, strict=True):
        judge_divergences(row, ours, divergences, LIMIT)
        row.shown += f", at equal core-seconds; {missing} not within {LIMIT:.1%} in {LONGEST:g} times as long"
    return rows
