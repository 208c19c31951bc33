"""Brings a database's tables to what this program needs; called at its start, and by its commands.

Several replicas may start at once: one upgrades, the others wait for it and find nothing to do.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from services.website.database import is_sqlite, writing

MIGRATIONS = Path(__file__).parent / "migrations"
# Any number that nobody else locks in this database.
UPGRADE_LOCK = 0x64726F6E65


class NewerDatabaseError(Exception):
    """A later program has changed the tables: this one does not know them."""


def upgrade(engine: Engine) -> None:
    """Apply the migrations that the database lacks, all or none; NewerDatabaseError."""
    config = Config(attributes={})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with writing(engine) as connection:
        if not is_sqlite(engine):
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": UPGRADE_LOCK})
        standing = MigrationContext.configure(connection).get_current_revision()
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if standing is not None and standing not in known:
            raise NewerDatabaseError(f"the database is of a later version ({standing})")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
