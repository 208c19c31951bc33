"""A search that a large database does not answer in time."""

from pathlib import Path

import pytest
from sqlalchemy import text

from services.website import database
from services.website.problems import GIVEN_UP
from services.website.upgrading import upgrade
from tests.website.databases import opened
from tests.website.served import add_user, served


def test_a_search_that_takes_too_long_is_given_up_and_says_what_helps(
    postgres_place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "STATEMENT_SECONDS", 1)
    with opened(postgres_place) as engine:
        upgrade(engine)
        add_user(engine, "vera", "viewer")
        with (
            served(engine, tmp_path) as site,
            site.signed_in("vera") as vera,
            engine.begin() as other,
        ):
            # Whoever reads alerts waits for the lock.
            other.execute(text("LOCK TABLE alerts IN ACCESS EXCLUSIVE MODE"))
            answer = vera.get("/api/v1/alerts", params={"text": "zz"})
    assert (answer.status_code, answer.json()["detail"]) == (400, GIVEN_UP)
