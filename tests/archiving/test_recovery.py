"""Every start is the end of an object, or the log's start; what is lost is counted."""

import pytest
from kafka.structs import OffsetAndMetadata
from prometheus_client import REGISTRY

from services.archiving.footer import UnreadableObjectError
from services.archiving.starting import archived_end, commit_mark, is_trusted, untrusted_start
from tests.archiving.records import TOPIC_ID, object_of, records
from tests.archiving.scripted import ScriptedStore

MARK = commit_mark(TOPIC_ID)
OTHER_MARK = commit_mark("f" * 32)


def committed(offset: int, mark: str) -> OffsetAndMetadata:
    return OffsetAndMetadata(offset, mark, -1)


def store_of(*runs: tuple[int, int, int], partition: int = 0) -> ScriptedStore:
    """A store with an object for each (first offset, last offset, hours later)."""
    objects = [object_of(records(*run), partition) for run in runs]
    return ScriptedStore({finished.name: finished.content for finished in objects})


def lost_so_far() -> float:
    return REGISTRY.get_sample_value("dronewatch_archiving_lost_offsets_total") or 0.0


@pytest.mark.parametrize(
    ("offset", "mark", "log_start", "trusted"),
    [
        (20, MARK, 0, True),
        (20, MARK, 20, True),
        (20, MARK, 21, False),
        (20, OTHER_MARK, 0, False),
        (20, "", 0, False),
        (20, MARK + "0", 0, False),
    ],
)
def test_only_a_marked_offset_that_the_log_still_has_is_trusted(
    offset: int, mark: str, log_start: int, trusted: bool
) -> None:
    assert is_trusted(committed(offset, mark), TOPIC_ID, log_start) is trusted


def test_no_offset_is_not_trusted() -> None:
    assert not is_trusted(None, TOPIC_ID, 0)


@pytest.mark.parametrize(
    ("runs", "end"),
    [
        ([], None),
        ([(0, 9, 0)], 10),
        ([(0, 9, 0), (10, 14, 0), (15, 19, 1)], 20),
        # 24 hours later is another folder: the newest decides.
        ([(0, 9, 0), (10, 14, 24)], 15),
    ],
)
def test_the_archives_end_is_that_of_its_last_object(runs, end) -> None:
    assert archived_end(store_of(*runs), TOPIC_ID, 0) == end


def test_objects_of_others_say_nothing_about_ours() -> None:
    store = store_of((0, 9, 0), partition=1)
    store.objects["reports/date=2026-03-02/hour=12/_SUCCESS"] = b""
    store.objects["reports/readme"] = b""
    assert archived_end(store, TOPIC_ID, 0) is None
    assert archived_end(store, "f" * 32, 1) is None


def test_an_unreadable_last_object_is_not_passed_over() -> None:
    store = store_of((0, 9, 0), (10, 19, 0))
    store.objects[object_of(records(10, 19)).name] = b"garbage"
    with pytest.raises(UnreadableObjectError):
        archived_end(store, TOPIC_ID, 0)


@pytest.mark.parametrize(
    ("runs", "known", "log_start", "start", "lost"),
    [
        # Nothing known: from the log's start, and nothing is known to be lost.
        ([], None, 0, 0, 0),
        ([], None, 500, 500, 0),
        ([], committed(20, OTHER_MARK), 0, 0, 0),
        # After the last object, or at the log's start if that is later.
        ([(0, 9, 0)], None, 0, 10, 0),
        ([(0, 9, 0)], None, 10, 10, 0),
        ([(0, 9, 0)], None, 25, 25, 15),
        ([(0, 9, 0)], committed(5, OTHER_MARK), 0, 10, 0),
        # Our own mark is an object's end, too, though the log has moved on.
        ([], committed(20, MARK), 25, 25, 5),
        ([(0, 9, 0)], committed(20, MARK), 25, 25, 5),
        ([(0, 29, 0)], committed(20, MARK), 25, 30, 0),
    ],
)
def test_an_untrusted_start_is_found_and_what_is_lost_counted(
    runs, known, log_start, start, lost
) -> None:
    before = lost_so_far()
    assert untrusted_start(store_of(*runs), TOPIC_ID, 0, known, log_start) == start
    assert lost_so_far() - before == lost
