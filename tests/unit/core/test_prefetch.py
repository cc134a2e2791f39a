"""Work done ahead comes in order, never far ahead, and fails where it is asked for."""

import threading

import pytest

from objectsounds.core.prefetch import prefetched


def test_results_come_in_order_and_are_made_in_other_threads():
    found = list(prefetched(lambda item: (item, threading.get_ident()), range(20), threads=3))
    assert [item for item, _ in found] == list(range(20))
    assert threading.get_ident() not in {thread for _, thread in found}


def test_no_more_is_begun_than_threads_ask_for():
    begun = []
    results = prefetched(begun.append, range(100), threads=2)
    for taken in range(1, 5):
        next(results)
        assert len(begun) <= taken + 3
    results.close()
    assert len(begun) < 10


def test_an_error_is_raised_where_its_result_would_have_come():
    results = prefetched(lambda item: 1 / item, [2, 0, 1])
    assert next(results) == 0.5
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_calls_at_work_are_told_that_no_more_is_wanted():
    stopped, waited = threading.Event(), []
    results = prefetched(lambda item: item and waited.append(stopped.wait(30)), range(3), 2, stopped)
    next(results)
    results.close()  # as an interrupt does; it waits for the calls at work
    assert stopped.is_set() and waited and all(waited)
