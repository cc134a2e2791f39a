"""The learned separators in the workflow: plugs like the others, whose data and networks are shared."""

import re
import shutil

import pytest
from PIL import Image

from objectsounds.core.tables import read_table
from tests.workflow.conftest import RESULTS

LEARNED = "unet_audio, unet_combined, miml_unet, wave_unet_additive_output, co_separation, sound_of_pixels"
METHODS = f"methods=[mixture, ideal_ratio_mask, miml, {LEARNED}]"
LEARNT = {"unet": 1, "wave_unet": 1, "co_separation": 1, "frame_network": 1, "frame_predictions": 1}
LEARNT |= {"sound_of_pixels": 1, "pixel_features": 1}
SOLOS = {"solos": 6}  # of two splits, clips of one label, of any, and all


@pytest.fixture(scope="module")
def place(finished, new_place):
    """A copy of the finished run, in which the learned methods can be run."""
    place = new_place("learned")
    for name in ("results", ".snakemake"):
        shutil.copytree(finished.folder / name, place.folder / name, symlinks=True)
    return place


def test_the_methods_share_their_solo_clips_and_networks(place):
    planned = place.planned("--config", METHODS)
    tables = {"masks": 1, "separate_learned": 6, "score": 6, "score_tables": 1, "report": 1}
    assert planned == LEARNT | SOLOS | tables


def test_five_methods_are_trained_run_and_scored_like_any_other(place):
    names = ("unet_combined", "miml_unet", "wave_unet_additive_output", "co_separation", "sound_of_pixels")
    files = [f"{RESULTS}/score/{name}/0.tsv" for name in names]
    place.snakemake("--config", METHODS, "--", *files)
    for file in files:
        rows = read_table(place.folder / file)
        assert len(rows) == 8 and all(row["sdr"] for row in rows)
    # How a mask is taken from the network's word concerns separation alone.
    again = {"separate_learned": 1, "score": 1}
    planned = place.planned("--config", METHODS, "unet={mask: soft}", "--", *files)
    assert planned == {"separate_learned": 2, "score": 2}
    planned = place.planned("--config", METHODS, "wave_unet={epochs: 3}", "--", *files)
    assert planned == {"wave_unet": 1} | again
    planned = place.planned("--config", METHODS, "co_separation={classifier_weight: 0.1}", "--", *files)
    assert planned == {"co_separation": 1} | again
    assert place.planned("--config", METHODS, "sound_of_pixels={mask: soft}", "--", *files) == again
    planned = place.planned("--config", METHODS, "sound_of_pixels={targets: ratio}", "--", *files)
    assert planned == {"sound_of_pixels": 1, "pixel_features": 1} | again


def test_the_page_shows_where_sound_of_pixels_hears_a_mixture(place):
    methods = "methods=[mixture, miml, sound_of_pixels]"
    place.snakemake("--config", methods, "--", f"{RESULTS}/report/index.html")
    page = (place.results / "report" / "index.html").read_text()
    room = page[page.index('id="listen"') :]
    pictures = re.findall(r'<img src="(media/mixtures/[^"]+/heat-[^"]+)" alt="([^"]+)"', room)
    frames = re.findall(r'<img src="(media/frames/[^"]+)" alt="frame of the clip in which', room)
    assert len(pictures) == len(frames) == 4  # two of each of a mixture's two clips
    for (name, alt), frame in zip(pictures, frames, strict=True):
        assert alt.startswith("heat map over a frame of the clip in which ") and "% of the mixture" in alt
        file = place.results / "report" / name
        assert file.stat().st_size < 20_000
        with Image.open(file) as heat, Image.open(place.results / "report" / frame) as plain:
            assert heat.size == plain.size
    packed = place.results / "report" / "packed"
    assert all((packed / name).exists() for name, _ in pictures)
    assert "the mask of each of 2 × 2 places lets through" in room
    assert place.planned("--config", methods) == {}
    # What a mask is made of concerns the page alone, beside what it separates.
    edited = place.planned("--config", methods, "sound_of_pixels={mask: soft}")
    assert "pixel_features" not in edited and edited["report"] == 1
