"""What goes out for a record: to which topic, under which key, with which headers."""

from datetime import UTC, datetime

import pytest
from hypothesis import given

from services.alerting.outbox import Addresses, Origin, Outbox, Outgoing
from services.alerting.rules import Rules, alerts_in
from services.reports.codec import REASON_MAX_CHARACTERS, Rejection, decoded, encoded
from services.reports.report import Citizen, Report, Violation
from services.reports.topics import REJECTED_KEPT_BYTES
from tests.reports.strategies import NOT_REPORTS, GivenRecord, anything, examples

NOW_MS = 1_772_452_800_042
ORIGIN = Origin("reports-of-somewhere", 11)
OUTBOX = Outbox(Rules(), Addresses(), lambda: NOW_MS)
QUIET = Report("quiet", "drone-1", datetime(2026, 3, 2, 12, tzinfo=UTC), "drone")
LOUD = Report(
    report_id="loud",
    drone_id="drönne-1",
    time=datetime(2026, 3, 2, 12, tzinfo=UTC),
    source="drone",
    violation=Violation("999"),
    citizens=(Citizen("Aurore Durand", 0.5), Citizen("Jean Martin", 0.01)),
)


def outgoing(value: bytes | None, outbox: Outbox = OUTBOX) -> tuple[Outgoing, ...]:
    record = GivenRecord(2**40, value, timestamp=1_772_452_800_000, key=b"a key")
    return outbox.outgoing(ORIGIN, record)


def test_nothing_goes_out_for_a_report_without_alerts() -> None:
    assert outgoing(encoded(QUIET)) == ()


def test_each_alert_goes_to_alerts_under_its_drone_with_both_times() -> None:
    headers = (("detected_at_ms", b"1772452800042"), ("reported_at_ms", b"1772452800000"))
    violation, agitation = alerts_in(LOUD, Rules())

    assert outgoing(encoded(LOUD)) == (
        Outgoing("alerts", "drönne-1".encode(), encoded(violation), headers),
        Outgoing("alerts", "drönne-1".encode(), encoded(agitation), headers),
    )


def test_a_rejected_record_goes_out_as_it_came_with_its_reason_and_origin() -> None:
    headers = (
        ("reason", b"JSON is malformed: invalid character (byte 0)"),
        ("origin_topic", b"reports-of-somewhere"),
        ("origin_partition", b"11"),
        ("origin_offset", b"1099511627776"),
    )

    assert outgoing(b"garbage") == (Outgoing("reports-rejected", b"a key", b"garbage", headers),)


@pytest.mark.parametrize(("key", "value"), [(None, None), (b"", b""), (None, b""), (b"\xff", None)])
def test_key_and_value_of_a_rejected_record_stay_null_or_empty(
    key: bytes | None, value: bytes | None
) -> None:
    (rejected,) = OUTBOX.outgoing(ORIGIN, GivenRecord(0, value, key=key))

    assert (rejected.key, rejected.value) == (key, value)
    assert dict(rejected.headers)["reason"] == b"empty value"


def test_a_rejected_record_too_large_to_send_is_cut_and_says_so() -> None:
    (rejected,) = outgoing(b"x" * (REJECTED_KEPT_BYTES + 1))

    assert rejected.value == b"x" * REJECTED_KEPT_BYTES
    assert dict(rejected.headers)["cut_from_bytes"] == b"2097153"


def test_the_topics_are_settings() -> None:
    outbox = Outbox(Rules(), Addresses("alarms", "rubbish"), lambda: NOW_MS)

    assert {o.topic for o in outgoing(encoded(LOUD), outbox)} == {"alarms"}
    assert {o.topic for o in outgoing(b"x", outbox)} == {"rubbish"}


def test_the_rules_are_settings() -> None:
    outbox = Outbox(Rules(frozenset(), 0.6), Addresses(), lambda: NOW_MS)

    assert len(outgoing(encoded(LOUD), outbox)) == 2
    assert outgoing(encoded(LOUD), Outbox(Rules(frozenset(), 0), Addresses(), lambda: 0)) == ()


@pytest.mark.parametrize("value", NOT_REPORTS.values(), ids=NOT_REPORTS)
def test_garbage_goes_out_as_it_came(value: bytes | None) -> None:
    (rejected,) = outgoing(value)

    assert (rejected.topic, rejected.value) == ("reports-rejected", value)


@examples(150)
@given(anything)
def test_any_record_goes_out_as_alerts_or_as_one_rejection(value: bytes | None) -> None:
    sent = outgoing(value)

    content = decoded(value)
    if isinstance(content, Rejection):
        reason = dict(sent[0].headers)["reason"].decode()
        assert [o.topic for o in sent] == ["reports-rejected"]
        assert reason == content.reason
        assert reason.isprintable() and len(reason) <= REASON_MAX_CHARACTERS
    else:
        assert [o.value for o in sent] == [encoded(a) for a in alerts_in(content, Rules())]
        assert {o.topic for o in sent} <= {"alerts"}
