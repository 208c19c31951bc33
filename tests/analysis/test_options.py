"""What the options of `run` mean."""

from datetime import UTC, datetime, timedelta

import click
import pytest

from analysis.__main__ import _chosen
from analysis.criteria import Criteria
from analysis.options import time
from analysis.questions import built_in


def test_yesterday_and_today_are_one_whole_utc_day() -> None:
    assert time("today") - time("yesterday") == timedelta(days=1)
    assert time("today").time().isoformat() == "00:00:00"
    assert timedelta(0) <= datetime.now(UTC) - time("today") < timedelta(days=1, minutes=1)


def test_what_is_no_time_is_refused_with_an_example() -> None:
    with pytest.raises(click.BadParameter, match="today"):
        time("last week")


def test_all_adds_the_built_in_questions_to_those_in_files(tmp_path) -> None:
    file = tmp_path / "mine.sql"
    file.write_text("SELECT 1")
    names = [question.name for question in _chosen(("all",), (file,), Criteria())]
    assert names == [question.name for question in built_in(Criteria())] + ["sql-mine"]
