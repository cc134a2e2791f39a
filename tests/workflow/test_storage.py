"""A whole run whose files are in a storage, and whose jobs share no file system."""

import os
import re
import shutil
import subprocess
import sys
import time
from importlib.util import find_spec

import pytest

from tests.workflow.conftest import ROOT

pytestmark = [
    pytest.mark.storage,
    pytest.mark.skipif(
        find_spec("snakemake_storage_plugin_s3") is None,
        reason="requirements-storage.txt is not installed: make test-storage",
    ),
]
PORT = 5617


def run_in_storage(place, *arguments: str) -> subprocess.CompletedProcess:
    """Run the workflow to its end with its files in a storage."""
    return subprocess.run(
        [*place.command("--shared-fs-usage", "none"), *arguments],
        cwd=place.folder,
        env=os.environ | {"SNAKEMAKE_STORAGE_S3_ACCESS_KEY": "x", "SNAKEMAKE_STORAGE_S3_SECRET_KEY": "y"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(
    shutil.which("rsync") is None, reason="the storage in a folder copies by rsync, which is not there"
)
def test_a_run_in_a_folder_as_storage_gives_the_same_scores(new_place, finished, tmp_path):
    place, store = new_place("storage"), tmp_path / "store"
    where = ("--default-storage-provider", "fs", "--default-storage-prefix", str(store))
    done = run_in_storage(place, *where)
    assert done.returncode == 0, done.stderr[-3000:]
    kept = store / "results" / "tiny"
    same = "score/scores.tsv"
    assert (kept / same).read_bytes() == (finished.results / same).read_bytes()
    assert (kept / "report" / "index.html").exists() and list(kept.glob("clips/*/media/*/audio.wav"))
    assert "Nothing to be done" in run_in_storage(place, *where, "--dry-run").stderr


@pytest.fixture
def bucket():
    """A bucket of an S3 server on this machine."""
    import boto3

    url = f"http://127.0.0.1:{PORT}"
    server = subprocess.Popen([sys.executable, "-m", "moto.server", "-p", str(PORT)])
    client = boto3.client(
        "s3",
        endpoint_url=url,
        aws_access_key_id="x",
        aws_secret_access_key="y",  # noqa: S106 - the local server takes any
        region_name="us-east-1",
    )
    for _ in range(120):
        try:
            client.create_bucket(Bucket="run")
            break
        except Exception:  # until it listens
            time.sleep(0.5)
    yield client, url
    server.terminate()
    server.wait()


def test_a_run_in_an_s3_bucket_gives_the_same_scores(new_place, finished, bucket, tmp_path):
    client, url = bucket
    where = ("--default-storage-provider", "s3", "--default-storage-prefix", "s3://run")
    done = run_in_storage(new_place("s3"), *where, "--storage-s3-endpoint-url", url)
    assert done.returncode == 0, done.stderr[-3000:]
    client.download_file("run", "results/tiny/score/scores.tsv", tmp_path / "scores.tsv")
    own = finished.results / "score" / "scores.tsv"
    assert (tmp_path / "scores.tsv").read_bytes() == own.read_bytes()


@pytest.mark.skipif(
    find_spec("snakemake_executor_plugin_kubernetes") is None,
    reason="requirements-kubernetes.txt is not installed: make test-storage",
)
def test_the_kubernetes_profile_plans_a_run_whose_files_are_in_the_bucket(new_place, bucket):
    profile = ["--profile", str(ROOT / "profiles" / "kubernetes"), "--workflow-profile", "none"]
    where = ["--default-storage-prefix", "s3://run", "--storage-s3-endpoint-url", bucket[1]]
    done = run_in_storage(new_place("pods", "train: {device: cuda}\n"), *profile, *where, "--dry-run")
    assert done.returncode == 0, done.stderr[-3000:]
    told = done.stdout + done.stderr
    assert "s3://run/results/tiny/catalogue/shards.txt (send to storage)" in told
    asked = dict(
        re.findall(r"^(?:rule|checkpoint) (\w+):\n.*?resources: (.*?)$", told, re.DOTALL | re.MULTILINE)
    )
    assert all("scale=0, gpu_manufacturer=nvidia" in resources for resources in asked.values())
    assert "gpu=1" in asked["train"] and "gpu=1" not in asked["demo"]
