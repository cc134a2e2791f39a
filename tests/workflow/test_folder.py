"""A folder of your own videos whose names would do harm in a shell, through the real workflow."""

import shutil

import pytest

from objectsounds.config.paths import shard_sizes
from objectsounds.data.status import read_objects, read_status
from objectsounds.sources.splits import SPLITS
from tests.workflow.conftest import RESULTS

NAMES = [
    "-i; $(touch ran).mp4",
    "two words.mp4",
    'it\'s "quoted" `touch ran`.mp4',
    "{braces} %s \\ &.mp4",
    "çé✓.mp4",
    "a\tb.mp4",
]


@pytest.fixture(scope="module")
def place(finished, new_place, tmp_path_factory):
    """A run up to the clips on a folder of videos with odd names, one of them no video."""
    videos = tmp_path_factory.mktemp("my videos; $(touch ran) 'x'")
    (videos / "violin").mkdir()
    (videos / "piano+violin").mkdir()
    media = sorted((finished.results / "demo" / "media").glob("*.mp4"))
    for name, medium in zip(NAMES, media, strict=False):
        shutil.copy(medium, videos / "violin" / name)
    shutil.copy(media[7], videos / "piano+violin" / "duet.mkv")
    (videos / "violin" / "no video.mp4").write_text("no video")
    quoted = str(videos).replace("'", "''")
    place = new_place(
        "folder",
        "classes: [piano, violin]\n"
        f"catalogue: {{kind: folder, train: ['{quoted}'], test: [], test_fraction: 0.3, truth: null}}\n"
        "clips: {media: nowhere}\n",
    )
    place.snakemake("catalogue")
    shards = shard_sizes(place.results / "catalogue" / "shards.txt")
    place.snakemake(*(f"{RESULTS}/clips/{shard}/status.tsv" for shard in shards))
    return place


def rows_of(place):
    return [row for path in place.results.glob("clips/*/status.tsv") for row in read_status(path)]


def test_every_video_becomes_a_clip_with_the_objects_of_its_folder(place):
    rows = rows_of(place)
    assert len(rows) == len(NAMES) + 1
    assert {row["status"] for row in rows} == {"ok"}, [(row["source"], row["detail"]) for row in rows]
    known = [read_objects(place.results / "catalogue" / f"objects-{split}.tsv") for split in SPLITS]
    assert {row["objects"] for part in known for row in part.values()} == {"violin", "piano;violin"}


def test_what_is_no_video_is_told_beside_the_catalogue(place):
    text = (place.results / "catalogue" / "rejected.tsv").read_text()
    assert "no video.mp4" in text and "not readable as a video" in text


def test_no_name_was_ever_run(place):
    found = [path for path in place.folder.rglob("ran*") if path.name == "ran"]
    assert not found and not list(place.folder.parent.glob("*/ran"))
