"""The peers of the literature lower the divergence, as their papers say, and one is scikit-learn's."""

import itertools

import numpy as np
import pytest
from sklearn.decomposition import non_negative_factorization

from objectsounds.bench.kernels import PEERS, alternating, curve
from objectsounds.signal.kl_descent import kl_divergence


@pytest.fixture(scope="module")
def problem():
    draw = np.random.default_rng(3)
    V = draw.gamma(0.5, size=(60, 4)) @ draw.gamma(0.5, size=(4, 40)) + 0.01
    W, H = draw.uniform(0.1, 1, (60, 4)), draw.uniform(0.1, 1, (4, 40))
    sums = W.sum(axis=0)
    return tuple(matrix.astype(np.float32) for matrix in (V, W / sums, H * sums[:, None]))


@pytest.mark.parametrize("name", PEERS)
def test_a_peer_lowers_the_divergence_at_every_step_and_ends_near_what_was_multiplied(problem, name):
    V = problem[0]
    found = [kl_divergence(V, W @ H) for W, H in itertools.islice(PEERS[name](*problem), 300)]
    assert all(now <= before * (1 + 1e-3) + 1e-3 for before, now in itertools.pairwise(found))
    assert found[0] > 20 * found[-1]


def test_alternating_updates_are_those_of_scikit_learn(problem):
    V, W, H = (matrix.astype(np.float64) for matrix in problem)
    ours = next(itertools.islice(alternating(V, W, H), 9, None))
    how = {"solver": "mu", "beta_loss": "kullback-leibler", "init": "custom", "tol": 0, "max_iter": 10}
    # scikit-learn changes the samples' matrix first: here that is the activations
    theirs = non_negative_factorization(V.T, H.T.copy(), W.T.copy(), n_components=4, **how)
    np.testing.assert_allclose(ours[0] @ ours[1], (theirs[0] @ theirs[1]).T, rtol=1e-3)


def test_a_curve_ends_when_its_time_is_over_and_falls(problem):
    times, divergences = curve(alternating, problem[0], 1, 0.05)
    assert times[-1] >= 0.05 > times[0]
    assert (np.diff(times) > 0).all()
    assert divergences[-1] < divergences[0]
