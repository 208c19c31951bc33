"""What is a report and what is not, field by field: the case is data."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from services.reports.alert import Alert, Detail, alert_id
from services.reports.codec import (
    NESTING_MAX,
    REASON_MAX_CHARACTERS,
    Rejection,
    decoded,
    decoded_alert,
    encoded,
    one_line,
)
from services.reports.report import Citizen, Location, Report, Telemetry, Violation

REQUIRED = {
    "report_id": "drone-1-1772452800000",
    "drone_id": "drone-1",
    "time": "2026-03-02T12:00:00Z",
    "source": "drone",
}
TELEMETRY = {
    "battery": 0.5,
    "motor_temperature_celsius": 41.2,
    "vibration_g": 0.3,
    "flight_hours": 12,
    "signal_dbm": -60,
}
ALERT = {
    "alert_id": "a-violation-0",
    "kind": "violation",
    "report_id": "a",
    "drone_id": "drone-1",
    "time": "2026-03-02T12:00:00Z",
    "subject": "999",
}


def with_fields(**changes: Any) -> bytes:
    return msgspec.json.encode(REQUIRED | changes)


def citizen(score: Any) -> dict[str, Any]:
    return {"citizens": [{"name": "Aurore Durand", "score": score}]}


def is_report(value: bytes) -> bool:
    return not isinstance(decoded(value), Rejection)


def test_a_report_of_the_required_fields_has_the_documented_defaults() -> None:
    assert decoded(with_fields()) == Report(
        report_id="drone-1-1772452800000",
        drone_id="drone-1",
        time=datetime(2026, 3, 2, 12, tzinfo=UTC),
        source="drone",
        location=None,
        violation=None,
        citizens=(),
        words=(),
        telemetry=None,
    )


def test_a_report_of_all_fields_keeps_each_of_them() -> None:
    value = with_fields(
        location={"latitude": 48.8566, "longitude": 2.3522, "place": "Rue de Rivoli"},
        violation={"code": "21", "image_id": "img-1"},
        citizens=[{"name": "Aurore Durand", "score": 0.25}, {"name": "Jean Martin", "score": 1}],
        words=["market", "", "rain"],
        telemetry=TELEMETRY,
    )

    assert decoded(value) == Report(
        report_id="drone-1-1772452800000",
        drone_id="drone-1",
        time=datetime(2026, 3, 2, 12, tzinfo=UTC),
        source="drone",
        location=Location(48.8566, 2.3522, "Rue de Rivoli"),
        violation=Violation("21", "img-1"),
        citizens=(Citizen("Aurore Durand", 0.25), Citizen("Jean Martin", 1.0)),
        words=("market", "", "rain"),
        telemetry=Telemetry(0.5, 41.2, 0.3, 12.0, -60.0),
    )


def test_an_alert_of_the_required_fields_has_the_documented_defaults() -> None:
    assert decoded_alert(msgspec.json.encode(ALERT)) == Alert(
        alert_id="a-violation-0",
        kind="violation",
        report_id="a",
        drone_id="drone-1",
        time=datetime(2026, 3, 2, 12, tzinfo=UTC),
        subject="999",
        location=None,
        detail=Detail(words=(), place=None, telemetry=None),
    )


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("value", [None, 17, True, [], {}])
def test_a_required_field_of_another_type_is_refused(name: str, value: object) -> None:
    content = decoded(with_fields(**{name: value}))

    assert isinstance(content, Rejection)
    assert f"$.{name}" in content.reason


@pytest.mark.parametrize("name", REQUIRED)
def test_a_report_without_a_required_field_is_refused_and_told_which(name: str) -> None:
    value = msgspec.json.encode({key: REQUIRED[key] for key in REQUIRED if key != name})

    assert decoded(value) == Rejection(f"Object missing required field `{name}`")


@pytest.mark.parametrize("name", ALERT)
def test_an_alert_without_a_required_field_is_refused(name: str) -> None:
    value = msgspec.json.encode({key: ALERT[key] for key in ALERT if key != name})

    assert isinstance(decoded_alert(value), Rejection)


def test_an_alert_of_an_unknown_kind_is_refused() -> None:
    assert isinstance(decoded_alert(msgspec.json.encode(ALERT | {"kind": "x"})), Rejection)


@pytest.mark.parametrize(
    "changes",
    [
        {"unknown": "7.1"},
        {"unknown": None, "Unknown": 1, "": {"unknown": []}},
        {"location": {"place": "Here", "unknown": 80}},
        {"violation": {"code": "21", "unknown": [1, 2]}},
        {"citizens": [{"name": "Aurore Durand", "score": 0.5, "unknown": "?"}]},
        {"telemetry": TELEMETRY | {"unknown": {"unknown": "north"}}},
    ],
)
def test_unknown_fields_are_dropped(changes: dict[str, Any]) -> None:
    content = decoded(with_fields(**changes))

    assert isinstance(content, Report)
    assert b"nknown" not in encoded(content)


@pytest.mark.parametrize(
    "changes",
    [
        {"report_id": "x"},
        {"report_id": "x" * 128},
        {"report_id": " ~"},
        {"drone_id": ""},
        {"drone_id": "é" * 128},
        {"citizens": [{"name": "x" * 128, "score": 0.5}] * 1_000},
        {"words": ["x" * 128] * 500},
        {"source": "nypd"},
        {"location": None},
        {"location": {}},
        {"location": {"latitude": 90, "longitude": 180}},
        {"location": {"latitude": -90.0, "longitude": -180.0}},
        {"location": {"latitude": 1.5}},
        {"location": {"longitude": 1.5, "place": ""}},
        {"violation": {"code": ""}},
        {"violation": {"code": "21", "image_id": None}},
        {"citizens": []},
        {"words": []},
        citizen(0),
        citizen(1),
        citizen(-0.0),
        citizen(5e-324),
        {"telemetry": None},
        {"telemetry": TELEMETRY | {"battery": 0}},
        {"telemetry": TELEMETRY | {"battery": 1.0}},
        {"telemetry": TELEMETRY | {"signal_dbm": 1e308}},
        {"telemetry": TELEMETRY | {"flight_hours": 2**64 - 1}},
    ],
    ids=str,
)
def test_what_is_within_the_bounds_is_a_report(changes: dict[str, Any]) -> None:
    assert is_report(with_fields(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"report_id": ""},
        {"report_id": "x" * 129},
        {"drone_id": "x" * 129},
        {"location": {"place": "x" * 1_001}},
        {"violation": {"code": "x" * 129}},
        {"violation": {"code": "21", "image_id": "x" * 1_001}},
        {"citizens": [{"name": "x" * 129, "score": 0.5}]},
        {"citizens": [{"name": "x", "score": 0.5}] * 1_001},
        {"words": ["x" * 129]},
        {"words": ["x"] * 501},
        {"report_id": "x\n"},
        {"report_id": "\nx"},
        {"report_id": "x\ny"},
        {"report_id": "x\t"},
        {"report_id": "x\x00"},
        {"report_id": "x\x7f"},
        {"report_id": "é"},
        {"source": "police"},
        {"source": "Drone"},
        {"source": ""},
        {"location": []},
        {"location": {"latitude": 90.00000000000002}},
        {"location": {"latitude": -91}},
        {"location": {"longitude": 180.00000000000003}},
        {"location": {"longitude": -181}},
        {"location": {"latitude": "48.8"}},
        {"location": {"place": 5}},
        {"violation": {}},
        {"violation": {"code": None}},
        {"violation": {"code": 21}},
        {"citizens": None},
        {"citizens": {}},
        {"citizens": [None]},
        {"citizens": [{"name": "Aurore Durand"}]},
        {"citizens": [{"score": 0.5}]},
        citizen(-5e-324),
        citizen(1.0000000000000002),
        citizen(None),
        citizen("0.5"),
        citizen(True),
        {"words": None},
        {"words": "market"},
        {"words": [None]},
        {"words": [1]},
        {"telemetry": {}},
        {"telemetry": TELEMETRY | {"battery": -0.01}},
        {"telemetry": TELEMETRY | {"battery": 1.01}},
        {"telemetry": TELEMETRY | {"vibration_g": None}},
    ],
    ids=str,
)
def test_what_is_beyond_the_bounds_is_none(changes: dict[str, Any]) -> None:
    assert not is_report(with_fields(**changes))


@pytest.mark.parametrize("field", Telemetry.__struct_fields__)
def test_telemetry_needs_each_of_its_fields(field: str) -> None:
    telemetry = {name: value for name, value in TELEMETRY.items() if name != field}

    assert not is_report(with_fields(telemetry=telemetry))


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-03-02T12:00:00Z", datetime(2026, 3, 2, 12, tzinfo=UTC)),
        ("2026-03-02t12:00:00z", datetime(2026, 3, 2, 12, tzinfo=UTC)),
        ("2026-03-02T12:00:00.123Z", datetime(2026, 3, 2, 12, 0, 0, 123_000, UTC)),
        ("2026-03-02T12:00:00.123456Z", datetime(2026, 3, 2, 12, 0, 0, 123_456, UTC)),
        ("2026-03-02T12:00:00.9999995Z", datetime(2026, 3, 2, 12, 0, 1, 0, UTC)),
        ("2026-03-02T12:00:00+02:00", datetime(2026, 3, 2, 10, tzinfo=UTC)),
        ("2026-03-02T12:00:00-23:59", datetime(2026, 3, 3, 11, 59, tzinfo=UTC)),
        ("2024-02-29T00:00:00Z", datetime(2024, 2, 29, tzinfo=UTC)),
        ("1900-01-01T00:00:00Z", datetime(1900, 1, 1, tzinfo=UTC)),
        ("2999-12-31T23:59:59.999999Z", datetime(2999, 12, 31, 23, 59, 59, 999_999, UTC)),
    ],
)
def test_a_time_is_read_to_the_microsecond(text: str, time: datetime) -> None:
    content = decoded(with_fields(time=text))

    assert isinstance(content, Report)
    assert content.time == time


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-02T12:00:00",
        "2026-03-02T12:00:00.5",
        "2026-03-02",
        "12:00:00Z",
        "2026-03-02T12:00Z",
        "2026-02-29T00:00:00Z",
        "2026-03-02T24:00:00Z",
        "2026-03-02T12:60:00Z",
        "2026-06-30T23:59:60Z",
        "2026-03-02T12:00:00+24:00",
        "2026-03-02T12:00:00Z\n",
        "1772452800",
        "now",
        "",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+23:59",
        "1899-12-31T23:59:59.999999Z",
        "2999-12-31T23:59:59.9999999Z",
        "3000-01-01T00:00:00Z",
        "9999-12-31T23:59:59.9999999Z",
        "9999-12-31T23:59:59-23:59",
    ],
)
def test_what_is_no_time_or_has_no_offset_or_lies_too_far_is_refused(text: str) -> None:
    assert not is_report(with_fields(time=text))


def test_a_time_too_far_is_told_by_its_year() -> None:
    content = decoded(with_fields(time="1899-06-01T00:00:00Z"))

    assert content == Rejection("time is out of range: year 1899")


SOUND = with_fields()
TELEMETRY_WITH = b'{"battery":1,"motor_temperature_celsius":%s,"vibration_g":0,'
TELEMETRY_WITH += b'"flight_hours":0,"signal_dbm":0}'


@pytest.mark.parametrize(
    ("literal", "number"),
    [
        (b"0", 0.0),
        (b"1e22", 1e22),
        (b"1E+22", 1e22),
        (b"1" + b"0" * 308, 1e308),
        (b"123456789012345678901234567890", 123456789012345678901234567890.0),
        (b"9007199254740993", 9007199254740992.0),
        (b"0.30000000000000004", 0.1 + 0.2),
        (b"0.1" + b"0" * 2000, 0.1),
        (b"5e-324", 5e-324),
        (b"1e-400", 0.0),
        (b"1e308", 1e308),
        *((literal, None) for literal in (b"1e309", b"-1e400", b"1" + b"0" * 400, b"1e" * 20)),
        *((literal, None) for literal in (b"NaN", b"Infinity", b"-Infinity", b"01", b"1.", b".5")),
        *((literal, None) for literal in (b"+1", b"0x1", b"1_0", b"true", b"null", b'"1"')),
    ],
)
def test_a_number_is_read_exactly_or_refused(literal: bytes, number: float | None) -> None:
    content = decoded(SOUND[:-1] + b',"telemetry":' + TELEMETRY_WITH % literal + b"}")

    if number is None:
        assert isinstance(content, Rejection)
    else:
        assert isinstance(content, Report)
        assert content.telemetry is not None
        assert content.telemetry.motor_temperature_celsius == number


@pytest.mark.parametrize(
    ("literal", "word"),
    [
        (b'"\\u0041\\n\\/"', "A\n/"),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b'"\\u0000"', "\x00"),
        ('"\u2028"'.encode(), "\u2028"),
        (b'"\xef\xbb\xbf"', "\ufeff"),
        *((literal, None) for literal in (b'"\\ud800"', b'"\\udc00\\ud800"', b'"\\ud800x"')),
        *((literal, None) for literal in (b'"\xff"', b'"\xed\xa0\x80"', b'"\xc0\x80"', b'"\n"')),
        *((literal, None) for literal in (b'"\x00"', b'"\\x"', b'"\\u12"', b"'a'", b'"a')),
    ],
)
def test_a_string_is_read_exactly_or_refused(literal: bytes, word: str | None) -> None:
    content = decoded(SOUND[:-1] + b',"words":[' + literal + b"]}")

    words = None if isinstance(content, Rejection) else content.words
    assert words == (None if word is None else (word,))


CHANGES_OF_THE_WHOLE: dict[str, tuple[Callable[[bytes], bytes], bool]] = {
    "as it is": (lambda value: value, True),
    "with spaces and line breaks": (
        lambda value: b" \r\n\t" + value.replace(b",", b" ,\n\t") + b"\n",
        True,
    ),
    "a field twice, the last counts": (lambda value: b'{"report_id":"x",' + value[1:], True),
    "a field twice, the first is bad": (lambda value: b'{"report_id":5,' + value[1:], False),
    "a byte order mark": (lambda value: b"\xef\xbb\xbf" + value, False),
    "two documents": (lambda value: value + value, False),
    "two lines": (lambda value: value + b"\n" + value, False),
    "a NUL at the end": (lambda value: value + b"\x00", False),
    "in a list": (lambda value: b"[" + value + b"]", False),
    "a comma at the end": (lambda value: value[:-1] + b",}", False),
    "a comment": (lambda value: value + b"//", False),
    "in UTF-16": (lambda value: value.decode().encode("utf-16"), False),
}


@pytest.mark.parametrize(
    ("change", "expected"), CHANGES_OF_THE_WHOLE.values(), ids=CHANGES_OF_THE_WHOLE
)
def test_a_value_is_one_json_document(change: Callable[[bytes], bytes], expected: bool) -> None:
    content = decoded(change(SOUND))

    assert (content == decoded(SOUND)) is expected


def test_every_prefix_of_a_report_is_refused() -> None:
    assert not any(is_report(SOUND[:length]) for length in range(len(SOUND)))


def nested(depth: int) -> bytes:
    """A report whose brackets nest so deep, itself included."""
    return SOUND[:-1] + b',"x":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


def decoded_under(frames: int, value: bytes) -> Report | Rejection:
    return decoded(value) if frames == 0 else decoded_under(frames - 1, value)


@pytest.mark.parametrize(
    ("depth", "expected"), [(2, True), (NESTING_MAX, True), (NESTING_MAX + 1, False), (950, False)]
)
def test_the_verdict_on_nesting_is_the_same_however_deep_the_caller_stands(
    depth: int, expected: bool
) -> None:
    verdicts = {frames: decoded_under(frames, nested(depth)) for frames in (0, 100, 200, 300)}

    assert {isinstance(verdict, Report) for verdict in verdicts.values()} == {expected}


def test_brackets_side_by_side_or_in_strings_are_no_nesting() -> None:
    citizens = [{"name": '["{' * 5, "score": 0.5}] * (NESTING_MAX * 2)

    assert is_report(with_fields(citizens=citizens, words=["[" * 128, '\\"[' * 40, "\\"] * 100))


@pytest.mark.parametrize("text", ["", "\n", " \t ", "\x00", "\ud800"])
def test_one_line_of_nothing_printable_says_something(text: str) -> None:
    assert one_line(text).strip()


def test_one_line_is_cut_at_its_limit() -> None:
    assert one_line("é" * 10_000) == "é" * REASON_MAX_CHARACTERS


def test_an_alert_id_names_report_kind_and_index() -> None:
    assert alert_id("r-1", "agitation", 2) == "r-1-agitation-2"


@pytest.mark.parametrize("alert_id", ["", "a\r\nBcc: all@example.org", "a\0", "é", "x" * 257])
def test_an_id_that_could_be_no_header_is_refused(alert_id: str) -> None:
    value = msgspec.json.encode(ALERT | {"alert_id": alert_id})

    content = decoded_alert(value)

    assert isinstance(content, Rejection)
    assert "$.alert_id" in content.reason
