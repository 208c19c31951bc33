"""What a component says of itself over HTTP: whether it is ready, its counters."""

import urllib.error
import urllib.request

from local.ports import HOST

TIMEOUT_SECONDS = 5


def is_ready(port: int) -> bool:
    """Whether the component on this health port takes part in its group."""
    return _get(port, "readyz") is not None


def counter(port: int, name: str) -> float:
    """The counter's value, its labels added up; 0 before the component answers."""
    return counter_in(_get(port, "metrics") or "", name)


def counter_in(metrics: str, name: str) -> float:
    """The counter in Prometheus's text format."""
    lines = (line for line in metrics.splitlines() if line.startswith((f"{name} ", f"{name}{{")))
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


def _get(port: int, path: str) -> str | None:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/{path}", timeout=TIMEOUT_SECONDS) as got:
            return str(got.read().decode())
    except (urllib.error.URLError, OSError):
        return None
