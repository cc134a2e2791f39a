"""A request to stop is noticed where work can be saved."""

import os
import signal

from objectsounds.core.stopping import StopRequest


def test_sigterm_is_noted_and_later_means_what_it_meant():
    before = signal.getsignal(signal.SIGTERM)
    with StopRequest() as stop:
        assert not stop
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop
    assert signal.getsignal(signal.SIGTERM) is before
