"""What `dronewatch-load` does once its settings are read: look at all files, then load each."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event

import click
from kafka.errors import KafkaError

from services.loading.files import STANDARD_INPUT, Input, Unreadable, inputs
from services.loading.journal import Places
from services.loading.loader import Bounds, Ending
from services.loading.pipe import Stopped
from services.loading.plan import Terms, placed
from services.loading.rejected import SUFFIX, is_ours
from services.loading.sending import Outlet, outlet
from services.loading.session import Session
from services.loading.summary import counts_text
from services.stream.connection import KafkaConnection, sign_in_hint
from services.stream.consumer import connected
from services.stream.patience import Patience


@dataclass(frozen=True, slots=True)
class Command:
    """What is asked for; without a connection it is a dry run."""

    files: Sequence[Path]
    checkpoint: Path | None
    rejected: Path | None
    terms: Terms
    bounds: Bounds
    connection: KafkaConnection | None


def load_all(command: Command, stop: Event) -> bool:
    """Whether all is done that was asked for; ClickException if it cannot be."""
    texts = [text for path in command.files for text in _texts(path)]
    places = placed(texts, command.checkpoint, command.rejected)
    if command.connection is None:
        places = dict.fromkeys(texts, Places())
    session = Session(command.terms, places, command.bounds, stop)
    try:
        return _checked_and_loaded(session, command.connection)
    except Stopped:
        click.echo("stopped: the same command goes on from here")
        return False
    except KafkaError as error:
        raise click.ClickException(f"Kafka refuses reports: {error}") from error
    finally:
        if session.outlet:
            session.outlet.close()


def _texts(path: Path) -> tuple[Input, ...]:
    """The texts in a file; none in one that we wrote: `*.csv` names those, too."""
    try:
        if path != STANDARD_INPUT and path.name.endswith(SUFFIX) and is_ours(path):
            click.echo(f"{path.name}: passed over, these rows were rejected before")
            return ()
        return inputs(path)
    except (OSError, Unreadable) as error:
        raise click.ClickException(f"{path}: {error}") from error


def _checked_and_loaded(session: Session, connection: KafkaConnection | None) -> bool:
    for text in session.places:
        if not text.is_standard_input:
            session.check(text)
    if connection:
        session.outlet = _waited_outlet(connection, session)
    is_complete = _loaded(session)
    if len(session.places) > 1:
        is_dry_run = session.outlet is None
        click.echo(counts_text("all files", session.counts, Places(), is_dry_run))
    return is_complete


def _waited_outlet(connection: KafkaConnection, session: Session) -> Outlet:
    """Kafka, as soon as it is there; Stopped if told to before."""
    patience = Patience(session.stop, session.progress.wait)
    make = partial(outlet, connection, session.terms, patience)
    hint = sign_in_hint(connection)
    found = connected(make, session.stop.is_set, session.progress.wait, hint)
    if found is None:
        raise Stopped
    return found


def _loaded(session: Session) -> bool:
    """Whether each text was loaded, or as many rows as were asked for."""
    for text in session.places:
        ending = session.load(text)
        if ending is not Ending.DONE:
            return ending is Ending.LIMIT
    return True
