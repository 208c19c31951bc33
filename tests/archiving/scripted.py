"""A store in memory that answers as it is told to; for tests of what uses a store."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

Answer = bool | Exception | Callable[[], bool]


@dataclass(slots=True)
class ScriptedStore:
    """Create-only like the real ones; `puts` and `tails` are answered first, one a call."""

    objects: dict[str, bytes] = field(default_factory=dict)
    puts: list[Answer] = field(default_factory=list)
    tails: list[bytes | Exception | None] = field(default_factory=list)
    put_names: list[str] = field(default_factory=list)

    def put_new(self, name: str, content: bytes) -> bool:
        self.put_names.append(name)
        if self.puts:
            return _answered(self.puts.pop(0))
        if name in self.objects:
            return False
        self.objects[name] = content
        return True

    def tail(self, name: str, size_bytes: int) -> bytes | None:
        if self.tails:
            scripted = self.tails.pop(0)
            if isinstance(scripted, Exception):
                raise scripted
            return scripted
        content = self.objects.get(name)
        return None if content is None else content[-size_bytes:]

    def folders(self, folder: str) -> list[str]:
        below = {name[len(folder) :] for name in self.objects if name.startswith(folder)}
        return sorted({f"{folder}{name.split('/')[0]}/" for name in below if "/" in name})

    def names(self, folder: str) -> Iterator[str]:
        return iter([name for name in self.objects if name.startswith(folder)])

    def addresses(self) -> "list[ScriptedStore]":
        return [self]


def _answered(answer: Answer) -> bool:
    if isinstance(answer, Exception):
        raise answer
    return answer() if callable(answer) else answer
