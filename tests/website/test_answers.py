"""Answers and fleet as pages, downloads and API, out of files as the analysis writes them."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from services.runtime.clock import now_ms
from services.website.answers import Answer, csv_text, fleet_rows, sides
from services.website.database import reading
from services.website.drones import recent_alerts
from services.website.retention import DAY_MS
from services.website.storing import store
from tests.website.samples import row
from tests.website.served import Served, violation

RUN = "2026-03-09T14-30-00Z"
GAPS = {"drone_id": "d1", "day": "2026-03-09", "reports": 10, "usual_interval_seconds": 60.0}
GAPS |= {"gaps": 1, "longest_gap_seconds": 600.0, "silent_minutes": 10.0}


def write_answer(root: Path, question: str, rows: list[dict[str, Any]]) -> None:
    """The files of one answer; see spark-operator/analysis/results.py."""
    folder = root / question / RUN
    folder.mkdir(parents=True)
    columns = list(rows[0]) if rows else ["nothing"]
    moment = "2026-03-09T14:30:00Z"
    run = {"name": RUN, "started_at": moment, "archive": "file:///a", "arrived_from": moment}
    described = {"question": question, "title": f"About {question}", "run": run}
    described |= {"answered_at": moment, "seconds": 1.0, "rows": len(rows), "is_cut": False}
    (folder / "answer.json").write_text(json.dumps({"columns": columns, "rows": rows}))
    (folder / "chart.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    (folder.parent / "latest.json").write_text(json.dumps(described | {"columns": columns}))


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Where `site` looks for results."""
    return tmp_path / "results"


@pytest.mark.parametrize("path", ["/answers", "/fleet"])
def test_without_results_a_page_says_so_kindly(site: Served, path: str) -> None:
    with site.signed_in("vera") as vera:
        answer = vera.get(path)
    assert answer.status_code == 200 and "No result yet" in answer.text


def test_an_answer_has_its_chart_its_table_and_its_period(site: Served, results: Path) -> None:
    write_answer(results, "parking-codes", [{"code": "14", "violations": 1234}])
    with site.signed_in("vera") as vera:
        listed, page = vera.get("/answers").text, vera.get("/answers/parking-codes").text
        chart = vera.get("/answers/parking-codes/chart.svg")
    assert "About parking-codes" in listed
    assert "1,234" in page and "arrived from 2026-03-09 14:30" in page
    assert chart.headers["content-type"] == "image/svg+xml"
    assert "sandbox" in chart.headers["content-security-policy"]


def test_history_stands_beside_the_drones(site: Served, results: Path) -> None:
    rows = [{"source": source, "hour": 1, "violations": 5} for source in ("drone", "nypd")]
    write_answer(results, "parking-hours", rows)
    with site.signed_in("vera") as vera:
        text = vera.get("/answers/parking-hours").text
    assert text.index("History (New York)</caption>") < text.index("Drones</caption>")


def test_downloads_hold_the_table(site: Served, results: Path) -> None:
    rows = [{"place": "=1+1", "violations": 2}, {"place": 'a "b", c', "violations": 1}]
    write_answer(results, "places", rows)
    with site.signed_in("vera") as vera:
        as_csv = vera.get("/answers/places/answer.csv")
        as_json = vera.get("/answers/places/answer.json").json()
        by_api = vera.get("/api/v1/answers/places").json()
    assert as_csv.headers["content-disposition"] == 'attachment; filename="places.csv"'
    read = list(csv.DictReader(io.StringIO(as_csv.text)))
    assert [row["place"] for row in read] == ["'=1+1", 'a "b", c']
    assert as_json["rows"] == by_api["rows"] == rows


def test_the_fleet_page_sums_each_drones_days(site: Served, results: Path) -> None:
    write_answer(results, "fleet-gaps", [GAPS, GAPS | {"day": "2026-03-10", "reports": 5}])
    with site.signed_in("vera") as vera:
        text = vera.get("/fleet").text
    assert ">d1<" in text and ">15<" in text and ">20<" in text


def test_the_fleet_page_counts_each_drones_alerts_of_the_last_day(
    site: Served, results: Path
) -> None:
    write_answer(results, "fleet-gaps", [GAPS | {"drone_id": "drone-1"}])
    site.store(violation(1), violation(4), violation(2))
    with site.signed_in("vera") as vera:
        text, by_api = vera.get("/fleet").text, vera.get("/api/v1/fleet").json()
    alerts = {drone["drone_id"]: (drone["alerts"], drone["gaps"]) for drone in by_api["drones"]}
    assert alerts == {"drone-1": (2, 1), "drone-2": (1, None)}
    assert "Alerts: of the 24 hours before 20" in text and "Reports and gaps: answered" in text
    assert by_api["gaps"]["question"] == "fleet-gaps"


def test_before_any_result_the_fleet_page_shows_who_raised_alerts(site: Served) -> None:
    site.store(violation(1))
    with site.signed_in("vera") as vera:
        text = vera.get("/fleet").text
    assert "No result yet" in text and 'href="/alerts?drone=drone-1"' in text


def test_of_a_day_with_very_many_alerts_the_newest_are_counted(engine: Engine) -> None:
    store(engine, [row(n, now_ms() - DAY_MS - n) for n in range(3)])
    store(engine, [row(10 + n, now_ms() - 60_000 * n) for n in range(5)])
    with reading(engine) as connection:
        every, some = (recent_alerts(connection, now_ms(), most) for most in (100, 3))
    assert (sum(every.by_drone.values()), every.is_cut) == (5, False)
    assert (some.by_drone, some.is_cut) == ({"drone-3": 1, "drone-4": 1, "drone-5": 1}, True)


def test_answers_of_a_kind_stand_together(site: Served, results: Path) -> None:
    for name in ("zebra", "parking-hours", "crowd-hours", "parking-codes"):
        write_answer(results, name, [{"a": 1}])
    with site.signed_in("vera") as vera:
        text = vera.get("/answers").text
    names = ("Parking<", "parking-codes", "Crowds<", "crowd-hours", "Other questions<", "zebra")
    assert [text.index(name) for name in names] == sorted(text.index(name) for name in names)


@pytest.mark.parametrize(
    "name", ["..", "../secret", "%2e%2e", "..%2fsecret", "places/../../secret", "%00", "nothing"]
)
def test_no_address_leads_out_of_the_results(site: Served, results: Path, name: str) -> None:
    write_answer(results, "places", [{"a": 1}])
    write_answer(results.parent, "secret", [{"told": "top secret"}])
    with site.signed_in("vera") as vera:
        for ending in ("", "/answer.json", "/chart.svg"):
            answer = vera.get(f"/answers/{name}{ending}")
            assert "top secret" not in answer.text and answer.status_code >= 300


@pytest.mark.parametrize("content", ["", "{", "[]", '{"question": 1}', "\udcff"])
def test_an_unreadable_manifest_hides_only_its_own_answer(
    site: Served, results: Path, content: str
) -> None:
    write_answer(results, "places", [{"a": 1}])
    (results / "broken").mkdir()
    latest = results / "broken" / "latest.json"
    latest.write_text(content, errors="surrogateescape")
    with site.signed_in("vera") as vera:
        assert "About places" in vera.get("/answers").text
        assert vera.get("/answers/broken").status_code == 404


def test_one_source_alone_is_one_table() -> None:
    table = Answer(["source", "hour"], [{"source": "drone", "hour": 1}])
    assert sides(table) == [("", table)]


def test_csv_without_rows_has_its_head() -> None:
    assert csv_text(Answer(["a", "b"], [])) == "a,b\r\n"


def test_a_fleet_without_gaps_has_no_silence() -> None:
    row = GAPS | {"gaps": 0, "longest_gap_seconds": None, "silent_minutes": 0.0}
    [drone] = fleet_rows(Answer(list(row), [row]), {})
    assert (drone["longest_gap_minutes"], drone["silent_minutes"]) == (0.0, 0.0)
