"""Who read which citizen's name, when, and through what: written before the name is shown."""

from collections.abc import Sequence

from sqlalchemy import Connection, Engine, insert

from services.website.database import writing
from services.website.queries import StoredAlert
from services.website.schema import audit
from services.website.user import User
from services.website.visible import names_read, visible_alert

# Where names are shown.
LIST, LIVE, PAGE, API = "list", "live", "page", "api"


def shown(
    engine: Engine, alerts: Sequence[StoredAlert], user: User, through: str, at_ms: int
) -> list[StoredAlert]:
    """The alerts as the user may see them, once it is written down which names those tell."""
    if names_read(alerts, user):
        with writing(engine) as connection:
            record(connection, alerts, [user], through, at_ms)
    return [visible_alert(alert, user) for alert in alerts]


def record(
    connection: Connection,
    alerts: Sequence[StoredAlert],
    users: Sequence[User],
    through: str,
    at_ms: int,
) -> None:
    """One row a user and name."""
    rows = [
        {
            "at_ms": at_ms,
            "user_name": user.name,
            "through": through,
            "alert_id": alert_id,
            "name": name,
        }
        for user in users
        for alert_id, name in names_read(alerts, user)
    ]
    if rows:
        connection.execute(insert(audit), rows)
