"""JSON Schemas of our own documents, from the types that read them: `python -m harness.schema`."""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
from pathlib import Path
from typing import Any

from harness import model, paths

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_FILES = {"gate": "gate.v1.schema.json", "report": "gate-report.v1.schema.json"}
_COMMENTED = re.compile(r"^    (\w+): .*?  # (.+)$", re.MULTILINE)


def names() -> tuple[str, ...]:
    """The documents that have a schema."""
    return tuple(_FILES)


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of "gate" or "report". Raises KeyError for another name."""
    from pydantic import BaseModel

    from harness.config import GateFile
    from harness.report import Report

    titles = {"gate": "gate.toml of Releasegate", "report": "report.json of Releasegate"}
    types: dict[str, type[BaseModel]] = {"gate": GateFile, "report": Report}
    generated = types[name].model_json_schema()
    _describe(generated.get("$defs", {}))
    head = {"$schema": _DIALECT, "$id": f"urn:releasegate:schema:{name}:v1", "title": titles[name]}
    return head | {key: value for key, value in generated.items() if key not in head}


def text(name: str) -> str:
    """The schema as it lies in `contracts/`."""
    return json.dumps(schema(name), indent=2, ensure_ascii=False) + "\n"


def file(name: str) -> Path:
    """Where the schema lies."""
    return paths.contracts() / _FILES[name]


def _describe(definitions: dict[str, Any]) -> None:
    """Give the fields of the records the help that stands beside them in the source."""
    for name, definition in definitions.items():
        record = getattr(model, name, None)
        if not isinstance(record, type) or not dataclasses.is_dataclass(record):
            continue
        for field, comment in _COMMENTED.findall(inspect.getsource(record)):
            if field in definition["properties"]:
                definition["properties"][field]["description"] = comment


def main() -> None:
    """Write every schema to its place."""
    for name in names():
        file(name).write_text(text(name), encoding="utf-8")
        print(file(name))


if __name__ == "__main__":
    main()
