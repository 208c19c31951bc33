"""A database of the website's with very many alerts, made by itself. For bench.big_tables.

Number n of them is the n-th stored; what it says follows from n, in SQLite and PostgreSQL alike.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product

from sqlalchemy import Connection, Engine, text

from services.website.database import is_sqlite, writing
from services.website.upgrading import upgrade

# 3.3 million a day, what 200 GB of reports raise; the first of them long ago.
FIRST_MS = 1_772_452_800_000
EVERY_MS = 26
DRONES = 2_000
# Once in all alerts, in the oldest of them.
RARE_WORD = "zeppelin"
SYLLABLES = ("ma", "ri", "to", "ken", "lan", "ber", "so", "nu", "vel", "dor")
WORDS = tuple("".join(parts) for parts in product(SYLLABLES, repeat=3))
# So many rows take their time; and indexes need less of it, and of the disk, in memory.
PATIENT = ("SET LOCAL statement_timeout = 0", "SET LOCAL maintenance_work_mem = '1GB'")
ROW_BYTES = 1_500

# h: n, well stirred, so that neighbours are not alike.
SERIES = {
    True: "WITH RECURSIVE series(n) AS"
    " (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < :rows)",
    False: "WITH series AS (SELECT n FROM generate_series(CAST(1 AS bigint), :rows) AS s(n))",
}
JSON = {True: "text", False: "json"}
FILL = f"""
, stirred AS (SELECT n, (n * 2654435761) % 4294967296 AS h FROM series)
, told AS (
  SELECT n, h, 'drone-' || (h % {DRONES}) AS drone, one.word AS one, two.word AS two,
    CASE WHEN n % 10007 = 5 THEN 'maintenance' WHEN h % 3 = 0 THEN 'agitation'
      ELSE 'violation' END AS kind,
    {FIRST_MS} + n * {EVERY_MS} AS at_ms
  FROM stirred
  JOIN bench_words AS one ON one.number = (h / 7) % {len(WORDS)}
  JOIN bench_words AS two ON two.number = (h / 11) % {len(WORDS)}
)
INSERT INTO alerts (seq, alert_id, kind, drone_id, report_id, time_ms, detected_at_ms, stored_at_ms,
  subject, place, latitude, longitude, detail, search_text, search_name, state)
SELECT n, drone || '-' || n || '-' || kind || '-0', kind, drone, drone || '-' || n,
  at_ms - h % 1000, at_ms, at_ms + 20,
  CASE kind WHEN 'agitation' THEN one || ' ' || two ELSE CAST(h % 99 AS text) END,
  (h % 900) || ' ' || two || ' street', 40.5 + (h % 4001) / 10000.0, -74.2 + (h % 5003) / 10000.0,
  CAST('{{"words": ["' || one || '", "rain"], "place": "' || (h % 900) || ' ' || two || ' street",'
    || ' "telemetry": {{"battery": 0.5, "motor_temperature_celsius": 40.0, "vibration_g": 0.1,'
    || ' "flight_hours": 100.0, "signal_dbm": -60.0}}}}' AS :json),
  drone || ' ' || drone || '-' || n || ' ' || (h % 900) || ' ' || two || ' street ' || one
    || ' rain' || CASE n WHEN 3 THEN ' {RARE_WORD}' ELSE '' END,
  CASE kind WHEN 'agitation' THEN one || ' ' || two ELSE '' END,
  CASE WHEN n % 1009 = 7 THEN 'assigned' WHEN n * 10 > CAST(:rows AS bigint) * 9 THEN 'new'
    ELSE 'closed' END
FROM told
"""
COUNT = """
UPDATE state_counts
SET alerts = (SELECT count(*) FROM alerts WHERE alerts.state = state_counts.state)
"""


def seen_at_ms(number: int) -> int:
    """When that alert was seen, but for a second."""
    return FIRST_MS + number * EVERY_MS


def fill(engine: Engine, rows: int) -> None:
    """The website's tables in an empty database, with so many alerts."""
    upgrade(engine)
    with writing(engine) as connection:
        for setting in () if is_sqlite(connection) else PATIENT:
            connection.execute(text(setting))
        connection.execute(text("CREATE TABLE bench_words (number integer PRIMARY KEY, word text)"))
        words = [{"number": number, "word": word} for number, word in enumerate(WORDS)]
        connection.execute(text("INSERT INTO bench_words VALUES (:number, :word)"), words)
        with _indexed_afterwards(connection):
            connection.execute(text(_filling(connection)), {"rows": rows})
        connection.execute(text(COUNT))
    _settle(engine, rows)


def _filling(connection: Connection) -> str:
    return SERIES[is_sqlite(connection)] + FILL.replace(":json", JSON[is_sqlite(connection)])


@contextmanager
def _indexed_afterwards(connection: Connection) -> Iterator[None]:
    """PostgreSQL makes indexes of what is there in a fraction of the time."""
    made = (
        []
        if is_sqlite(connection)
        else connection.execute(
            text(
                "SELECT indexname, indexdef FROM pg_indexes"
                " WHERE tablename = 'alerts' AND indexname LIKE 'alerts\\_by\\_%'"
            )
        ).all()
    )
    for name, _ in made:
        connection.execute(text(f"DROP INDEX {name}"))
    yield
    for _, definition in made:
        connection.execute(text(definition))


def _settle(engine: Engine, rows: int) -> None:
    """What the server does by itself within minutes: statistics, and what all may see."""
    if is_sqlite(engine):
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text(f"SELECT setval('alerts_seq_seq', {rows})"))
        connection.execute(text("VACUUM (ANALYZE) alerts"))
