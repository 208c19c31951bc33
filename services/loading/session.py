"""One run of `dronewatch-load`: text after text, and what it says of each. For command."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event

import click
import msgspec

from services.loading.checkpoint import Checkpoint, Counts
from services.loading.columns import Columns
from services.loading.files import Input, Source, Unreadable, claim, opened
from services.loading.journal import Journal, Places
from services.loading.lines import rows
from services.loading.loader import Bounds, Control, Ending, Loader, TooManyRejected, judged
from services.loading.plan import ANEW, Terms, plan
from services.loading.progress import Progress
from services.loading.sending import Outlet
from services.loading.summary import counts_text, ending_text


@dataclass(slots=True)
class Session:
    """What the texts of a run share; without an outlet it is a dry run."""

    terms: Terms
    places: Mapping[Input, Places]
    bounds: Bounds
    stop: Event
    progress: Progress = field(default_factory=Progress)
    outlet: Outlet | None = None
    counts: Counts = field(default_factory=Counts)

    def check(self, text: Input) -> None:
        """Whether it can be loaded, before anything is sent. ClickException if not."""
        with naming(text), opened(text, self.stop) as source:
            plan(text, source, self.places[text], self.terms)

    def load(self, text: Input) -> Ending:
        """Load one text. ClickException, KafkaError if that fails, Stopped if not begun."""
        with naming(text), opened(text, self.stop) as source:
            if self.outlet:
                claim(source)
            made = plan(text, source, self.places[text], self.terms)
            start = self._with_topic_id(text, made.start)
            if start.is_done:
                click.echo(f"{text}: loaded already, into topic {start.topic}; {ANEW}")
                self._tell(text, start, Ending.DONE)
                return Ending.DONE
            journal = Journal(self.places[text], start)
            journal.begin()
            self.progress.watch(str(text), source, start)
            return self._run(text, self._loader(source, made.columns, journal))

    def _loader(self, source: Source, columns: Columns, journal: Journal) -> Loader:
        position = journal.checkpoint.position
        read = rows(source.blocks(position.offset), position, columns)
        control = Control(self.bounds, self.stop, self.progress.show)
        # By UTC, so never earlier than in New York.
        today = datetime.now(UTC).date()
        return Loader(judged(read, columns, today), journal, self.outlet, control)

    def _run(self, text: Input, loader: Loader) -> Ending:
        ending = Ending.FAILED
        try:
            ending = loader.run()
        finally:
            self.progress.close()
            self._tell(text, loader.journal.checkpoint, ending)
        self.bounds = self.bounds.after(loader.rows_done)
        return ending

    def _tell(self, text: Input, checkpoint: Checkpoint, ending: Ending) -> None:
        """The closing summary, and how to go on."""
        places, is_dry_run = self.places[text], self.outlet is None
        click.echo(counts_text(str(text), checkpoint.counts, places, is_dry_run))
        if ending is not Ending.DONE and not is_dry_run:
            click.echo(ending_text(checkpoint, places))
        self.counts += checkpoint.counts

    def _with_topic_id(self, text: Input, start: Checkpoint) -> Checkpoint:
        """A topic made anew, or another Kafka's, has not what the checkpoint says was sent."""
        topic_id = self.outlet.topic_id() if self.outlet else None
        if topic_id and start.topic_id and topic_id != start.topic_id:
            message = f"{text}: its checkpoint is of another topic {start.topic}, of another Kafka"
            raise click.ClickException(f"{message} or since deleted; {ANEW}")
        return msgspec.structs.replace(start, topic_id=topic_id or start.topic_id)


@contextmanager
def naming(text: Input) -> Iterator[None]:
    """What the file itself is to blame for, as one line with its name."""
    try:
        yield
    except (Unreadable, TooManyRejected) as error:
        raise click.ClickException(f"{text}: {error}") from error
