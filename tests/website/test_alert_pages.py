"""Alerts on pages and through the API: what is shown to whom, what is written down and kept."""

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from services.website.database import reading
from services.website.outline import outline
from services.website.schema import audit
from tests.website.served import NAME, Served, add_user, agitation, served, token_in, violation

SCRIPT = "<script>document.title='owned'</script>"
PATHS = ("/alerts", "/alerts/1", "/alerts/2", "/api/v1/alerts", "/api/v1/alerts/1")
INJECTIONS = ("' OR 1=1 --", "'; DROP TABLE alerts; --", "%' UNION SELECT 1 --", "_", "%", "\\")


def names_read(site: Served) -> list[tuple[str, str, str]]:
    with reading(site.engine) as connection:
        rows = connection.execute(select(audit).order_by(audit.c.reading_id)).all()
    return [(row.user_name, row.through, row.name) for row in rows]


def test_a_viewer_finds_no_citizens_name_anywhere(site: Served) -> None:
    site.store(agitation(1, words=("help", "ZOE", "quill's")), violation(2))
    with site.signed_in("otto") as otto:
        form = {"action": "acknowledge", "note": f"spoke to {NAME}"}
        form |= {"csrf": token_in(otto.get("/alerts"))}
        otto.post("/alerts/1", data=form)
    with site.signed_in("vera") as vera:
        texts = [vera.get(path).text.lower() for path in PATHS]
        found = vera.get("/api/v1/alerts", params={"text": NAME}).json()["alerts"]
    assert not [text for text in texts if "zoe" in text or "quill" in text]
    assert found == []


def test_an_operator_reads_the_name_and_each_reading_is_written_down(site: Served) -> None:
    site.store(agitation(1), violation(2))
    with site.signed_in("otto") as otto:
        assert NAME in otto.get("/alerts").text
        assert NAME in otto.get("/alerts/1").text
        assert otto.get("/api/v1/alerts/1").json()["alert"]["subject"] == NAME
        otto.get("/alerts/2")
    expected = [("otto", "list", NAME), ("otto", "page", NAME), ("otto", "api", NAME)]
    assert names_read(site) == expected


def test_what_a_viewer_reads_is_no_reading_of_a_name(site: Served) -> None:
    site.store(agitation(1))
    with site.signed_in("vera") as vera:
        vera.get("/alerts")
        vera.get("/alerts/1")
    assert names_read(site) == []


@pytest.mark.parametrize("path", ["/alerts", "/alerts/1"])
def test_a_script_in_an_alert_is_text(site: Served, path: str) -> None:
    site.store(agitation(1, SCRIPT, (SCRIPT, '" onmouseover="x')))
    with site.signed_in("otto") as otto:
        text = otto.get(path).text
    assert "<script>document" not in text and 'onmouseover="' not in text
    assert "&lt;script&gt;document" in text


def test_acknowledged_assigned_and_closed_with_who_and_why(site: Served) -> None:
    site.store(violation(1))
    with site.signed_in("otto") as otto:
        token = token_in(otto.get("/alerts/1"))
        for form in (
            {"action": "acknowledge"},
            {"action": "assign", "assignee": "Ann"},
            {"action": "close", "note": "towed\r\naway"},
        ):
            answer = otto.post("/alerts/1", data={"csrf": token, "note": "", **form})
            assert answer.headers["location"] == "/alerts/1"
        found = otto.get("/api/v1/alerts/1").json()
    assert found["alert"]["state"] == "closed"
    did = [(a["user_name"], a["action"], a["note"], a["assignee"]) for a in found["actions"]]
    assert did == [
        ("otto", "acknowledge", "", None),
        ("otto", "assign", "", "Ann"),
        ("otto", "close", "towed\naway", "Ann"),
    ]


def test_who_comes_second_or_gives_no_note_is_told(site: Served) -> None:
    site.store(violation(1))
    with site.signed_in("otto") as otto:
        form = {"csrf": token_in(otto.get("/alerts/1")), "action": "close", "note": ""}
        without_note = otto.post("/alerts/1", data=form)
        otto.post("/alerts/1", data=form | {"note": "done"})
        late = otto.post("/alerts/1", data=form | {"note": "done, too"})
    assert without_note.status_code == 422 and "say why in a note" in without_note.text
    assert late.status_code == 409 and "Somebody was faster" in late.text


@pytest.mark.parametrize("text", INJECTIONS)
def test_an_injection_is_a_text_that_nothing_holds(site: Served, text: str) -> None:
    site.store(violation(1), violation(2))
    with site.signed_in("vera") as vera:
        for field in ("kind", "drone", "text"):
            answer = vera.get("/api/v1/alerts", params={field: text})
            assert answer.json()["alerts"] == []
        assert len(vera.get("/api/v1/alerts").json()["alerts"]) == 2


def test_an_area_of_the_map_is_a_filter_by_its_name(sqlite_engine: Engine, tmp_path: Path) -> None:
    square = [[-74.01, 40.7001], [-73.0, 40.7001], [-73.0, 40.70025], [-74.01, 40.70025]]
    feature = {"type": "Feature", "properties": {"name": "Main & Side"}}
    feature |= {"geometry": {"type": "Polygon", "coordinates": [[*square, square[0]]]}}
    areas = outline(json.dumps(feature).encode())
    add_user(sqlite_engine, "vera", "viewer")
    with served(sqlite_engine, tmp_path, outline=areas) as site, site.signed_in("vera") as vera:
        site.store(*(violation(number) for number in range(5)))
        found = vera.get("/api/v1/alerts", params={"area": "Main & Side"}).json()["alerts"]
        page = vera.get("/alerts", params={"area": "Main & Side"}).text
        unknown = vera.get("/api/v1/alerts", params={"area": "Elsewhere"})
    assert [alert["place"] for alert in found] == ["2 Main Street", "1 Main Street"]
    assert page.count("data-latitude") == 2 and '<option value="Main &amp; Side">' in page
    assert unknown.status_code == 400 and "name of an area" in unknown.json()["detail"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("area", "1,2,3"),
        ("area", "nan,0,1,1"),
        ("since", "yesterday"),
        ("until", "2026-02-30"),
        ("state", "lost"),
        ("text", "a\0b"),
        ("limit", "0"),
        ("limit", "100000"),
        ("cursor", "MQ"),
        ("cursor", "1' OR 1=1"),
    ],
)
def test_what_cannot_be_understood_is_a_problem_that_names_it(
    site: Served, field: str, value: str
) -> None:
    with site.signed_in("vera") as vera:
        answer = vera.get("/api/v1/alerts", params={field: value})
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"
    assert field in answer.json()["detail"]


def test_pages_of_the_api_hold_every_alert_once_newest_first(site: Served) -> None:
    site.store(*(violation(number) for number in range(25)))
    seqs: list[int] = []
    with site.signed_in("vera") as vera:
        cursor: str | None = ""
        while cursor is not None:
            page = vera.get("/api/v1/alerts", params={"limit": 10, "cursor": cursor}).json()
            seqs += [alert["seq"] for alert in page["alerts"]]
            cursor = page["next"]
    assert seqs == list(range(25, 0, -1))


def test_pages_of_the_list_lead_to_the_oldest(site: Served) -> None:
    site.store(*(violation(number) for number in range(60)))
    with site.signed_in("vera") as vera:
        first = vera.get("/alerts").text
        second = vera.get("/alerts?before=11").text
    assert 'href="/alerts?before=11"' in first and 'data-seq="60"' in first
    assert 'data-seq="1"' in second and "Older" not in second


@pytest.mark.parametrize("seq", ["0", "99", str(2**63 - 1), str(2**64), "-1", "x"])
def test_an_alert_that_is_not_there_is_told(site: Served, seq: str) -> None:
    with site.signed_in("vera") as vera:
        assert vera.get(f"/alerts/{seq}").status_code in (404, 422)
        assert vera.get(f"/api/v1/alerts/{seq}").status_code in (404, 422)


def test_the_api_describes_itself(site: Served) -> None:
    with site.signed_in("vera") as vera:
        described = vera.get("/api/v1/openapi.json").json()
    assert described["openapi"].startswith("3.")
    assert set(described["paths"]) >= {"/api/v1/alerts", "/api/v1/alerts/{seq}", "/api/v1/answers"}
