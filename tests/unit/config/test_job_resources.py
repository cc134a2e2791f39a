"""Memory, time and disk that a job asks of a cluster, and whether a GPU."""

from types import SimpleNamespace

import pytest

from objectsounds.config import job_resources
from objectsounds.config.job_resources import REQUESTS, memory, requested
from objectsounds.config.settings import load_settings

SHARD = SimpleNamespace(shard="train-00000")


@pytest.fixture
def settings():
    return load_settings({})


def minutes(settings, name, clips=64, wildcards=SHARD):
    """Return the minutes that a job asks for, of a shard of so many clips."""
    return job_resources.minutes(settings, name, {SHARD.shard: clips}.__getitem__)(wildcards, attempt=1)


@pytest.mark.parametrize("name", [name for name in REQUESTS if name != "train"])
def test_each_attempt_asks_for_more(settings, name):
    sizes = {SHARD.shard: 64}.__getitem__
    for ask in (memory(settings, name), job_resources.minutes(settings, name, sizes)):
        first, second = ask(SHARD, attempt=1), ask(SHARD, attempt=2)
        assert isinstance(first, int) and first > 0 and second == 2 * first
        assert ask(SHARD, attempt=10) == 3 * first


@pytest.mark.parametrize("name", ["clips", "bases", "labels", "ablation"])
def test_a_larger_shard_asks_for_more_time(settings, name):
    assert minutes(settings, name, clips=256) > 1.5 * minutes(settings, name, clips=64)


def test_a_job_of_no_shard_asks_for_the_size_of_none(settings):
    assert (
        minutes(settings, "dataset", wildcards=SimpleNamespace(split="train")) == REQUESTS["dataset"].minutes
    )


@pytest.mark.parametrize("name", ["mixtures", "separate", "score"])
def test_fewer_blocks_ask_for_more_time(settings, name):
    asked = minutes(settings, name)
    settings["mixtures"]["blocks"] = 1
    assert minutes(settings, name) > asked


def test_downloads_and_long_clips_take_longer(settings):
    asked = minutes(settings, "clips")
    settings["clips"]["download"]["enabled"] = True
    downloads = minutes(settings, "clips")
    settings["catalogue"] |= {"kind": "folder", "section_seconds": 30}
    assert asked < downloads < minutes(settings, "clips")


def test_training_asks_for_memory_by_its_bases_up_to_the_limit(settings):
    def asked(size_mb):
        return memory(settings, "train")(None, input=SimpleNamespace(size_mb=size_mb), attempt=1)

    assert asked(10) < asked(4000) < asked(8000) == asked(80000)


@pytest.mark.parametrize("name", [name for name, need in REQUESTS.items() if not need.clip_mb])
def test_a_rule_asks_for_disk_that_grows_with_its_inputs(settings, name):
    ask = requested(settings, name, "cpu", {}.__getitem__)["disk_mb"]
    little, much = (ask(SHARD, input=SimpleNamespace(size_mb=size), attempt=1) for size in (0, 5000))
    assert isinstance(little, int) and little > 0 and much == little + 10_000


@pytest.mark.parametrize("name", ["clips", "bases", "labels", "ablation"])
def test_a_job_of_a_shard_asks_for_disk_that_grows_with_its_clips(settings, name):
    def asked(clips):
        return requested(settings, name, "cpu", {SHARD.shard: clips}.__getitem__)["disk_mb"](SHARD, attempt=1)

    assert isinstance(asked(67), int)
    assert asked(667) - asked(67) == 600 * REQUESTS[name].clip_mb > 0


@pytest.mark.parametrize(("device", "asked"), [("cpu", False), ("auto", False), ("cuda", True)])
def test_a_gpu_is_asked_for_where_the_settings_say_cuda(settings, device, asked):
    assert ("gpu" in requested(settings, "train", device, {}.__getitem__)) == asked
