"""Standard input, in which nothing may come for a long time."""

import os
import select
import sys
import threading
from io import BufferedReader, RawIOBase
from typing import Any

BUFFER_BYTES = 64 * 1024
LOOK_SECONDS = 0.2


class Stopped(Exception):  # noqa: N818 - what was asked for
    """Told to stop while waiting."""


class _PipeInput(RawIOBase):
    """Standard input; while nothing comes, a request to stop is heard."""

    def __init__(self, stop: threading.Event) -> None:
        self.stop = stop

    def readable(self) -> bool:
        """Called by BufferedReader."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Called by BufferedReader. Stopped if told to."""
        descriptor = sys.stdin.fileno()
        # Windows has no select on pipes.
        while os.name == "posix" and not select.select([descriptor], [], [], LOOK_SECONDS)[0]:
            if self.stop.is_set():
                raise Stopped
        block = os.read(descriptor, len(buffer))
        buffer[: len(block)] = block
        return len(block)


def piped(stop: threading.Event) -> "BufferedReader[Any]":
    """Standard input; reading it raises Stopped once stop is set and nothing more comes."""
    return BufferedReader(_PipeInput(stop), BUFFER_BYTES)
