"""Descent of the Kullback-Leibler divergence of V from W H: the iterations behind ``nmf``.

One step is the EM step of Poisson factorisation: W and H are multiplied at once by what one ratio
R = V / (W H) says of them, the columns of W summing to 1 (three products of matrices; Lee and Seung's
alternation takes four). It never raises the divergence. Between steps log W and log H are extrapolated
along their last change, with Nesterov's weights; that is no descent by itself, so every
``CHECK_EVERY`` steps the divergence is looked at, and what raised it is taken back and done again without.
With a penalty (``block_sparsity``) it is the sum of both that a step never raises and that is looked at.
"""

from dataclasses import dataclass

import numpy as np

from objectsounds.signal.block_sparsity import Penalty

CHECK_EVERY = 10
TINY = np.float32(1e-30)
FLOOR = np.float32(1e-10)  # of H and W H; V has a mean of 1
BASES_FLOOR = np.float32(1e-12)  # of W, whose columns sum to 1
MOST_MOMENTUM = 0.95
MOST_CHANGE = 7.0  # of a logarithm in one step, as far as it is extrapolated


@dataclass
class State:
    """W of shape=(F, M), columns summing to 1, and H of shape=(M, N), with their logarithms."""

    W: np.ndarray
    H: np.ndarray
    bases_log: np.ndarray
    activations_log: np.ndarray

    @classmethod
    def of(cls, W: np.ndarray, H: np.ndarray, held: int) -> "State":
        """Return the state of any W and H; the ``held`` first columns of W keep their zeros."""
        free = np.maximum(W[:, held:], BASES_FLOOR)
        H = np.maximum(H, FLOOR)
        return cls(np.concatenate([W[:, :held], free], axis=1), H, np.log(free), np.log(H))


def kl_divergence(spectrogram: np.ndarray, model: np.ndarray) -> float:
    """Return D(V | V~) = sum(V log(V / V~) - V + V~), both of shape=(F, N); 0 log 0 is 0."""
    safe = np.maximum(model, FLOOR)
    ratio = np.divide(spectrogram, safe, out=np.ones_like(safe), where=spectrogram > 0)
    np.log(ratio, out=ratio)
    cross = float(np.einsum("fn,fn->", spectrogram, ratio, dtype=np.float64))
    return max(0.0, cross + float(model.sum(dtype=np.float64)) - float(spectrogram.sum(dtype=np.float64)))


class Descent:
    """The iterations on one spectrogram.

    Parameters
    ----------
    V : np.ndarray [shape=(F, N)]
        float32, mean 1.
    W : np.ndarray [shape=(F, M)]
        float32, columns summing to 1 (or 0: such a basis stays unused).
    H : np.ndarray [shape=(M, N)]
        float32.
    held : int
        The first columns of W that stay as they are.
    penalty : Penalty, optional
        Of the activations.
    """

    def __init__(
        self, V: np.ndarray, W: np.ndarray, H: np.ndarray, held: int = 0, penalty: Penalty | None = None
    ) -> None:
        self.V, self.held, self.penalty = V, held, penalty
        self.buffer = np.empty_like(V)
        self.ones = np.ones(len(V), V.dtype)  # summing columns by a product is the fastest way
        self.total = float(V.sum(dtype=np.float64))
        self.state = State.of(W, H, held)
        self.kept = np.arange(W.shape[1])
        self._start_again()

    def _start_again(self) -> None:
        """Forget the momentum: the next step starts from the state itself."""
        self.W, self.H = self.state.W, self.state.H
        self.weight = 1.0

    def divergence(self) -> float:
        """Return D(V | WH) of the state: ``kl_divergence`` without temporaries, frames summed in float32."""
        W, H = self.state.W, self.state.H
        logs = self._ratio(W, H)
        np.maximum(logs, TINY, out=logs)  # 0 log 0 is 0
        np.log(logs, out=logs)
        cross = float(np.einsum("fn,fn->f", self.V, logs).sum(dtype=np.float64))
        model = float(W.sum(axis=0, dtype=np.float64) @ H.sum(axis=1, dtype=np.float64))
        return max(0.0, cross + model - self.total)

    def objective(self) -> float:
        """Return what the iterations lower: the divergence, with the penalty where there is one."""
        return self.divergence() + (self.penalty.value(self.state.H) if self.penalty else 0.0)

    def _ratio(self, W: np.ndarray, H: np.ndarray) -> np.ndarray:
        """Return V / (W H), in the buffer."""
        np.matmul(W, H, out=self.buffer)
        self.buffer += FLOOR  # cheaper than a maximum
        return np.divide(self.V, self.buffer, out=self.buffer)

    def _step(self, momentum: bool) -> None:
        """Take an EM step from (W, H), which becomes the state, and extrapolate (W, H) from it."""
        old, held, W = self.state, self.held, self.W
        ratio = self._ratio(W, self.H)
        gain = W.T @ ratio
        if self.penalty:
            gain = self.penalty.applied(self.H, gain)
        H = np.multiply(self.H, gain, out=gain)
        np.maximum(H, FLOOR, out=H)
        log_H, log_W = np.log(H), old.bases_log
        if held < W.shape[1]:
            free = W[:, held:] * (ratio @ self.H[held:].T)
            free /= np.maximum(self.ones @ free, FLOOR)
            np.maximum(free, BASES_FLOOR, out=free)
            W, log_W = np.concatenate([W[:, :held], free], axis=1) if held else free, np.log(free)
        self.state = State(W, H, log_W, log_H)
        self.W, self.H = W, H
        if not momentum:
            return
        weight = (1 + (1 + 4 * self.weight**2) ** 0.5) / 2
        share = np.float32(min(MOST_MOMENTUM, (self.weight - 1) / weight))
        self.weight = weight
        if share > 0:
            self.H = _extrapolated(log_H, old.activations_log, share)
            if held < W.shape[1]:
                free = _extrapolated(log_W, old.bases_log, share)
                free /= self.ones @ free
                self.W = np.concatenate([W[:, :held], free], axis=1) if held else free

    def steps(self, count: int, momentum: bool = True) -> None:
        """Take so many steps, however the divergence may rise on the way."""
        for _ in range(count):
            self._step(momentum)

    def let_go(self, least: float) -> bool:
        """Leave out held bases that explain less than this share of V, all frames together; tell if any are.

        Multiplied by less than 1 at every step, such a basis would vanish only slowly. What stays is in
        ``kept``. There must be no free bases and no penalty.
        """
        loud = self.state.H.sum(axis=1) > least * self.total
        if loud.all() or not loud.any():
            return False
        self.kept, self.held = self.kept[loud], int(loud.sum())
        self.state = State(
            np.ascontiguousarray(self.state.W[:, loud]),
            self.state.H[loud],
            self.state.bases_log,
            self.state.activations_log[loud],
        )
        self.W, self.H = self.state.W, self.H[loud]
        return True

    def run(self, iterations: int, tolerance: float, least: float = 0.0) -> tuple[list[float], int]:
        """Iterate until the objective (the divergence, and a penalty if there is one) falls too slowly.

        It is looked at every ``CHECK_EVERY`` iterations; the loop ends when it fell by less than
        ``tolerance`` of itself per iteration, momentum at work. 0 runs all iterations. With ``least``, a
        share of V, bases that explain less are let go at each look.

        Returns
        -------
        divergences : list of float
            At the start and at each look, the last iteration included; they never rise.
        iterations : int
        """
        divergences, done, momentum = [self.objective()], 0, True
        while done < iterations and divergences[-1] > 0:
            before, steps = self.state, min(CHECK_EVERY, iterations - done)
            self.steps(steps, momentum)
            done += steps
            now = self.objective()
            if not now <= divergences[-1] and momentum:  # NaN, too
                self.state, now, momentum = before, divergences[-1], False
                self._start_again()
            elif tolerance > 0 and momentum and divergences[-1] - now < tolerance * steps * now:
                divergences.append(now)
                break
            else:
                momentum = True
            if least and self.let_go(least):
                now = self.objective()
            divergences.append(min(now, divergences[-1]))
        return divergences, done


def _extrapolated(new: np.ndarray, old: np.ndarray, share: np.float32) -> np.ndarray:
    change = new - old
    np.clip(change, -MOST_CHANGE, MOST_CHANGE, out=change)
    change *= share
    change += new
    return np.exp(change, out=change)


def folded(matrix: np.ndarray, rows: int) -> np.ndarray:
    """Return the sums of each ``rows``-th row, from each of the first ``rows`` on, shape=(rows, N)."""
    missing = -len(matrix) % rows
    return np.pad(matrix, ((0, missing), (0, 0))).reshape(-1, rows, matrix.shape[1]).sum(axis=0)
