"""One partition on its way into the archive."""

import concurrent.futures

import pytest

from services.archiving.limits import FlushLimits
from services.archiving.naming import ObjectStart
from services.archiving.partition import Landed, PartitionArchive
from services.archiving.putting import PutThreads
from tests.archiving.records import SHORT_ID, KafkaRecord, object_of, records, start_of
from tests.archiving.scripted import ScriptedStore


def nothing_stands(_start: ObjectStart) -> int | None:
    return None


START = start_of(records(10, 10)[0])


def archive_of(*runs: list[KafkaRecord]) -> PartitionArchive:
    """A partition that begins at offset 10 and took these."""
    archive = PartitionArchive(SHORT_ID, 0, 10)
    for run in runs:
        archive.take(run, nothing_stands, 0.0)
    return archive


def put(
    archive: PartitionArchive, store: ScriptedStore, verified_offset: int = 10**9
) -> Landed | None:
    """The outcome of the next put, awaited."""
    archive.start_landing(store, PutThreads(1), verified_offset)
    concurrent.futures.wait([archive.landing] if archive.landing else [], 10)
    return archive.landed()


def test_records_of_one_hour_are_one_object() -> None:
    archive = archive_of(records(10, 14), records(15, 19))
    archive.seal()
    assert [finished.content for finished in archive.queue] == [object_of(records(10, 19)).content]
    assert archive.next_offset == 20


def test_another_hour_is_another_object_also_within_a_batch() -> None:
    archive = archive_of(records(10, 14) + records(15, 19, hours_later=1))
    archive.seal()
    assert [(f.start.offset, f.last_offset) for f in archive.queue] == [(10, 14), (15, 19)]


def test_a_clock_that_goes_back_makes_objects_still_of_one_hour_each() -> None:
    archive = archive_of(records(10, 11, 1) + records(12, 12) + records(13, 14, 1))
    archive.seal()
    assert [(f.start.offset, f.last_offset) for f in archive.queue] == [
        (10, 11),
        (12, 12),
        (13, 14),
    ]


def test_records_below_the_next_offset_are_ignored_wherever_they_come_from() -> None:
    archive = archive_of(records(5, 12), records(8, 14))
    archive.seal()
    assert [(f.start.offset, f.last_offset) for f in archive.queue] == [(10, 14)]


def test_a_start_whose_object_stands_is_walked_over_and_nothing_is_taken() -> None:
    archive = PartitionArchive(SHORT_ID, 0, 10)
    assert archive.take(records(10, 30), {START: 19}.get, 0.0) == 20
    archive.seal()
    assert (archive.next_offset, list(archive.queue)) == (20, [])


def test_the_walk_follows_the_chain_to_its_end_and_looks_no_further() -> None:
    asked: list[int] = []
    stands = {10: 19, 20: 24}

    def standing(start: ObjectStart) -> int | None:
        asked.append(start.offset)
        return stands.get(start.offset)

    archive = PartitionArchive(SHORT_ID, 0, 10)
    assert archive.take(records(10, 30), standing, 0.0) == 20
    assert archive.take(records(20, 30), standing, 0.0) == 25
    assert archive.take(records(25, 30), standing, 0.0) is None
    archive.seal()
    assert archive.take(records(31, 33), standing, 0.0) is None
    assert asked == [10, 20, 25]


def test_an_object_of_ours_lands_and_the_next_one_goes_on() -> None:
    store = ScriptedStore()
    archive = archive_of(records(10, 14), records(15, 19, 1))
    archive.seal()
    assert put(archive, store) == Landed(15, is_ours=True)
    assert put(archive, store) == Landed(20, is_ours=True)
    assert (archive.is_busy, len(store.objects)) == (False, 2)


@pytest.mark.parametrize("last_offset", [11, 25])
def test_anothers_object_decides_where_we_go_on(last_offset: int) -> None:
    standing = object_of(records(10, last_offset))
    store = ScriptedStore({standing.name: standing.content})
    archive = archive_of(records(10, 14), records(15, 19, 1))
    archive.seal()
    archive.take(records(20, 22, 2), nothing_stands, 0.0)
    assert put(archive, store) == Landed(last_offset + 1, is_ours=False)
    # Nothing of what was gathered is left: it is read again, from there on.
    assert (list(archive.queue), archive.builder) == ([], None)
    assert archive.next_offset == last_offset + 1
    assert archive.is_walking
    archive.take(records(10, 30), nothing_stands, 0.0)
    archive.seal()
    assert archive.queue[0].start.offset == last_offset + 1


def test_anothers_object_of_our_length_is_as_good_as_ours() -> None:
    archive = archive_of(records(10, 14), records(15, 19, 1))
    archive.seal()
    store = ScriptedStore({archive.queue[0].name: archive.queue[0].content})
    assert put(archive, store) == Landed(15, is_ours=True)
    assert [finished.start.offset for finished in archive.queue] == [15]


def test_an_object_waits_until_all_of_its_records_are_verified() -> None:
    store = ScriptedStore()
    archive = archive_of(records(10, 14))
    archive.seal()
    assert put(archive, store, verified_offset=13) is None
    assert (store.put_names, archive.is_busy) == ([], True)
    assert put(archive, store, verified_offset=14) == Landed(15, is_ours=True)


def test_an_unreadable_object_stops_the_partition_for_good() -> None:
    archive = archive_of(records(10, 14))
    archive.seal()
    store = ScriptedStore({archive.queue[0].name: b"garbage"})
    assert put(archive, store) is None
    assert archive.stuck_because
    assert put(archive, store) is None
    assert (len(store.put_names), archive.is_busy) == (1, False)


def test_given_up_it_keeps_the_object_and_puts_nothing_more() -> None:
    archive = archive_of(records(10, 14))
    archive.seal()
    archive.give_up.set()
    assert put(archive, ScriptedStore()) is None
    assert len(archive.queue) == 1


@pytest.mark.parametrize(
    ("raw", "age", "sealed"), [(1, 99.0, 1), (10**9, 1.0, 1), (10**9, 99.0, 0)]
)
def test_an_object_is_sealed_when_it_is_due(raw: int, age: float, sealed: int) -> None:
    archive = archive_of(records(10, 14))
    archive.seal_if_due(2.0, FlushLimits(raw, age, 10**9))
    assert len(archive.queue) == sealed


@pytest.mark.parametrize(
    ("verified", "kept"),
    [
        (9, []),
        (12, [(10, 12)]),
        (14, [(10, 14)]),
        (16, [(10, 14), (15, 16)]),
        (99, [(10, 14), (15, 19)]),
    ],
)
def test_shortened_it_keeps_what_is_verified(verified: int, kept: list[tuple[int, int]]) -> None:
    archive = archive_of(records(10, 14), records(15, 19, 1))
    archive.shorten_to(verified)
    assert [(finished.start.offset, finished.last_offset) for finished in archive.queue] == kept


def test_the_oldest_record_not_archived_is_known_until_it_is() -> None:
    store = ScriptedStore()
    archive = archive_of(records(10, 14), records(15, 19, 1))
    first, second = records(10, 10)[0].timestamp, records(15, 15, 1)[0].timestamp
    assert archive.oldest_ms == first
    archive.seal()
    assert put(archive, store) is not None
    assert archive.oldest_ms == second
    assert put(archive, store) is not None
    assert archive.oldest_ms is None
