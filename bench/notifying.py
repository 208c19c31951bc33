"""Bench: alerts through notifying to a mail server and a receiver of webhooks on this machine.

The peers: aiosmtplib and httpx, sending the same notices made before, one after the other.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.arriving import AT_ONCE, Times, made_alerts, mail_arrivals, send_alerts, webhook_arrivals
from bench.bare_notices import bare_mails, bare_webhooks
from bench.scraping import is_ready
from bench.tables import Row, Table, ratio
from local.components import EMAIL, EMAIL_RETRIES, WEBHOOK
from local.figures import percentile
from local.kafka import running_kafka
from local.notices import NoticeFiles, Peers, notice_files, notifying_commands, peers
from local.ports import free_port
from local.processes import Goal, await_until, check_running, running, start
from local.progress import announce
from services.notifying.notice import Notice, notice_of
from services.reports.topics import TOPICS
from services.stream.connection import KafkaConnection
from services.stream.topics import create_topics

# More in one of the 12 partitions would be a crowd, and share notices.
BACKLOG_ALERTS = 1_200
READY = Goal("notifying should be ready", 60.0)
LOOK_SECONDS = 0.005
# Partitions begin in it; what is sent in it does not count.
WARM_UP_MS = 1_000
# What the demo sets would make digests.
UNLIMITED = str(10**6)
HOW = (
    f"A backlog of {BACKLOG_ALERTS:,} alerts, each of another drone, so that each goes alone; from"
    " the first one's arrival to the last one's. Each is planned in one commit and done in the"
    " next; the digests of a crowd would carry up to 500 alerts each.",
    "The peer: the same notices, made before, one after the other from one process; mails with a"
    " connection each, webhooks all on one, as ours are sent.",
    "Delay: from an alert's detection to the arrival of its notice, at a steady rate; whole"
    " milliseconds. Servers, broker and sender share the machine's cores.",
)


@dataclass(frozen=True, slots=True)
class Channel:
    """Its process and option in the demo, what its peer is, and when its notices arrive."""

    process: str
    cap_option: str
    peer: str
    send_bare: Callable[[Peers, NoticeFiles, Sequence[Notice]], None]
    arrivals: Callable[[NoticeFiles, int, Callable[[], None]], Times]


CHANNELS = {
    "email": Channel(
        EMAIL, "--email-per-minute", "aiosmtplib, ready mails", bare_mails, mail_arrivals
    ),
    "webhook": Channel(
        WEBHOOK, "--webhook-per-minute", "httpx, ready events", bare_webhooks, webhook_arrivals
    ),
}


@dataclass(frozen=True, slots=True)
class Load:
    """Alerts, handed to Kafka at this rate."""

    alerts: int
    per_second: float


def notifying_table(folder: Path, seconds: int, rate: int) -> Table:
    """Both channels: how many a second, and how soon."""
    announce(f"notifying: {BACKLOG_ALERTS:,} alerts at once, then {rate}/s for {seconds} s")
    steady = Load(seconds * rate, rate)
    with running_kafka(folder / "kafka") as server:
        create_topics(server.connection, TOPICS)
        rows = [
            row
            for name, channel in CHANNELS.items()
            for row in channel_rows(name, channel, folder / name, steady, server.connection)
        ]
    return Table(f"notifying: alerts to people, delay at {rate} alerts/s", HOW, tuple(rows))


def channel_rows(
    name: str, channel: Channel, folder: Path, steady: Load, connection: KafkaConnection
) -> tuple[Row, Row]:
    """Ours and the peer's."""
    peers_rate = per_second(bare_times(channel, folder / "bare"))
    _, at_once = times(channel, folder / "backlog", Load(BACKLOG_ALERTS, AT_ONCE), connection)
    sent, arrived = times(channel, folder / "steady", steady, connection)
    from_ms = min(sent.values()) + WARM_UP_MS
    delays = [arrived[alert] - at_ms for alert, at_ms in sent.items() if at_ms >= from_ms]
    ours = {
        "alerts/s": per_second(at_once),
        "delay p50 ms": percentile(delays, 0.5),
        "delay p99 ms": percentile(delays, 0.99),
    }
    share = ratio(per_second(at_once), peers_rate)
    return (
        {"what": f"{name} (ours)", **ours},
        {"what": channel.peer, "alerts/s": peers_rate, "ratio alerts/s": share},
    )


def bare_times(channel: Channel, folder: Path) -> Times:
    """When the peer's notices arrived."""
    folder.mkdir(parents=True)
    notices = [notice_of([alert], 0) for alert in made_alerts(BACKLOG_ALERTS)]
    with peers(folder) as found, ThreadPoolExecutor(1) as pool:
        sending = pool.submit(channel.send_bare, found, notice_files(folder), notices)
        arrived = channel.arrivals(notice_files(folder), len(notices), lambda: None)
        sending.result()
    return arrived


def times(
    channel: Channel, folder: Path, load: Load, connection: KafkaConnection
) -> tuple[Times, Times]:
    """When alerts were sent, and when their notices arrived."""
    folder.mkdir(parents=True)
    topic = f"alerts-{folder.parent.name}-{folder.name}"
    send = partial(send_alerts, connection, topic, made_alerts(load.alerts), load.per_second)
    # A backlog is there before notifying is; what comes steadily finds it waiting.
    sent = send() if load.per_second == AT_ONCE else send_alerts(connection, topic, (), AT_ONCE)
    port, files = free_port(), notice_files(folder)
    with peers(folder) as found, ThreadPoolExecutor(1) as pool:
        ports = dict.fromkeys((EMAIL, EMAIL_RETRIES, WEBHOOK), port)
        command = notifying_commands(connection, ports, found, folder)[channel.process]
        options = ["--alerts-topic", topic, "--group", topic, channel.cap_option, UNLIMITED]
        with running(start(topic, [*command, *options], folder / "notifying.log")) as child:
            if not sent:
                await_until(lambda: is_ready(port), [child], READY, LOOK_SECONDS)
            sending = pool.submit(send) if not sent else None
            arrived = channel.arrivals(files, load.alerts, partial(check_running, [child]))
        return sending.result() if sending else sent, arrived


def per_second(arrived: Mapping[str, int]) -> float:
    """Between the first and the last."""
    seconds = (max(arrived.values()) - min(arrived.values())) / 1000
    return (len(arrived) - 1) / max(seconds, 0.001)
