"""Writes each chart's values.schema.json and README.md from its values.yaml. `make charts-text`.

The comment above a value is its description, its default gives its type, and constraints.yaml
says what else must hold. `--check` writes nothing and fails if a file is not what it should be.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

CHARTS = Path(__file__).parent
LIBRARY = "dronewatch-lib"
UMBRELLA = "dronewatch"
TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array"}
# Helm puts these into a subchart's values itself.
GIVEN_BY_HELM = {
    "global": {"type": "object", "description": f"Shared values: see the chart {LIBRARY}."},
    LIBRARY: {"type": "object"},
    "enabled": {"type": "boolean"},
}

Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a chart: its path with dots, its default, the comment above it."""

    path: str
    default: Any
    comment: str


def values_in(text: str) -> list[Value]:
    """All values of a values.yaml, parents before their children."""
    root = yaml.compose(text)
    lines = text.splitlines()
    return list(_values_below(root, "", lines)) if isinstance(root, yaml.MappingNode) else []


def _values_below(node: yaml.MappingNode, prefix: str, lines: list[str]) -> Iterator[Value]:
    for key, value in node.value:
        path = f"{prefix}{key.value}"
        default = yaml.safe_load(yaml.serialize(value))
        yield Value(path, default, _comment_above(lines, key.start_mark.line))
        if isinstance(value, yaml.MappingNode):
            yield from _values_below(value, f"{path}.", lines)


def _comment_above(lines: list[str], number: int) -> str:
    start = number
    while start > 0 and lines[start - 1].strip().startswith("#"):
        start -= 1
    return " ".join(line.strip().removeprefix("#").strip() for line in lines[start:number])


def schema_of(values: list[Value], constraints: Mapping[str, Any], prefix: str = "") -> Schema:
    """The schema of the values directly below the prefix."""
    depth = prefix.count(".")
    direct = [v for v in values if v.path.startswith(prefix) and v.path.count(".") == depth]
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            value.path.removeprefix(prefix): _property(value, values, constraints)
            for value in direct
        },
    }


def _property(value: Value, values: list[Value], constraints: Mapping[str, Any]) -> Schema:
    constraint = constraints.get(value.path, {})
    described = {"description": value.comment} if value.comment else {}
    if "instead" in constraint:
        return described | constraint["instead"]
    if isinstance(value.default, dict):
        inner = schema_of(values, constraints, f"{value.path}.") if value.default else {}
        return described | ({"type": "object"} | inner) | constraint
    items = {"items": {"type": "string"}} if isinstance(value.default, list) else {}
    return described | {"type": TYPES[type(value.default)]} | items | constraint


def chart_schema(name: str, values: list[Value], constraints: Mapping[str, Any]) -> Schema:
    """The whole values.schema.json of a chart."""
    own = {**constraints.get("*", {}), **constraints.get(name, {})}
    schema = schema_of(values, own)
    if name == UMBRELLA:
        # Each part checks its own values.
        schema["properties"] = {
            part: {"type": "object", **_description(part, values)} for part in schema["properties"]
        }
    schema["properties"] = schema["properties"] | {
        key: given for key, given in GIVEN_BY_HELM.items() if name != LIBRARY or key != "global"
    }
    return {"$schema": "http://json-schema.org/draft-07/schema#", "title": name, **schema}


def _description(part: str, values: list[Value]) -> Schema:
    comment = next(value.comment for value in values if value.path == part)
    return {"description": comment} if comment else {}


def readme(chart: Mapping[str, Any], values: list[Value]) -> str:
    """The README.md of a chart."""
    rows = "\n".join(_row(value) for value in values if _has_row(value))
    shared = (
        f"Values under `global` are shared by all charts: see"
        f" [{LIBRARY}](../{LIBRARY}/README.md).\n\n"
    )
    return (
        f"# {chart['name']}\n\n{chart['description']}\n\n"
        f"{'' if chart['name'] == LIBRARY else shared}"
        f"Generated from `values.yaml` by `make charts-text`. A number with a decimal point needs"
        f" `--set-json`: of it `--set` makes a text.\n\n"
        f"| value | default | |\n| --- | --- | --- |\n{rows}\n"
    )


def _has_row(value: Value) -> bool:
    is_leaf = not (isinstance(value.default, dict) and value.default)
    is_inside_resources = ".requests" in value.path or ".limits" in value.path
    if value.path.partition(".")[0] in ("peers", "flows"):
        return False
    return not is_inside_resources and (is_leaf or bool(value.comment) or _is_resources(value))


def _row(value: Value) -> str:
    is_group = isinstance(value.default, dict) and value.default and not _is_resources(value)
    default = "" if is_group else f"`{json.dumps(value.default)}`".replace("|", "\\|")
    return f"| `{value.path}` | {default} | {value.comment} |"


def _is_resources(value: Value) -> bool:
    return value.path.rpartition(".")[2] == "resources"


def generated(folder: Path, constraints: Mapping[str, Any]) -> dict[Path, str]:
    """The chart's generated files and what they should hold."""
    values = values_in((folder / "values.yaml").read_text())
    chart = yaml.safe_load((folder / "Chart.yaml").read_text())
    schema = chart_schema(folder.name, values, constraints)
    return {
        folder / "values.schema.json": json.dumps(schema, indent=2) + "\n",
        folder / "README.md": readme(chart, values),
    }


def main(arguments: list[str]) -> int:
    """Write all files, or with --check compare them; the exit code."""
    constraints = yaml.safe_load((CHARTS / "constraints.yaml").read_text())
    folders = [file.parent for file in sorted(CHARTS.glob("*/Chart.yaml"))]
    files = {
        path: text for folder in folders for path, text in generated(folder, constraints).items()
    }
    stale = [path for path, text in files.items() if not path.exists() or path.read_text() != text]
    if "--check" in arguments:
        for path in stale:
            sys.stderr.write(f"{path} is not up to date: run `make charts-text`\n")
        return int(bool(stale))
    for path in stale:
        path.write_text(files[path])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
