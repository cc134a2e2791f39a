"""Masks of objects refined by the mixture itself.

Guided NMF decides bin by bin, with bases that another recording gave. Three things that it does not use:

1. A sound goes on: what an object's bases explain is averaged over a short time before masks are made.
2. A note is one thing: the mixture is also factored freely, and each of its own components goes to the
   objects as a whole, by the share of it that their bases explain (squared, which sharpens it).
3. A note has a colour: and by what it sounds like (`objectsounds.methods.timbre`).

The mask is the geometric mean of 1. and of the components' masks, averaged over several numbers of
components. What each is worth is in docs/real-sounds.md.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import uniform_filter1d

from objectsounds.core.seeds import generator
from objectsounds.methods.timbre import Timbre
from objectsounds.methods.trust import Trust
from objectsounds.signal.masks import soft_masks
from objectsounds.signal.nmf import factorize, factorize_from_bands

ITERATIONS = 100  # of each free factorisation of the mixture
SHARPNESS = 2.0  # the power of the explained shares
UNSURE, LEAST = 1e-3, 1e-9  # no share, and no mask, lies nearer to 0


@dataclass
class Refinement:
    """How masks are refined.

    Attributes
    ----------
    frames : int
        Over how many frames what an object's bases explain is averaged; 1 does not.
    components : tuple of int
        Numbers of components that the mixture is factored into; none where it is empty.
    seed : int
        Of the factorisations.
    timbre : Timbre or None
        Tells what a component sounds like; None: only what the bases explain counts.
    trust : Trust or None
        Takes in what tells how far the separation can be trusted.
    bands : bool
        Whether the mixture is factored in bands of bins first, which is faster.
    """

    frames: int = 1
    components: tuple[int, ...] = ()
    seed: int = 0
    timbre: Timbre | None = None
    trust: Trust | None = None
    bands: bool = False

    def __call__(self, magnitude: np.ndarray, explained: np.ndarray) -> np.ndarray:
        """Return masks.

        Parameters
        ----------
        magnitude : np.ndarray [shape=(F, N)]
            Of the mixture.
        explained : np.ndarray [shape=(J, F, N)]
            What the bases of each object explain of it, V_j. Beyond the objects that ``timbre`` knows there
            may be free bases', of which nothing is known but what they explain.

        Returns
        -------
        np.ndarray [shape=(J, F, N)]
            They sum to one.
        """
        masks = soft_masks(uniform_filter1d(explained, self.frames, axis=2, mode="nearest"))
        if len(masks) == 1 or not self.components:
            return masks
        parts = [self._by_components(magnitude, masks, count) for count in self.components]
        both = np.sqrt(np.maximum(masks, LEAST) * np.maximum(np.mean(parts, axis=0), LEAST))
        refined = both / both.sum(axis=0)
        if self.trust is not None:
            self.trust.add_masks(magnitude, soft_masks(explained), refined)
        return refined

    def _by_components(self, magnitude: np.ndarray, masks: np.ndarray, count: int) -> np.ndarray:
        """Return the masks of the mixture's components, each given to the objects as a whole."""
        draw = generator(self.seed, "refinement", count)
        factored = factorize_from_bands if self.bands else factorize
        fit = factored(magnitude, count, generator=draw, iterations=ITERATIONS)
        tiny = np.finfo(np.float32).tiny
        total = np.maximum(fit.bases @ fit.activations, tiny)
        ratio = magnitude / total
        energy = ((fit.bases.T @ ratio) * fit.activations).sum(axis=1)
        taken = [((fit.bases.T @ (ratio * mask)) * fit.activations).sum(axis=1) for mask in masks]
        evidence = SHARPNESS * np.log(np.clip(taken / np.maximum(energy, tiny), UNSURE, 1))
        if self.timbre is not None:
            evidence[: self.timbre.count] += self.timbre.evidence(fit.bases)
        shares = np.exp(evidence - evidence.max(axis=0))
        shares = (shares / shares.sum(axis=0)).astype(fit.bases.dtype)  # or all that follows were doubles
        if self.trust is not None:
            self.trust.add_components(fit.bases, energy, shares)
        return np.stack([(fit.bases @ (own[:, None] * fit.activations)) / total for own in shares])
