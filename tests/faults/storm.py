"""Carries out the faults of a plan, one after the other; a frozen worker wakes meanwhile."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import click

from local.processes import Child, Goal, await_until, is_running
from tests.faults.crew import Crew, Member
from tests.faults.s3_faults import full
from tests.faults.storm_plan import Kind, StormFault
from tests.faults.storm_platform import Platform

MEMBERS_MIN, MEMBERS_MAX = 2, 3
BROKER_STOPS_SECONDS = 20

Say = Callable[[str], None]


@dataclass(slots=True)
class Storm:
    """`timers` wake the workers of `frozen`, who are then members of their crew again."""

    platform: Platform
    say: Say
    timers: list[threading.Timer] = field(default_factory=list)
    frozen: list[Member] = field(default_factory=list)
    begun: float = field(default_factory=time.monotonic)

    def carry_out(self, fault: StormFault) -> None:
        """One fault; back when both groups got on after it."""
        # The moment is to be random, so there is nothing to await.
        time.sleep(fault.pause_seconds)
        self.say(f"{time.monotonic() - self.begun:7.1f} s  {fault}")
        self._actions()[fault.kind](fault)
        self.reinforce()
        self.await_progress()
        self._thin_out(Random(fault.draw))

    def reinforce(self) -> None:
        """Add workers to each crew that has too few for the work to go on."""
        for scene in self.platform.scenes.values():
            while len(scene.crew.members) < MEMBERS_MIN:
                scene.crew.add()

    def _thin_out(self, rng: Random) -> None:
        """Stop workers of each crew that has more than the machine can bear."""
        for scene in self.platform.scenes.values():
            while len(scene.crew.members) > MEMBERS_MAX:
                scene.crew.stop_one(rng)

    def await_progress(self) -> None:
        """Until each group has committed more than it has now."""
        for scene in self.platform.scenes.values():
            scene.group.await_progress()

    def await_thawed(self) -> None:
        """Until every frozen worker is awake."""
        for timer in self.timers:
            timer.join()

    def abandon(self) -> None:
        """End the frozen workers, if a failure left any; their crews know only who is awake."""
        for timer in self.timers:
            timer.cancel()
            timer.join()
        for member in self.frozen:
            member.child.popen.kill()
            member.child.popen.wait()

    def _actions(self) -> dict[Kind, Callable[[StormFault], object]]:
        return {
            Kind.KILL_WORKER: lambda fault: self._crew(fault).kill_one(Random(fault.draw)),
            Kind.STOP_WORKER: lambda fault: self._crew(fault).stop_one(Random(fault.draw)),
            Kind.ADD_WORKER: lambda fault: self._crew(fault).add(),
            Kind.FREEZE_WORKER: self._freeze,
            Kind.KILL_KAFKA: self._kill_kafka,
            Kind.FILL_KAFKA: self._fill_kafka,
            Kind.KILL_STORE: self._kill_store,
            Kind.FILL_STORE: self._fill_store,
        }

    def _crew(self, fault: StormFault) -> Crew:
        return self.platform.scenes[fault.component].crew

    def _freeze(self, fault: StormFault) -> None:
        crew = self._crew(fault)
        member = Random(fault.draw).choice(crew.members)
        crew.members.remove(member)
        self.frozen.append(member)
        member.freeze()
        timer = threading.Timer(fault.seconds, self._thaw, (crew, member))
        self.timers.append(timer)
        timer.start()

    def _thaw(self, crew: Crew, member: Member) -> None:
        member.thaw()
        self.frozen.remove(member)
        crew.members.append(member)

    def _kill_kafka(self, fault: StormFault) -> None:
        kafka = self.platform.servers.kafka
        kafka.kill()
        time.sleep(fault.seconds)
        kafka.restart()

    def _fill_kafka(self, fault: StormFault) -> None:
        """A broker whose only disk is full stops by itself."""
        kafka, disk = self.platform.servers.kafka, self.platform.servers.kafka_disk
        if disk is None:
            self._kill_kafka(fault)
            return
        disk.fill()
        self._await_stopped(kafka.child)
        kafka.kill()
        disk.free()
        kafka.restart()

    def _await_stopped(self, broker: Child) -> None:
        goal = Goal("Kafka should stop", BROKER_STOPS_SECONDS)
        try:
            await_until(lambda: not is_running(broker), [], goal)
        except click.ClickException:
            self.say("           Kafka did not stop by itself: it is killed")

    def _kill_store(self, fault: StormFault) -> None:
        store = self.platform.servers.store
        store.kill()
        self._alert_meanwhile(fault)
        store.restart()

    def _fill_store(self, fault: StormFault) -> None:
        disk, proxy = self.platform.servers.store_disk, self.platform.servers.proxy
        if disk is None:
            choose, proxy.choose = proxy.choose, full
            self._alert_meanwhile(fault)
            proxy.choose = choose
            return
        disk.fill()
        self._alert_meanwhile(fault)
        disk.free()

    def _alert_meanwhile(self, fault: StormFault) -> None:
        """Alerting goes on while there is no store."""
        time.sleep(fault.seconds)
        self.platform.alerting.group.await_progress()
