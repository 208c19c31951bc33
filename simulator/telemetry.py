"""How a drone ages: battery cycles, wear, and failures that announce themselves for days."""

import random

from msgspec import Struct
from msgspec.structs import replace

from services.reports.report import Telemetry

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
MINUTES_AN_HOUR = 60.0

MEAN_DAYS_TO_FAILURE = 60.0
WARNING_DAYS = 5.0
REPAIR_HOURS = (6.0, 30.0)

SWAP_BATTERY_BELOW = 0.1
LOW_BATTERY = 0.25
# A report sent at a weaker signal than this does not arrive.
LOST_BELOW_DBM = -84.0


class Wear(Struct, frozen=True, gc=False):
    """The state of one drone; times in milliseconds since the epoch."""

    battery: float
    drain_per_minute: float
    flight_hours: float
    vibration_g: float
    fails_at_ms: int
    back_at_ms: int


def new_wear(now_ms: int, rng: random.Random) -> Wear:
    """A drone somewhere in its life."""
    fails_at_ms = now_ms + int(rng.expovariate(1 / MEAN_DAYS_TO_FAILURE) * DAY_MS)
    return Wear(
        battery=rng.uniform(SWAP_BATTERY_BELOW, 1.0),
        drain_per_minute=1 / rng.uniform(80, 140),
        flight_hours=rng.uniform(0, 2_000),
        vibration_g=rng.uniform(0.1, 0.2),
        fails_at_ms=fails_at_ms,
        back_at_ms=fails_at_ms + int(rng.uniform(*REPAIR_HOURS) * HOUR_MS),
    )


def is_down(wear: Wear, now_ms: int) -> bool:
    """Whether it has failed and is not yet repaired."""
    return now_ms >= wear.fails_at_ms


def repaired(wear: Wear, now_ms: int, rng: random.Random) -> Wear:
    """The same frame with new motors: its hours stay, its troubles begin again."""
    return replace(new_wear(now_ms, rng), flight_hours=wear.flight_hours, battery=1.0)


def flown(wear: Wear, minutes: float) -> Wear:
    """The state after some minutes in the air; a battery near its end is swapped."""
    age = 1.0 + wear.flight_hours / 10_000
    battery = wear.battery - wear.drain_per_minute * age * minutes
    return Wear(
        battery if battery > SWAP_BATTERY_BELOW else 1.0,
        wear.drain_per_minute,
        wear.flight_hours + minutes / MINUTES_AN_HOUR,
        wear.vibration_g,
        wear.fails_at_ms,
        wear.back_at_ms,
    )


def trouble(wear: Wear, now_ms: int) -> float:
    """0.0 when sound, rising to 1.0 over the WARNING_DAYS before it fails."""
    days_left = (wear.fails_at_ms - now_ms) / DAY_MS
    return 0.0 if days_left >= WARNING_DAYS else 1.0 - days_left / WARNING_DAYS


def telemetry(wear: Wear, now_ms: int, distance_metres: float, rng: random.Random) -> Telemetry:
    """What it says of itself, so far from its district's centre."""
    ill = trouble(wear, now_ms)
    draw = rng.random
    weak = max(LOW_BATTERY - wear.battery, 0.0) * 130.0
    signal = -50.0 - distance_metres * 0.008 - weak - ill * 8.0 - (draw() + draw()) * 6.0
    return Telemetry(
        round(wear.battery, 3),
        round(38.0 + draw() * 6.0 + ill * 28.0, 1),
        round(wear.vibration_g * (0.9 + draw() * 0.2) + ill * ill * 0.8, 3),
        round(wear.flight_hours, 2),
        round(signal, 1),
    )


def is_lost(state: Telemetry) -> bool:
    """Whether a report with this state never reaches anyone."""
    return state.signal_dbm < LOST_BELOW_DBM
