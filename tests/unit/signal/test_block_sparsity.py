"""Block sparsity: the penalised objective never rises, few groups stay, and no object falls silent for it."""

from itertools import pairwise

import numpy as np
import pytest

from objectsounds.signal.block_sparsity import EPSILON, BlockSparsity, Penalty
from objectsounds.signal.kl_descent import Descent
from objectsounds.signal.nmf import fit_activations, fit_with_free_bases

CLIPS = [["a", "a", "b", "b", "c"], ["a", "d"]]
EXACT = {"iterations": 300, "tolerance": 0}


def sparsity(strength=0.1):
    return BlockSparsity.of_clips(strength, CLIPS)


def problem(seed=0, bins=20, frames=9, count=7):
    draw = np.random.default_rng(seed)
    V, W = draw.gamma(0.5, 1.0, (bins, frames)), draw.gamma(0.5, 1.0, (bins, count))
    H = draw.gamma(1.0, 1.0, (count, frames))
    return [part.astype(np.float32) for part in (V / V.mean(), W / W.sum(axis=0), H)]


def shares(H, rows, parts):
    """Return what share of the activations of some rows each part of them has."""
    return [H[part].sum() / H[rows].sum() for part in parts]


def test_groups_are_the_clips_of_each_object():
    found = sparsity()
    assert found.groups.tolist() == [0, 0, 1, 1, 2, 3, 4] and found.objects.tolist() == [0, 0, 0, 1, 1]


def test_the_penalty_is_its_definition():
    H = np.array([[1.0, 2], [0, 1], [0, 0], [1, 1], [2, 2], [6, 1], [1, 2]])
    groups, totals = [4, 2, 4, 7, 3], [10, 10, 10, 10, 10]
    expected = sum(np.log(1 + g / (EPSILON * t)) for g, t in zip(groups, totals, strict=True))
    assert Penalty(sparsity(0.3), 8.0).value(H) == pytest.approx(0.3 * 8 / 2 * expected)


@pytest.mark.parametrize("momentum", [False, True])
@pytest.mark.parametrize("strength", [0.01, 0.3, 5.0])
def test_a_step_never_raises_divergence_plus_penalty(strength, momentum):
    for seed in range(6):
        V, W, H = problem(seed)
        descent = Descent(V, W, H, 7, Penalty(sparsity(strength), float(V.sum())))
        values = [descent.objective()]
        for _ in range(60):
            if momentum:
                values += descent.run(10, 0)[0]
            else:
                descent.steps(1, momentum=False)
                values.append(descent.objective())
        assert all(b <= a * (1 + 2e-6) for a, b in pairwise(values))
        assert values[-1] < values[0]


def test_the_end_is_a_minimum_of_divergence_plus_penalty():
    V, W, H = problem()
    descent = Descent(V, W, H, 7, Penalty(sparsity(0.05), float(V.sum())))
    descent.steps(4000, momentum=False)
    best, state = descent.objective(), descent.state.H.copy()
    draw = np.random.default_rng(1)
    for _ in range(200):
        descent.state.H = state * np.exp(0.02 * draw.standard_normal(state.shape)).astype(np.float32)
        assert descent.objective() >= best * (1 - 1e-6)


def test_of_two_groups_that_explain_a_sound_nearly_as_well_one_stays():
    W = np.array([[5.0, 4.5], [1, 1.5], [3, 3]])
    V = np.outer(0.55 * W[:, 0] / 9 + 0.45 * W[:, 1] / 9, np.arange(1, 9.0))
    plain = fit_activations(V, W, **EXACT).activations
    sparse = fit_activations(V, W, sparsity=BlockSparsity.of_clips(0.1, [["a", "b"]]), **EXACT).activations
    assert shares(plain, [0, 1], [[1]])[0] > 0.4
    assert shares(sparse, [0, 1], [[1]])[0] < 0.01


def test_a_quiet_object_does_not_fall_silent():
    low, high = np.array([[5.0, 4], [4, 5], [0, 0], [0, 0]]), np.array([[0.0, 0], [0, 0], [5, 4], [4, 5]])
    V = np.concatenate([100 * low[:2].sum(axis=1), high[2:].sum(axis=1)])[:, None] * np.ones(8)
    found = BlockSparsity.of_clips(0.3, [["a", "b"], ["c", "d"]])
    model = fit_activations(V, np.hstack([low, high]), sparsity=found, **EXACT).activations
    whole = np.hstack([low, high]) @ model
    np.testing.assert_allclose(whole[2:].sum(), V[2:].sum(), rtol=1e-2)
    np.testing.assert_allclose(whole[:2].sum(), V[:2].sum(), rtol=1e-2)


def test_one_group_an_object_changes_nothing():
    V, W, _ = problem()
    one = BlockSparsity.of_clips(0.3, [["a"] * 5, ["a"] * 2])
    plain, found = (fit_activations(V, W, iterations=2000, tolerance=0, sparsity=s) for s in (None, one))
    np.testing.assert_allclose(W @ found.activations, W @ plain.activations, atol=0.02)


def test_bases_of_zeros_and_free_bases_are_in_no_group():
    V, W, _ = problem()
    W[:, 2] = 0
    fit = fit_activations(V, W, sparsity=sparsity(), **EXACT)
    assert not fit.activations[2].any() and np.isfinite(fit.activations).all()
    free = fit_with_free_bases(V, W, 3, generator=np.random.default_rng(0), sparsity=sparsity(), **EXACT)
    assert free.bases.shape == (20, 10) and free.divergence <= free.divergences[0]
