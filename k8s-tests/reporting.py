"""What happened in a namespace, for whoever reads a failed test."""

from contextlib import suppress

import click

from cluster.commands import kubectl

LOG_LINES = 15


def told(namespace: str) -> str:
    """Pods, events in their order, and the end of each container's log."""
    return "\n\n".join(
        _answer(namespace, *question)
        for question in (
            ("get", "pods,hpa,jobs", "--output=wide"),
            ("get", "events", "--sort-by=.lastTimestamp"),
            *(("logs", pod, "--all-containers", f"--tail={LOG_LINES}") for pod in _pods(namespace)),
        )
    )


def _pods(namespace: str) -> list[str]:
    with suppress(click.ClickException):
        return kubectl(namespace, "get", "pods", "--output=name").split()
    return []


def _answer(namespace: str, *question: str) -> str:
    try:
        return f"$ kubectl {' '.join(question)}\n{kubectl(namespace, *question, seconds=30)}"
    except click.ClickException as error:
        return error.message
