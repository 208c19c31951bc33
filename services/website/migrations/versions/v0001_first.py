"""The first tables."""

import sqlalchemy as sa
import structlog
from alembic import op
from sqlalchemy.exc import DBAPIError

revision = "0001"
down_revision = None

STATES = "state IN ('new', 'acknowledged', 'assigned', 'closed')"
Serial = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Alerts and what is done about them; who signs in, and what names they read."""
    _alerts()
    _actions()
    _people()
    _traces()
    if op.get_bind().dialect.name == "postgresql":
        _search()


def _alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("seq", Serial, primary_key=True),
        sa.Column("alert_id", sa.Text, nullable=False, unique=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("drone_id", sa.Text, nullable=False),
        sa.Column("report_id", sa.Text, nullable=False),
        sa.Column("time_ms", sa.BigInteger, nullable=False),
        sa.Column("detected_at_ms", sa.BigInteger),
        sa.Column("stored_at_ms", sa.BigInteger, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("place", sa.Text),
        sa.Column("latitude", sa.Double),
        sa.Column("longitude", sa.Double),
        sa.Column("detail", sa.JSON, nullable=False),
        sa.Column("search_text", sa.Text, nullable=False),
        sa.Column("search_name", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("assignee", sa.Text),
        sa.CheckConstraint(STATES, name="state_known"),
        sqlite_autoincrement=True,
    )
    op.create_index("alerts_by_drone", "alerts", ["drone_id", "seq"])
    op.create_index("alerts_by_kind", "alerts", ["kind", "seq"])
    op.create_index("alerts_by_state", "alerts", ["state", "seq"])
    op.create_index("alerts_by_time", "alerts", ["time_ms", "seq"])
    op.create_index("alerts_by_report", "alerts", ["report_id"])
    op.create_index("alerts_by_stored", "alerts", ["stored_at_ms"])
    op.create_index("alerts_by_area", "alerts", ["latitude", "longitude"])


def _actions() -> None:
    counts = op.create_table(
        "state_counts",
        sa.Column("state", sa.Text, primary_key=True),
        sa.Column("alerts", sa.BigInteger, nullable=False),
        sa.CheckConstraint(STATES, name="state_known"),
    )
    states = ("new", "acknowledged", "assigned", "closed")
    op.bulk_insert(counts, [{"state": state, "alerts": 0} for state in states])
    op.create_table(
        "actions",
        sa.Column("action_id", Serial, primary_key=True),
        sa.Column("seq", Serial, sa.ForeignKey("alerts.seq", ondelete="CASCADE"), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("user_name", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("assignee", sa.Text),
        sa.Column("note", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("actions_by_alert", "actions", ["seq", "action_id"])


def _people() -> None:
    op.create_table(
        "users",
        sa.Column("user_id", Serial, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("created_at_ms", sa.BigInteger, nullable=False),
        sa.CheckConstraint("role IN ('viewer', 'operator')", name="role_known"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "sessions",
        sa.Column("key_hash", sa.Text, primary_key=True),
        sa.Column(
            "user_id", Serial, sa.ForeignKey("users.user_id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("created_at_ms", sa.BigInteger, nullable=False),
        sa.Column("expires_at_ms", sa.BigInteger, nullable=False),
    )
    op.create_index("sessions_by_user", "sessions", ["user_id"])
    op.create_index("sessions_by_expiry", "sessions", ["expires_at_ms"])


def _traces() -> None:
    op.create_table(
        "attempts",
        sa.Column("attempt_id", Serial, primary_key=True),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("attempts_by_name", "attempts", ["name", "at_ms"])
    op.create_index("attempts_by_address", "attempts", ["address", "at_ms"])
    op.create_index("attempts_by_time", "attempts", ["at_ms"])
    op.create_table(
        "audit",
        sa.Column("reading_id", Serial, primary_key=True),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("user_name", sa.Text, nullable=False),
        sa.Column("through", sa.Text, nullable=False),
        sa.Column("alert_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("audit_by_name", "audit", ["name", "at_ms"])
    op.create_index("audit_by_user", "audit", ["user_name", "at_ms"])
    op.create_index("audit_by_time", "audit", ["at_ms"])


def _search() -> None:
    """Text anywhere in millions of alerts. The extension comes with every usual PostgreSQL."""
    try:
        with op.get_bind().begin_nested():
            op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            for column in ("search_text", "search_name"):
                op.execute(
                    f"CREATE INDEX alerts_by_{column} ON alerts USING gin ({column} gin_trgm_ops)"
                )
    except DBAPIError as error:
        cause = str(error.orig).partition("\n")[0]
        structlog.get_logger().warning("text filters read all alerts: no pg_trgm", cause=cause)
