"""JSON Schemas of requests and answers: jsonschema-rs judges, jsonschema explains.

jsonschema-rs is two orders of magnitude faster and counts NaN as no number. `format` is asserted,
as a promise that nobody checks is none: a format that the engine does not know is refused.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from harness.contract.schema.explain import Violation, plainly, refusal, violations
from harness.contract.schema.references import Library, read_json
from harness.contract.text import shown
from harness.contract.wire.strictjson import deeper_than
from harness.errors import ConfigError

__all__ = ["MAX_INSTANCE_DEPTH", "Schema", "Violation"]

_DIALECTS = {
    "https://json-schema.org/draft/2020-12/schema": "Draft202012Validator",
    "http://json-schema.org/draft-07/schema": "Draft7Validator",
}
_LATEST = "https://json-schema.org/draft/2020-12/schema"
# Deeper instances would exhaust the stack of the engine; a contract is never that deep.
MAX_INSTANCE_DEPTH = 200

# What OpenAPI writes beside a type says how to store a value, and forbids none.
_ANNOTATIONS = ("int32", "int64", "float", "double", "byte", "binary", "password")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DURATION = re.compile(  # RFC 3339 appendix A: no fractions, no gaps between the units
    r"P(?!\Z)(\d+W|(\d+Y(\d+M(\d+D)?)?|\d+M(\d+D)?|\d+D)?"
    r"(T(\d+H(\d+M(\d+S)?)?|\d+M(\d+S)?|\d+S))?)",
    re.ASCII,
)
# Draft 7 was written before these two; people use them with it all the same.
_LATER = {"uuid": _UUID, "duration": _DURATION}
FORMATS = (
    *("date-time", "date", "time", "duration", "email", "idn-email", "hostname", "idn-hostname"),
    *("ipv4", "ipv6", "uri", "uri-reference", "iri", "iri-reference", "uuid", "uri-template"),
    *("json-pointer", "relative-json-pointer", "regex"),
)


class Schema:
    """A JSON Schema, 2020-12 or draft 7, checked; `format` is asserted; nothing is fetched."""

    def __init__(
        self,
        document: Any,
        name: str = "schema",
        *,
        library: Library | None = None,
        foreign: bool = False,
    ) -> None:
        """Raises ConfigError with `name`, the JSON pointer and what is wrong there.

        `library` finds the files that it refers to. A `foreign` schema was written by somebody
        else, like a server's own document: formats that nobody knows are passed over.
        """
        self.document = document
        self.name = name
        self.kind = _dialect(document, name)  # validator class of jsonschema and jsonschema-rs
        self.library = library or Library(document)
        self._engine = self._compile(foreign)

    @classmethod
    def read(cls, path: Path, shown_as: str = "") -> Schema:
        """A schema from a file; `shown_as` names it in findings. Raises ConfigError."""
        document = read_json(path)
        schema = cls(document, str(path), library=Library(document, path))
        schema.name = shown_as or schema.name
        return schema

    def accepts(self, value: Any) -> bool:
        """Whether `value` obeys the schema. NaN is no number, half a surrogate pair no string."""
        try:
            return bool(self._engine.is_valid(value))
        except (ValueError, UnicodeError):
            return False

    def violations(self, value: Any) -> list[Violation]:
        """Where `value` breaks the schema, the most telling first, at most 20."""
        if self.accepts(value):
            return []
        found = violations(self.document, self.kind, self.library, value)
        return found or plainly(self._engine, self.document, value)

    def _compile(self, foreign: bool) -> Any:
        import jsonschema_rs

        try:
            return getattr(jsonschema_rs, self.kind)(
                self.document,
                formats=_formats(self.kind),
                validate_formats=True,
                ignore_unknown_formats=foreign,
                retriever=self.library.retrieve,
                base_uri=self.library.base_uri or None,
            )
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as problem:
            why = refusal(self.document, self.kind, problem, FORMATS)
            raise ConfigError(f"{self.name}: {why}") from None
        except (ValueError, RecursionError) as problem:
            raise ConfigError(f"{self.name}: not a JSON Schema: {problem}") from None


def _formats(kind: str) -> dict[str, Any]:
    known: dict[str, Any] = dict.fromkeys(_ANNOTATIONS, lambda text: True)
    if kind == "Draft7Validator":
        for name, form in _LATER.items():
            known[name] = lambda text, form=form: form.fullmatch(text) is not None
    return known


def _dialect(document: Any, name: str) -> str:
    if not isinstance(document, (dict, bool)):
        raise ConfigError(
            f"{name}: a JSON Schema is an object or a boolean, not {shown(document, 60)}"
        )
    if deeper_than(json.dumps(document).encode(), MAX_INSTANCE_DEPTH):
        raise ConfigError(f"{name}: nested deeper than {MAX_INSTANCE_DEPTH} levels")
    declared = document.get("$schema", _LATEST) if isinstance(document, dict) else _LATEST
    known = _DIALECTS.get(declared.rstrip("#")) if isinstance(declared, str) else None
    if known is None:
        raise ConfigError(
            f"{name}: $schema = {declared!r}: expected {' or '.join(map(repr, _DIALECTS))}"
        )
    return known
