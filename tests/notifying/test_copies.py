"""Reading the copies of all partitions: when enough is known to decide."""

from services.notifying.broker_clock import BrokerClock
from services.notifying.copies import IDLE_ROUND_MS, SETTLE_MS, Copies
from tests.notifying.played import Reader
from tests.notifying.world import World


def test_a_log_that_loses_its_end_while_it_is_read_holds_up_no_decision() -> None:
    world = World(partitions=1)
    for number in range(10):
        world.append(0, number, subject=0)
    reader = Reader(world)
    clock = BrokerClock(lambda: world.now_ms, lambda: world.now_ms)
    copies = Copies(reader, clock, lambda: world.now_ms)
    accepted_ms = world.now_ms
    copies.read_until(1, world.now_ms)
    world.pass_ms(SETTLE_MS)
    copies.read_on(accepted_ms)
    assert not copies.is_decidable(accepted_ms)
    del world.log[0][reader.reading_at[0] :]
    world.pass_ms(IDLE_ROUND_MS)
    for _ in range(2):
        copies.read_on(accepted_ms)
    assert copies.is_decidable(accepted_ms)
