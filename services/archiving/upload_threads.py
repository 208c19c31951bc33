"""Threads for puts. They end with the process: a put that hangs must not hold up its stop."""

import concurrent.futures
import threading
import time
from collections.abc import Callable, Collection
from concurrent.futures import Future
from typing import Any, ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class UploadThreads:
    """Runs calls in daemon threads, so many at once.

    concurrent.futures.ThreadPoolExecutor would wait for its threads when the process ends.
    """

    def __init__(self, at_once: int) -> None:
        self._free = threading.BoundedSemaphore(at_once)

    def submit(
        self,
        call: Callable[Arguments, Result],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> "Future[Result]":
        """The call's outcome, some time later."""
        future: Future[Result] = Future()

        def run() -> None:
            with self._free:
                try:
                    future.set_result(call(*args, **kwargs))
                except BaseException as error:  # noqa: BLE001 - raised again by result()
                    future.set_exception(error)

        threading.Thread(target=run, name="put", daemon=True).start()
        return future

    def wait(self, futures: "Collection[Future[Any]]", seconds: float) -> None:
        """Wait until one of them has its outcome, `seconds` at most; that long if there is none."""
        if not futures:
            time.sleep(seconds)
        concurrent.futures.wait(futures, seconds, concurrent.futures.FIRST_COMPLETED)
