"""The factorisation as an estimator of scikit-learn: `KLNMF`, for use outside of the pipeline.

>>> import numpy as np
>>> from objectsounds import KLNMF
>>> frames = np.random.default_rng(0).gamma(1.0, size=(50, 20))
>>> model = KLNMF(n_components=3, random_state=0).fit(frames)
>>> model.components_.shape, model.transform(frames).shape
((3, 20), (50, 3))
"""

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, check_non_negative, validate_data

from objectsounds.signal.nmf import factorize, fit_activations, fit_with_free_bases

LARGEST_SEED = 2**32 - 1


class KLNMF(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Non-negative matrix factorisation X ≈ H W under the Kullback-Leibler divergence.

    As scikit-learn's ``NMF(beta_loss="kullback-leibler", solver="mu")``, several times faster at an equal
    divergence (docs/speed.md); samples are frames of a spectrogram and features its bins. The steps are the
    joint majorise-minimise of Marmin, Goulart and Févotte (2021), extrapolated; components are learnt in
    float32.

    Parameters
    ----------
    n_components : int
        Number of components to learn.
    held : array-like [shape=(n_held, n_features)], optional
        Components that stay as they are; those that are learnt explain what they do not (Gao 4.5).
    max_iter : int
        The most iterations.
    tol : float
        They end when one lowers the divergence by less than this share of it; 0 runs all of them.
    random_state : int, RandomState or None
        Draws the starting point.

    Attributes
    ----------
    components_ : np.ndarray [shape=(n_held + n_components, n_features)]
        The held ones first.
    reconstruction_err_ : float
        The divergence D(X | H W) of the data that were fitted.
    n_iter_ : int
    n_features_in_ : int
    """

    def __init__(
        self,
        n_components: int = 10,
        *,
        held: Any = None,
        max_iter: int = 500,
        tol: float = 5e-4,
        random_state: Any = None,
    ):
        self.n_components = n_components
        self.held = held
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    @property
    def _n_features_out(self) -> int:
        return self.components_.shape[0]

    def _validated(self, X: Any, reset: bool) -> np.ndarray:
        X = validate_data(self, X, reset=reset, dtype=[np.float64, np.float32])
        check_non_negative(X, type(self).__name__)
        return X

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn components of X [shape=(n_samples, n_features)], finite and not negative; ``y`` is ignored.

        Raises
        ------
        ValueError
            If X is not so, or ``held`` does not fit it.
        """
        X = self._validated(X, reset=True)
        generator = np.random.default_rng(check_random_state(self.random_state).randint(LARGEST_SEED))
        how: dict[str, Any] = {"generator": generator, "iterations": self.max_iter, "tolerance": self.tol}
        if self.held is None:
            fitted = factorize(X.T, self.n_components, **how)
        else:
            held = np.asarray(self.held, dtype=np.float32)
            if held.ndim != 2 or held.shape[1] != X.shape[1] or not (np.isfinite(held) & (held >= 0)).all():
                raise ValueError(
                    f"held of shape {held.shape} must be components of {X.shape[1]} features, finite and not "
                    "negative."
                )
            fitted = fit_with_free_bases(X.T, held.T, self.n_components, **how)
        self.components_ = fitted.bases.T.astype(X.dtype)
        self.reconstruction_err_ = fitted.divergence
        self.n_iter_ = fitted.iterations
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return the activations H [shape=(n_samples, n_components)] of the components for X."""
        check_is_fitted(self)
        X = self._validated(X, reset=False)
        how: dict[str, Any] = {"iterations": self.max_iter, "tolerance": self.tol, "dtype": X.dtype.type}
        return fit_activations(X.T, self.components_.T, **how).activations.T

    def inverse_transform(self, X: Any) -> np.ndarray:
        """Return H W [shape=(n_samples, n_features)] of activations H [shape=(n_samples, n_components)]."""
        check_is_fitted(self)
        return np.asarray(X) @ self.components_
