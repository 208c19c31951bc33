"""`python -m services.website.retention`: deletes what is older than it may be kept.

A schedule runs it beside the website: batches are small, so that storing gets its turn.
"""

import time
from collections.abc import Callable
from functools import partial

import click
import structlog
from sqlalchemy import Column, Connection, Engine, Select, Table, delete, select

from services.runtime.clock import now_ms
from services.runtime.logs import configure_logs
from services.runtime.settings import component_command
from services.website.counting import count
from services.website.database import is_sqlite, writing
from services.website.options import database_options, ready_database
from services.website.schema import STATES, alerts, audit

DAY_MS = 24 * 60 * 60 * 1000
BATCH_ROWS = 1_000
PAUSE_SECONDS = 0.02

log = structlog.get_logger()


def delete_alerts(engine: Engine, before_ms: int, rows: int) -> int:
    """Delete at most so many alerts, with what was done about them; how many it were."""
    with writing(engine) as connection:
        old = _oldest(connection, alerts, alerts.c.stored_at_ms, rows).where(
            alerts.c.stored_at_ms < before_ms
        )
        gone = delete(alerts).where(alerts.c.seq.in_(old)).returning(alerts.c.state)
        states = [row.state for row in connection.execute(gone)]
        count(connection, {state: -states.count(state) for state in STATES})
    return len(states)


def delete_readings(engine: Engine, before_ms: int, rows: int) -> int:
    """Delete at most so many rows of the audit; how many it were."""
    with writing(engine) as connection:
        old = _oldest(connection, audit, audit.c.at_ms, rows).where(audit.c.at_ms < before_ms)
        return connection.execute(delete(audit).where(audit.c.reading_id.in_(old))).rowcount


def _oldest(connection: Connection, table: Table, time_of: Column[int], rows: int) -> Select[int]:
    """Keys; of those that another deletes just now, none."""
    key = next(iter(table.primary_key))
    oldest = select(key).order_by(time_of).limit(rows)
    return oldest if is_sqlite(connection) else oldest.with_for_update(skip_locked=True)


def all_deleted(delete_batch: Callable[[int], int], rows: int) -> int:
    """Batch after batch until one is not full; how many rows it were."""
    total = 0
    while (deleted := delete_batch(rows)) == rows:
        total += deleted
        time.sleep(PAUSE_SECONDS)
    return total + deleted


@component_command("dronewatch-website-retention")
@database_options
@click.option("--days", type=click.IntRange(1), default=90, help="Alerts stay so long.")
@click.option(
    "--audit-days",
    type=click.IntRange(1),
    default=365,
    help="Who read which name when stays so long.",
)
@click.option("--batch-rows", type=click.IntRange(1, 100_000), default=BATCH_ROWS)
def main(engine: Engine, days: int, audit_days: int, batch_rows: int) -> None:
    """Delete old alerts, and old entries of the audit."""
    configure_logs("auto", "info")
    started_ms = now_ms()
    with ready_database(engine):
        gone = all_deleted(partial(delete_alerts, engine, started_ms - days * DAY_MS), batch_rows)
        read = all_deleted(
            partial(delete_readings, engine, started_ms - audit_days * DAY_MS), batch_rows
        )
    log.info("deleted", alerts=gone, readings=read)


if __name__ == "__main__":
    main()
