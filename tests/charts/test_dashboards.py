"""What Grafana needs of a dashboard to load it: it says nothing of one that it cannot use."""

import json
from itertools import combinations
from typing import Any

import pytest

from tests.charts.conftest import Render
from tests.charts.manifests import of_kind

GRID_COLUMNS = 24
UID_LENGTH = 40


@pytest.fixture(scope="module")
def board(render: Render) -> dict[str, Any]:
    on = "--set=global.monitoring.enabled=true"
    config = of_kind(render("monitoring", on), "ConfigMap")["dw-monitoring-dashboards"]
    assert config["metadata"]["labels"]["grafana_dashboard"] == "1"
    return json.loads(config["data"]["dronewatch.json"])


def test_it_is_known_by_a_short_id_and_a_title(board: dict[str, Any]) -> None:
    assert board["title"] == "Dronewatch: dw in sky"
    assert 0 < len(board["uid"]) <= UID_LENGTH
    assert board.get("id") is None


def test_every_panel_and_query_reads_the_prometheus_that_one_chooses(board: dict[str, Any]) -> None:
    (variable,) = board["templating"]["list"]
    assert (variable["type"], variable["query"]) == ("datasource", "prometheus")
    chosen = {"type": "prometheus", "uid": f"${{{variable['name']}}}"}
    assert board["panels"]
    for panel in board["panels"]:
        assert panel["datasource"] == chosen
        assert all(t.get("datasource", chosen) == chosen for t in panel["targets"])


def test_panels_and_their_queries_can_be_told_apart(board: dict[str, Any]) -> None:
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({panel["title"] for panel in panels}) == len(panels)
    for panel in panels:
        letters = [target["refId"] for target in panel["targets"]]
        assert letters == sorted(set(letters))
        assert all(target["expr"] and target["legendFormat"] for target in panel["targets"])


def test_panels_stand_side_by_side_and_not_on_each_other(board: dict[str, Any]) -> None:
    places = [panel["gridPos"] for panel in board["panels"]]
    assert all(place["x"] + place["w"] <= GRID_COLUMNS for place in places)
    for one, other in combinations(places, 2):
        assert not (_overlap(one, other, "x", "w") and _overlap(one, other, "y", "h"))


def _overlap(one: dict[str, int], other: dict[str, int], start: str, length: str) -> bool:
    return one[start] < other[start] + other[length] and other[start] < one[start] + one[length]
