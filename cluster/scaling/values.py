"""What the demo changes in the release: the load, replicas by hand. Pure."""

from collections.abc import Mapping
from typing import Any

MISSIONS = {"both": 2}
TURNED = ("drones", "intervalSeconds", "speed", "rate")

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
    return {"drones": drones, "intervalSeconds": 1, "speed": "1", "rate": 0}


def calm(simulator: Values) -> dict[str, Any]:
    """The values that `load` changes, as they are."""
    return {name: simulator[name] for name in TURNED}


def by_hand(replicas: Mapping[str, int]) -> dict[str, dict[str, Any]]:
    """Each part's values for so many replicas without autoscaling."""
    off = {"autoscaling.enabled": False, "autoscaling.lag.enabled": False}
    return {part: off | {"replicas": number} for part, number in replicas.items()}


def settings(values: Mapping[str, Values]) -> tuple[str, ...]:
    """Helm's arguments for values by part and name."""
    return tuple(
        f"--set{'-string' if isinstance(value, str) else ''}={part}.{name}={_text(value)}"
        for part, named in values.items()
        for name, value in named.items()
    )


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value}"
