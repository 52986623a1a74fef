"""JSON Schemas of requests and answers: jsonschema-rs judges, jsonschema explains.

jsonschema-rs is two orders of magnitude faster and counts NaN as no number; jsonschema finds the
violation that a person would name, and takes a second to import, so only a violation imports it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.contract.strictjson import deeper_than, parse
from harness.contract.text import json_path, shown
from harness.errors import ConfigError

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

_MAX_VIOLATIONS = 20
_DIALECTS = {
    "https://json-schema.org/draft/2020-12/schema": "Draft202012Validator",
    "http://json-schema.org/draft-07/schema": "Draft7Validator",
}
_LATEST = "https://json-schema.org/draft/2020-12/schema"
# Deeper instances would exhaust the stack of the engine; a contract is never that deep.
MAX_INSTANCE_DEPTH = 200


@dataclass(frozen=True, slots=True)
class Violation:
    """One place where a value breaks a schema."""

    path: str  # JSON path of the value: `$.positive`
    message: str
    expected: str
    received: str
    pointer: str  # JSON pointer of the keyword in the schema: `#/properties/positive/type`


class Schema:
    """A JSON Schema, 2020-12 or draft 7, checked; `format` is asserted; nothing is fetched."""

    def __init__(self, document: Any, name: str = "schema") -> None:
        """Raises ConfigError with `name`, the JSON pointer and what is wrong there."""
        self.document = document
        self.name = name
        self._class = _dialect(document, name)
        self._engine = self._compile()

    @classmethod
    def read(cls, path: Path, shown_as: str = "") -> Schema:
        """A schema from a file; `shown_as` names it in findings. Raises ConfigError."""
        try:
            body = path.read_bytes()
        except OSError as problem:
            raise ConfigError(f"{path}: cannot be read: {problem.strerror}") from None
        parsed = parse(body)
        if not parsed.readable or any(problem.severity == "error" for problem in parsed.problems):
            first = parsed.problems[0]
            raise ConfigError(f"{path}: {first.message}; expected a JSON Schema")
        schema = cls(parsed.value, str(path))
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
        found = [_violation(error) for error in self._explain(value)]
        # What only the engine objects to: numbers that are none, and formats it knows better.
        return found or self._plainly(value)

    def _compile(self) -> Any:
        import jsonschema_rs

        try:
            return getattr(jsonschema_rs, self._class)(
                self.document, validate_formats=True, offline=True
            )
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as problem:
            raise ConfigError(self._refusal(problem)) from None
        except (ValueError, RecursionError) as problem:
            raise ConfigError(f"{self.name}: not a JSON Schema: {problem}") from None

    def _refusal(self, problem: Any) -> str:
        """Why the schema itself is refused, in the words of jsonschema where it sees it too."""
        import jsonschema
        from jsonschema.exceptions import best_match

        meta = getattr(jsonschema, self._class)
        checker = meta(meta.META_SCHEMA, format_checker=meta.FORMAT_CHECKER)
        error = best_match(checker.iter_errors(self.document))
        if error is not None:
            pointer = _pointer(error.absolute_path)
            return f"{self.name}: not a JSON Schema at {pointer}: {_sentence(error.message)}"
        where = _pointer(getattr(problem, "instance_path", None) or ())
        message = str(problem).partition("\n")[0]
        hint = "; $ref may point into the same file only" if "etriev" in message else ""
        return f"{self.name}: not a JSON Schema at {where}: {_sentence(message)}{hint}"

    def _explain(self, value: Any) -> list[ValidationError]:
        import jsonschema
        from jsonschema.exceptions import best_match, relevance
        from referencing import Registry
        from referencing.exceptions import Unresolvable

        kind = getattr(jsonschema, self._class)
        registry: Registry[Any] = Registry()
        validator = kind(self.document, format_checker=kind.FORMAT_CHECKER, registry=registry)
        try:
            errors = sorted(validator.iter_errors(value), key=relevance, reverse=True)
        except (Unresolvable, RecursionError, ValueError, re.error):
            return []  # the two read patterns by different rules: the engine has the word
        # Inside anyOf and oneOf the branch that nearly fits is the one to talk about.
        return [best_match([error]) or error for error in errors[:_MAX_VIOLATIONS]]

    def _plainly(self, value: Any) -> list[Violation]:
        try:
            errors = list(self._engine.iter_errors(value))[:_MAX_VIOLATIONS]
        except (ValueError, UnicodeError):
            return [Violation("$", "a string that is no Unicode text", "text", "", "#")]
        return [self._plain(error, _at(value, error.instance_path)) for error in errors]

    def _plain(self, error: Any, instance: Any) -> Violation:
        number = isinstance(instance, float) and not math.isfinite(instance)
        keyword = error.schema_path[-1] if error.schema_path else ""
        return Violation(
            json_path(error.instance_path),
            f"{shown(instance)} is no number" if number else _sentence(error.message),
            shown({keyword: _at(self.document, error.schema_path)}),
            shown(instance),
            _pointer(error.schema_path),
        )


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


def _violation(error: ValidationError) -> Violation:
    path: list[Any] = list(error.absolute_path)
    required: Any = error.validator_value if error.validator == "required" else ()
    path += [name for name in required if name not in _members(error.instance)][:1]
    return Violation(
        json_path(path),
        _sentence(error.message),
        shown({error.validator: error.validator_value}),
        shown(error.instance),
        _pointer(error.absolute_schema_path),
    )


def _members(instance: Any) -> Any:
    return instance if isinstance(instance, dict) else ()


def _sentence(message: str, limit: int = 200) -> str:
    return message if len(message) <= limit else message[: limit - 3] + "..."


def _pointer(parts: Iterable[Any]) -> str:
    escaped = (str(part).replace("~", "~0").replace("/", "~1") for part in parts)
    return "#" + "".join(f"/{part}" for part in escaped)


def _at(value: Any, path: Iterable[Any]) -> Any:
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value
