"""What is older than it may be kept goes, in small batches, with all that belongs to it."""

from click.testing import CliRunner
from sqlalchemy import Engine, func, insert, select

from services.runtime.clock import now_ms
from services.website.database import reading, writing
from services.website.marks import put_mark
from services.website.queries import counts, newest
from services.website.retention import DAY_MS, all_deleted, delete_alerts, main
from services.website.schema import actions, audit
from services.website.states import Mark
from services.website.storing import store
from tests.website.samples import row, rows


def test_old_alerts_go_with_what_was_done_about_them(engine: Engine) -> None:
    old, new = now_ms() - 91 * DAY_MS, now_ms() - 89 * DAY_MS
    store(engine, [row(n, old) for n in range(25)] + [row(n, new) for n in range(25, 30)])
    with writing(engine) as connection:
        for alert in newest(connection)[-3:]:
            put_mark(connection, alert.seq, Mark("close", "done"), "otto", old)
    sizes: list[int] = []

    def delete_batch(most: int) -> int:
        sizes.append(delete_alerts(engine, now_ms() - 90 * DAY_MS, most))
        return sizes[-1]

    assert all_deleted(delete_batch, 10) == 25
    assert sizes == [10, 10, 5]
    with reading(engine) as connection:
        assert len(newest(connection)) == 5
        assert counts(connection) == {"new": 5, "acknowledged": 0, "assigned": 0, "closed": 0}
        assert connection.scalar(select(func.count()).select_from(actions)) == 0


def test_a_seq_never_comes_twice(engine: Engine) -> None:
    store(engine, rows(5))
    with reading(engine) as connection:
        last = newest(connection)[0].seq
    assert delete_alerts(engine, now_ms(), 100) == 5
    store(engine, rows(1))
    with reading(engine) as connection:
        assert newest(connection)[0].seq > last


def test_the_command_deletes_what_its_options_say(place: str, engine: Engine) -> None:
    store(engine, [row(1, now_ms() - 8 * DAY_MS), row(2, now_ms() - 6 * DAY_MS)])
    entry = {"user_name": "otto", "through": "page", "alert_id": "a", "name": "Jo"}
    with writing(engine) as connection:
        ages = (40, 20)
        connection.execute(
            insert(audit), [{**entry, "at_ms": now_ms() - days * DAY_MS} for days in ages]
        )
    done = CliRunner().invoke(main, ["--database", place, "--days", "7", "--audit-days", "30"])
    assert done.exit_code == 0, done.output
    with reading(engine) as connection:
        assert [alert.subject for alert in newest(connection)] == ["Citizen 2"]
        assert connection.scalar(select(func.count()).select_from(audit)) == 1
