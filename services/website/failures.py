"""What a database's error says, in one line without the statement and its values. Pure."""

from sqlalchemy.exc import SQLAlchemyError

from services.reports.codec import one_line


def cause_of(error: SQLAlchemyError) -> str:
    """The server's or the driver's own words."""
    original = getattr(error, "orig", None) or error
    lines = [line.strip() for line in str(original).splitlines() if line.strip()]
    return one_line("; ".join(lines) or type(original).__name__)


def is_given_up(error: SQLAlchemyError) -> bool:
    """Whether PostgreSQL ended the statement because it took too long (SQLSTATE 57014)."""
    return getattr(getattr(error, "orig", None), "sqlstate", None) == "57014"
