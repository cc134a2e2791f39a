"""What the tests of the local page share: a duet, and the starter with two performances an instrument."""

import numpy as np
import pytest
import soundfile
import threadpoolctl

from objectsounds.synthesis.performances import performances
from objectsounds.video import starter

RATE = 16000
OBJECTS = ["drum", "flute"]


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    """One thread for the linear algebra, as the command has."""
    with threadpoolctl.threadpool_limits(1):
        yield


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Two performances an instrument, kept in a folder of these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(starter, "PERFORMANCES", 2)
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("TORCH_HOME", str(tmp_path_factory.mktemp("torch")))  # without weights
        yield


@pytest.fixture(scope="session")
def duet(tmp_path_factory):
    """A file of other performances than the starter's."""
    sounds = [next(performances(name, 1, 4.0, RATE, seed=5)) for name in OBJECTS]
    sounds = [sound / np.sqrt(np.mean(sound**2)) * 0.05 for sound in sounds]
    path = tmp_path_factory.mktemp("duet") / "duet.wav"
    soundfile.write(path, sum(sounds), RATE, subtype="FLOAT")
    return path
