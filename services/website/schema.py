"""The tables of the website's database, in SQLite and PostgreSQL alike.

The migrations make them; a test compares both. Times are milliseconds since the epoch, UTC.
"""

from typing import Literal, get_args

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
)

State = Literal["new", "acknowledged", "assigned", "closed"]
Role = Literal["viewer", "operator"]
STATES: tuple[State, ...] = get_args(State)
ROLES: tuple[Role, ...] = get_args(Role)

metadata = MetaData()

# SQLite numbers rows by itself only where the key is called INTEGER; there that has 64 bits, too.
Serial = BigInteger().with_variant(Integer, "sqlite")


def _one_of(column: str, names: tuple[str, ...]) -> CheckConstraint:
    listed = ", ".join(f"'{name}'" for name in names)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


# `seq` is the order in which alerts were stored, and became visible; it never comes twice.
alerts = Table(
    "alerts",
    metadata,
    Column("seq", Serial, primary_key=True),
    Column("alert_id", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("drone_id", Text, nullable=False),
    Column("report_id", Text, nullable=False),
    Column("time_ms", BigInteger, nullable=False),
    Column("detected_at_ms", BigInteger),
    Column("stored_at_ms", BigInteger, nullable=False),
    Column("subject", Text, nullable=False),
    Column("place", Text),
    Column("latitude", Double),
    Column("longitude", Double),
    # The alert's `detail` as docs/report.md has it: words, place, telemetry.
    Column("detail", JSON, nullable=False),
    # What a text filter looks into, in lower case; names of citizens stand apart, for operators.
    Column("search_text", Text, nullable=False),
    Column("search_name", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("assignee", Text),
    _one_of("state", STATES),
    Index("alerts_by_drone", "drone_id", "seq"),
    Index("alerts_by_kind", "kind", "seq"),
    Index("alerts_by_state", "state", "seq"),
    Index("alerts_by_time", "time_ms", "seq"),
    Index("alerts_by_report", "report_id"),
    Index("alerts_by_stored", "stored_at_ms"),
    Index("alerts_by_area", "latitude", "longitude"),
    sqlite_autoincrement=True,
)

# How many alerts are in which state, kept by whoever changes them: counting them takes too long.
state_counts = Table(
    "state_counts",
    metadata,
    Column("state", Text, primary_key=True),
    Column("alerts", BigInteger, nullable=False),
    _one_of("state", STATES),
)

# What was done about an alert: who, when, which state it led to, and why.
actions = Table(
    "actions",
    metadata,
    Column("action_id", Serial, primary_key=True),
    Column("seq", Serial, ForeignKey(alerts.c.seq, ondelete="CASCADE"), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("user_name", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("assignee", Text),
    Column("note", Text, nullable=False),
    Index("actions_by_alert", "seq", "action_id"),
    sqlite_autoincrement=True,
)

# A removed name that is given anew gets a new user_id: old sessions are not its.
users = Table(
    "users",
    metadata,
    Column("user_id", Serial, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    # argon2, with its parameters and salt.
    Column("password_hash", Text, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    _one_of("role", ROLES),
    sqlite_autoincrement=True,
)

# Signed in; the key itself stands in the browser's cookie only.
sessions = Table(
    "sessions",
    metadata,
    Column("key_hash", Text, primary_key=True),
    Column("user_id", Serial, ForeignKey(users.c.user_id, ondelete="CASCADE"), nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("expires_at_ms", BigInteger, nullable=False),
    Index("sessions_by_user", "user_id"),
    Index("sessions_by_expiry", "expires_at_ms"),
)

# Failed attempts to sign in, which replicas share. The name is what was typed.
attempts = Table(
    "attempts",
    metadata,
    Column("attempt_id", Serial, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("address", Text, nullable=False),
    Index("attempts_by_name", "name", "at_ms"),
    Index("attempts_by_address", "address", "at_ms"),
    Index("attempts_by_time", "at_ms"),
    sqlite_autoincrement=True,
)

# Who read which citizen's name, when, and through what: a row a name. It outlives the alerts.
audit = Table(
    "audit",
    metadata,
    Column("reading_id", Serial, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("user_name", Text, nullable=False),
    Column("through", Text, nullable=False),
    Column("alert_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Index("audit_by_name", "name", "at_ms"),
    Index("audit_by_user", "user_name", "at_ms"),
    Index("audit_by_time", "at_ms"),
    sqlite_autoincrement=True,
)
