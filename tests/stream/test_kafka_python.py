"""kafka-python's private parts stay in one module."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.protocol.consumer.metadata import ConsumerProtocolAssignment

from services.stream.kafka_python import ask_bootstrap_servers, claim_nothing

ROOT = Path(__file__).parents[2]
# Of self and cls they are the module's own.
PRIVATE_USE = re.compile(r"\b(?!self\b|cls\b)(\w+\._[a-z]\w*)")
PROSE = re.compile(r'"""[\s\S]*?"""|#.*|"[^"\n]*"')


def private_uses(code: str) -> list[str]:
    return PRIVATE_USE.findall(PROSE.sub("", code))


def test_only_one_module_uses_private_parts_of_kafka_python() -> None:
    modules = [*ROOT.glob("services/**/*.py"), *ROOT.glob("simulator/**/*.py")]
    using = {str(m.relative_to(ROOT)) for m in modules if private_uses(m.read_text())}
    assert using == {"services/stream/kafka_python.py"}


@pytest.mark.parametrize(
    ("code", "uses"),
    [
        ("x = self.consumer._coordinator.rejoining", ["consumer._coordinator"]),
        ("self._poll()", []),
        ('# consumer._fetcher\n"""consumer._fetcher"""', []),
    ],
)
def test_uses_are_found_in_code_only(code: str, uses: list[str]) -> None:
    assert private_uses(code) == uses


@pytest.mark.parametrize(
    ("known", "is_bootstrapped", "delays", "chosen"),
    [
        (0, True, {"bootstrap-0": 0}, 0),
        (None, True, {"bootstrap-0": 1.5, "bootstrap-1": 0}, "bootstrap-1"),
        (None, True, {"bootstrap-0": 1.5}, None),
        (None, False, {"bootstrap-0": 0}, None),
    ],
)
def test_a_client_asks_its_bootstrap_servers_when_all_known_brokers_are_backed_off(
    known: int | None, is_bootstrapped: bool, delays: dict[str, float], chosen: object
) -> None:
    servers = [SimpleNamespace(node_id=name) for name in delays]
    manager = SimpleNamespace(
        least_loaded_node=lambda: known,
        bootstrapped=is_bootstrapped,
        cluster=SimpleNamespace(bootstrap_brokers=lambda: servers),
        connection_delay=delays.__getitem__,
    )
    ask_bootstrap_servers(SimpleNamespace(_manager=manager))  # type: ignore[arg-type]
    assert manager.least_loaded_node() == chosen


def test_lost_partitions_are_not_claimed_in_the_next_join() -> None:
    assignor = CooperativeStickyAssignor()
    assignor.on_assignment(ConsumerProtocolAssignment(1, [("reports", [1, 3])], b""), 1)
    assert assignor.metadata({"reports"}).owned_partitions
    coordinator = SimpleNamespace(_assignors={assignor.name: assignor})
    claim_nothing(SimpleNamespace(_coordinator=coordinator))
    assert assignor.metadata({"reports"}).owned_partitions == []
