"""kafka-python's private parts stay in one module."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Of self and cls they are the module's own.
PRIVATE_USE = re.compile(r"\b(?!self\b|cls\b)(\w+\._[a-z]\w*)")
PROSE = re.compile(r'"""[\s\S]*?"""|#.*|"[^"\n]*"')


def private_uses(code: str) -> list[str]:
    return PRIVATE_USE.findall(PROSE.sub("", code))


def test_only_one_module_uses_private_parts_of_kafka_python() -> None:
    modules = [*ROOT.glob("services/**/*.py"), *ROOT.glob("simulator/**/*.py")]
    using = {str(m.relative_to(ROOT)) for m in modules if private_uses(m.read_text())}
    assert using == {"services/stream/kafka_python.py"}


@pytest.mark.parametrize(
    ("code", "uses"),
    [
        ("x = self.consumer._coordinator.rejoining", ["consumer._coordinator"]),
        ("self._poll()", []),
        ('# consumer._fetcher\n"""consumer._fetcher"""', []),
    ],
)
def test_uses_are_found_in_code_only(code: str, uses: list[str]) -> None:
    assert private_uses(code) == uses
