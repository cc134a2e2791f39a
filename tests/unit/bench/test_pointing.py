"""Whether heat lies on what sounds: boxes of the demo's objects, and what a map is counted as."""

import re

import numpy as np
import pytest

from objectsounds.bench.pointing import SIZE, box_around, boxes_of, main, pointed, told
from objectsounds.config.settings import load_settings
from objectsounds.demo.plan import make_plan
from objectsounds.demo.scenes import seen_part


@pytest.fixture(scope="module")
def settings():
    return load_settings({"preset": "demo_neural"})


@pytest.fixture(scope="module")
def duet(settings):
    """A clip of the demo in which two objects are seen."""
    return next(clip for clip in make_plan(settings)["clips"]["test"] if clip["kind"] == "duet")


def test_a_box_is_as_narrow_as_what_it_holds():
    part = np.zeros((6, 8), bool)
    part[1, 5] = part[3, 2] = True
    box = box_around(part)
    assert box.sum() == 3 * 4 and box[1:4, 2:6].all()
    assert box_around(np.zeros((6, 8), bool)) is None


def test_heat_within_the_box_is_counted_and_chance_is_the_boxs_share():
    box = np.zeros((40, 40), bool)
    box[:20, :20] = True
    heat = np.zeros((4, 4))
    heat[0, 0] = 1.0
    on = pointed(heat, box)
    assert on["area"] == 0.25 and on["heat"] == on["above"] == on["hottest"] == 1
    off = pointed(np.rot90(heat, 2), box)
    assert off["heat"] == off["hottest"] == 0
    warm = pointed(heat + 1, box)
    assert 0.25 < warm["heat"] < 0.4 and warm["above"] == pytest.approx(1)
    for flat in (0.0, 0.7):
        assert pointed(np.full((4, 4), flat), box) == pytest.approx(dict.fromkeys(on, 0.25))
    coarse = pointed(np.eye(3), box)  # places look at pixels 0, 13 and 26
    assert coarse["places"] == pytest.approx(4 / 9) and coarse["area"] == 0.25 and coarse["hottest"] == 1


def test_an_object_is_seen_where_the_camera_looks_at_it_and_nowhere_else(duet):
    first, second = duet["visible"]
    scene = duet["scene"]
    item = next(item for item in scene["items"] if item["name"] == first)
    at_it = scene | {"camera": [[item["x"], item["y"], 1.0]]}
    part = seen_part(at_it, first, 0.0, SIZE)
    rows, columns = np.nonzero(box_around(part))
    assert abs(columns.mean() / SIZE - 0.5) < 0.15 and abs(rows.mean() / SIZE - 0.5) < 0.15
    assert np.ptp(columns) / SIZE < 1.5 * item["size"] and part.mean() > 0.02
    assert not (part & seen_part(at_it, second, 0.0, SIZE)).any()


def test_the_boxes_of_a_clip_follow_its_camera_and_its_margins(settings, duet):
    first, second = duet["visible"]
    row = {"start": str(duet["start"]), "seconds": str(settings["demo"]["seconds"])}
    frames = ["00.jpg", "09.jpg"]
    seen = {name: boxes_of(duet, row, settings, name, frames) for name in (first, second)}
    ends = [{name for name, boxes in seen.items() if boxes[end] is not None} for end in (0, 1)]
    assert all(ends) and ends[0] != ends[1]  # the camera goes from one object to the other


def test_means_are_told_with_their_distance_to_chance():
    draw = np.random.default_rng(0)
    rows = [
        {
            "area": 0.2,
            "places": 0.1,
            "heat": 0.3,
            "above": 0.2 + draw.normal(0, 0.01),
            "hottest": float(number % 2),
        }
        | {"mixture": f"m{number // 4}", "clips": [f"c{number // 4 % 5}", f"d{number // 4 % 7}"]}
        for number in range(120)
    ]
    lines = told(rows, 1)
    assert lines[0] == "120 frames of 30 mixtures, 12 clips"
    found = [[float(part) for part in re.findall(r"-?\d\.\d+", line)] for line in lines[1:]]
    assert [row[0] for row in found] == pytest.approx([0.2, 0.1, 0.3, 0.1, 0.2, 0, 0.5, 0.4], abs=0.005)
    assert all(low <= mean <= high for mean, low, high in found)


def test_a_folder_without_heat_maps_is_refused_in_a_sentence(tmp_path, capsys):
    assert main(["--run", str(tmp_path)]) == 1
    assert "has no heat maps: run the method sound_of_pixels first" in capsys.readouterr().err
