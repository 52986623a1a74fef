"""A document whose parts are found by JSON pointer, and whose mistakes are told with one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from harness.contract.text import shown
from harness.errors import ConfigError

DEFAULT_PATHS = ("/openapi.json", "/docs.json", "/swagger.json")
_CHAIN = 32  # references that point to references
_HINT = (
    "; correct the document, and where it is not in your hands, name a corrected copy in "
    "contract.document"
)


def is_document(value: Any) -> bool:
    """Whether it calls itself one."""
    return isinstance(value, dict) and ("openapi" in value or "swagger" in value)


@dataclass(frozen=True, slots=True)
class Place:
    """A value of the document and where it stands."""

    value: Any
    pointer: str  # RFC 6901, without the "#"

    def child(self, key: str | int) -> Place:
        """A member or an item. The value has to have it."""
        escaped = str(key).replace("~", "~0").replace("/", "~1")
        return Place(self.value[key], f"{self.pointer}/{escaped}")


class Document:
    """One OpenAPI document. Its name stands before the pointer in every message."""

    def __init__(self, value: Any, name: str) -> None:
        """Raises ConfigError for something else than OpenAPI 3 or Swagger 2.0."""
        self.name = name
        self.value = value
        if not isinstance(value, dict) or not is_document(value):
            raise ConfigError(f'{name}: no OpenAPI document: neither "openapi" nor "swagger" in it')
        said = value.get("openapi", value.get("swagger"))
        self.swagger = "openapi" not in value
        known = ("2.0",) if self.swagger else ("3.0", "3.1", "3.2")
        if not isinstance(said, str) or not said.startswith(known):
            expected = "OpenAPI 3.0, 3.1 or 3.2, or Swagger 2.0"
            raise ConfigError(f"{name}: version {shown(said, 40)}: expected {expected}")
        # From 3.1 on a schema is plain JSON Schema 2020-12.
        self.own_schemas = said.startswith(("2.", "3.0"))

    def problem(self, place: Place, message: str) -> ConfigError:
        """What is wrong at a place, to be raised."""
        return ConfigError(f"{self.name}#{place.pointer}: {message}{_HINT}")

    def at(self, *keys: str) -> Place | None:
        """The place that these keys lead to from the root, or None."""
        place = Place(self.value, "")
        for key in keys:
            found = self.member(place, key)
            if found is None:
                return None
            place = found
        return place

    def member(self, place: Place, key: str) -> Place | None:
        """A member of an object, what it refers to in its place; None where there is none.

        Raises ConfigError where `place` is no object.
        """
        if not isinstance(place.value, dict):
            raise self.problem(place, f"{shown(place.value, 60)}: expected an object")
        return self.resolved(place.child(key)) if key in place.value else None

    def resolved(self, place: Place) -> Place:
        """The place itself, or the one that it refers to. Raises ConfigError."""
        for _ in range(_CHAIN):
            if not isinstance(place.value, dict) or "$ref" not in place.value:
                return place
            place = self.target(place)
        raise self.problem(place, "a reference that leads in a circle")

    def target(self, place: Place) -> Place:
        """Where the reference at `place` points to. Raises ConfigError."""
        reference = place.value["$ref"]
        if not isinstance(reference, str) or not reference.startswith("#"):
            message = f"$ref = {shown(reference, 80)}: only references into the document are read"
            raise self.problem(place, message)
        found = Place(self.value, "")
        for part in reference[1:].split("/")[1:]:
            key: Any = part.replace("~1", "/").replace("~0", "~").replace("%7B", "{")
            key = key.replace("%7D", "}")
            if isinstance(found.value, list) and key.isdigit() and int(key) < len(found.value):
                found = found.child(int(key))
            elif isinstance(found.value, dict) and key in found.value:
                found = found.child(key)
            else:
                raise self.problem(place, f"$ref = {shown(reference, 80)}: points to nothing")
        return found
