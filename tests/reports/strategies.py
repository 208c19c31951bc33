"""Reports, bytes that are nearly reports, and bytes that are none: for the property tests.

Hypothesis draws new cases on every run of a person, and keeps what failed in `.hypothesis`. Where
the environment says CI, its own profile draws the same cases each time: a build that turns red was
broken by its change, while the runs at people's desks go on finding what nobody thought of. What
they find belongs into the tables of `test_codec.py` or `test_rows.py`.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from services.reports.alert import Alert, Detail
from services.reports.codec import Oversize, encoded
from services.reports.report import Citizen, Location, Report, Telemetry, Violation


def examples(count: int) -> settings:
    """So many cases; no deadline, as a busy machine is no failure."""
    return settings(
        max_examples=count,
        deadline=None,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


@dataclass(frozen=True, slots=True)
class GivenRecord:
    """A record as Kafka would give it."""

    offset: int
    value: bytes | None
    timestamp: int = 1_772_452_800_000
    key: bytes | None = b"drone-1"
    oversize: Oversize | None = None


ODD_TEXTS = (
    *("", " ", "null", "true", "NaN", "0", "-1e5", "2026-03-02T12:00:00Z", "{}", "[", '"', "\\"),
    *("\\u0041", "\x00", "\n", "\r\n", "\x7f", "\x85", "\u2028", "\ufeff", "\ufffd", "\uffff"),
    *("\U0010ffff", "e\u0301", "\u202eabc", "x" * 128, "é" * 128),
)
ODD_FLOATS = (
    *(0.0, -0.0, 5e-324, 2.2250738585072014e-308, 1e308, 1.7976931348623157e308, 0.1 + 0.2),
    *(1e22, 1e23, 2.0**53, 2.0**53 + 2, -(2.0**63), 1e-7, 123456789012345.67, 9007199254740993.0),
)

texts = st.text(max_size=20) | st.sampled_from(ODD_TEXTS)
floats = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(ODD_FLOATS)
shares = st.floats(0, 1) | st.sampled_from((0.0, -0.0, 1.0, 0.1, 5e-324))
offsets = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
times = st.datetimes(
    datetime(1900, 1, 1), datetime(2999, 12, 31, 23, 59, 59, 999_999), timezones=offsets
)
locations = st.builds(
    Location,
    latitude=st.none() | st.floats(-90, 90),
    longitude=st.none() | st.floats(-180, 180),
    place=st.none() | texts,
)
telemetries = st.builds(Telemetry, shares, floats, floats, floats, floats)
printable_ascii = st.characters(min_codepoint=0x20, max_codepoint=0x7E)
words = st.lists(texts, max_size=3).map(tuple)
reports = st.builds(
    Report,
    report_id=st.text(printable_ascii, min_size=1, max_size=128),
    drone_id=texts,
    time=times,
    source=st.sampled_from(("drone", "nypd")),
    location=st.none() | locations,
    violation=st.none() | st.builds(Violation, texts, st.none() | texts),
    citizens=st.lists(st.builds(Citizen, texts, shares), max_size=3).map(tuple),
    words=words,
    telemetry=st.none() | telemetries,
)
alerts = st.builds(
    Alert,
    alert_id=st.text(printable_ascii, min_size=1, max_size=256),
    kind=st.sampled_from(("violation", "agitation", "maintenance")),
    report_id=texts,
    drone_id=texts,
    time=times,
    subject=texts,
    location=st.none() | locations,
    detail=st.builds(Detail, words, st.none() | texts, st.none() | telemetries),
)

NUMBERS = (
    *("0", "-0", "-0.0", "1", "1e22", "1E+22", "123456789012345678901234567890", "1e308", "1e309"),
    *("5e-324", "1e-400", "0.30000000000000004", "9007199254740993", "1" + "0" * 308, "NaN"),
    *("1" + "0" * 400, "-Infinity", "18446744073709551616", "01", "1.", ".5", "true", '"1"'),
    *("null", "[1]", "0." + "1" * 800, "179769313486231580793" + "0" * 288),
)
STRINGS = (
    *('""', '"1"', '"\\u0000"', '"\\ud83d\\ude00"', '"\\ud800"', '"\\udc00\\ud800"', '"\\x"'),
    *('"\u2028"', '"a\nb"', '"\\/\\b\\f\\n\\r\\t"', "null", "5", '"\\uFFFF"', "[]", '"é', '"\x00"'),
)
TIMES = (
    *("2026-03-02T12:00:00Z", "2026-03-02t12:00:00.5z", "2026-03-02 12:00:00+0530"),
    *("1900-01-01T00:00:00+23:59", "2999-12-31T23:59:59.999999-23:59", "1899-12-31T23:59:59Z"),
    *("2999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.9999999Z", "0001-01-01T00:00:00+23:59"),
    *("1969-12-31T23:59:59.9999995Z", "2026-03-02T12:00:00", "2026-02-29T00:00:00Z", "1577836800"),
    *("2026-06-30T23:59:60Z", "2026-03-02T24:00:00Z", "2026-03-02T12:00:00+24:00", ""),
)


@st.composite
def spelled_otherwise(draw: st.DrawFn) -> bytes:
    """A report, perhaps, as no encoder of ours would spell it."""
    spaces = draw(st.sampled_from((None, 0, 2)))
    fields = json.loads(encoded(draw(reports)))
    fields = {name: fields[name] for name in draw(st.permutations(list(fields)))}
    fields |= draw(st.sampled_from(({}, {"x": 1}, {"x": [{"y": None}]}, {"citizens": []})))
    fields["time"] = draw(st.sampled_from(TIMES) | st.just(fields["time"]))
    fields["telemetry"] = dict.fromkeys(Telemetry.__struct_fields__, "@@") | {"battery": 1}
    text = json.dumps(fields, indent=spaces, ensure_ascii=draw(st.booleans()))
    text = text.replace('"@@"', draw(st.sampled_from(NUMBERS)))
    text = text.replace('"drone_id":', f'"drone_id":{draw(st.sampled_from(STRINGS))},"z":', 1)
    return text.encode()


Mutation = Callable[[st.DrawFn, bytes], bytes]
INSERTIONS = (
    *(b"\xef\xbb\xbf", b"\x00", b"\n", b"\r", b"\xff", b"\xed\xa0\x80", b"\\ud800", b'"', b"\\"),
    *(b"null", b"NaN", b"-Infinity", b"1e999", b"[" * 600, b"{", b"}", b",", b'"time":1,', b" "),
    *(b'"words":[],', b'"report_id":"twice",', b'"citizens":null,', b'"x":' + b"9" * 400 + b","),
)


def flipped(draw: st.DrawFn, value: bytes) -> bytes:
    at = draw(st.integers(0, len(value) - 1))
    return value[:at] + bytes([value[at] ^ 1 << draw(st.integers(0, 7))]) + value[at + 1 :]


def inserted(draw: st.DrawFn, value: bytes) -> bytes:
    at = draw(st.integers(0, len(value)) | st.sampled_from((0, 1, len(value))))
    return value[:at] + draw(st.sampled_from(INSERTIONS) | st.binary(max_size=8)) + value[at:]


def cut(draw: st.DrawFn, value: bytes) -> bytes:
    at = draw(st.integers(0, len(value) - 1))
    return value[:at] + value[at + draw(st.integers(0, len(value))) :]


def doubled(draw: st.DrawFn, value: bytes) -> bytes:
    return value + draw(st.sampled_from((b"", b"\n", b" ", b"\x00"))) + value


MUTATIONS: tuple[Mutation, ...] = (flipped, inserted, cut, doubled)


@st.composite
def mutated(draw: st.DrawFn, sound: st.SearchStrategy[bytes]) -> bytes:
    """Sound bytes, damaged once to three times."""
    value = draw(sound)
    for mutation in draw(st.lists(st.sampled_from(MUTATIONS), min_size=1, max_size=3)):
        value = mutation(draw, value) if value else value
    return value


NOT_REPORTS: dict[str, bytes | None] = {
    "no value": None,
    "nothing": b"",
    "a space": b" ",
    "a line break": b"\n",
    "null": b"null",
    "a number": b"17",
    "a huge number": b"9" * 100_000,
    "NaN": b"NaN",
    "Infinity": b"Infinity",
    "a string": b'"report"',
    "a list": b"[]",
    "an empty object": b"{}",
    "a string without end": b'"' + b"x" * 100_000,
    "only NULs": bytes(1000),
    "lists in lists": b"[" * 100_000,
    "closed lists in lists": b"[" * 100_000 + b"]" * 100_000,
    "objects in objects": b'{"x":' * 100_000,
    "closing brackets": b"]}" * 1000,
    "brackets in a string": b'"' + b"[" * 1000 + b'"',
    "quotes and brackets": b'"[\\' * 300_000,
    "UTF-16": '{"report_id":"a"}'.encode("utf-16"),
    "not UTF-8": b'{"report_id":"\xff"}',
    "a surrogate": b'{"report_id":"\\ud800"}',
    "an unknown source with line breaks": b'{"source":"'
    + "\\n\u2028\u202e".encode() * 1000
    + b'"}',
}
anything = st.one_of(
    st.binary(max_size=60),
    reports.map(encoded),
    spelled_otherwise(),
    mutated(reports.map(encoded)),
    mutated(spelled_otherwise()),
    # The large ones take their time; test_codec.py and test_rows.py have each of them once.
    st.sampled_from([value for value in NOT_REPORTS.values() if len(value or b"") < 2_000]),
)
