"""The Store protocol: objects that can be created but never changed."""

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import structlog

RACERS = 4
ROUNDS = 3
CHECK_SECONDS = 60.0

log = structlog.get_logger()


class StoreError(Exception):
    """A call of a store failed."""


class StoreUnavailableError(StoreError):
    """The store gave no answer or no clear one: the call may have been carried out or not.

    The same call may be made again. After a put look first: the object may exist already.
    """


class BrokenAnswerError(StoreUnavailableError):
    """The connection broke, or the answer was cut or is no valid one."""


class StoreRefusalError(StoreError):
    """The store refuses the call until somebody changes rights, the bucket or the settings."""


class Store(Protocol):
    """Implemented by services.archiving.folder_store and services.archiving.minio_store.

    Names use `/`. Every call may raise StoreUnavailableError or StoreRefusalError.
    """

    def put_new(self, name: str, content: bytes) -> bool:
        """Create the object, whole and durable; False if the name is taken already."""
        ...

    def tail(self, name: str, size_bytes: int) -> bytes | None:
        """The object's last bytes, all of a smaller one; None if there is no such object.

        They are checked: an answer damaged on its way is asked for again, never returned.
        """
        ...

    def folders(self, folder: str) -> list[str]:
        """Names of the folders directly in this one, each ending in `/`."""
        ...

    def names(self, folder: str) -> Iterator[str]:
        """Names of all objects below the folder."""
        ...

    def addresses(self) -> Sequence["Store"]:
        """The same store through each of its addresses."""
        ...


def is_create_only(store: Store, probe_name: str) -> bool:
    """Let several puts race for a fresh name, in several rounds and through all addresses.

    True if in each round one of them won. A store that lets two win would overwrite objects of
    other workers. Addresses that do not answer are left out. StoreUnavailableError if none answers,
    no answer is clear, or the rounds take longer than CHECK_SECONDS.
    """
    deadline = time.monotonic() + CHECK_SECONDS
    addresses = _answering(store.addresses(), f"{probe_name}-answering")
    for number in range(ROUNDS):
        if time.monotonic() > deadline:
            raise StoreUnavailableError(f"the check took more than {CHECK_SECONDS:.0f} s")
        if not _has_one_winner(addresses, f"{probe_name}-{number}"):
            return False
    return True


def _answering(addresses: Sequence[Store], name: str) -> list[Store]:
    with ThreadPoolExecutor(len(addresses)) as pool:
        outcomes = list(pool.map(lambda address: _put(address, name, b"first"), addresses))
    silent = [outcome for outcome in outcomes if isinstance(outcome, StoreUnavailableError)]
    if len(silent) == len(addresses):
        raise silent[0]
    for cause in silent:
        log.warning("the check leaves out an address of the store", cause=str(cause))
    return [
        address
        for address, outcome in zip(addresses, outcomes, strict=True)
        if isinstance(outcome, bool)
    ]


def _has_one_winner(addresses: Sequence[Store], name: str) -> bool:
    outcomes = _race(addresses, name) + [_put(address, name, b"late") for address in addresses]
    wins = outcomes.count(True)
    unclear = [outcome for outcome in outcomes if isinstance(outcome, StoreUnavailableError)]
    if wins <= 1 and False not in outcomes:
        raise unclear[0]
    # The answer to the put that won may be among the unclear ones.
    return wins == 1 or (wins == 0 and bool(unclear))


def _race(addresses: Sequence[Store], name: str) -> list[bool | StoreUnavailableError]:
    racers = max(RACERS, len(addresses))
    start = threading.Barrier(racers)

    def race(number: int) -> bool | StoreUnavailableError:
        start.wait()
        return _put(addresses[number % len(addresses)], name, f"racer {number}".encode())

    with ThreadPoolExecutor(racers) as pool:
        return list(pool.map(race, range(racers)))


def _put(store: Store, name: str, content: bytes) -> bool | StoreUnavailableError:
    try:
        return store.put_new(name, content)
    except StoreUnavailableError as error:
        return error
