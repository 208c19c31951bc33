"""Texts a drone's report may hold that want to be more than text, and alerts that carry them."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from services.reports.alert import Alert, Detail
from services.reports.report import Location

TEXTS = (
    "\r\nBcc: everybody@example.org",
    "\nSubject: free money\n\n<h1>Hello</h1>",
    "=?utf-8?q?a=0D=0ABcc:_everybody@example.org?=",
    "=?utf-8?b?DQpCY2M6IGV2ZXJ5Ym9keUBleGFtcGxlLm9yZw==?=",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "&lt;b&gt;",
    "\r\n.\r\nMAIL FROM:<someone@example.org>\r\n",
    "\n--=_c3295422ad85efdc995ee00c29c9a49e--\n",
    "\u202emoc.live",
    "\x00\x1b[31m\x7f\x85\u2028",
    "a" * 2_000,
    "é" * 500,
    "\N{PARTY POPPER} " * 90,
    " ",
    "",
)

texts = st.lists(st.one_of(st.text(max_size=40), st.sampled_from(TEXTS)), max_size=3).map("".join)
kinds = st.sampled_from(["violation", "agitation", "maintenance"])
times = st.one_of(
    st.datetimes(timezones=st.just(UTC)),
    st.sampled_from([datetime.fromisoformat("0001-01-01T00:00:00+05:00")]),
    st.sampled_from([datetime.fromisoformat("9999-12-31T23:59:59-05:00")]),
)
places = st.builds(
    Location,
    st.none() | st.floats(-90, 90),
    st.none() | st.floats(-180, 180),
    st.none() | texts,
)
alerts = st.builds(
    Alert,
    alert_id=texts,
    kind=kinds,
    report_id=texts,
    drone_id=texts,
    time=times,
    subject=texts,
    location=st.none() | places,
    detail=st.builds(Detail, words=st.lists(texts, max_size=3).map(tuple), place=st.none() | texts),
)
