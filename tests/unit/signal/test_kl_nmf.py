"""The factorisation as an estimator: scikit-learn's own checks, and what it adds."""

import numpy as np
import pytest
from sklearn.decomposition import NMF
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from objectsounds import KLNMF


@parametrize_with_checks([KLNMF(n_components=2, max_iter=50, tol=0)])
def test_it_passes_scikit_learns_checks(estimator, check):
    check(estimator)


def planted(samples=200, features=60, count=4, seed=0):
    """Return counts that a few components explain."""
    rng = np.random.default_rng(seed)
    components = rng.gamma(0.2, size=(count, features))
    activations = rng.gamma(0.5, size=(samples, count))
    return rng.poisson(50 * activations @ components).astype(float), components


def divergence(X, model):
    near = model.inverse_transform(model.transform(X))
    return float((np.where(X > 0, X * np.log(np.maximum(X, 1e-9) / near), 0) - X + near).sum())


def test_it_explains_what_scikit_learns_does_no_worse():
    X, _ = planted()
    ours = KLNMF(4, random_state=0, tol=1e-6, max_iter=2000).fit(X)
    theirs = NMF(4, beta_loss="kullback-leibler", solver="mu", init="random", random_state=0, max_iter=2000)
    theirs.fit(X)
    assert divergence(X, ours) <= 1.02 * theirs.reconstruction_err_**2 / 2
    assert ours.reconstruction_err_ == pytest.approx(divergence(X, ours), rel=0.01)


def test_held_components_stay_and_the_learnt_explain_the_rest():
    X, components = planted()
    model = KLNMF(2, held=components[:2], random_state=1, max_iter=1000).fit(X)
    np.testing.assert_allclose(model.components_[:2], components[:2], rtol=1e-6)
    assert model.components_.shape == (4, 60) and model.transform(X).shape == (200, 4)
    free = KLNMF(2, random_state=1, max_iter=1000).fit(X)
    assert divergence(X, model) < 0.5 * divergence(X, free)
    likeness = np.corrcoef(np.concatenate([model.components_[2:], components[2:]]))[:2, 2:]
    assert likeness.max(axis=1).min() > 0.9


@pytest.mark.parametrize("held", [np.ones((2, 5)), np.ones(60), -np.ones((2, 60)), np.full((1, 60), np.nan)])
def test_held_components_that_do_not_fit_are_refused(held):
    with pytest.raises(ValueError, match=r"held of shape .* must be components of 60 features"):
        KLNMF(2, held=held).fit(planted()[0])


def test_it_is_a_step_of_a_pipeline_and_its_draws_are_seeded():
    X, _ = planted()
    steps = make_pipeline(MaxAbsScaler(), KLNMF(3, random_state=7))
    first, second = steps.fit_transform(X), steps.fit_transform(X)
    np.testing.assert_array_equal(first, second)
    other = steps.set_params(klnmf__random_state=8).fit_transform(X)
    assert first.shape == (200, 3) and not np.allclose(first, other)
    assert steps.get_feature_names_out().tolist() == ["klnmf0", "klnmf1", "klnmf2"]
