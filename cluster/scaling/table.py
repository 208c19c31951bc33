"""The demo's table: a line when something changes, and what it comes to. Pure."""

import shlex
from collections.abc import Sequence

from cluster.scaling.replicas import Look, Part

SILENCE_SECONDS = 15.0
LINE_WIDTH = 100
LEGEND = (
    "Replicas: ready, or ready→wanted. CPU: per cent of the request, as the autoscaler sees it."
)


def heading(look: Look) -> str:
    """The names of the columns of `row`."""
    names = "".join(f"  {part.name:>10}     CPU" for part in look.parts)
    return f"   time  reports/s{names}"


def row(look: Look) -> str:
    """One look as a line."""
    return f"{clock(look.seconds):>7}  {_rate(look):>9}{''.join(map(_cell, look.parts))}"


def _cell(part: Part) -> str:
    replicas = f"{part.ready}" if part.ready == part.wanted else f"{part.ready}→{part.wanted}"
    percent = part.autoscaler.cpu_percent if part.autoscaler else None
    return f"  {replicas:>10}  {'-' if percent is None else f'{percent} %':>6}"


def _rate(look: Look) -> str:
    return "-" if look.reports_per_second is None else f"{look.reports_per_second:,.0f}"


def clock(seconds: float) -> str:
    """Minutes and seconds: 1:05."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02}"


def is_news(look: Look, told: Look | None) -> bool:
    """Whether to tell: replicas differ from what was told last, or that is long ago."""
    if told is None or look.seconds - told.seconds >= SILENCE_SECONDS:
        return True
    return [(part.ready, part.wanted) for part in look.parts] != [
        (part.ready, part.wanted) for part in told.parts
    ]


def summary(looks: Sequence[Look]) -> list[str]:
    """Of each part, how many replicas were ready before, at most, and at the end; and the rates."""
    rates = [rate for look in looks if (rate := look.reports_per_second) is not None]
    names = [part.name for part in looks[0].parts]
    return [
        f"{'ready replicas':14}  {'before':>6}  {'at most':>17}  {'at the end':>17}",
        *(_course(name, [_of(name, look) for look in looks], looks) for name in names),
        *([f"reports/s       at most {max(rates):,.0f}"] if rates else []),
    ]


def _of(name: str, look: Look) -> Part:
    return next(part for part in look.parts if part.name == name)


def _course(name: str, parts: Sequence[Part], looks: Sequence[Look]) -> str:
    ready = [part.ready for part in parts]
    most, last = max(ready), ready[-1]
    risen = looks[ready.index(most)].seconds
    # The look after the last one that showed more.
    fallen = max((n + 1 for n, now in enumerate(ready) if now > last), default=0)
    at_most = f"{most} from {clock(risen)} on"
    at_end = f"{last} from {clock(looks[fallen].seconds)} on"
    return f"{name:14}  {ready[0]:>6}  {at_most:>17}  {at_end:>17}"


def command_lines(command: Sequence[str]) -> list[str]:
    """A command as lines that a shell understands, none wider than need be."""
    lines = ["    $"]
    for word in map(shlex.quote, command):
        if len(lines[-1]) + len(word) + len("  \\") > LINE_WIDTH:
            lines[-1] += " \\"
            lines.append(f"          {word}")
        else:
            lines[-1] += f" {word}"
    return lines
