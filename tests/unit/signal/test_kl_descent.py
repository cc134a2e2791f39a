"""The iterations behind NMF against the same in float64 and plain steps, and where they start from."""

import inspect

import numpy as np
import pytest

from objectsounds.core.seeds import generator
from objectsounds.signal import nmf
from objectsounds.signal.kl_descent import (
    BASES_FLOOR,
    FLOOR,
    Descent,
    State,
    _extrapolated,
    folded,
    kl_divergence,
)
from objectsounds.signal.nmf import coarse_rows, factorize, fit_activations, fit_with_free_bases


def problem(bins=11, count=4, frames=7, seed=0):
    """Return V with mean 1, W with columns that sum to 1, and H, float32."""
    draw = np.random.default_rng(seed)
    V = draw.gamma(0.5, 1.0, (bins, frames))
    W = draw.gamma(1.0, 1.0, (bins, count))
    H = draw.gamma(1.0, 1.0, (count, frames))
    return [part.astype(np.float32) for part in (V / V.mean(), W / W.sum(axis=0), H)]


def plain(V, W, H, held, steps, weight=1.0):
    """Return W, H and what they are extrapolated to after so many steps, in float64."""
    V, W, H = (part.astype(np.float64) for part in (V, W, H))
    W[:, held:] = np.maximum(W[:, held:], 1e-12)
    H = np.maximum(H, 1e-10)
    ahead_W, ahead_H = W.copy(), H.copy()
    for _ in range(steps):
        ratio = V / (ahead_W @ ahead_H + 1e-10)
        new_H = np.maximum(ahead_H * (ahead_W.T @ ratio), 1e-10)
        new_W = ahead_W * (ratio @ ahead_H.T)
        new_W = np.maximum(new_W / new_W.sum(axis=0), 1e-12)
        new_W[:, :held] = W[:, :held]
        next_weight = (1 + np.sqrt(1 + 4 * weight**2)) / 2
        share = min(0.95, (weight - 1) / next_weight)
        weight = next_weight
        ahead_H = new_H * np.exp(share * np.clip(np.log(new_H / H), -7, 7))
        ahead_W = new_W.copy()
        ahead_W[:, held:] *= np.exp(share * np.clip(np.log(new_W[:, held:] / W[:, held:]), -7, 7))
        ahead_W[:, held:] /= ahead_W[:, held:].sum(axis=0)
        W, H = new_W, new_H
    return W, H, ahead_W, ahead_H


@pytest.mark.parametrize("held", [0, 2, 4])
@pytest.mark.parametrize("steps", [1, 2, 6])
def test_steps_are_those_of_the_definition(held, steps):
    V, W, H = problem()
    descent = Descent(V, W, H, held)
    descent.steps(steps)
    found = descent.state.W, descent.state.H, descent.W, descent.H
    for mine, theirs in zip(found, plain(V, W, H, held, steps), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=2e-3, atol=1e-5)
    np.testing.assert_allclose(descent.state.activations_log, np.log(descent.state.H), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        descent.state.bases_log, np.log(descent.state.W[:, held:]), rtol=1e-4, atol=1e-5
    )


def test_late_steps_have_the_most_momentum_and_no_more():
    V, W, H = problem(seed=1)
    descent = Descent(V, W, H)
    descent.weight = 1000.0
    descent.steps(1)
    for mine, theirs in zip((descent.W, descent.H), plain(V, W, H, 0, 1, weight=1000.0)[2:], strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=2e-3, atol=1e-6)


def test_steps_without_momentum_begin_at_the_last_state():
    V, W, H = problem(seed=2)
    descent = Descent(V, W, H)
    descent.steps(3, momentum=False)
    for _ in range(3):
        W, H = (part.astype(np.float32) for part in plain(V, W, H, 0, 1)[:2])
    np.testing.assert_allclose(descent.state.W, W, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(descent.state.H, H, rtol=1e-3, atol=1e-6)
    assert descent.W is descent.state.W and descent.H is descent.state.H


def test_extrapolation_goes_on_by_a_share_of_the_change_but_not_too_far():
    old, new = np.float32([0.0, 1.0, 0.0, 0.0]), np.float32([1.0, 0.0, 20.0, -20.0])
    found = np.log(_extrapolated(new, old, np.float32(0.5)))
    np.testing.assert_allclose(found, [1.5, -0.5, 20 + 3.5, -20 - 3.5], rtol=1e-5)
    assert old.tolist() == [0, 1, 0, 0] and new.tolist() == [1, 0, 20, -20]


def test_a_state_has_floors_but_what_is_held_keeps_its_zeros():
    state = State.of(np.zeros((3, 2), np.float32), np.zeros((2, 4), np.float32), held=1)
    assert state.W[:, 0].tolist() == [0] * 3 and state.W[:, 1].tolist() == [BASES_FLOOR] * 3
    assert (state.H == FLOOR).all() and state.bases_log.shape == (3, 1)
    np.testing.assert_allclose(np.exp(state.bases_log), BASES_FLOOR, rtol=1e-5)
    assert [float(FLOOR) / 1e-10, float(BASES_FLOOR) / 1e-12] == pytest.approx([1, 1])


def test_the_divergence_of_a_state_is_that_of_its_product():
    V, W, H = problem(seed=3)
    V[2, 3] = 0
    found = Descent(V, W, H).divergence()
    model = W.astype(np.float64) @ H
    positive = V > 0
    expected = (V[positive] * np.log(V[positive] / model[positive])).sum() - V.sum() + model.sum()
    assert found == pytest.approx(expected, rel=1e-4)
    assert kl_divergence(V, model) == pytest.approx(expected, rel=1e-5)
    assert Descent(W @ H, W, H).divergence() == pytest.approx(0, abs=1e-4)


def test_a_model_of_zero_where_there_is_sound_costs_much_but_not_infinity():
    assert kl_divergence(np.float32([[1.0]]), np.float32([[0.0]])) == pytest.approx(
        np.log(1e10) - 1, rel=1e-5
    )


def test_the_divergence_is_looked_at_every_ten_steps_and_at_the_last():
    V, W, H = problem(seed=4)
    divergences, done = Descent(V, W, H).run(25, 0)
    assert (len(divergences), done) == (4, 25)
    for number, steps in enumerate((0, 10, 20, 25)):
        descent = Descent(V, W, H)
        descent.steps(steps)
        assert divergences[number] == pytest.approx(descent.divergence(), rel=1e-4)


@pytest.mark.parametrize(
    ("tolerance", "looks"),
    [(0.0112, 1), (0.0110, 2), (0.0058, 3), (0.0, 4)],
    ids=["10 in 900", "5 in 850", "4 in 810", "never"],
)
def test_the_run_ends_when_ten_steps_gain_less_than_their_share(tolerance, looks):
    descent, given = Descent(*problem()), iter([100.0, 90.0, 85.0, 81.0, 80.0])
    descent.divergence = lambda: next(given)
    divergences, done = descent.run(40, tolerance)
    assert (divergences, done) == ([100.0, 90.0, 85.0, 81.0, 80.0][: looks + 1], 10 * looks)


def test_nothing_is_iterated_where_the_model_is_exact():
    V, W, H = problem()
    descent = Descent(V, W, H)
    descent.divergence = lambda: 0.0
    assert descent.run(50, 0) == ([0.0], 0)


def test_what_raised_the_divergence_is_taken_back_and_done_again_without_momentum():
    V, W, H = problem(seed=5)
    descent, given = Descent(V, W, H), iter([10.0, 12.0, 9.0, 8.0, float("nan"), 7.0])
    descent.divergence = lambda: next(given)
    steps, states = [], []

    def counted(count, momentum=True):
        states.append(descent.state)
        steps.append((count, momentum, descent.weight))
        Descent.steps(descent, count, momentum)

    descent.steps = counted
    assert descent.run(50, 0) == ([10.0, 10.0, 9.0, 8.0, 8.0, 7.0], 50)
    assert [momentum for _, momentum, _ in steps] == [True, False, True, True, False]
    assert states[1] is states[0] and states[4] is states[3]
    assert [weight for *_, weight in steps[:3]] == [1.0, 1.0, 1.0] and steps[3][2] > 1 and steps[4][2] == 1


def test_folded_sums_by_hand():
    matrix = np.arange(1.0, 11).reshape(5, 2)
    assert folded(matrix, 2).tolist() == [[1 + 5 + 9, 2 + 6 + 10], [3 + 7, 4 + 8]]
    assert folded(matrix, 5).tolist() == matrix.tolist()


def test_bases_start_as_means_of_three_frames_drawn_by_energy():
    V = np.random.default_rng(0).gamma(0.5, 1.0, (6, 9)).astype(np.float32)
    W, H = nmf.start(V, 4, generator("x"))
    draw, energy = generator("x"), V.sum(axis=0, dtype=np.float64)
    frames = draw.choice(9, size=(4, 3), p=energy / energy.sum())
    expected = np.stack([V[:, triple].mean(axis=1) for triple in frames], axis=1)
    expected += 0.01 * V.mean(axis=1)[:, None]
    np.testing.assert_allclose(W, expected / expected.sum(axis=0), rtol=1e-5)
    drawn = np.abs(draw.standard_normal((4, 9), dtype=np.float32))
    np.testing.assert_allclose(H, drawn * V.sum() / drawn.sum(), rtol=1e-5)


def test_a_factorisation_starts_from_a_hundred_steps_on_folded_bins():
    V = np.random.default_rng(1).gamma(0.5, 1.0, (50, 12)).astype(np.float32)
    scaled, rows = V / V.mean(dtype=np.float64).astype(np.float32), coarse_rows(50, 2)
    assert rows == 24
    small = folded(scaled, rows)
    descent = Descent(small, *nmf.start(small, 2, generator("y")))
    descent.steps(100)
    expected = np.concatenate([descent.state.W, descent.state.W, descent.state.W])[:50]
    found = factorize(V, 2, generator=generator("y"), iterations=0)
    np.testing.assert_allclose(found.bases, 50 * expected / expected.sum(axis=0), rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(found.activations, descent.state.H * (V.mean() / 50), rtol=1e-3, atol=1e-7)
    assert found.iterations == 0 and found.divergence == found.divergences[0]
    again = kl_divergence(V, found.bases.astype(np.float64) @ found.activations)
    assert again == pytest.approx(found.divergence, rel=1e-4)


def test_bins_are_folded_by_eight_but_to_twelve_a_basis_and_by_two_at_least():
    wanted = {(800, 1): 100, (801, 1): 101, (48, 2): 24, (47, 2): 0, (240, 10): 120}
    assert {sizes: coarse_rows(*sizes) for sizes in wanted} == wanted


def test_what_is_checked_has_mean_one_and_the_type_that_is_asked():
    matrix = np.array([[1, 2, 3], [4, 5, 10]])
    V, scale = nmf.checked(matrix)
    assert scale == pytest.approx(25 / 6) and V.dtype == np.float32
    np.testing.assert_allclose(V, matrix * 6 / 25, rtol=1e-6)
    assert nmf.checked(matrix.astype(np.float32), np.float64)[0].dtype == np.float64
    assert nmf.checked(np.zeros((2, 3)))[1] == 1
    for empty in (np.zeros((0, 3)), np.zeros((3, 0)), np.ones(3)):
        with pytest.raises(nmf.ObjectsoundsError, match="shape"):
            nmf.checked(empty)


def test_bases_that_are_none_are_refused_and_zeros_are_not():
    V = np.ones((4, 3))
    for bases in (np.ones((4, 0)), np.ones(4), np.ones((3, 2))):
        with pytest.raises(nmf.ObjectsoundsError, match="do not fit"):
            fit_activations(V, bases)
    for bad in (np.nan, -1.0, np.inf):
        with pytest.raises(nmf.ObjectsoundsError, match="finite and not negative"):
            fit_activations(V, np.full((4, 2), bad))
    assert fit_activations(V, np.eye(4)).activations == pytest.approx(np.ones((4, 3)), rel=1e-3)


def test_fixed_bases_start_with_equal_shares_of_each_frame():
    V, W, _ = problem()
    fit = fit_activations(V, 3 * W, iterations=0)
    np.testing.assert_allclose(3 * fit.activations, np.repeat(V.sum(axis=0)[None] / 4, 4, axis=0), rtol=1e-4)
    np.testing.assert_array_equal(fit.bases, 3 * W)
    free = fit_with_free_bases(V, 3 * W, 2, generator=generator("z"), iterations=0)
    drawn = np.abs(generator("z").standard_normal((11, 2), dtype=np.float32))
    np.testing.assert_array_equal(free.bases[:, :4], 3 * W)
    np.testing.assert_allclose(free.bases[:, 4:], drawn, rtol=1e-5)
    shares = np.repeat(V.sum(axis=0)[None] / 6, 6, axis=0)
    sums = np.concatenate([3 * W, drawn], axis=1).sum(axis=0)[:, None]
    np.testing.assert_allclose(free.activations * sums, shares, rtol=1e-4)


def test_the_defaults_are_those_that_the_tests_of_the_stopping_rule_take():
    wanted = {factorize: (500, 5e-4), fit_activations: (200, 1e-4), fit_with_free_bases: (200, 1e-4)}
    for function, values in wanted.items():
        parameters = inspect.signature(function).parameters
        assert tuple(parameters[name].default for name in ("iterations", "tolerance")) == values
