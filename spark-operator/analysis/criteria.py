"""What the questions ask for: the choices of whoever runs an analysis."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Criteria:
    """Passed to every question.

    time_zone: IANA name, in which hours, days and months are counted.
    agitation_below: a citizen's score below it is an alert.
    human_codes: violation codes that ask for a human.
    """

    time_zone: str = "UTC"
    agitation_below: float = 0.1
    human_codes: tuple[str, ...] = ("999",)
