"""Which flows rendered NetworkPolicies allow, as Kubernetes defines it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

Policy = dict[str, Any]


@dataclass(frozen=True)
class Endpoint:
    """A pod (labels, and its namespace) or an address outside of the cluster."""

    namespace: str | None = None
    labels: dict[str, str] = field(default_factory=dict)
    address: str | None = None


def is_allowed(
    policies: Iterable[Policy], source: Endpoint, target: Endpoint, port: int, protocol: str = "TCP"
) -> bool:
    """Whether both ends' policies allow it; a pod that no policy selects allows everything."""
    known = list(policies)
    return _passes(known, "Egress", source, target, (port, protocol)) and _passes(
        known, "Ingress", target, source, (port, protocol)
    )


def _passes(
    policies: list[Policy], direction: str, own: Endpoint, peer: Endpoint, port: tuple[int, str]
) -> bool:
    selecting = [
        policy
        for policy in policies
        if direction in policy["spec"]["policyTypes"] and _selects(policy, own)
    ]
    rules = [rule for p in selecting for rule in p["spec"].get(direction.lower()) or ()]
    side = "to" if direction == "Egress" else "from"
    return not selecting or any(
        _opens(rule, port) and any(_is(selector, peer, own) for selector in rule[side])
        for rule in rules
    )


def _selects(policy: Policy, pod: Endpoint) -> bool:
    in_namespace = policy["metadata"].get("namespace", "sky") == pod.namespace
    return in_namespace and _matches(policy["spec"]["podSelector"], pod.labels)


def _opens(rule: dict[str, Any], port: tuple[int, str]) -> bool:
    return any((p["port"], p.get("protocol", "TCP")) == port for p in rule["ports"])


def _is(selector: dict[str, Any], peer: Endpoint, own: Endpoint) -> bool:
    if "ipBlock" in selector:
        block = ip_network(selector["ipBlock"]["cidr"])
        return peer.address is not None and ip_address(peer.address) in block
    if peer.address is not None:
        return False
    namespaces = selector.get("namespaceSelector")
    in_namespace = (
        peer.namespace == own.namespace
        if namespaces is None
        else _matches(namespaces, {"kubernetes.io/metadata.name": peer.namespace or ""})
    )
    return in_namespace and _matches(selector.get("podSelector", {}), peer.labels)


def _matches(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    assert selector.keys() <= {"matchLabels"}
    return labels.items() >= selector.get("matchLabels", {}).items()
