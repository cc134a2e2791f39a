"""The factorisation of many spectrograms at once, for a GPU: ``nmf`` and ``descent`` in PyTorch.

The same steps from the same starting points, so the same divergence to the last few digits; but products of
matrices are rounded otherwise than on a CPU, so bases of one device are not those of another to the bit.
"""

import numpy as np
import torch

from objectsounds.signal import kl_descent as descent
from objectsounds.signal import nmf
from objectsounds.signal.kl_descent import CHECK_EVERY
from objectsounds.signal.nmf import Factorization

BATCH = 32  # spectrograms at once; a shard's last batch is filled up with empty ones, so that it rounds alike
FRAMES = 64  # spectrograms are filled up to a multiple of this with silent frames, which change nothing


class BatchDescent:
    """``descent.Descent`` of B spectrograms, all columns of W free.

    Parameters
    ----------
    V : torch.Tensor [shape=(B, F, N)]
        float32, mean 1.
    W : torch.Tensor [shape=(B, F, M)]
        Columns summing to 1.
    H : torch.Tensor [shape=(B, M, N)]
    """

    def __init__(self, V: torch.Tensor, W: torch.Tensor, H: torch.Tensor) -> None:
        self.V = V
        W, H = W.clamp(min=float(descent.BASES_FLOOR)), H.clamp(min=float(descent.FLOOR))
        self.state: tuple[torch.Tensor, ...] = (W, H, W.log(), H.log())
        self.W, self.H = W, H
        self.weight = torch.ones(len(V), 1, 1, device=V.device)
        self.still = torch.zeros(len(V), 1, 1, dtype=torch.bool, device=V.device)  # without momentum

    def divergence(self) -> torch.Tensor:
        """Return D(V | WH) of each, shape=(B,)."""
        W, H = self.state[:2]
        model = torch.bmm(W, H).clamp_(min=float(descent.FLOOR))
        total = torch.bmm(W.sum(dim=1, keepdim=True), H.sum(dim=2, keepdim=True)).double().reshape(-1)
        cross = torch.xlogy(self.V, self.V / model).sum(dim=(1, 2), dtype=torch.float64)
        return (cross + total - self.V.sum(dim=(1, 2), dtype=torch.float64)).clamp(min=0)

    def steps(self, count: int) -> None:
        """Take so many steps."""
        for _ in range(count):
            self._step()

    def _step(self) -> None:
        _, _, old_W, old_H = self.state
        ratio = self.V / torch.bmm(self.W, self.H).clamp_(min=float(descent.FLOOR))
        H = (self.H * torch.bmm(self.W.mT, ratio)).clamp_(min=float(descent.FLOOR))
        W = self.W * torch.bmm(ratio, self.H.mT)
        W /= W.sum(dim=1, keepdim=True).clamp(min=float(descent.FLOOR))
        W.clamp_(min=float(descent.BASES_FLOOR))
        log_W, log_H = W.log(), H.log()
        weight = (1 + (1 + 4 * self.weight**2).sqrt()) / 2
        share = ((self.weight - 1) / weight).clamp(max=descent.MOST_MOMENTUM)
        share = torch.where(self.still, 0.0, share)
        self.weight = torch.where(self.still, 1.0, weight)
        most = descent.MOST_CHANGE
        self.state = (W, H, log_W, log_H)
        self.W = (log_W + share * (log_W - old_W).clamp_(-most, most)).exp_()
        self.W /= self.W.sum(dim=1, keepdim=True)
        self.H = (log_H + share * (log_H - old_H).clamp_(-most, most)).exp_()

    def run(self, iterations: int, tolerance: float) -> tuple[list[list[float]], list[int]]:
        """Iterate until each divergence falls too slowly, as ``descent.Descent.run``."""
        divergences, done = [self.divergence()], 0
        counts = torch.zeros(len(self.V), dtype=torch.int64, device=self.V.device)
        running = divergences[0] > 0
        while done < iterations and bool(running.any()):
            before, steps = self.state, min(CHECK_EVERY, iterations - done)
            self.steps(steps)
            done += steps
            last, now = divergences[-1], self.divergence()
            still = self.still.reshape(-1)
            failed = ~(now <= last) & ~still  # NaN, too
            slow = (last - now < tolerance * steps * now) & ~still & ~failed & (tolerance > 0)
            self._keep(before, failed | ~running)
            divergences.append(torch.where(running & (now <= last), now, last))
            counts += running * steps
            running &= ~slow
            self.still = failed.reshape(-1, 1, 1)
        table = torch.stack(divergences, dim=1).tolist()
        looks = [-(-count // CHECK_EVERY) + 1 for count in counts.tolist()]
        return [row[:look] for row, look in zip(table, looks, strict=True)], counts.tolist()

    def _keep(self, before: tuple, which: torch.Tensor) -> None:
        """Take the state of some of the batch back to an earlier one, and start again from there."""
        which = which.reshape(-1, 1, 1)
        pairs = zip(before, self.state, strict=True)
        self.state = tuple(torch.where(which, old, new) for old, new in pairs)
        again = which | self.still
        self.W = torch.where(again, self.state[0], self.W)
        self.H = torch.where(again, self.state[1], self.H)
        self.weight = torch.where(again, 1.0, self.weight)


def _stacked(arrays: list[np.ndarray], frames: int, device: torch.device) -> torch.Tensor:
    """Return (F, n) arrays as shape=(BATCH, F, frames), filled up with zeros."""
    stack = np.zeros((BATCH, arrays[0].shape[0], frames), np.float32)
    for slot, array in zip(stack, arrays, strict=False):
        slot[:, : array.shape[1]] = array
    return torch.from_numpy(stack).to(device)


def factorize_batch(
    spectrograms: list[np.ndarray],
    count: int,
    *,
    generators: list[np.random.Generator],
    iterations: int = 500,
    tolerance: float = 5e-4,
    device: torch.device | str = "cpu",
) -> list[Factorization]:
    """Factor spectrograms of as many bins each as ``nmf.factorize`` does, at most ``BATCH`` together.

    Parameters
    ----------
    spectrograms : list of np.ndarray [shape=(F, N)]
        N may differ.
    count, iterations, tolerance
        As in ``nmf.factorize``.
    generators : list of np.random.Generator
        One a spectrogram.
    device : torch.device
        Where the iterations run.

    Returns
    -------
    list of Factorization
    """
    fits: list[Factorization] = []
    for first in range(0, len(spectrograms), BATCH):
        part = slice(first, first + BATCH)
        fits += _factorize_one_batch(
            spectrograms[part], count, generators[part], iterations, tolerance, torch.device(device)
        )
    return fits


def _factorize_one_batch(
    spectrograms: list[np.ndarray],
    count: int,
    generators: list[np.random.Generator],
    iterations: int,
    tolerance: float,
    device: torch.device,
) -> list[Factorization]:
    checked = [nmf.checked(spectrogram) for spectrogram in spectrograms]
    bins = checked[0][0].shape[0]
    frames = -(-max(V.shape[1] for V, _ in checked) // FRAMES) * FRAMES
    rows = nmf.coarse_rows(bins, count)
    looked = [descent.folded(V, rows) if rows else V for V, _ in checked]
    starts = [
        nmf.start(V, count, generator)
        if V.any()
        else (np.ones((len(V), count)), np.zeros((count, V.shape[1])))
        for V, generator in zip(looked, generators, strict=True)
    ]
    V = _stacked([matrix for matrix, _ in checked], frames, device)
    W = _stacked([start[0] for start in starts], count, device)
    H = _stacked([start[1] for start in starts], frames, device)
    if rows:
        coarse = BatchDescent(_stacked(looked, frames, device), W, H)
        coarse.steps(nmf.COARSE_ITERATIONS)
        W = coarse.state[0].repeat(1, -(-bins // rows), 1)[:, :bins]
        W, H = W / W.sum(dim=1, keepdim=True), coarse.state[1]
    batch = BatchDescent(V, W, H)
    divergences, counts = batch.run(iterations, tolerance)
    fits = []
    for index, (matrix, scale) in enumerate(checked):
        if not matrix.any():
            fits.append(nmf.silent(np.zeros((bins, count), np.float32), matrix))
            continue
        bases, activations = (tensor[index].cpu().numpy() for tensor in batch.state[:2])
        fit = Factorization(bases, activations[:, : matrix.shape[1]], divergences[index], counts[index])
        fits.append(nmf.finished(fit, matrix, scale))
    return fits
