"""Pictures in a folder in place of a video: in the order of their numbers, each for the same time."""

import cv2
import numpy as np
import pytest

from objectsounds.media.frames import NoPictureError
from objectsounds.media.picture_folder import read_picture_folder


def shades(folder, names, times, seconds=10.0, size=64):
    """Write a picture a name, each lighter than the one before; return the shades that are shown."""
    folder.mkdir()
    for number, name in enumerate(names):
        cv2.imwrite(str(folder / name), np.full((80, 120, 3), 40 * number, np.uint8))
    shown = read_picture_folder(folder, times, seconds, size).frames
    assert {frame.shape for frame in shown} == {(64, 96, 3)}
    return [round(float(frame.mean()) / 40) for frame in shown]


@pytest.mark.parametrize(
    "names",
    [
        ["frame_9.png", "frame_10.png", "frame_11.png"],
        ["2 of x8_1.png", "2 of x7_2.png", "2 of x6_10.png"],
        ["a.png", "b.png", "c².png"],
    ],
)
def test_they_are_in_the_order_of_the_number_at_their_names_end_or_else_of_the_names(tmp_path, names):
    assert shades(tmp_path / "x", names, [0.0, 3.2, 3.4, 6.6, 6.7, 10.0]) == [0, 0, 1, 1, 2, 2]


def test_a_folder_without_a_picture_or_with_a_broken_one_is_said(tmp_path):
    (tmp_path / "note.txt").touch()
    with pytest.raises(NoPictureError, match="no picture in"):
        read_picture_folder(tmp_path, [0.0], 10.0, 64)
    (tmp_path / "1.jpg").write_bytes(b"no picture")
    with pytest.raises(NoPictureError, match=r"1\.jpg cannot be decoded"):
        read_picture_folder(tmp_path, [0.0], 10.0, 64)
