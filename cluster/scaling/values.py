"""What the demo changes in the release: the load, replicas by hand. Pure."""

from collections.abc import Mapping
from typing import Any

MISSIONS = {"both": 2}

Values = Mapping[str, Any]


def planned_rate(simulator: Values) -> float | None:
    """Reports a second that the simulator's values ask for; None: as many as it can."""
    bound = float(simulator["rate"]) or None
    if simulator["speed"] == "max":
        return bound
    drones = float(simulator["drones"]) * MISSIONS.get(simulator["mission"], 1)
    rate = drones * float(simulator["speed"]) / float(simulator["intervalSeconds"])
    return min(rate, bound) if bound else rate


def load(simulator: Values, reports_per_second: int) -> dict[str, Any]:
    """The simulator's values for so many reports a second: that many drones, one each second.

    In real time: a fleet that is sped up would date its reports in the future.
    """
    drones = max(1, reports_per_second // MISSIONS.get(simulator["mission"], 1))
    wanted = {"drones": drones, "intervalSeconds": 1, "speed": "1", "rate": 0}
    return {name: value for name, value in wanted.items() if simulator[name] != value}


def before(simulator: Values, changes: Values) -> dict[str, Any]:
    """The values that are changed, as they are."""
    return {name: simulator[name] for name in changes}


def by_hand(values: Mapping[str, Any], replicas: Mapping[str, int]) -> dict[str, Values]:
    """For each part, by the values of all, those for so many replicas without autoscaling."""
    return {
        part: {**_off(values[part]["autoscaling"]), "replicas": number}
        for part, number in replicas.items()
    }


def _off(autoscaling: Values) -> Values:
    kinds = {"autoscaling.enabled": autoscaling, "autoscaling.lag.enabled": autoscaling["lag"]}
    return {name: False for name, kind in kinds.items() if kind["enabled"]}


def settings(values: Mapping[str, Values]) -> tuple[str, ...]:
    """Helm's arguments for values by part and name."""
    return tuple(
        f"--set{'-string' if isinstance(value, str) else ''}={part}.{name}={_text(value)}"
        for part, named in values.items()
        for name, value in named.items()
    )


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value}"
