"""The archive's store as archiving sees it: objects that can be created but never changed."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

RACERS = 4


class StoreUnavailableError(Exception):
    """The store did not answer, or not clearly; the same call may be made again."""


class StoreRefusalError(Exception):
    """The store will not do it however often it is asked: rights, a missing bucket, no space."""


class Store(Protocol):
    """Two of them: services.archiving.folder_store and services.archiving.minio_store.

    Names use `/`. Every call may raise StoreUnavailableError or StoreRefusalError.
    """

    def put_new(self, name: str, content: bytes) -> bool:
        """Create the object, whole and durable; False if the name is taken already."""
        ...

    def tail(self, name: str, size_bytes: int) -> bytes | None:
        """The object's last bytes, all of a smaller one; None if there is no such object."""
        ...

    def folders(self, folder: str) -> list[str]:
        """Names of the folders directly in this one, each ending in `/`."""
        ...

    def names(self, folder: str) -> Iterator[str]:
        """Names of all objects below the folder."""
        ...


def is_create_only(store: Store, probe_name: str) -> bool:
    """Whether exactly one of several puts racing for one fresh name wins.

    A store that lets two win would overwrite what another worker has archived.
    """
    start = threading.Barrier(RACERS)

    def race(racer: int) -> bool:
        start.wait()
        return store.put_new(probe_name, f"racer {racer}".encode())

    with ThreadPoolExecutor(RACERS) as pool:
        wins = sum(pool.map(race, range(RACERS)))
    return wins == 1 and not store.put_new(probe_name, b"late")
