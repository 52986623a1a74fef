"""Where a value breaks a schema, and where a schema is none, in words for a person.

jsonschema finds the violation that a person would name; it takes a second to import and is slow,
so only what the engine has refused comes here.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from harness.contract.schema.references import HINT, Library
from harness.contract.text import json_path, shown
from harness.suggest import did_you_mean

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from referencing import Registry

_MAX_VIOLATIONS = 20
_EXAMINED = 200  # violations among which the most telling are looked for
_PARTS = 20_000  # of one value: jsonschema's time grows with them, and both engines' memory
_BRANCHES = ("anyOf", "oneOf", "not", "if")  # whose every branch is explained with all its parts
_UNKNOWN_FORMAT = re.compile(r"Unknown format: '([^']*)'")
_QUOTED = re.compile(r"'([^']+)'")


@dataclass(frozen=True, slots=True)
class Violation:
    """One place where a value breaks a schema."""

    path: str  # JSON path of the value: `$.positive`
    message: str
    expected: str
    received: str
    pointer: str  # JSON pointer of the keyword in the schema: `#/properties/positive/type`


def violations(document: Any, kind: str, library: Library, value: Any) -> list[Violation]:
    """What jsonschema's validator class `kind` objects to, the most telling first, at most 20.

    Nothing of a value with so many parts that to explain it would take minutes and gigabytes.
    """
    if _is_large(value) or '"patternProperties"' in json.dumps(document):
        return []  # jsonschema matches names by `re`, as below
    import jsonschema
    from jsonschema.exceptions import best_match, relevance
    from referencing.exceptions import Unresolvable

    original = getattr(jsonschema, kind)
    extend: Any = jsonschema.validators.extend
    chosen = extend(original, {"pattern": _pattern})
    registry, resolver = registered(document, kind, library)
    validator = chosen(
        document, format_checker=original.FORMAT_CHECKER, registry=registry, _resolver=resolver
    )
    try:
        found = islice(validator.iter_errors(value), _EXAMINED)
        errors = sorted(found, key=relevance, reverse=True)
    except (Unresolvable, RecursionError, ValueError):
        return []
    # Inside anyOf and oneOf the branch that nearly fits is the one to talk about.
    return [_violation(best_match([error]) or error) for error in errors[:_MAX_VIOLATIONS]]


def _pattern(validator: Any, pattern: str, text: Any, schema: Any) -> Iterator[ValidationError]:
    """By the engine, whose search is bounded: over a pattern and a text that the server chooses
    Python's `re` may take for ever (CWE-1333)."""
    import jsonschema_rs
    from jsonschema.exceptions import ValidationError

    if not jsonschema_rs.is_valid({"pattern": pattern}, text):
        yield ValidationError(f"{text!r} does not match {pattern!r}")


def _is_large(value: Any) -> bool:
    """Whether it has more parts than jsonschema looks through in about a second."""
    waiting, parts = [value], 0
    while waiting and parts <= _PARTS:
        item = waiting.pop()
        inner = item.values() if isinstance(item, dict) else item
        if isinstance(item, (dict, list)):
            parts += len(inner)
            waiting += (one for one in inner if isinstance(one, (dict, list)))
    return parts > _PARTS


def registered(document: Any, kind: str, library: Library) -> tuple[Registry[Any], Any]:
    """A registry that finds what `library` finds, and the resolver of `document` in it."""
    from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped]
    from referencing import Registry, Resource

    default = specification(kind)

    def retrieve(uri: str) -> Any:
        if uri in REGISTRY:
            return REGISTRY[uri]
        return Resource.from_contents(library.retrieve(uri), default_specification=default)

    resource = default.create_resource(document)
    registry: Registry[Any] = Registry(retrieve=retrieve)  # type: ignore[call-arg]
    registry = registry.with_resource(library.base_uri, resource)
    return registry, registry.resolver(library.base_uri).in_subresource(resource)


def specification(kind: str) -> Any:
    """What the `referencing` package knows of the draft of a validator class."""
    from referencing.jsonschema import DRAFT7, DRAFT202012

    return DRAFT7 if kind == "Draft7Validator" else DRAFT202012


def plainly(engine: Any, document: Any, value: Any) -> list[Violation]:
    """What only the engine objects to: numbers that are none, and formats it knows better.

    Of a value too large to be explained the first violation, where the engine stops at it.
    """
    large = _is_large(value)
    if large and any(f'"{word}"' in json.dumps(document) for word in _BRANCHES):
        message = "a value that breaks the schema, with too many parts to say where"
        return [Violation("$", message, shown(document), shown(value), "#")]
    try:
        errors = [_first(engine, value)] if large else list(engine.iter_errors(value))
        errors = errors[:_MAX_VIOLATIONS]
    except (ValueError, UnicodeError):
        return [Violation("$", "a string that is no Unicode text", "text", "", "#")]
    return [_plain(error, document, _at(value, error.instance_path)) for error in errors]


def _first(engine: Any, value: Any) -> Any:
    import jsonschema_rs

    try:
        engine.validate(value)
    except jsonschema_rs.ValidationError as error:
        return error
    raise ValueError("no violation")


def _plain(error: Any, document: Any, instance: Any) -> Violation:
    number = isinstance(instance, float) and not math.isfinite(instance)
    keyword = error.schema_path[-1] if error.schema_path else ""
    return Violation(
        json_path(error.instance_path),
        f"{shown(instance)} is no number" if number else sentence(error.message),
        shown({keyword: _at(document, error.schema_path)}),
        shown(instance),
        pointer(error.schema_path),
    )


def refusal(document: Any, kind: str, problem: Any, formats: Iterable[str]) -> str:
    """Why a schema is none, with the pointer, in the words of jsonschema where it sees it too."""
    import jsonschema
    from jsonschema.exceptions import best_match

    meta = getattr(jsonschema, kind)
    checker = meta(meta.META_SCHEMA, format_checker=meta.FORMAT_CHECKER)
    error = best_match(checker.iter_errors(document))
    if error is not None:
        where = pointer(error.absolute_path)
        return f"not a JSON Schema at {where}: {sentence(error.message)}"
    # Of a file that was not read, the engine repeats what the library said.
    message = str(problem).partition("\n")[0].rpartition("Refused: ")[2]
    unknown = _UNKNOWN_FORMAT.match(message)
    if unknown is not None:
        return (
            f"not a JSON Schema at {pointer(problem.instance_path)}: unknown format "
            f"{unknown[1]!r}{did_you_mean(unknown[1], formats)}; nobody would assert it"
        )
    found = _reference(document, str(problem))
    if found is not None or "etriev" in str(problem):
        where = pointer(found or ())
        return f"not a JSON Schema at {where}: {sentence(message, 400)}; {HINT}"
    where = pointer(getattr(problem, "instance_path", None) or ())
    return f"not a JSON Schema at {where}: {sentence(message)}"


def _reference(document: Any, message: str) -> list[Any] | None:
    """Path of the reference that the engine's message is about; it does not say where it is."""
    quoted = _QUOTED.search(message)
    if quoted is None:
        return None
    name = quoted[1].rpartition("/")[2]
    for path, text in _references(document, []):
        if unquote(text).endswith(name):
            return path
    return None


def _references(value: Any, path: list[Any]) -> Iterator[tuple[list[Any], str]]:
    if isinstance(value, dict):
        for key in ("$ref", "$dynamicRef"):
            if isinstance(value.get(key), str):
                yield [*path, key], value[key]
        for key, item in value.items():
            yield from _references(item, [*path, key])
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _references(item, [*path, index])


def _violation(error: ValidationError) -> Violation:
    path: list[Any] = list(error.absolute_path)
    required: Any = error.validator_value if error.validator == "required" else ()
    path += [name for name in required if name not in _members(error.instance)][:1]
    return Violation(
        json_path(path),
        sentence(error.message),
        shown({error.validator: error.validator_value}),
        shown(error.instance),
        pointer(error.absolute_schema_path),
    )


def _members(instance: Any) -> Any:
    return instance if isinstance(instance, dict) else ()


def sentence(message: str, limit: int = 200) -> str:
    """A message of another library, not longer than `limit`."""
    return message if len(message) <= limit else message[: limit - 3] + "..."


def pointer(parts: Iterable[Any]) -> str:
    """`#/properties/a~1b` of its parts (RFC 6901)."""
    escaped = (str(part).replace("~", "~0").replace("/", "~1") for part in parts)
    return "#" + "".join(f"/{part}" for part in escaped)


def _at(value: Any, path: Iterable[Any]) -> Any:
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value
