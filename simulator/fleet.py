"""The drones of one mission and the reports they make, minute by minute.

Pure: the same plan gives the same reports in any process. Nothing here knows of Kafka.
"""

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count, takewhile

from msgspec import Struct

from services.reports.report import Location, Report
from simulator.city import DISTRICTS
from simulator.missions import Mission, Sight, observer
from simulator.movement import Flight, distance_metres, moved, new_flight
from simulator.telemetry import (
    Wear,
    flown,
    is_down,
    is_lost,
    new_wear,
    repaired,
    telemetry,
)
from simulator.week import hour_of_week


@dataclass(frozen=True, slots=True)
class Plan:
    """What to simulate; drones is per mission, duration None means without end."""

    missions: tuple[Mission, ...]
    drones: int
    start_ms: int
    duration_seconds: float | None
    seed: int = 0
    interval_seconds: float = 60.0


class Drone(Struct, frozen=True, gc=False):
    """One drone at one moment; phase_ms is when within each interval it reports."""

    drone_id: str
    district: int
    phase_ms: int
    flight: Flight
    wear: Wear


# When it is sent (milliseconds since the epoch), and the report.
Timed = tuple[int, Report]


def reports(plan: Plan) -> Iterator[Timed]:
    """The reports of all missions of the plan, in order of their time."""
    return heapq.merge(
        *(mission_reports(plan, mission) for mission in plan.missions), key=lambda timed: timed[0]
    )


def mission_reports(plan: Plan, mission: Mission) -> Iterator[Timed]:
    """The reports of one mission, in order of their time."""
    rng = random.Random(f"{plan.seed}-{mission}")
    observe = observer(mission, plan.seed, rng)
    drones = fleet(plan, mission, rng)
    for tick_ms in tick_times(plan):
        hour = hour_of_week(tick_ms)
        for index, drone in enumerate(drones):
            now_ms = tick_ms + drone.phase_ms
            later = stepped(drone, now_ms, plan.interval_seconds, rng)
            drones[index] = later
            if not is_down(later.wear, now_ms):
                report = report_of(later, now_ms, observe(later.district, hour, rng), rng)
                if report:
                    yield now_ms, report


def tick_times(plan: Plan) -> Iterator[int]:
    """The start of every interval, milliseconds since the epoch."""
    interval_ms = int(plan.interval_seconds * 1000)
    ticks = count(plan.start_ms, interval_ms)
    if plan.duration_seconds is None:
        return ticks
    end_ms = plan.start_ms + int(plan.duration_seconds * 1000)
    return takewhile(lambda tick_ms: tick_ms < end_ms, ticks)


def fleet(plan: Plan, mission: Mission, rng: random.Random) -> list[Drone]:
    """The drones at the start, dealt out to the districts, spread over the interval."""
    interval_ms = int(plan.interval_seconds * 1000)
    return [
        Drone(
            drone_id=f"{mission}-{index:06}",
            district=index % len(DISTRICTS),
            phase_ms=index * interval_ms // plan.drones,
            flight=new_flight(index % len(DISTRICTS), rng),
            wear=new_wear(plan.start_ms, rng),
        )
        for index in range(plan.drones)
    ]


def stepped(drone: Drone, now_ms: int, seconds: float, rng: random.Random) -> Drone:
    """The drone after so many seconds: moved and aged, or still down, or back from repair."""
    wear = drone.wear
    if is_down(wear, now_ms):
        if now_ms < wear.back_at_ms:
            return drone
        wear = repaired(wear, now_ms, rng)
    return Drone(
        drone.drone_id,
        drone.district,
        drone.phase_ms,
        moved(drone.flight, drone.district, seconds, rng),
        flown(wear, seconds / 60.0),
    )


def report_of(drone: Drone, now_ms: int, sight: Sight, rng: random.Random) -> Report | None:
    """What the drone reports, or None if its signal is too weak for anyone to hear."""
    flight = drone.flight
    state = telemetry(drone.wear, now_ms, distance_metres(flight, drone.district), rng)
    if is_lost(state):
        return None
    violation, citizens, words = sight
    return Report(
        f"{drone.drone_id}-{now_ms}",
        drone.drone_id,
        datetime.fromtimestamp(now_ms / 1000, UTC),
        "drone",
        Location(round(flight.latitude, 6), round(flight.longitude, 6), flight.place),
        violation,
        citizens,
        words,
        state,
    )
