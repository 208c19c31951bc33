"""Threads for puts: so many at once, their errors told, and none that outlives the process."""

import subprocess
import sys
import threading

import pytest

from services.archiving.upload_threads import UploadThreads

HANGING = """
import threading
from services.archiving.upload_threads import UploadThreads
threads = UploadThreads(1)
threads.submit(threading.Event().wait)
threads.submit(print, "never")
"""


def test_a_calls_result_and_its_error_are_told() -> None:
    threads = UploadThreads(2)
    assert threads.submit(divmod, 7, 2).result(10) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        threads.submit(divmod, 7, 0).result(10)


def test_no_more_run_at_once_than_may() -> None:
    threads, gate = UploadThreads(1), threading.Event()
    first, second = threads.submit(gate.wait), threads.submit(gate.is_set)
    assert not second.done()
    gate.set()
    assert (first.result(10), second.result(10)) == (True, True)


def test_a_put_that_hangs_does_not_hold_up_the_end_of_the_process() -> None:
    ended = subprocess.run([sys.executable, "-c", HANGING], timeout=20, check=True)
    assert ended.returncode == 0
