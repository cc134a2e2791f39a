"""Command ``check``: whatever a stage wrote is opened, and what is a person's is left alone."""

import h5py
import pytest

from objectsounds.cli.check import check_results
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.stages import STAGES


def cut(path):
    """Write an HDF5 file that lacks its end."""
    path.parent.mkdir(parents=True)
    with h5py.File(path, "w") as file:
        file["bases"] = [1.0] * 1000
    path.write_bytes(path.read_bytes()[:-500])
    return path


@pytest.mark.parametrize("stage", [*STAGES, "separate", "separate_videos"])
def test_a_broken_file_in_the_folder_of_any_stage_is_moved_aside(stage, tmp_path):
    (tmp_path / "catalogue").mkdir()
    path = cut(tmp_path / stage / "of" / "default.h5")
    with pytest.raises(ObjectsoundsError):
        check_results(tmp_path)
    assert not path.exists()


def test_a_persons_folder_in_it_is_left_alone(tmp_path):
    (tmp_path / "catalogue").mkdir()
    path = cut(tmp_path / "mine" / "default.h5")
    check_results(tmp_path)
    assert path.exists()
