"""``make bench-storage``: a run of 1,000 clips with its files in an S3 bucket, beside the same run on a disk.

The bucket is on this machine, in moto's server. Lists, media and pictures lie in it as if a person had
put them there: made by stage ``demo``, a few long videos of which the lists name many sections.
"""

import argparse
import json
import logging
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.files import write_json, write_text

BUCKET, PORT = "run", 5618
KEYS = {"ACCESS_KEY": "x", "SECRET_KEY": "y"}  # the local server takes any
SECTION = 2  # s
MEDIA = 25
NAMES = ("drum", "piano", "violin")
DEMO = {
    "objects": list(NAMES),
    "train_clips": MEDIA - 7,
    "test_clips_per_object": 2,
    "test_duets": 1,
    "frame_size": 64,
    "frames_per_second": 2,
    "sample_rate": 8000,
    "pictures_per_object": {"train": 24, "val": 4},
    "picture_size": 48,
}
SETTINGS: dict[str, dict | list] = {
    "classes": list(NAMES),
    "catalogue": {"train": ["data/train.csv"], "test": ["data/test.csv"], "truth": "data/truth.tsv"},
    "clips": {"media": "data/media", "sample_rate": 8000, "frames": 2, "frame_size": 64, "still_below": 0.0},
    "bases": {"count": 4, "iterations": 30},
    "labeller": {"kind": "pictures", "device": "cpu"},
    "train": {"device": "cpu", "hidden": [32], "batch_size": 32, "epochs": 3},
    "dictionary": {"transpose": 0},
    "soundfont": {"performances": 1},
    "mixtures": {"max_pairs": 8, "blocks": 1},
    "separate": {"iterations": 30},
    "methods": ["mixture", "ideal_ratio_mask", "miml"],
    "report": {"mixtures": 1, "relation_maps": 1},
}
PICTURES = {"path": "data/pictures", "image_size": 32, "epochs": 2, "batch_size": 8}


def snakemake(folder: Path, *arguments: str) -> tuple[float, int]:
    """Run the workflow in a folder; return the seconds by the clock and the jobs.

    Raises
    ------
    ObjectsoundsError
        If it fails.
    """
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(Path(__file__).parents[3] / "Snakefile")]
    keys = {f"SNAKEMAKE_STORAGE_S3_{name}": value for name, value in KEYS.items()}
    started = time.perf_counter()
    done = subprocess.run(
        [*command, "--cores", "2", *arguments],
        cwd=folder,
        env=os.environ | keys,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ObjectsoundsError(f"The run in {folder} failed: {done.stderr[-2000:]}")
    jobs = re.findall(r"(\d+) of \1 steps", done.stderr)
    return time.perf_counter() - started, int(jobs[-1]) if jobs else 0


def configured(folder: Path, settings: dict) -> Path:
    """Make a folder with a configuration; return it."""
    (folder / "config").mkdir(parents=True)
    (folder / "config" / "config.yaml").write_text(yaml.safe_dump(settings))
    return folder


def in_sections(text: str, count: int) -> str:
    """Return a segment list that names the first sections of each of another list's media."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    rows = []
    for line in lines:
        name, start, _, mids = line.split(", ", 3)
        begin = float(start)
        rows += [f"{name}, {begin + i * SECTION}, {begin + (i + 1) * SECTION}, {mids}" for i in range(count)]
    return "\n".join(["# YTID, start_seconds, end_seconds, positive_labels", *rows]) + "\n"


def make_data(folder: Path, clips: int) -> Path:
    """Make lists, media, pictures and truth; return their folder."""
    count = -(-clips // MEDIA)
    demo = DEMO | {"seconds": count * SECTION}
    place = configured(folder / "source", {"results": "results", "classes": list(NAMES), "demo": demo})
    snakemake(place, "results/demo/truth.tsv")
    data, made = folder / "data", place / "results" / "demo"
    for name in ("media", "pictures"):
        shutil.copytree(made / name, data / name)
    shutil.copy(made / "truth.tsv", data)
    for name, source in (("train", "unbalanced_train"), ("test", "balanced_train")):
        text = (made / f"{source}_segments.csv").read_text()
        write_text(data / f"{name}.csv", in_sections(text, count))
    return data


@contextmanager
def server(log: Path) -> Iterator[tuple[Any, str]]:
    """Yield a client of an S3 server with an empty bucket, and its address; it logs its requests."""
    import boto3

    url = f"http://127.0.0.1:{PORT}"
    with log.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-p", str(PORT)], stdout=file, stderr=file
        )
        keys = {"aws_access_key_id": KEYS["ACCESS_KEY"], "aws_secret_access_key": KEYS["SECRET_KEY"]}
        client = boto3.client("s3", endpoint_url=url, region_name="us-east-1", **keys)
        try:
            _wait_for(client)
            yield client, url
        finally:
            process.terminate()
            process.wait()


def _wait_for(client: Any) -> None:
    from botocore.exceptions import BotoCoreError

    for _ in range(120):
        try:
            client.create_bucket(Bucket=BUCKET)
            return
        except BotoCoreError:
            time.sleep(0.5)
    raise ObjectsoundsError(f"No S3 server answers at port {PORT}: is moto[server] installed?")


def stored(client: Any) -> dict[str, int]:
    """Return the bytes of every object of the bucket by its key."""
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    return {item["Key"]: item["Size"] for page in pages for item in page.get("Contents", [])}


def in_bucket(folder: Path, settings: dict, data: Path) -> dict:
    """Run the workflow with its files in a bucket, and its scores beside it; return what that took."""
    place, log = configured(folder / "bucket", settings), folder / "requests.log"
    with server(log) as (client, url):
        for path in filter(Path.is_file, data.rglob("*")):
            client.upload_file(str(path), BUCKET, f"data/{path.relative_to(data)}")
        given = stored(client)
        before = len(log.read_text().splitlines())
        where = ["--default-storage-provider", "s3", "--default-storage-prefix", f"s3://{BUCKET}"]
        where += ["--storage-s3-endpoint-url", url, "--shared-fs-usage", "none"]
        seconds, jobs = snakemake(place, *where)
        requests = Counter(
            re.findall(r'"(GET|HEAD|PUT|POST|DELETE) ', log.read_text().split("\n", before)[-1])
        )
        made = {key: size for key, size in stored(client).items() if key not in given}
        client.download_file(BUCKET, "results/run/score/scores.tsv", str(place / "scores.tsv"))
    return {
        "seconds": round(seconds),
        "jobs": jobs,
        "objects": len(made),
        "megabytes": round(sum(made.values()) / 1e6, 1),
        "given_objects": len(given),
        "given_megabytes": round(sum(given.values()) / 1e6, 1),
        "requests": dict(requests),
    }


def main(arguments: list[str] | None = None) -> int:
    """Write ``storage.json``; return 1 if the scores of the two runs differ."""
    parser = argparse.ArgumentParser(prog="objectsounds.bench.storage", description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("results/bench/storage"))
    parser.add_argument("--clips", type=int, default=1000)
    parser.add_argument("--clips-per-shard", type=int, default=100)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    folder = options.output.resolve()
    if folder.exists():
        logging.error("%s is there already: move it away, or name another --output.", folder)
        return 1
    try:
        data = make_data(folder, options.clips)
        settings = json.loads(json.dumps(SETTINGS)) | {"results": "results/run"}
        settings["catalogue"]["clips_per_shard"] = options.clips_per_shard
        settings["labeller"]["pictures"] = PICTURES
        place = configured(folder / "disk", settings)
        (place / "data").symlink_to(data)
        seconds, jobs = snakemake(place)
        found = in_bucket(folder, settings, data)
    except ObjectsoundsError as error:
        logging.error("%s", error)
        return 1
    own = (place / "results" / "run" / "score" / "scores.tsv").read_bytes()
    same = own == (folder / "bucket" / "scores.tsv").read_bytes()
    record = {"disk": {"seconds": round(seconds), "jobs": jobs}, "bucket": found, "same_scores": same}
    write_json(folder / "storage.json", record)
    logging.info("%s", json.dumps(record, indent=1))
    return int(not same)


if __name__ == "__main__":
    sys.exit(main())
