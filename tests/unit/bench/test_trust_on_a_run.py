"""Whether trust holds on a run's sounds: no clip separates itself, and what is told of the estimates."""

import re

import numpy as np
import pytest

from objectsounds.bench.trust import FREQUENCIES, Solo, dictionary_without, main, measured, told
from objectsounds.config.settings import load_settings
from objectsounds.methods.trust import AGREEMENT, COLOUR, INTERCEPT


def solo(name, number):
    """Return a second of noise in a band of its own, with bases that hold the clip's number."""
    draw = np.random.default_rng(number)
    bases = np.full((len(FREQUENCIES), 2), float(number)) * (1 + draw.random((len(FREQUENCIES), 2)))
    return Solo(name, draw.standard_normal(16000), bases)


@pytest.fixture
def solos():
    return [solo(name, number) for number, name in enumerate(["car", "cat"] * 6)]


@pytest.mark.parametrize("clean", [True, False])
def test_the_mixed_clips_are_in_no_dictionary_and_wrong_ones_only_where_they_are_asked_for(solos, clean):
    strange = 0
    for seed in range(10):
        bases, clips = dictionary_without((0, 1), "car", solos, clean, np.random.default_rng(seed))
        assert bases.shape == (len(FREQUENCIES), len(clips)) and not {"0", "1"} & set(clips)
        strange += sum(int(clip) % 2 for clip in clips)
    assert (strange == 0) == clean


def test_both_estimates_of_a_mixture_get_the_measures_of_the_whole(solos):
    rows = measured((0, 1), solos, True, load_settings({}), np.random.default_rng(0))
    assert len(rows) == 2 and rows[0][:2] == rows[1][:2] and rows[0][2] != rows[1][2]


def test_coefficients_that_made_the_estimates_are_found_again():
    draw = np.random.default_rng(0)
    colour, agreement = draw.uniform(0.4, 1, 20000), draw.uniform(0, 20, 20000)
    chance = 1 / (1 + np.exp(-(INTERCEPT + COLOUR * colour + AGREEMENT * agreement)))
    lines = told(np.column_stack([colour, agreement, np.where(draw.random(20000) < chance, 9.0, 1.0)]))
    found = [float(number) for number in re.findall(r"-?\d+\.\d+", lines[-1])]
    assert found == pytest.approx([INTERCEPT, COLOUR, AGREEMENT], rel=0.1)
    assert lines[0].startswith("20000 estimates, rank correlation of trust with SDR 0.")
    (high,) = [line for line in lines if line.startswith("trust 0.8 to 1.0")]
    assert 0.84 < float(high.split(", ")[1].split("%")[0]) / 100 < 0.94


def test_a_folder_without_a_run_is_refused_in_a_sentence(tmp_path, capsys):
    assert main(["--run", str(tmp_path)]) == 1
    assert "is no finished run" in capsys.readouterr().err
