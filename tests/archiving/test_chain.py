"""One partition on its way into the archive: the state machine, event by event."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.archiving.chain import (
    BACKOFF_MAX_SECONDS,
    BACKOFF_SECONDS,
    COMMANDS,
    EARLIEST_HOUR,
    LOOK_AGAIN_SECONDS,
    TRANSITIONS,
    Absent,
    ChainWriter,
    Command,
    Created,
    Event,
    Found,
    Look,
    Phase,
    Put,
    StrangeArrivalError,
    Taken,
    Unclear,
    Unreadable,
    runs_by_hour,
)
from services.archiving.footer import Footer
from services.archiving.limits import FlushLimits
from services.archiving.naming import HOUR_MS
from services.stream.worker import NO_EPOCH, Fetch
from tests.archiving.records import (
    EPOCH,
    NOON_HOUR,
    NOON_MS,
    SHORT_ID,
    KafkaRecord,
    fetch_of,
    hole,
    object_of,
    records,
)

LATEST_HOUR = NOON_HOUR + 48
Stretch = tuple[int, int]


def chain_of(*fetches: Fetch, begin: int = 10) -> ChainWriter:
    """A chain that ends at `begin` and accepted these, all of them verified."""
    chain = ChainWriter(SHORT_ID, 0, begin)
    for fetch in fetches:
        chain.accept(fetch, 0.0, LATEST_HOUR)
    chain.note_verified()
    return chain


def sealed(*fetches: Fetch) -> ChainWriter:
    chain = chain_of(*fetches)
    chain.seal()
    return chain


def queued(chain: ChainWriter) -> list[Stretch]:
    return [(finished.start.offset, finished.end) for finished in chain.queue]


def footer(begin: int, end: int) -> Footer:
    return Footer(SHORT_ID, 0, begin, end)


def outcome(chain: ChainWriter, *events: Event, now: float = 0.0) -> None:
    """Let the commands that are due end so, one after the other."""
    for event in events:
        assert chain.step(now) is not None
        chain.on_event(event, now)


# --- reading ----------------------------------------------------------------------


def test_records_of_one_hour_are_one_object() -> None:
    chain = sealed(fetch_of(records(10, 14)), fetch_of(records(15, 19)))
    assert [finished.content for finished in chain.queue] == [object_of(records(10, 19)).content]
    assert (chain.position, chain.queue[0].end_epoch) == (20, EPOCH)


def test_another_hour_is_another_object_also_within_a_fetch() -> None:
    chain = sealed(fetch_of(records(10, 14) + records(15, 19, hours_later=1)))
    assert queued(chain) == [(10, 15), (15, 20)]


def test_a_clock_that_goes_back_makes_objects_still_of_one_hour_each() -> None:
    chain = sealed(fetch_of(records(10, 11, 1) + records(12, 12) + records(13, 14, 1)))
    assert queued(chain) == [(10, 12), (12, 13), (13, 15)]


@pytest.mark.parametrize("begin", [5, 9, 11, 30])
def test_a_fetch_that_does_not_begin_at_the_position_is_refused_and_nothing_is_added(
    begin: int,
) -> None:
    chain = chain_of()
    with pytest.raises(ValueError, match="the chain stands at 10"):
        chain.accept(fetch_of(records(begin, 30)), 0.0, LATEST_HOUR)
    assert (chain.position, chain.builder) == (10, None)


def test_a_hole_is_covered_by_the_object_it_is_in() -> None:
    chain = sealed(fetch_of(records(10, 14), end=17), hole(17, 18), fetch_of(records(18, 19)))
    assert queued(chain) == [(10, 20)]
    assert footer_end(chain) == 20


def footer_end(chain: ChainWriter) -> int:
    return chain.queue[-1].end


def test_a_hole_alone_becomes_an_object_so_that_the_chain_passes_it() -> None:
    chain = sealed(hole(10, 12))
    assert queued(chain) == [(10, 12)]
    outcome(chain, Created())
    assert chain.end == 12


def test_an_hour_that_begins_with_a_hole_is_named_by_it() -> None:
    chain = sealed(fetch_of(records(10, 14)), hole(15, 16, hours_later=1))
    assert [(f.start.offset, f.start.hour) for f in chain.queue] == [
        (10, NOON_HOUR),
        (15, NOON_HOUR + 1),
    ]


FETCHES = st.builds(
    lambda begin, hours, holes, tail: (begin, hours, holes, tail),
    st.integers(0, 50),
    st.lists(st.integers(0, 2), max_size=8),
    st.lists(st.integers(0, 2), min_size=8, max_size=8),
    st.integers(1, 3),
)


@given(FETCHES, st.integers(0, 2))
def test_the_stretches_of_a_fetch_cover_it_without_a_hole_and_keep_every_record(
    shape: tuple[int, list[int], list[int], int], first_hour: int
) -> None:
    begin, hours, holes, tail = shape
    offset, of = begin, []
    for hour, gap in zip(hours, holes, strict=False):
        offset += gap
        of.append(KafkaRecord(offset, NOON_MS + hour * HOUR_MS))
        offset += 1
    if of and of[0].offset == begin:
        first_hour = hours[0]
    arrived_ms = NOON_MS + first_hour * HOUR_MS
    runs = runs_by_hour(Fetch(0, begin, of, offset + tail, arrived_ms))
    assert [record for _, _, run in runs for record in run] == of
    assert {hour for hour, _, _ in runs} <= {NOON_HOUR + hour for hour in (*hours, first_hour)}
    ends = [end for _, end, _ in runs]
    assert ends == sorted(set(ends))
    assert (ends[-1], runs[0][0]) == (offset + tail, NOON_HOUR + first_hour)
    for (_, _, run), start, end in zip(runs, [begin, *ends], ends, strict=False):
        assert all(start <= record.offset < end for record in run)


@pytest.mark.parametrize(
    "arrived_ms", [-1, 0, EARLIEST_HOUR * HOUR_MS - 1, (LATEST_HOUR + 1) * HOUR_MS, 2**62]
)
def test_an_arrival_that_cannot_be_true_is_refused_and_nothing_is_added(arrived_ms: int) -> None:
    chain = chain_of(fetch_of(records(10, 11)))
    with pytest.raises(StrangeArrivalError, match="12"):
        chain.accept(fetch_of([*records(12, 12), KafkaRecord(13, arrived_ms)]), 0.0, LATEST_HOUR)
    chain.seal()
    assert (chain.position, queued(chain)) == (12, [(10, 12)])


@pytest.mark.parametrize(("raw", "age", "count"), [(1, 99.0, 1), (10**9, 1.0, 1), (10**9, 99.0, 0)])
def test_an_object_is_sealed_when_it_is_due(raw: int, age: float, count: int) -> None:
    chain = chain_of(fetch_of(records(10, 14)))
    chain.seal_if_due(2.0, FlushLimits(raw, age, 10**9))
    assert len(chain.queue) == count


# --- the transitions --------------------------------------------------------------

EVENTS: dict[type[Event], Event] = {
    Created: Created(),
    Taken: Taken(),
    Unclear: Unclear("away"),
    Absent: Absent(),
    Found: Found(footer(10, 15)),
    Unreadable: Unreadable("garbage"),
}


def in_phase(phase: Phase) -> ChainWriter:
    """A chain with one object in that phase."""
    chain = sealed(fetch_of(records(10, 14)))
    chain.phase = phase
    return chain


@pytest.mark.parametrize(
    ("phase", "kind", "following"), [(*given_, after) for given_, after in TRANSITIONS.items()]
)
def test_each_event_leads_to_the_phase_that_the_table_says(
    phase: Phase, kind: type[Event], following: Phase
) -> None:
    chain = in_phase(phase)
    chain.on_event(EVENTS[kind], 0.0)
    assert chain.phase is following


def test_the_table_is_that_of_the_modules_docstring() -> None:
    assert {(p.name, kind.__name__): after.name for (p, kind), after in TRANSITIONS.items()} == {
        ("PUTTING", "Created"): "RESTING",
        ("PUTTING", "Taken"): "LOOK_DUE",
        ("PUTTING", "Unclear"): "LOOK_DUE",
        ("LOOKING", "Found"): "RESTING",
        ("LOOKING", "Absent"): "PUT_DUE",
        ("LOOKING", "Unclear"): "LOOK_DUE",
        ("LOOKING", "Unreadable"): "LOOK_DUE",
    }


@pytest.mark.parametrize(
    ("phase", "kind"), sorted(set(product(Phase, EVENTS)) - set(TRANSITIONS), key=str)
)
def test_an_event_that_no_command_awaits_is_refused_and_changes_nothing(
    phase: Phase, kind: type[Event]
) -> None:
    chain = in_phase(phase)
    with pytest.raises(KeyError):
        chain.on_event(EVENTS[kind], 0.0)
    assert (chain.phase, chain.end, queued(chain)) == (phase, 10, [(10, 15)])


@pytest.mark.parametrize("phase", Phase)
def test_only_what_is_due_is_a_command_and_one_at_a_time(phase: Phase) -> None:
    chain = in_phase(phase)
    expected = {
        Phase.RESTING: Put(chain.queue[0]),
        Phase.PUT_DUE: Put(chain.queue[0]),
        Phase.LOOK_DUE: Look(chain.queue[0].start),
    }
    assert chain.step(0.0) == expected.get(phase)
    assert chain.step(0.0) is None
    assert chain.phase in COMMANDS.values()


# --- how a put ends ---------------------------------------------------------------


def test_objects_are_put_one_after_the_other_and_the_end_follows() -> None:
    chain = sealed(fetch_of(records(10, 14) + records(15, 19, 1)))
    outcome(chain, Created())
    assert (chain.end, chain.end_epoch, chain.is_busy) == (15, EPOCH, True)
    outcome(chain, Created())
    assert (chain.end, chain.is_busy, chain.step(0.0)) == (20, False, None)


@pytest.mark.parametrize("end", [11, 18, 26])
def test_anothers_object_decides_where_we_go_on(end: int) -> None:
    chain = sealed(fetch_of(records(10, 14)), fetch_of(records(15, 19, 1)))
    chain.accept(fetch_of(records(20, 22, 2)), 0.0, LATEST_HOUR)
    outcome(chain, Taken(), Found(footer(10, end)))
    # Nothing of what was gathered is left: it is read again, from there on.
    assert (list(chain.queue), chain.builder) == ([], None)
    assert (chain.position, chain.end, chain.end_epoch) == (end, end, NO_EPOCH)
    chain.accept(fetch_of(records(end, 30)), 0.0, LATEST_HOUR)
    chain.note_verified()
    chain.seal()
    assert queued(chain) == [(end, 31)]


def test_an_object_that_ends_where_ours_does_is_as_good_as_ours() -> None:
    chain = sealed(fetch_of(records(10, 14) + records(15, 19, 1)))
    outcome(chain, Taken(), Found(footer(10, 15)))
    assert (chain.end, chain.end_epoch, queued(chain)) == (15, EPOCH, [(15, 20)])


def test_a_fence_with_our_name_is_followed_like_an_object() -> None:
    chain = sealed(fetch_of(records(10, 14)))
    outcome(chain, Taken(), Found(Footer(SHORT_ID, 0, 10, 500, "fence", "retention")))
    assert (chain.position, chain.end, list(chain.queue)) == (500, 500, [])


def test_a_name_that_was_taken_and_is_free_is_put_again() -> None:
    chain = sealed(fetch_of(records(10, 14)))
    outcome(chain, Taken(), Absent())
    assert chain.step(99.0) == Put(chain.queue[0])


def test_an_answer_that_got_lost_is_looked_for_before_it_is_put_again() -> None:
    chain = sealed(fetch_of(records(10, 14)))
    outcome(chain, Unclear("no answer"))
    assert chain.step(99.0) == Look(chain.queue[0].start)
    chain.on_event(Found(footer(10, 15)), 99.0)
    assert (chain.end, chain.is_busy) == (15, False)


def test_unclear_answers_are_asked_about_at_longer_and_longer_intervals() -> None:
    chain = sealed(fetch_of(records(10, 14)))
    now, waits = 0.0, []
    outcome(chain, Unclear("away"))
    for _ in range(8):
        waits.append(chain.not_before_seconds - now)
        assert chain.step(chain.not_before_seconds - 0.01) is None
        now = chain.not_before_seconds
        outcome(chain, Unclear("away"), now=now)
    assert waits[0] == BACKOFF_SECONDS
    assert waits == sorted(waits)
    assert waits[-1] == pytest.approx(BACKOFF_MAX_SECONDS)
    outcome(chain, Found(footer(10, 15)), now=now + 99)
    assert chain.backoff_seconds == BACKOFF_SECONDS


def test_an_unreadable_object_holds_the_partition_until_it_can_be_read() -> None:
    chain = sealed(fetch_of(records(10, 14)))
    outcome(chain, Taken(), Unreadable("garbage"))
    assert (chain.stuck_because, chain.is_held) == ("garbage", True)
    assert chain.step(LOOK_AGAIN_SECONDS - 0.1) is None
    outcome(chain, Found(footer(10, 15)), now=LOOK_AGAIN_SECONDS)
    assert (chain.stuck_because, chain.is_held, chain.end) == (None, False, 15)


def test_an_object_waits_until_all_of_it_is_verified() -> None:
    chain = ChainWriter(SHORT_ID, 0, 10)
    chain.accept(fetch_of(records(10, 13)), 0.0, LATEST_HOUR)
    chain.note_verified()
    chain.accept(fetch_of(records(14, 14)), 0.0, LATEST_HOUR)
    chain.seal()
    assert (chain.step(0.0), chain.is_busy) == (None, True)
    chain.note_verified()
    assert chain.step(0.0) == Put(chain.queue[0])


@pytest.mark.parametrize(
    ("verified", "kept"),
    [
        (10, []),
        (13, [(10, 13)]),
        (15, [(10, 15)]),
        (17, [(10, 15), (15, 17)]),
        (99, [(10, 15), (15, 20)]),
    ],
)
def test_shortened_it_keeps_what_is_verified(verified: int, kept: list[Stretch]) -> None:
    chain = chain_of(fetch_of(records(10, 14)), fetch_of(records(15, 19, 1)))
    chain.verified = verified
    chain.shorten_to_verified()
    assert queued(chain) == kept


def test_shortened_while_its_put_is_under_way_it_still_takes_the_outcome() -> None:
    chain = sealed(fetch_of(records(10, 14)))
    chain.accept(fetch_of(records(15, 19, 1)), 0.0, LATEST_HOUR)
    assert chain.step(0.0) is not None
    chain.shorten_to_verified()
    chain.on_event(Created(), 0.0)
    assert (chain.end, queued(chain)) == (15, [])


def test_the_oldest_record_not_archived_is_known_until_it_is() -> None:
    chain = chain_of(fetch_of(records(10, 14)), fetch_of(records(15, 19, 1)))
    first, second = records(10, 10)[0].timestamp, records(15, 15, 1)[0].timestamp
    assert chain.oldest_ms == first
    chain.seal()
    outcome(chain, Created())
    assert chain.oldest_ms == second
    outcome(chain, Created())
    assert chain.oldest_ms is None


def test_what_waits_counts_as_memory_until_the_store_has_it() -> None:
    chain = chain_of(fetch_of(records(10, 14)))
    assert (chain.growing_bytes > 0, chain.queued_bytes) == (True, 0)
    chain.seal()
    assert (chain.growing_bytes, chain.queued_bytes > 0) == (0, True)
    outcome(chain, Created())
    assert (chain.growing_bytes, chain.queued_bytes) == (0, 0)


# --- the chain as a whole ---------------------------------------------------------


@given(st.lists(st.sampled_from(["put", "taken", "lost answer", "longer", "shorter"]), max_size=12))
def test_whatever_the_store_answers_the_objects_it_has_follow_each_other(
    answers: list[str],
) -> None:
    chain = ChainWriter(SHORT_ID, 0, 0)
    stretches: dict[int, int] = {}
    for answer in answers:
        begin = chain.position
        chain.accept(fetch_of(records(begin, begin + 4)), 0.0, LATEST_HOUR)
        chain.note_verified()
        chain.seal()
        _answer(chain, stretches, answer)
    assert list(stretches) == [0, *stretches.values()][: len(stretches)]
    assert chain.end == max(stretches.values(), default=0)


def _answer(chain: ChainWriter, stretches: dict[int, int], answer: str) -> None:
    command: Command | None = chain.step(99.0)
    assert isinstance(command, Put)
    begin, end = command.finished.start.offset, command.finished.end
    stretches[begin] = {"longer": end + 3, "shorter": end - 3}.get(answer, end)
    if answer == "put":
        chain.on_event(Created(), 99.0)
        return
    chain.on_event(Unclear("lost") if answer == "lost answer" else Taken(), 0.0)
    outcome(chain, Found(footer(begin, stretches[begin])), now=99.0)
