"""A whole run whose media come from a server that refuses, stalls and breaks off, by the real yt-dlp."""

import subprocess
import sys
from pathlib import Path

import pytest

from objectsounds.data.status import read_status
from objectsounds.sources.segments import read_segments
from tests.media_server import MediaServer
from tests.workflow.conftest import ROOT
from tests.workflow.test_envs import commands_of

REFUSALS = {
    "forbidden": {"status": 403},
    "removed": {"status": 404},
    "rate_limited": {"status": 429},
    "network": {"cut": 20_000},
    "timeout": {"stall": 20_000},
}
CONFIG = """
catalogue:
  train: ["{demo}/unbalanced_train_segments.csv"]
  test: ["{demo}/balanced_train_segments.csv"]
  truth: "{demo}/truth.tsv"
clips:
  media: "{cache}"
  download:
    enabled: true
    url: "{url}/{{media_id}}.mp4"
    attempts: 2
    backoff_seconds: 0.1
    timeout: 10
labeller: {{pictures: {{path: "{demo}/pictures"}}}}
methods: [mixture, miml]
"""


class Downloaded:
    """A finished run, the server it took its media from and what went wrong on purpose."""

    def __init__(self, place, server, cache, harmed):
        self.place, self.server, self.cache, self.harmed = place, server, cache, harmed

    def status(self) -> dict[str, tuple[str, str]]:
        tables = sorted(self.place.results.glob("clips/*/status.tsv"))
        return {row["source"]: (row["status"], row["detail"]) for path in tables for row in read_status(path)}


@pytest.fixture(scope="module")
def downloaded(finished, new_place, tmp_path_factory):
    """A run of the tiny data set with its media on a server, five of them out of reach."""
    demo = finished.results / "demo"
    segments, _ = read_segments(demo / "unbalanced_train_segments.csv")
    train = [f"{segment.media_id}.mp4" for segment in segments]
    with MediaServer(demo / "media") as server:
        harmed = dict(zip(train[:5], REFUSALS, strict=True))
        for name, reason in harmed.items():
            server.behave(name, **REFUSALS[reason])
        late = train[5]
        server.behave(late, status=429, first=1, headers={"Retry-After": "1"})
        cache = tmp_path_factory.mktemp("cache") / "media"
        config = CONFIG.format(demo=demo, cache=cache, url=server.url)
        place = new_place("downloaded", config)
        place.snakemake()
        harmed = {name.removesuffix(".mp4"): reason for name, reason in harmed.items()}
        yield Downloaded(place, server, cache, harmed)


def test_all_good_clips_arrive_all_bad_ones_are_explained_and_the_run_ends_well(downloaded):
    found = downloaded.status()
    assert {name: found[name][0] for name in downloaded.harmed} == downloaded.harmed
    assert all(found[name][1] for name in downloaded.harmed)
    rest = {name: status for name, (status, _) in found.items() if name not in downloaded.harmed}
    assert len(rest) > 12 and set(rest.values()) == {"ok"}
    assert (downloaded.place.results / "report" / "index.html").exists()


def test_a_server_that_asks_to_wait_is_asked_again(downloaded):
    answers = {}
    for request in downloaded.server.requests:
        answers.setdefault(request.path, []).append(request.status)
    late = [path for path, statuses in answers.items() if statuses[0] == 429 and 206 in statuses]
    assert [downloaded.status()[path.removesuffix(".mp4")][0] for path in late] == ["ok"]


def test_the_cache_holds_whole_files_and_the_memory_of_what_failed(downloaded):
    names = {path.name for path in downloaded.cache.iterdir() if not path.name.startswith(".")}
    good = [name for name, (status, _) in downloaded.status().items() if status == "ok"]
    assert len([name for name in names if name.endswith(".mkv")]) == len(good)
    assert "unavailable.tsv" in names
    partial = downloaded.cache / ".partial"
    assert not partial.exists() or not list(partial.iterdir())


def test_making_the_clips_again_downloads_nothing_and_gives_the_same_reasons(downloaded):
    before, asked = downloaded.status(), len(downloaded.server.requests)
    downloaded.place.snakemake("--forcerun", "clips", "--until", "clips")
    assert len(downloaded.server.requests) == asked
    after = downloaded.status()
    assert {name: status for name, (status, _) in after.items()} == {n: s for n, (s, _) in before.items()}
    assert all("asked on 20" in after[name][1] for name in downloaded.harmed)


def test_another_proxy_or_another_pause_is_no_reason_to_make_clips_again(downloaded):
    planned = downloaded.place.planned("--config", "clips={download: {proxy: 'http://127.0.0.1:9'}}")
    assert "clips" not in planned


def test_on_demand_what_was_unavailable_is_asked_for_again(downloaded):
    name = next(name for name, reason in downloaded.harmed.items() if reason == "forbidden")
    downloaded.server.behave(f"{name}.mp4")
    shards = list(downloaded.place.results.glob("clips/*/status.tsv"))
    command = [sys.executable, "-m", "objectsounds", "retry", "--results", str(downloaded.place.results)]
    done = subprocess.run(
        [*command, "--reasons", "forbidden"],
        cwd=downloaded.place.folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "1 clips of 1 shards" in done.stdout
    asked, planned = len(downloaded.server.requests), downloaded.place.planned()
    assert planned["clips"] == 1 and "report" in planned
    (table,) = (path for path in shards if not path.exists())
    downloaded.place.snakemake(str(table.relative_to(downloaded.place.folder)))
    assert downloaded.status()[name][0] == "ok"
    assert {request.path for request in downloaded.server.requests[asked:]} == {f"{name}.mp4"}
    gone = next(name for name, reason in downloaded.harmed.items() if reason == "removed")
    assert downloaded.status()[gone][0] == "removed"


def test_an_unknown_reason_is_refused_with_those_there_are(downloaded):
    command = [sys.executable, "-m", "objectsounds", "retry", "--results", str(downloaded.place.results)]
    done = subprocess.run(
        [*command, "--reasons", "boredom"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1 and "'boredom' is no reason" in done.stderr and "geo_blocked" in done.stderr


SECRET = "http://me:secret@127.0.0.1:{port}"  # noqa: S105 (no password of anything)


def test_the_printed_command_of_clips_pasted_into_a_shell_downloads_as_configured_and_tells_no_password(
    new_place,
):
    place = new_place("pasted")
    place.snakemake("--until", "catalogue")
    media = place.results / "demo" / "media"
    shard = min((place.results / "catalogue" / "shards").glob("train-*.tsv"))
    with MediaServer(media) as server:  # as a proxy it answers for every host
        proxy = SECRET.format(port=server.url.rpartition(":")[2])
        with (place.folder / "config" / "config.yaml").open("a") as file:
            file.write(f'clips: {{media: cache, download: {{enabled: true, proxy: "{proxy}",')
            file.write(' url: "http://media.invalid/{media_id}.mp4", backoff_seconds: 0.1}}\n')
        status = place.results / "clips" / shard.stem / "status.tsv"
        printed = place.snakemake("--dry-run", "-p", str(status.relative_to(place.folder)))
        (command,) = (text for name, text in commands_of(printed.stdout) if name == "clips")
        (place.results / "logs" / "clips").mkdir(parents=True)  # as Snakemake does
        environment = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(place.folder)}
        environment["PYTHONPATH"] = str(ROOT / "workflow")
        subprocess.run(["bash", "-c", command], cwd=place.folder, env=environment, check=True)
        assert {row["status"] for row in read_status(status)} == {"ok"} and len(server.requests) > 1
    assert "secret" not in printed.stdout + printed.stderr
    assert "secret" not in (place.results / "logs" / "clips" / f"{shard.stem}.log").read_text()
    assert (place.results / "download.json").stat().st_mode & 0o777 == 0o600
