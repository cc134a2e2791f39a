"""How far a separation can be trusted, told without the truth.

Trust is the probability that an estimate has an SDR above 5 dB, by logistic regression on two measures of the
whole separation, each the mean over its estimates: one estimate's own value says little, since an estimate
that takes too much leaves the other one clean.

colour
    How surely the mixture's components sound like the object that they are given to: the probability by a
    Gaussian of each object's timbre features, whatever its bases explain. A guess is 1 / J of J objects.
agreement
    By how many dB an estimate is above its difference from the estimate before masks were refined.

The coefficients are of 712 estimates of pairs of real train clips. Their rank correlation with SDR, by
cross-validation, is 0.49, and on the demo's, which they were not fitted to, 0.66: docs/real-sounds.md.
`python -m objectsounds.bench.trust` measures how they hold on a run's own sounds.
"""

from copy import copy

import numpy as np

from objectsounds.methods.timbre import features

INTERCEPT, COLOUR, AGREEMENT = -7.8, 7.06, 0.202
LEAST, MOST = 0.0, 20.0  # dB: what agreements were between; beyond, they say no more
SHRINKAGE = 0.3  # of each Gaussian's covariance towards that of independent features of variance 1
TINY = 1e-12


def trust_in(colour: float, agreement: float) -> float:
    """Return the probability that an estimate's SDR is above 5 dB from the two measures."""
    evidence = INTERCEPT + COLOUR * colour + AGREEMENT * np.clip(agreement, LEAST, MOST)
    return float(1 / (1 + np.exp(-evidence)))


class Trust:
    """Gathers the two measures while a sound is separated, block by block.

    Parameters
    ----------
    bases : list of np.ndarray [shape=(F, m_j)]
        Of each of the J objects.
    frequencies : np.ndarray [shape=(F,)]
        Of the bins, in Hz, rising.
    """

    def __init__(self, bases: list[np.ndarray], frequencies: np.ndarray) -> None:
        self.frequencies = frequencies
        self._forget(len(bases))
        points = [features(part, frequencies) for part in bases]
        every = np.concatenate(points)
        self.mean, self.scale = every.mean(axis=0), np.maximum(every.std(axis=0), TINY)
        self.gaussians = [_gaussian((part - self.mean) / self.scale) for part in points]

    def _forget(self, count: int) -> None:
        self.energies, self.changes, self.given, self.likely = np.zeros((4, count))

    def empty(self) -> "Trust":
        """Return one that has taken in nothing yet, for a block that is worked on beside others."""
        other = copy(self)
        other._forget(len(self.energies))
        return other

    def add(self, block: "Trust") -> None:
        """Take in what another one of the same objects has."""
        self.energies += block.energies
        self.changes += block.changes
        self.given += block.given
        self.likely += block.likely

    def add_masks(self, magnitude: np.ndarray, plain: np.ndarray, refined: np.ndarray) -> None:
        """Take in a block's magnitude, shape=(F, N), and its masks before and after, shape=(J, F, N)."""
        self.energies += np.sum((magnitude * refined) ** 2, axis=(1, 2))
        self.changes += np.sum((magnitude * (refined - plain)) ** 2, axis=(1, 2))

    def add_components(self, spectra: np.ndarray, energy: np.ndarray, shares: np.ndarray) -> None:
        """Take in components: shape=(F, K), their energies (K,) and the objects' shares of each (J, K)."""
        weights = energy * shares
        self.given += weights.sum(axis=1)
        self.likely += (weights * self._probabilities(spectra)).sum(axis=1)

    def _probabilities(self, spectra: np.ndarray) -> np.ndarray:
        points = (features(spectra, self.frequencies) - self.mean) / self.scale
        logarithms = np.stack([_log_density(points, *gaussian) for gaussian in self.gaussians])
        probabilities = np.exp(logarithms - logarithms.max(axis=0))
        return probabilities / probabilities.sum(axis=0)

    def measures(self) -> tuple[float, float] | None:
        """Return colour and agreement (dB) of what was taken in; None where an object got nothing."""
        if not (self.energies > 0).all() or not (self.given > 0).all():
            return None
        agreements = 10 * np.log10(self.energies / np.maximum(self.changes, TINY * self.energies))
        return float(np.mean(self.likely / self.given)), float(np.mean(agreements))

    def value(self) -> float | None:
        """Return the trust, 0 to 1; None where an object got nothing."""
        measures = self.measures()
        return None if measures is None else trust_in(*measures)


def _gaussian(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Return mean, inverse covariance and log determinant of points, shape=(M, D)."""
    width = points.shape[1]
    spread = np.cov(points.T) if len(points) > 1 else np.zeros((width, width))
    covariance = (1 - SHRINKAGE) * spread + SHRINKAGE * np.eye(width)
    return points.mean(axis=0), np.linalg.inv(covariance), float(np.linalg.slogdet(covariance)[1])


def _log_density(points: np.ndarray, mean: np.ndarray, inverse: np.ndarray, determinant: float) -> np.ndarray:
    offsets = points - mean
    return -0.5 * (np.einsum("mi,ij,mj->m", offsets, inverse, offsets) + determinant)
