"""Block sparsity: of the groups of bases that an object has, few are to explain a sound.

A group holds the bases of one object that come from one clip. The penalty of activations H is

    Lambda sum_g log(1 + ||H_g||_1 / (epsilon S_o)),

with S_o the total of the object that g belongs to: only how an object's total is shared among its groups
counts, so no object falls silent for being quiet (Sun & Mysore, ICASSP 2013; El Badawy, Duong & Ozerov 2014,
whose penalty is not relative). Lambda is ``strength`` times the mean total of an object.
"""

from dataclasses import dataclass

import numpy as np

EPSILON = 0.01  # share of an object's total below which a group hardly counts


@dataclass(frozen=True)
class BlockSparsity:
    """Which bases belong together, and how strongly few groups are preferred.

    Attributes
    ----------
    strength : float
        lambda, above 0.
    groups : np.ndarray, int [shape=(M,)]
        The group of each basis, -1 for one without; bases beyond these have none either.
    objects : np.ndarray, int [shape=(G,)]
        The object of each group, numbered from 0.
    """

    strength: float
    groups: np.ndarray
    objects: np.ndarray

    @classmethod
    def of_clips(cls, strength: float, clips: list[list[str]]) -> "BlockSparsity":
        """Return that of objects whose bases come from these clips, a list an object."""
        numbers: dict[tuple[int, str], int] = {}
        pairs = [(index, clip) for index, names in enumerate(clips) for clip in names]
        groups = [numbers.setdefault(pair, len(numbers)) for pair in pairs]
        return cls(strength, np.array(groups), np.array([index for index, _ in numbers]))


class Penalty:
    """The penalty on a spectrogram's activations, and the step that never raises divergence plus penalty.

    Parameters
    ----------
    sparsity : BlockSparsity
    total : float
        The sum of the spectrogram, which is what all activations sum to, the columns of W summing to 1.
    """

    def __init__(self, sparsity: BlockSparsity, total: float) -> None:
        self.objects = sparsity.objects
        self.rows = np.flatnonzero(sparsity.groups >= 0)
        self.groups = sparsity.groups[self.rows]
        self.counts = np.bincount(self.objects)
        self.weight = sparsity.strength * total / max(1, int(np.count_nonzero(self.counts)))

    def _norms(self, H: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the total of each group, shape=(G,), and of each object."""
        sums = H[self.rows].sum(axis=1, dtype=np.float64)
        norms = np.bincount(self.groups, sums, len(self.objects))
        return norms, np.bincount(self.objects, norms)

    def value(self, H: np.ndarray) -> float:
        """Return the penalty of activations of shape=(M, N); never below 0."""
        norms, totals = self._norms(H)
        whole = np.maximum(EPSILON * totals[self.objects], np.finfo(np.float64).tiny)
        return self.weight * float(np.log1p(norms / whole).sum())

    def applied(self, H: np.ndarray, gain: np.ndarray) -> np.ndarray:
        """Return the factors of H, from those of the divergence alone, ``gain``, both of shape=(M, N).

        Of the penalty log(epsilon S_o + ||H_g||_1) is concave: it lies below its tangent, which is linear
        in H. -log S_o lies below the sum of -(H / S_o) log H, H the present one (Jensen), whose form the
        divergence's own bound has. The minimum of all three is again in closed form.
        """
        norms, totals = self._norms(H)
        totals = np.maximum(totals, np.finfo(np.float32).tiny)
        slopes = self.weight / (EPSILON * totals[self.objects] + norms)
        shared = EPSILON * np.bincount(self.objects, slopes)  # by way of S_o
        divisor = (1 + slopes + shared[self.objects])[self.groups]
        added = (self.weight * self.counts / totals)[self.objects][self.groups]
        factors = gain.copy()
        factors[self.rows] += added[:, None].astype(gain.dtype)
        factors[self.rows] /= divisor[:, None].astype(gain.dtype)
        return factors
