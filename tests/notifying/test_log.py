"""The log channel: one line of JSON a notice, on standard output."""

import io
import json
import sys
from pathlib import Path

import click
import pytest

from services.notifying.log import LogChannel
from services.notifying.notice import Outcome, notice_of
from tests.notifying.samples import alert, notice


def test_a_notice_is_one_line_with_its_alerts(capsys: pytest.CaptureFixture[str]) -> None:
    channel = LogChannel()
    digest = notice_of([alert("r-1"), alert("r-2")], 0)
    assert channel.deliver(notice("r-1")) == Outcome(delivered=("log",))
    assert channel.deliver(digest) == Outcome(delivered=("log",))
    single, both = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert single["event"] == "Agitation: Aurore Durand, near Rue de Rivoli"
    assert single["notice_id"] == "r-1-agitation-0"
    assert [one["alert_id"] for one in both["alerts"]] == ["r-1-agitation-0", "r-2-agitation-0"]
    assert both["alerts"][0] == {
        "alert_id": "r-1-agitation-0",
        "kind": "agitation",
        "subject": "Aurore Durand",
        "drone_id": "drone-1",
        "time": "2026-03-02T12:00:00.123000+00:00",
        "place": "Rue de Rivoli",
    }


def test_where_nothing_can_be_written_it_stops_rather_than_lose_a_notice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Path("/dev/full").open("wb", buffering=0) as full:
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(full, write_through=True))
        with pytest.raises(click.ClickException, match="No space left on device"):
            LogChannel().deliver(notice("r-1"))
