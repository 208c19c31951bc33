"""A Kafka of one controller and three brokers, which may elect a leader that lacks a log's end."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from local.kafka import KafkaServer, await_ready, broker_settings, start_node
from local.ports import HOST, free_port
from local.processes import Goal, await_until, kill
from services.stream.connection import KafkaConnection, client_settings

BROKERS = (1, 2, 3)
CONTROLLER = 9
AWAIT_SECONDS = 60
UNCLEAN = {
    "default.replication.factor": "3",
    "offsets.topic.replication.factor": "3",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.replication.factor": "3",
    "min.insync.replicas": "1",
    "unclean.leader.election.enable": "true",
}


@dataclass(frozen=True, slots=True)
class Cluster:
    """The brokers by their ids."""

    brokers: dict[int, KafkaServer]

    @property
    def connection(self) -> KafkaConnection:
        ports = [server.port for server in self.brokers.values()]
        return KafkaConnection(",".join(f"{HOST}:{port}" for port in ports))

    def restart(self, number: int) -> None:
        """Start a broker again, without waiting for the cluster to forget those that are away."""
        with suppress(KafkaError):
            self.brokers[number].restart()

    def await_leader(self, topic: str, among: set[int]) -> int:
        """Until one of these brokers leads partition 0; its id."""
        self._await(topic, lambda partition: partition["leader_id"] in among)
        return int(self._partition(topic)["leader_id"])

    def await_in_sync(self, topic: str, replicas: set[int]) -> None:
        """Until these and no other brokers are in sync for partition 0."""
        self._await(topic, lambda partition: set(partition["isr_nodes"]) == replicas)

    def _await(self, topic: str, condition: Callable[[Any], bool]) -> None:
        goal = Goal(f"{topic} should have its leader and replicas", AWAIT_SECONDS)
        await_until(lambda: condition(self._partition(topic)), [], goal, 0.2)

    def _partition(self, topic: str) -> Any:
        """What the brokers say of partition 0; without leader and replicas while none answers."""
        try:
            with KafkaAdminClient(**client_settings(self.connection)) as admin:
                (described,) = admin.describe_topics([topic])
                return described["partitions"][0]
        except KafkaError:
            return {"leader_id": -1, "isr_nodes": []}


@contextmanager
def three_brokers(folder: Path) -> Iterator[Cluster]:
    """Brokers that answer; all nodes are stopped at the end."""
    with ExitStack() as stack:
        port, brokers = free_port(), {}
        settings = _controller_settings(folder / "controller" / "data", port)
        controller = start_node(folder / "controller", settings, ["--standalone"])
        stack.callback(kill, controller)
        for number in BROKERS:
            brokers[number] = _broker(folder / f"broker-{number}", number, port)
            stack.callback(brokers[number].kill)
        for server in brokers.values():
            await_ready(server)
        yield Cluster(brokers)


def _broker(folder: Path, number: int, controller_port: int) -> KafkaServer:
    port = free_port()
    settings = {
        **broker_settings(folder / "data", port, controller_port),
        **UNCLEAN,
        "process.roles": "broker",
        "node.id": str(number),
        "listeners": f"PLAINTEXT://{HOST}:{port}",
    }
    return KafkaServer(folder, port, controller_port, start_node(folder, settings, []))


def _controller_settings(data: Path, port: int) -> dict[str, str]:
    settings = {
        **broker_settings(data, port, port),
        **UNCLEAN,
        "process.roles": "controller",
        "node.id": str(CONTROLLER),
        "listeners": f"CONTROLLER://{HOST}:{port}",
    }
    del settings["advertised.listeners"]
    return settings
