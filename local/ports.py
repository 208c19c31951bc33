"""Free TCP ports on loopback for the servers started here."""

import random
import socket
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


def _fails(action: Callable[[], object]) -> bool:
    try:
        action()
    except OSError:
        return True
    return False
