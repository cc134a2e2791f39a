"""Asking again: what is forgotten, which shards are made again, and what is refused."""

import pytest

from objectsounds.cli.retry import PASSING, retry
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.tables import write_table
from objectsounds.data.status import COLUMNS
from objectsounds.sources.unavailable import known, remember


@pytest.fixture
def run(tmp_path):
    """A run of two shards: in the first a clip was private and one timed out, the second is good."""
    statuses = {"train-00000": ("private", "timeout", "ok"), "train-00001": ("ok",)}
    for shard, reasons in statuses.items():
        rows = [
            dict.fromkeys(COLUMNS, "") | {"clip_id": f"{shard}-{reason}", "status": reason}
            for reason in reasons
        ]
        write_table(tmp_path / "results" / "clips" / shard / "status.tsv", COLUMNS, rows)
    (tmp_path / "media").mkdir()
    for reason in ("private", "timeout"):
        remember(tmp_path / "media", f"train-00000-{reason}", "id", reason, "why")
    return tmp_path


def tables(run):
    return {path.parent.name for path in run.glob("results/clips/*/status.tsv")}


def test_reasons_that_may_pass_are_forgotten_and_others_are_not(run, capsys):
    retry(run / "results", run / "media", PASSING)
    assert set(known(run / "media")) == {"train-00000-private"}
    assert tables(run) == {"train-00001"} and "1 clips of 1 shards" in capsys.readouterr().out


def test_another_folder_of_media_is_refused_and_nothing_is_removed(run):
    (run / "other").mkdir()
    with pytest.raises(ObjectsoundsError, match=r"other remembers none of the 1 clips.*clips\.media"):
        retry(run / "results", run / "other", PASSING)
    assert tables(run) == {"train-00000", "train-00001"}


def test_a_run_without_clips_is_named(tmp_path):
    with pytest.raises(ObjectsoundsError, match="run the stage clips first"):
        retry(tmp_path, tmp_path, PASSING)
