from pathlib import Path

from bench.asking import CURSOR, OFFSET, asked_by
from bench.crowded import RARE_WORD, fill
from services.website.database import database_engine, database_url, reading
from services.website.queries import Filters, counts, last_seq, newest

ROWS = 2_000


def test_a_crowded_database_gives_the_same_page_by_cursor_and_by_offset(tmp_path: Path) -> None:
    engine = database_engine(database_url(str(tmp_path / "crowded.sqlite")))
    fill(engine, ROWS)
    with reading(engine) as connection:
        assert last_seq(connection) == sum(counts(connection).values()) == ROWS
        assert [alert.seq for alert in newest(connection, Filters(text=RARE_WORD))] == [3]
        found = {what: ask(connection) for what, ask in asked_by(ROWS).items()}
        by_cursor, by_offset = ([alert.seq for alert in found[how]] for how in (CURSOR, OFFSET))
        assert by_cursor == by_offset
    engine.dispose()
