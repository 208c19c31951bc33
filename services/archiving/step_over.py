"""`python -m services.archiving step-over`: lets the archive skip what nobody can read.

It creates the decision that the chain goes on behind the batch. The worker asks for it twice a
minute, follows it, and closes with fences every name that an object there could bear.
"""

from dataclasses import replace
from typing import Any

import click

from services.archiving.chain_start import archived_end
from services.archiving.empty_object import empty_object
from services.archiving.footer import Footer, UnreadableObjectError
from services.archiving.naming import decision_name
from services.archiving.store import Store, StoreError
from services.archiving.store_options import store_options
from services.archiving.timeline import latest_timeline
from services.archiving.upload import check_footer, footer_at
from services.reports import topics
from services.runtime.settings import component_command
from services.stream.connection import KafkaConnection, kafka_options
from services.stream.identity import asked_topic_id
from services.stream.worker import NotNow

REASON = "somebody stepped over records that cannot be read"


class RefusedError(Exception):
    """The decision would contradict the archive."""


@component_command("step-over")
@kafka_options
@store_options
@click.option("--reports-topic", default=topics.REPORTS, help="Archived topic.")
@click.option("--partition", type=click.IntRange(0), required=True)
@click.option("--position", type=click.IntRange(0), required=True, help="End of the chain.")
@click.option("--to", "end", type=click.IntRange(1), required=True, help="Go on at this position.")
@click.option("--reason", default=REASON, help="Kept in the decision and in the fences.")
def main(connection: KafkaConnection, store: Store, **settings: Any) -> None:
    """Let the archive of a partition go on behind a batch that cannot be read."""
    partition, position, end = (settings[name] for name in ("partition", "position", "end"))
    if end <= position:
        raise click.UsageError(f"--to must be above --position {position}, not {end}")
    try:
        topic_id = asked_topic_id(connection, settings["reports_topic"])
        timeline = latest_timeline(store, topic_id, partition)
        chain = (timeline.chain_id, partition, position)
        decision = Footer(*chain, end, "decision", settings["reason"])
        is_new = decide(store, decision, timeline.begin)
    except (RefusedError, UnreadableObjectError, NotNow) as error:
        raise click.ClickException(str(error)) from error
    except StoreError as error:
        raise click.ClickException(f"the store: {error}") from error
    made = "decided" if is_new else "decided before"
    click.echo(f"{made}: partition {partition} goes on from {position} at {end}")


def decide(store: Store, decision: Footer, chain_begin: int = 0) -> bool:
    """Create the decision; False if exactly this one exists already.

    chain_begin: where a chain without objects stands. RefusedError if the chain does not end where
    the decision begins, or another decision leads elsewhere. StoreError, UnreadableObjectError.
    """
    existing = _decision_at(store, decision, decision.begin)
    if existing is None:
        end = chain_end(store, decision, chain_begin)
        if end != decision.begin:
            raise RefusedError(
                f"the chain of partition {decision.partition} ends at {end}, not at"
                f" {decision.begin}: archiving may have to put first what it has read"
            )
        name = decision_name(decision.topic_id, decision.partition, decision.begin)
        if store.put_new(name, empty_object(decision)):
            return True
        existing = _decision_at(store, decision, decision.begin)
    if existing is None or existing.end != decision.end:
        where = f"at {existing.end}" if existing else "elsewhere"
        raise RefusedError(f"it is decided already that {decision.begin} goes on {where}")
    return False


def chain_end(store: Store, decision: Footer, chain_begin: int) -> int:
    """Where the decision's chain ends now, with the decisions that lead on from its last object."""
    last = archived_end(store, decision.topic_id, decision.partition)
    end = last.position if last else chain_begin
    while (found := _decision_at(store, decision, end)) is not None:
        end = found.end
    return end


def _decision_at(store: Store, chain: Footer, position: int) -> Footer | None:
    footer = footer_at(store, decision_name(chain.topic_id, chain.partition, position))
    if footer is not None:
        check_footer(footer, replace(chain, begin=position))
    return footer
