"""The operation of a document that predicts: the one at a path, or the only one that could."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from harness.contract.openapi.document import Document, Place
from harness.contract.openapi.schemas import Converter, Side
from harness.errors import ConfigError
from harness.suggest import did_you_mean

_PARAMETER = re.compile(r"\{[^{}/]+\}")
_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Operation:
    """A POST. Its schemas are JSON Schema 2020-12; None where the document says nothing."""

    path: str
    request: Any
    response: Any
    error_members: tuple[str, ...]  # members that every error has


def find(document: Document, path: str = "") -> Operation:
    """The operation at `path`, or with "" the only POST that takes JSON.

    Raises ConfigError where there is none, or several, with all that there are.
    """
    prefix = _prefix(document)
    posts = {prefix + said: place for said, place in _posts(document)}
    if path:
        return _operation(document, path, _matching(document, posts, path))
    bodies = {said: _body(document, place) for said, place in posts.items()}
    candidates = [said for said, body in bodies.items() if body is not None]
    if len(candidates) != 1:
        raise ConfigError(f"{document.name}: {_ambiguity(candidates, posts)}")
    chosen = candidates[0]
    if _PARAMETER.search(chosen):
        raise ConfigError(
            f"{document.name}: the path {chosen!r} has parameters: give contract.path with their "
            "values in it"
        )
    return _operation(document, chosen, posts[chosen])


def _ambiguity(candidates: list[str], posts: dict[str, Place]) -> str:
    if candidates:
        named = ", ".join(candidates[:_SHOWN])
        return f"{len(candidates)} operations take JSON by POST; give contract.path, one of {named}"
    named = ", ".join(list(posts)[:_SHOWN])
    there = f"; give contract.path, one of {named}" if posts else "; it describes no POST at all"
    return f"no operation takes JSON by POST{there}"


def _prefix(document: Document) -> str:
    """What stands before every path: of another host only its own gateway knows."""
    if document.swagger:
        said = document.value.get("basePath")
    else:
        servers = document.value.get("servers")
        first = servers[0] if isinstance(servers, list) and servers else {}
        said = first.get("url") if isinstance(first, dict) else None
    rooted = isinstance(said, str) and said.startswith("/") and not said.startswith("//")
    return said.rstrip("/") if rooted and isinstance(said, str) else ""


def _posts(document: Document) -> Iterator[tuple[str, Place]]:
    paths = document.at("paths")
    if paths is None or not isinstance(paths.value, dict):
        raise ConfigError(f'{document.name}#/paths: expected an object of paths, like "/predict"')
    for said in paths.value:
        item = document.member(paths, said)
        post = None if item is None else document.member(item, "post")
        if post is not None and said.startswith("/"):
            yield said, post


def _matching(document: Document, posts: dict[str, Place], path: str) -> Place:
    if path in posts:
        return posts[path]
    for said, place in posts.items():
        parts = _PARAMETER.split(said)
        if len(parts) > 1 and re.fullmatch("[^/]+".join(map(re.escape, parts)), path):
            return place
    known = ", ".join(list(posts)[:_SHOWN]) or "none"
    near = did_you_mean(path, posts)
    raise ConfigError(f"{document.name}: no POST {path}{near}; the document has: {known}")


def _operation(document: Document, path: str, post: Place) -> Operation:
    body = _body(document, post)
    answers = list(_answers(document, post))
    good = next((place for status, place in answers if status in ("200", "201", "2XX")), None)
    if good is None:
        good = next((place for status, place in answers if status == "default"), None)
    errors = [place for status, place in answers if status.startswith(("4", "5"))]
    return Operation(
        path,
        _converted(document, body, "request"),
        _converted(document, good, "response"),
        _common_members(_converted(document, place, "response") for place in errors),
    )


def _converted(document: Document, place: Place | None, side: Side) -> Any:
    return None if place is None else Converter(document, side).convert(place)


def _body(document: Document, post: Place) -> Place | None:
    """The schema of the JSON that is sent, or None."""
    if not document.swagger:
        body = document.member(post, "requestBody")
        return None if body is None else _json(document, body)
    listed = document.member(post, "parameters")
    for index in range(len(listed.value)) if listed and isinstance(listed.value, list) else ():
        assert listed is not None
        parameter = document.resolved(listed.child(index))
        if isinstance(parameter.value, dict) and parameter.value.get("in") == "body":
            return parameter.child("schema") if "schema" in parameter.value else None
    return None


def _answers(document: Document, post: Place) -> Iterator[tuple[str, Place]]:
    """(status, schema) of every answer in JSON."""
    responses = document.member(post, "responses")
    for status in responses.value if responses is not None else ():
        assert responses is not None
        answer = document.member(responses, status)
        schema = None if answer is None else _json(document, answer)
        if schema is not None:
            yield str(status).upper() if status != "default" else status, schema


def _json(document: Document, body: Place) -> Place | None:
    """The schema of a body as JSON, or None. Swagger 2.0 has it right in the answer."""
    if document.swagger:
        return body.child("schema") if "schema" in body.value else None
    content = document.member(body, "content")
    for kind in content.value if content is not None else ():
        assert content is not None
        bare = str(kind).partition(";")[0].strip().lower()
        if bare in ("application/json", "*/*", "application/*") or bare.endswith("+json"):
            media = content.child(kind)
            found = isinstance(media.value, dict) and "schema" in media.value
            return media.child("schema") if found else None
    return None


def _common_members(errors: Iterator[Any]) -> tuple[str, ...]:
    """One of these is in every error: the required members of each kind of error."""
    members: dict[str, None] = {}
    for schema in errors:
        required = schema.get("required") if isinstance(schema, dict) else None
        if not required:
            return ()  # nothing is promised of this kind
        members.update(dict.fromkeys(required))
    return tuple(members)
