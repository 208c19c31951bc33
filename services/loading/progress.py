"""Progress for whoever waits: a bar on a terminal, else a line every ten seconds."""

import sys
from time import monotonic
from typing import Any

import click
from tqdm import tqdm

from services.loading.checkpoint import Checkpoint, Counts
from services.loading.files import Source
from services.loading.summary import Standing, standing_text

LINE_SECONDS = 10.0
BAR_FORMAT = "|{bar:20}| {desc}"
WITHOUT_END_FORMAT = "{desc}"


class Progress:
    """One run's, on standard error: watch a text, then show each checkpoint of it."""

    def __init__(self) -> None:
        self.is_terminal = sys.stderr.isatty()
        self.name = ""
        self.bar: tqdm[Any] | None = None

    def watch(self, name: str, source: Source, checkpoint: Checkpoint) -> None:
        """From now on show this text, which this run takes up at the checkpoint."""
        self.name = name
        self.source = source
        self.first = checkpoint
        self.first_share = source.share(checkpoint.position.offset)
        self.began_seconds = self.shown_seconds = monotonic()
        if self.is_terminal:
            bar_format = WITHOUT_END_FORMAT if self.first_share is None else BAR_FORMAT
            self.bar = tqdm(total=1.0, desc=name, bar_format=bar_format, dynamic_ncols=True)

    def show(self, checkpoint: Checkpoint) -> None:
        """Called after each batch."""
        standing = self._standing(checkpoint.counts, checkpoint.position.offset)
        if self.bar is not None:
            text = f"{self.name}: {standing_text(standing)}"
            self.bar.set_description_str(text, refresh=False)
            self.bar.update((standing.share or 0.0) - self.bar.n)
        elif monotonic() - self.shown_seconds >= LINE_SECONDS:
            self.shown_seconds = monotonic()
            click.echo(f"{self.name}: {standing_text(standing)}", err=True)

    def wait(self) -> None:
        """Called again and again while Kafka does not answer; off a terminal the log says it."""
        if self.bar is not None:
            self.bar.set_description_str(f"{self.name}: waiting for Kafka, which does not answer")

    def close(self) -> None:
        """Take the bar away."""
        if self.bar is not None:
            self.bar.close()
            self.bar = None

    def _standing(self, counts: Counts, offset: int) -> Standing:
        rows_since = counts.rows - self.first.counts.rows
        seconds = monotonic() - self.began_seconds
        return Standing(counts, rows_since, seconds, self.source.share(offset), self.first_share)
