"""TCP ports on loopback: free ones for the servers started here, and who answers on one."""

import random
import socket
import urllib.error
import urllib.request
from collections.abc import Callable

HOST = "127.0.0.1"
# Below the range from which Linux takes the ports of outgoing connections: a client that retries a
# port of that range while its server is away may connect to itself, and so take the port for good.
FIRST, LAST = 15_000, 32_000


def free_port() -> int:
    """A port that nobody listens on just now."""
    return next(port for port in iter(_any_port, None) if not is_taken(port))


def _any_port() -> int:
    return random.randint(FIRST, LAST)


def is_taken(port: int) -> bool:
    """Whether a server could not listen on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return _fails(lambda: probe.bind((HOST, port)))


def is_listening(port: int) -> bool:
    """Whether a server accepts connections there."""
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def is_ready(health_port: int) -> bool:
    """Whether the component with this health port says so."""
    try:
        with urllib.request.urlopen(f"http://{HOST}:{health_port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _fails(action: Callable[[], object]) -> bool:
    try:
        action()
    except OSError:
        return True
    return False
