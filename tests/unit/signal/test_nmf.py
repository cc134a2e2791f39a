"""The factorisation: known answers, agreement with scikit-learn, and inputs that go wrong."""

import numpy as np
import pytest
from sklearn.decomposition import non_negative_factorization

from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.seeds import generator
from objectsounds.signal.kl_descent import folded, kl_divergence
from objectsounds.signal.nmf import (
    coarse_rows,
    factorize,
    factorize_from_bands,
    fit_activations,
    fit_with_free_bases,
)
from objectsounds.signal.nmf_batch import factorize_batch
from objectsounds.signal.nmf_reference import factorize_by_scikit_learn


def planted(bins=60, count=4, frames=80, seed=0):
    """Return W with disjoint supports, sparse H and their product."""
    rng = np.random.default_rng(seed)
    W = np.zeros((bins, count))
    for index in range(count):
        rows = slice(index * bins // count, (index + 1) * bins // count)
        W[rows, index] = rng.gamma(1.0, 1.0, bins // count)
    H = rng.gamma(0.5, 1.0, (count, frames))
    return W, H, W @ H


def test_divergence_of_equal_matrices_is_zero_and_of_known_ones_is_known():
    assert kl_divergence(np.ones((2, 3), np.float32), np.ones((2, 3), np.float32)) == pytest.approx(
        0, abs=1e-6
    )
    V, model = np.array([[2.0, 0.0]], np.float32), np.array([[1.0, 3.0]], np.float32)
    assert kl_divergence(V, model) == pytest.approx(2 * np.log(2) - 2 + 1 + 3, rel=1e-6)


def test_planted_bases_are_found_again():
    W, _, V = planted()
    found = factorize(V, 4, generator=generator(1), iterations=1000, tolerance=0).bases
    cosine = (W / np.linalg.norm(W, axis=0)).T @ (found / np.linalg.norm(found, axis=0))
    assert sorted(cosine.argmax(axis=1)) == [0, 1, 2, 3]
    assert cosine.max(axis=1).min() > 0.999


@pytest.mark.parametrize("seed", range(3))
def test_divergence_never_rises(seed):
    V = np.random.default_rng(seed).gamma(0.3, 1.0, (120, 50))
    divergences = factorize(V, 8, generator=generator(seed), iterations=200, tolerance=0).divergences
    assert len(divergences) == 21
    assert (np.diff(divergences) <= 1e-6 * divergences[0]).all()


@pytest.mark.parametrize("seed", range(3))
def test_a_factorization_from_bands_is_as_good_and_has_all_bins(seed):
    rng = np.random.default_rng(seed)
    V = rng.gamma(0.3, 1.0, (801, 6)) @ rng.gamma(0.3, 1.0, (6, 80)) + 0.05 * rng.random((801, 80))
    V[790:] = 0
    plain, banded = (make(V, 6, generator=generator(seed)) for make in (factorize, factorize_from_bands))
    assert banded.divergence < 1.05 * plain.divergence
    assert banded.divergence == pytest.approx(kl_divergence(V, banded.bases @ banded.activations), rel=1e-3)
    assert not banded.bases[790:].any()
    np.testing.assert_allclose(banded.bases.mean(axis=0), 1, rtol=1e-5)


def test_of_silence_a_factorization_from_bands_is_silent():
    found = factorize_from_bands(np.zeros((300, 9)), 4, generator=generator(0))
    assert found.bases.shape == (300, 4) and not found.bases.any() and not found.activations.any()


def test_bases_that_stay_silent_are_let_go_and_the_others_explain_as_much():
    rng = np.random.default_rng(0)
    W, H = rng.gamma(0.5, 1.0, (60, 40)), rng.gamma(0.5, 1.0, (40, 80))
    H[5:] *= rng.random((35, 1)) < 0.1
    limits = {"iterations": 400, "tolerance": 0}
    whole, fewer = (fit_activations(W @ H, W, least=least, **limits) for least in (0.0, 1e-4))
    gone = ~fewer.activations.any(axis=1)
    assert 10 < gone.sum() < 40 and whole.activations.all()
    assert (np.diff(fewer.divergences) <= 1e-6 * fewer.divergences[0]).all()
    assert fewer.divergence <= whole.divergence + 1e-3 * whole.divergences[0]
    np.testing.assert_allclose(fewer.activations.sum(axis=1), whole.activations.sum(axis=1), atol=0.5)
    assert fewer.bases.shape == W.shape


def test_factorization_reaches_scikit_learns_divergence():
    V = np.random.default_rng(3).gamma(0.3, 1.0, (200, 60))
    ours = factorize(V, 10, generator=generator(3), iterations=300, tolerance=0)
    theirs = factorize_by_scikit_learn(V, 10, generator=generator(3), iterations=300, tolerance=0)
    assert ours.divergence == pytest.approx(theirs.divergence, rel=0.02)
    again = kl_divergence(V, theirs.bases.astype(np.float64) @ theirs.activations)
    assert again == pytest.approx(theirs.divergence, rel=1e-4)


def test_a_batch_has_the_divergences_of_its_clips_one_by_one():
    rng = np.random.default_rng(8)
    clips = [rng.gamma(0.3, 1.0, (200, frames)) for frames in (40, 60, 50)]
    clips[1][7] = 0
    clips.append(np.zeros((200, 30)))
    draws = [generator("batch", index) for index in range(4)]
    batch = factorize_batch(clips, 6, generators=draws, iterations=100)
    for index, (V, fit) in enumerate(zip(clips, batch, strict=True)):
        alone = factorize(V, 6, generator=generator("batch", index), iterations=100)
        assert fit.bases.shape == (200, 6) and fit.activations.shape == (6, V.shape[1])
        assert fit.divergence == pytest.approx(alone.divergence, rel=1e-2)
        again = kl_divergence(V, fit.bases.astype(np.float64) @ fit.activations)
        assert again == pytest.approx(fit.divergence, rel=1e-4)
        assert (np.diff(fit.divergences) <= 0).all()
    assert not batch[1].bases[7].any() and not batch[3].bases.any()


def test_a_clip_of_a_batch_does_not_depend_on_the_others():
    V, other = np.random.default_rng(9).gamma(0.3, 1.0, (2, 100, 40))
    one, two = (
        factorize_batch(clips, 4, generators=[generator(0), generator(1)][: len(clips)], iterations=50)[0]
        for clips in ([V], [V, other])
    )
    np.testing.assert_array_equal(one.bases, two.bases)


def fixed_by_scikit_learn(V, W, iterations):
    """Return the divergence that scikit-learn's multiplicative updates reach with W held."""
    Ht, _, _ = non_negative_factorization(
        V.T,
        H=np.ascontiguousarray(W.T),
        n_components=W.shape[1],
        update_H=False,
        solver="mu",
        beta_loss="kullback-leibler",
        max_iter=iterations,
        tol=0,
    )
    return kl_divergence(V, W @ Ht.T)


@pytest.mark.parametrize("count", [5, 40])
def test_fixed_bases_converge_to_scikit_learns_divergence_and_never_lag_behind(count):
    rng = np.random.default_rng(count)
    V, W = rng.gamma(0.3, 2.0, (150, 40)), rng.gamma(0.3, 1.0, (150, count))
    for iterations in (1, 10, 50, 200):
        ours = fit_activations(V, W, iterations=iterations, tolerance=0)
        theirs = fixed_by_scikit_learn(V, W, iterations)
        assert ours.divergence <= theirs * (1 + 1e-4)
        again = kl_divergence(V, W @ ours.activations.astype(np.float64))
        assert again == pytest.approx(ours.divergence, rel=1e-4)
    assert ours.divergence == pytest.approx(fixed_by_scikit_learn(V, W, 4000), rel=1e-4)


def test_the_stopping_rule_stops_near_the_minimum_of_the_convex_problem():
    rng = np.random.default_rng(6)
    V, W = rng.gamma(0.3, 2.0, (150, 40)), rng.gamma(0.3, 1.0, (150, 20))
    stopped, whole = fit_activations(V, W), fit_activations(V, W, iterations=2000, tolerance=0)
    assert stopped.iterations < 100
    assert whole.divergence <= stopped.divergence <= 1.002 * whole.divergence


def test_a_coarse_start_is_taken_where_there_are_bins_enough_and_finds_planted_bases():
    W, _, V = planted(bins=400)
    assert coarse_rows(400, 4) == 50 and coarse_rows(60, 4) == 0 and coarse_rows(2401, 25) == 301
    found = factorize(V, 4, generator=generator(1), iterations=1000, tolerance=0).bases
    cosine = (W / np.linalg.norm(W, axis=0)).T @ (found / np.linalg.norm(found, axis=0))
    assert sorted(cosine.argmax(axis=1)) == [0, 1, 2, 3] and cosine.max(axis=1).min() > 0.999


def test_folded_bins_keep_the_sum_of_every_frame():
    V = np.random.default_rng(0).random((23, 4))
    assert folded(V, 5).shape == (5, 4)
    np.testing.assert_allclose(folded(V, 5).sum(axis=0), V.sum(axis=0))
    np.testing.assert_allclose(folded(V, 5)[4], V[[4, 9, 14, 19]].sum(axis=0))


def test_a_basis_has_a_mean_of_one():
    _, _, V = planted()
    np.testing.assert_allclose(factorize(V, 4, generator=generator(0)).bases.mean(axis=0), 1, rtol=1e-4)


def test_extrapolation_that_raises_the_divergence_is_taken_back(monkeypatch):
    monkeypatch.setattr(
        "objectsounds.signal.kl_descent._extrapolated",
        lambda new, old, share: np.exp(new + np.clip(3 * (new - old), -5, 5)),
    )
    V = np.random.default_rng(1).gamma(0.3, 1.0, (120, 50))
    fit = factorize(V, 8, generator=generator(1), iterations=200, tolerance=0)
    steps = np.diff(fit.divergences)
    assert (steps == 0).any() and (steps <= 0).all() and fit.divergence < 0.9 * fit.divergences[0]
    assert kl_divergence(V, fit.bases @ fit.activations) == pytest.approx(fit.divergence, rel=1e-4)


def test_fixed_bases_find_planted_activations():
    W, H, V = planted()
    found = fit_activations(V, W, iterations=500, tolerance=0).activations
    np.testing.assert_allclose(found, H, atol=1e-3 * H.max())


def test_scale_of_the_spectrogram_only_scales_the_result():
    _, _, V = planted()
    one = factorize(V, 4, generator=generator(5))
    loud = factorize(V * 1e6, 4, generator=generator(5))
    assert loud.divergence == pytest.approx(one.divergence * 1e6, rel=1e-3)
    np.testing.assert_allclose(loud.bases, one.bases, rtol=1e-3, atol=1e-6)


def test_silence_gives_zeros_and_no_divergence():
    result = factorize(np.zeros((30, 10)), 3, generator=generator(0))
    assert not result.bases.any() and not result.activations.any() and result.divergence == 0
    assert not fit_activations(np.zeros((30, 10)), np.ones((30, 2))).activations.any()
    fit = fit_with_free_bases(np.zeros((30, 10)), np.ones((30, 2)), 2, generator=generator(0))
    assert fit.bases.shape == (30, 4) and not fit.activations.any() and fit.divergence == 0


def test_a_single_frame_can_be_factored():
    V = np.random.default_rng(0).gamma(0.5, 1.0, (50, 1))
    result = factorize(V, 3, generator=generator(0), iterations=100, tolerance=0)
    assert result.activations.shape == (3, 1)
    assert result.divergence == pytest.approx(0, abs=1e-3 * V.sum())


def test_a_bin_of_zeros_is_zero_in_every_basis_and_harms_no_other():
    _, _, V = planted()
    V[7] = 0
    result = factorize(V, 4, generator=generator(0))
    assert not result.bases[7].any()
    assert np.isfinite(result.bases).all() and np.isfinite(result.activations).all()


def test_a_basis_of_zeros_gets_no_activation():
    W, _, V = planted()
    W[:, 2] = 0
    result = fit_activations(V, W)
    assert not result.activations[2].any() and np.isfinite(result.activations).all()
    beside = fit_with_free_bases(V, W, 1, generator=generator(0))
    assert not beside.activations[2].any() and np.isfinite(beside.activations).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -1.0])
def test_what_is_no_magnitude_is_refused(bad):
    V = np.ones((5, 5))
    V[2, 2] = bad
    for call in (
        lambda: factorize(V, 2, generator=generator(0)),
        lambda: fit_activations(V, np.ones((5, 2))),
        lambda: fit_with_free_bases(V, np.ones((5, 2)), 2, generator=generator(0)),
    ):
        with pytest.raises(ObjectsoundsError):
            call()


def test_bases_of_another_size_are_refused():
    with pytest.raises(ObjectsoundsError, match="do not fit"):
        fit_activations(np.ones((5, 4)), np.ones((6, 2)))
    with pytest.raises(ObjectsoundsError, match="do not fit"):
        fit_with_free_bases(np.ones((5, 4)), np.ones((6, 2)), 2, generator=generator(0))


def test_the_same_seed_gives_the_same_bases():
    _, _, V = planted()
    first, second = (factorize(V, 4, generator=generator("clip")).bases for _ in range(2))
    assert (first == second).all()


def test_planted_noise_bases_are_found_beside_fixed_ones_that_stay():
    W, H, V = planted()
    fit = fit_with_free_bases(V, W[:, :2], 2, generator=generator(2), iterations=1000, tolerance=0)
    assert (fit.bases[:, :2] == W[:, :2].astype(np.float32)).all()
    np.testing.assert_allclose(fit.activations[:2], H[:2], atol=1e-2 * H.max())
    found = fit.bases[:, 2:] / np.linalg.norm(fit.bases[:, 2:], axis=0)
    cosine = (W[:, 2:] / np.linalg.norm(W[:, 2:], axis=0)).T @ found
    assert sorted(cosine.argmax(axis=1)) == [0, 1] and cosine.max(axis=1).min() > 0.999


@pytest.mark.parametrize("seed", range(3))
def test_divergence_never_rises_with_free_bases(seed):
    rng = np.random.default_rng(seed)
    V, W = rng.gamma(0.3, 1.0, (120, 50)), rng.gamma(0.3, 1.0, (120, 5))
    fit = fit_with_free_bases(V, W, 5, generator=generator(seed), iterations=200, tolerance=0)
    assert len(fit.divergences) == 21
    assert (np.diff(fit.divergences) <= 1e-6 * fit.divergences[0]).all()
    assert fit.divergence < fit_activations(V, W, iterations=200, tolerance=0).divergence


def test_without_free_bases_only_the_activations_are_fitted():
    W, H, V = planted()
    fit = fit_with_free_bases(V, W, 0, generator=generator(0), iterations=500, tolerance=0)
    np.testing.assert_allclose(fit.activations, H, atol=1e-3 * H.max())


def test_the_norm_of_the_fixed_bases_does_not_matter():
    W, _, V = planted()
    one, other = (
        fit_with_free_bases(V, W[:, :2] * norm, 2, generator=generator(4), tolerance=0) for norm in (1, 1e3)
    )
    np.testing.assert_allclose(one.activations[:2], other.activations[:2] * 1e3, rtol=1e-2, atol=1e-4)
