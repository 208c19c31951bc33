"""A store in memory whose answers may fail, and threads whose puts end when the world says so."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

from services.archiving import recovery
from services.archiving.chain import Put
from services.archiving.chain_start import advance
from services.archiving.footer import Footer, footer_of
from services.archiving.naming import DECISIONS_FOLDER, arrival_hour
from services.archiving.recovery import Phase
from services.archiving.store import StoreRefusalError, StoreUnavailableError
from tests.model.clock import Clock

# How the store takes the next calls. busy: 503, not carried out. lost: carried out, no answer.
# late: carried out some time later, or never. conflict: 409, another put of the name is under way.
# damaged: a GET gives something else (of a put: as busy). overtaken: late puts come just before.
Answer = Literal[
    "ok", "busy", "lost", "late", "conflict", "refused", "damaged", "doubled", "overtaken"
]


@dataclass(slots=True)
class PlayedStore:
    """Create-only; `late` are puts that were given up and may still be carried out."""

    clock: Clock
    objects: dict[str, bytes] = field(default_factory=dict)
    answers: deque[Answer] = field(default_factory=deque)
    late: list[tuple[str, bytes]] = field(default_factory=list)
    # So many positions earlier in the log another member decides just before the next decision.
    rival_back: int = 0
    # How long each call takes.
    call_seconds: float = 0.0

    def put_new(self, name: str, content: bytes) -> bool:
        answer = self._answer()
        if name.startswith(DECISIONS_FOLDER) and self.rival_back:
            back, self.rival_back = self.rival_back, 0
            begin_to_fence(self, footer_of(content), back)
        if answer in ("ok", "doubled", "overtaken"):
            is_created = self.create(name, content)
            # A proxy sent the request twice: the second one's answer is the one that is heard.
            return self.create(name, content) if answer == "doubled" else is_created
        if answer == "lost":
            self.create(name, content)
        if answer in ("late", "conflict"):
            self.late.append((name, content))
        if answer == "refused":
            raise StoreRefusalError(answer)
        raise StoreUnavailableError(answer)

    def create(self, name: str, content: bytes) -> bool:
        """Carry out a put."""
        if name in self.objects:
            return False
        self.objects[name] = content
        return True

    def tail(self, name: str, size_bytes: int) -> bytes | None:
        if self._read() == "damaged":
            return b"\0" * 100 + b"PAR1"
        content = self.objects.get(name)
        return None if content is None else content[-size_bytes:]

    def folders(self, folder: str) -> list[str]:
        self._read()
        below = {name[len(folder) :] for name in self.objects if name.startswith(folder)}
        return sorted({f"{folder}{name.split('/')[0]}/" for name in below if "/" in name})

    def names(self, folder: str) -> Iterator[str]:
        self._read()
        return iter([name for name in self.objects if name.startswith(folder)])

    def addresses(self) -> list["PlayedStore"]:
        return [self]

    def _answer(self) -> Answer:
        self.clock.now_seconds += self.call_seconds
        answer = self.answers.popleft() if self.answers else "ok"
        if answer == "overtaken":
            while self.late:
                self.create(*self.late.pop(0))
        return answer

    def _read(self) -> Answer:
        answer = self._answer()
        if answer == "refused":
            raise StoreRefusalError(answer)
        if answer not in ("ok", "damaged", "doubled", "overtaken"):
            raise StoreUnavailableError(answer)
        return answer


def begin_to_fence(store: PlayedStore, decision: Footer, back: int) -> None:
    """A member that saw the log begin earlier decides, and is killed after its first fence."""
    log_start = max(decision.begin + 1, decision.end - back)
    hour = arrival_hour(store.clock.now_ms())
    state = recovery.recovery(decision.topic_id, decision.partition, log_start, None, hour)
    with suppress(StoreUnavailableError, StoreRefusalError):
        while state.phase not in (Phase.FENCE, Phase.DONE):
            state = advance(store, state)
        if state.phase is Phase.FENCE:
            advance(store, state)


@dataclass(slots=True)
class PlayedThreads:
    """In place of UploadThreads: a call ends when the world runs it."""

    store: PlayedStore
    waiting: list[tuple[Callable[..., Any], tuple[Any, ...], "Future[Any]"]] = field(
        default_factory=list
    )
    # Whether a drain sees its puts end.
    is_slow: bool = False

    def submit(self, call: Callable[..., Any], *args: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        self.waiting.append((call, args, future))
        return future

    def run(self, index: int) -> None:
        """End one of the calls."""
        call, args, future = self.waiting.pop(index % len(self.waiting))
        future.set_result(call(*args))

    def wait(self, _futures: Any, seconds: float) -> None:
        self.store.clock.now_seconds += 2.0 if self.is_slow else seconds
        if self.waiting and not self.is_slow:
            self.run(0)

    def abandon(self) -> None:
        """The process is killed: its puts are on their way, and may still be carried out."""
        for _, (_, command), _ in self.waiting:
            if isinstance(command, Put):
                self.store.late.append((command.finished.name, command.finished.content))
        self.waiting.clear()
