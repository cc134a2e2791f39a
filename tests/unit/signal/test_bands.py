"""Bins added up in bands: the low ones stay, nothing is lost, and masks are nearly the same."""

import numpy as np
import pytest

from objectsounds.methods.guided_masks import BANDS_TOLERANCE, guided_masks
from objectsounds.signal.bands import band_edges, in_bands, spread
from objectsounds.signal.nmf import fit_activations


@pytest.mark.parametrize(("bins", "bands"), [(2401, 280), (401, 280), (150, 150), (1, 1)])
def test_low_bins_are_kept_and_bands_get_wider(bins, bands):
    edges = band_edges(bins)
    widths = np.diff([*edges, bins])
    assert edges[0] == 0 and len(edges) <= bands and len(edges) >= 0.8 * bands
    assert (widths > 0).all() and (widths[: min(200, bins) - 1] == 1).all()
    assert (np.diff(widths) >= -1).all()


def test_what_is_added_up_keeps_its_sum_along_either_axis():
    values = np.random.default_rng(0).random((801, 7))
    found = in_bands(values)
    np.testing.assert_allclose(found.sum(axis=0), values.sum(axis=0))
    np.testing.assert_array_equal(found[:199], values[:199])
    np.testing.assert_array_equal(in_bands(values.T, axis=1), found.T)


def test_masks_have_all_bins_and_are_nearly_those_of_a_fit_with_all():
    draw = np.random.default_rng(1)
    bases = [draw.gamma(0.3, 1, (801, 6)).astype(np.float32) for _ in range(2)]
    activations = [draw.gamma(0.5, 1, (6, 40)) for _ in range(2)]
    magnitude = sum(W @ H for W, H in zip(bases, activations, strict=True)).astype(np.float32)
    limits = {"iterations": 200, "tolerance": 1e-5}
    whole, banded = (guided_masks(magnitude, bases, bands=bands, **limits) for bands in (False, True))
    assert banded.shape == whole.shape == (2, 801, 40)
    np.testing.assert_allclose(banded.sum(axis=0), 1, atol=1e-5)
    assert 0 < np.abs(banded - whole).mean() < 0.02


def test_free_bases_are_fitted_with_all_bins():
    draw = np.random.default_rng(2)
    bases, magnitude = [draw.random((401, 3)).astype(np.float32)], draw.random((401, 20)).astype(np.float32)
    found = [
        guided_masks(magnitude, bases, iterations=5, tolerance=0, free=np.random.default_rng(0), bands=bands)
        for bands in (False, True)
    ]
    np.testing.assert_array_equal(*found)


def test_in_bands_iterations_end_at_a_looser_tolerance_and_0_still_runs_all(monkeypatch):
    seen = []

    def fit(V, W, tolerance, **limits):
        seen.append(tolerance)
        return fit_activations(V, W, tolerance=tolerance, **limits)

    monkeypatch.setattr("objectsounds.methods.guided_masks.fit_activations", fit)
    draw = np.random.default_rng(0)
    magnitude, bases = draw.random((400, 9)), [draw.random((400, 2))] * 2
    for bands, tolerance in ((True, 1e-4), (True, 5e-3), (True, 0), (False, 1e-4)):
        guided_masks(magnitude, bases, iterations=9, tolerance=tolerance, bands=bands)
    assert seen == [BANDS_TOLERANCE, 5e-3, 0, 1e-4]


@pytest.mark.parametrize("bins", [2401, 401, 150, 1])
def test_what_is_spread_over_bins_adds_up_to_the_bands_again(bins):
    values = np.random.default_rng(0).random((len(band_edges(bins)), 3)).astype(np.float32)
    bins_again = spread(values, bins)
    assert bins_again.shape == (bins, 3) and bins_again.dtype == np.float32
    np.testing.assert_allclose(in_bands(bins_again), values, rtol=1e-5)
    assert bins != 2401 or bins_again[-1, 0] == bins_again[-10, 0]
