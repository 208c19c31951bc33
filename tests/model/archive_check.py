"""Whether an archive is one whole chain a partition, each record in one object."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.parquet as pq
from kafka.structs import OffsetAndMetadata

from services.archiving.footer import Footer, footer_of
from services.archiving.naming import ObjectStart, arrival_hour, object_start
from services.archiving.timeline import Timeline
from tests.model.played_kafka import Entry, PlayedLog, PlayedTopic

COLUMNS = ["kafka_offset", "kafka_timestamp", "rejected_value"]
Row = tuple[int, int, bytes]


class WrongArchiveError(AssertionError):
    """A promise is broken; str() says which, and where."""


@dataclass(frozen=True, slots=True)
class Covered:
    """Where an object ends, and the timelines of the log that it agrees with."""

    end: int
    timelines: frozenset[int]


@dataclass(slots=True)
class Chain:
    """The objects of one partition of one topic id, by where they begin."""

    mark: str
    log: PlayedLog
    data: dict[int, Covered] = field(default_factory=dict)
    fences: dict[int, int] = field(default_factory=dict)
    ends: set[int] = field(default_factory=lambda: {0})

    @property
    def end(self) -> int:
        return max(self.ends)

    def walk(self) -> None:
        """Follow the chain from its beginning; jumps lead over deleted records only."""
        at, self.ends = 0, {0}
        while (end := self._next(at)) is not None:
            at = end
            self.ends.add(at)
        aside = self.data.keys() - self.ends
        if aside:
            raise WrongArchiveError(f"objects at {aside} follow no other: the chain ends at {at}")
        for number, (cut, _) in enumerate(self.log.cut_off):
            if self.is_of_before(number, cut) and any(
                covered.end > cut and min(covered.timelines) > number
                for covered in self.data.values()
            ):
                raise WrongArchiveError(f"records of before and after the cut at {cut} are mixed")

    def _next(self, at: int) -> int | None:
        if at in self.data:
            return self.data[at].end
        end = self.fences.get(at)
        if end is not None and end > self.log.start:
            raise WrongArchiveError(f"records from {at} to {end} are skipped but not deleted")
        return end

    def is_of_before(self, number: int, cut: int) -> bool:
        """Whether objects hold records that this cut has taken from the log.

        Behind a jump over what retention deleted nobody can tell, and nothing is mixed.
        """
        has_jumped = any(begin > cut for begin in self.fences)
        return not has_jumped and any(
            covered.end > cut and max(covered.timelines) <= number for covered in self.data.values()
        )

    def is_whole(self) -> bool:
        """Whether the archive has all that the log has, and nothing that a cut took."""
        cuts = enumerate(self.log.cut_off)
        is_cut = any(self.is_of_before(number, cut) for number, (cut, _) in cuts)
        return self.end == self.log.end and not is_cut


@dataclass(slots=True)
class ArchiveCheck:
    """Looks at what is new in the archive since the last look."""

    seen: dict[str, bytes] = field(default_factory=dict)
    chains: dict[tuple[str, int], Chain] = field(default_factory=dict)

    def look(self, objects: dict[str, bytes], topics: Iterable[PlayedTopic]) -> None:
        """WrongArchiveError unless the archive keeps its promises."""
        for topic in topics:
            timeline = Timeline(topic.topic_id)
            for partition, log in enumerate(topic.logs):
                self.chains.setdefault((timeline.chain_id, partition), Chain(timeline.mark, log))
        new = objects.keys() - self.seen.keys()
        changed = {self._add(name, objects[name]) for name in sorted(new)}
        for key in changed:
            self.chains[key].walk()

    def look_for_changes(self, objects: dict[str, bytes]) -> None:
        """WrongArchiveError if an object is not what it was."""
        for name, content in self.seen.items():
            if objects.get(name) is not content:
                raise WrongArchiveError(f"{name} was overwritten")

    def look_at_commit(self, partition: int, commit: OffsetAndMetadata) -> None:
        """WrongArchiveError unless a chain of objects and fences ends there."""
        for (_, number), chain in self.chains.items():
            is_its = (number, chain.mark) == (partition, commit.metadata)
            if is_its and commit.offset not in chain.ends:
                raise WrongArchiveError(f"{commit} in {partition}, but the chain: {chain.ends}")

    def _add(self, name: str, content: bytes) -> tuple[str, int]:
        self.seen[name] = content
        footer = footer_of(content)
        chain = self.chains[footer.topic_id, footer.partition]
        start = object_start(name)
        if start is None:
            return footer.topic_id, footer.partition
        if (start.topic_id, start.partition, start.offset) != (
            footer.topic_id,
            footer.partition,
            footer.begin,
        ):
            raise WrongArchiveError(f"{name} says that it is {footer}")
        if footer.kind == "records":
            self._add_data(chain, start, footer, content)
        elif chain.fences.setdefault(footer.begin, footer.end) != footer.end:
            raise WrongArchiveError(f"fences at {footer.begin} do not agree")
        return footer.topic_id, footer.partition

    def _add_data(self, chain: Chain, start: ObjectStart, footer: Footer, content: bytes) -> None:
        if footer.begin in chain.data:
            raise WrongArchiveError(f"two objects begin at {footer.begin}")
        rows = rows_of(content)
        if any(arrival_hour(timestamp) != start.hour for _, timestamp, _ in rows):
            raise WrongArchiveError(f"records of another hour in {start}")
        fitting = frozenset(
            number
            for number, entries in enumerate(chain.log.timelines())
            if footer.end <= len(entries)
            and rows == due_rows(entries, footer)
            and start.hour == arrival_hour(entries[footer.begin].timestamp)
        )
        if not fitting:
            raise WrongArchiveError(f"{footer} holds {rows}, but the log {chain.log.timelines()}")
        chain.data[footer.begin] = Covered(footer.end, fitting)


def rows_of(content: bytes) -> list[Row]:
    """Offset, arrival and value of each row."""
    table = pq.read_table(pa.BufferReader(content), columns=COLUMNS)
    offsets, arrivals, values = (table[name] for name in COLUMNS)
    return list(
        zip(
            offsets.to_pylist(),
            arrivals.cast(pa.int64()).to_pylist(),
            values.to_pylist(),
            strict=True,
        )
    )


def due_rows(entries: list[Entry], footer: Footer) -> list[Row]:
    """The rows that an object of these positions must have."""
    return [
        (entry.offset, entry.timestamp, entry.value)
        for entry in entries[footer.begin : footer.end]
        if entry.value is not None
    ]
