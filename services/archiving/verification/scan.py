"""Reads the names and footers of an archive, several footers at a time, and no data."""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import TypeVar

from services.archiving.footer import Footer, UnreadableObjectError
from services.archiving.naming import DECISIONS_FOLDER, REPORTS_FOLDER, object_start
from services.archiving.store import Store, StoreUnavailableError
from services.archiving.timeline import TIMELINES_FOLDER
from services.archiving.upload import footer_at
from services.archiving.verification.chain import ChainId, Chains, extended
from services.archiving.verification.findings import ArchiveReport, Problem, findings
from services.archiving.verification.names import disagreement, has_object_name

# As many as the store keeps connections.
THREADS = 8
BATCH_OBJECTS = 2_000
# An archive in use grows between two pages of its listing, so what seems missing is listed again.
LISTINGS_MAX = 3
ATTEMPTS = 5
RETRY_SECONDS = 1.0

Result = TypeVar("Result")
Shown = Callable[[int], object]


@dataclass(slots=True)
class Scan:
    """The chains and problems found so far."""

    store: Store
    shown: Shown
    pool: ThreadPoolExecutor
    chains: Chains = field(default_factory=dict)
    problems: dict[str, Problem] = field(default_factory=dict)

    def add(self, names: Iterable[str]) -> None:
        """Read these objects' footers; `shown` hears how many more are done."""
        remaining = iter(names)
        while batch := list(islice(remaining, BATCH_OBJECTS)):
            judged = list(self.pool.map(partial(_judged, self.store), batch))
            self.problems |= {found.name: found for found in judged if isinstance(found, Problem)}
            footers = [found for found in judged if isinstance(found, Footer)]
            self.chains = extended(self.chains, footers)
            self.shown(len(batch))

    def report(self) -> ArchiveReport:
        """The findings so far."""
        return findings(self.chains, self.problems.values())


def scanned(store: Store, shown: Shown) -> ArchiveReport:
    """Read all names and footers; the findings. StoreUnavailableError, StoreRefusalError.

    shown: called with the number of objects that are done since the last call.
    """
    with ThreadPoolExecutor(THREADS) as pool:
        scan = Scan(store, shown, pool)
        scan.add(decisions(store))
        scan.add(store.names(f"{REPORTS_FOLDER}/"))
        for _ in range(1, LISTINGS_MAX):
            report = scan.report()
            if not any(chain.gaps for chain in report.chains):
                break
            scan.add(list(_missing(store, report)))
        return scan.report()


def decisions(store: Store) -> Iterator[str]:
    """List the objects that say where chains go on; the timelines below them are no chains'."""
    names = store.names(f"{DECISIONS_FOLDER}/")
    return (name for name in names if not name.startswith(TIMELINES_FOLDER))


def _missing(store: Store, report: ArchiveReport) -> Iterator[str]:
    """Names that are listed now and stand where the report has a gap."""
    gaps = {ChainId(chain.topic_id, chain.partition): chain.gaps for chain in report.chains}
    known = {problem.name for problem in report.problems}
    for name in store.names(f"{REPORTS_FOLDER}/"):
        start = object_start(name)
        if start is None or name in known:
            continue
        of_chain = gaps.get(ChainId(start.topic_id, start.partition), ())
        if any(gap.begin <= start.offset < gap.end for gap in of_chain):
            yield name


def _judged(store: Store, name: str) -> Footer | Problem:
    is_decision = name.startswith(f"{DECISIONS_FOLDER}/")
    if not (is_decision or has_object_name(name)):
        return Problem(name, "no object of the archive has such a name")
    try:
        footer = retried(partial(footer_at, store, name))
    except UnreadableObjectError as error:
        return Problem(name, str(error).removeprefix(f"{name}: "))
    if footer is None:
        return Problem(name, "it was listed, but it is gone")
    cause = disagreement(name, footer)
    return Problem(name, cause) if cause else footer


def retried(call: Callable[[], Result]) -> Result:
    """Call until the store answers, a few times; then its StoreUnavailableError."""
    for attempt in range(1, ATTEMPTS):
        try:
            return call()
        except StoreUnavailableError:
            time.sleep(attempt * RETRY_SECONDS)
    return call()
