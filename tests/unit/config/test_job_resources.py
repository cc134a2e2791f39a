"""Memory, time and disk that a job asks of a cluster, and whether a GPU."""

from types import SimpleNamespace

import pytest

from objectsounds.config.job_resources import REQUESTS, memory, minutes, requested
from objectsounds.config.settings import load_settings


@pytest.fixture
def settings():
    return load_settings({})


@pytest.mark.parametrize("name", [name for name in REQUESTS if name != "train"])
def test_each_attempt_asks_for_more(settings, name):
    for ask in (memory(settings, name), minutes(settings, name)):
        first, second = ask(None, attempt=1), ask(None, attempt=2)
        assert isinstance(first, int) and first > 0 and second == 2 * first
        assert ask(None, attempt=10) == 3 * first


@pytest.mark.parametrize("name", ["clips", "bases", "labels", "ablation"])
def test_a_larger_shard_asks_for_more_time(settings, name):
    asked = minutes(settings, name)(None, attempt=1)
    settings["catalogue"]["clips_per_shard"] *= 4
    assert minutes(settings, name)(None, attempt=1) > 1.5 * asked


@pytest.mark.parametrize("name", ["mixtures", "separate", "score"])
def test_fewer_blocks_ask_for_more_time(settings, name):
    asked = minutes(settings, name)(None, attempt=1)
    settings["mixtures"]["blocks"] = 1
    assert minutes(settings, name)(None, attempt=1) > asked


def test_downloads_and_long_clips_take_longer(settings):
    asked = minutes(settings, "clips")(None, attempt=1)
    settings["clips"]["download"]["enabled"] = True
    downloads = minutes(settings, "clips")(None, attempt=1)
    settings["catalogue"] |= {"kind": "folder", "section_seconds": 30}
    assert asked < downloads < minutes(settings, "clips")(None, attempt=1)


def test_training_asks_for_memory_by_its_bases_up_to_the_limit(settings):
    def asked(size_mb):
        return memory(settings, "train")(None, input=SimpleNamespace(size_mb=size_mb), attempt=1)

    assert asked(10) < asked(4000) < asked(8000) == asked(80000)


@pytest.mark.parametrize("name", REQUESTS)
def test_every_rule_asks_for_disk_that_grows_with_its_inputs(settings, name):
    ask = requested(settings, name)["disk_mb"]
    little, much = (ask(None, input=SimpleNamespace(size_mb=size), attempt=1) for size in (0, 5000))
    assert isinstance(little, int) and little > 0 and much == little + 10_000


@pytest.mark.parametrize(("device", "asked"), [("cpu", False), ("auto", False), ("cuda", True)])
def test_a_gpu_is_asked_for_where_the_settings_say_cuda(settings, device, asked):
    assert ("gpu" in requested(settings, "train", device)) == asked
