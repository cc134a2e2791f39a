"""What a component of a mixture sounds like: which object's bases have its colour, whatever its pitch.

A note that no training clip played is explained as well by one object's bases as by another's. Its colour
tells more: mel cepstra, how harmonic it is, how flat and where its centre lies, learnt from the objects' own
bases. The classifier is a support vector machine whose decisions are made probabilities on clips that it has
not seen (Platt 1999): where it cannot tell the objects of a mixture apart it says so.
"""

import numpy as np

from objectsounds.signal.cepstra import mel_cepstra, mel_filters
from objectsounds.signal.transposition import harmonicity

BANDS, COEFFICIENTS, SPAN = 40, slice(1, 20), 1e3
FOLDS = 4
UNSURE = 1e-3  # no probability lies nearer to 0
QUIET = 1e-5  # of a spectrum's highest bin: what counts for how flat it is


def features(spectra: np.ndarray, frequencies: np.ndarray) -> np.ndarray:
    """Return what a spectrum sounds like, whatever its level, float64 [shape=(M, D)].

    Parameters
    ----------
    spectra : np.ndarray [shape=(F, M)]
        Magnitudes.
    frequencies : np.ndarray [shape=(F,)]
        Of the bins, in Hz, rising.
    """
    highest = spectra.max(axis=0)
    spectra = spectra / np.where(highest > 0, highest, 1)
    filters = mel_filters(frequencies, BANDS)
    cepstra = mel_cepstra(spectra, filters, COEFFICIENTS, SPAN, (filters @ spectra).max(axis=0))
    mean = spectra.mean(axis=0) + QUIET
    flatness = np.log(spectra + QUIET).mean(axis=0) - np.log(mean)
    centre = np.log(frequencies @ spectra / (len(spectra) * mean) + 1)
    return np.vstack([cepstra, harmonicity(spectra, frequencies), flatness, centre]).T


class Timbre:
    """Tells the objects of one mixture apart by the colour of their bases.

    Parameters
    ----------
    points : list of np.ndarray [shape=(m_j, D)]
        The ``features`` of the bases of each of J objects.
    clips : list of list of str
        The clip that each basis comes from, a list an object.
    frequencies : np.ndarray [shape=(F,)]
        Of the bins, in Hz, rising.
    """

    def __init__(self, points: list[np.ndarray], clips: list[list[str]], frequencies: np.ndarray) -> None:
        self.frequencies, self.count, self.model = frequencies, len(points), None
        folds = min(FOLDS, *(len(set(names)) for names in clips))
        if len(points) > 1 and folds > 1:
            owners = np.repeat(np.arange(len(points)), [len(part) for part in points])
            groups = [f"{owner} {name}" for owner, names in enumerate(clips) for name in names]
            self.model = _fitted(np.concatenate(points), owners, groups, folds)

    def evidence(self, spectra: np.ndarray) -> np.ndarray:
        """Return for spectra, shape=(F, M), each object's log probability less the mean over objects.

        Returns
        -------
        np.ndarray [shape=(J, M)]
            0 throughout where no two clips an object are there to learn from.
        """
        if self.model is None:
            return np.zeros((self.count, spectra.shape[1]))
        probabilities = self.model.predict_proba(features(spectra, self.frequencies)).T
        logarithms = np.log(np.clip(probabilities, UNSURE, 1 - UNSURE))
        return logarithms - logarithms.mean(axis=0)


def _fitted(points: np.ndarray, owners: np.ndarray, groups: list[str], folds: int):
    """Return the classifier of points, shape=(M, D); the clips in ``groups`` are not split between folds."""
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.model_selection import StratifiedGroupKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    splits = list(StratifiedGroupKFold(folds).split(points, owners, groups))
    machine = make_pipeline(StandardScaler(), SVC())
    return CalibratedClassifierCV(machine, method="sigmoid", cv=splits, ensemble=False).fit(points, owners)
