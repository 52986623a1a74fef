"""Bodies that are no JSON, and bodies that readers of JSON disagree on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from harness.contract.mutants.values import get, places, replaced
from harness.contract.requests.cases import dumps
from harness.contract.text import json_path

DEEP = 100_000  # levels; readers give up at 100 to 1000 of them
_OVERSIZED = 2 * 1024 * 1024  # bytes; common servers refuse bodies above 1 MiB
_MARK = "\u0001"
_JSON = "RFC 8259 section 2"


@dataclass(frozen=True, slots=True)
class Text:
    """A body, and whether a server has to refuse it."""

    name: str
    body: bytes
    promise: str = ""  # where it is forbidden; "" where it is not
    rule: str = ""  # of findings about an answer that is written so


def broken(value: Any) -> Iterator[Text]:
    """What no reader may take for JSON."""
    body = dumps(value)
    cut = body[:-1] if body[-1:] in (b"]", b"}", b'"') else b'"' + body
    yield Text("an empty body", b"", _JSON)
    yield Text("malformed JSON", b'{"a": ', _JSON)
    yield Text("a truncated body", cut, _JSON)
    yield Text("a body cut in the middle", b"[" + body[: len(body) // 2], _JSON)
    yield Text("text after the JSON", body + b" ]", _JSON)
    yield Text("invalid UTF-8", b'"\xff\xfe"', "RFC 8259 section 8.1")


def odd(value: Any) -> Iterator[Text]:
    """What a server may take or refuse, but must not crash on.

    Where there is a promise, strict readers of JSON refuse it.
    """
    body = dumps(value)
    yield Text(f"{DEEP} nested arrays", b"[" * DEEP + b"]" * DEEP)
    yield from _odd_numbers(value)
    text = next((path for path in places(value) if isinstance(get(value, path), str)), None)
    if text is not None:
        half = dumps(replaced(value, text, _MARK)).replace(b"\\u0001", b"\\ud800", 1)
        name = f"half of a surrogate pair at {json_path(text)}"
        yield Text(name, half, "RFC 7493 section 2.1", "json-surrogate")
    if isinstance(value, dict) and value:
        name = next(iter(value))
        doubled = dumps({name: value[name]})[:-1] + b"," + body[1:]
        promise = "RFC 7493 section 2.3"
        yield Text(f"two members named {name!r}", doubled, promise, "json-duplicate-key")
    yield Text("a byte order mark before the JSON", b"\xef\xbb\xbf" + body)
    blanks = b" " * max(0, _OVERSIZED - len(body))
    yield Text(f"a body of {_OVERSIZED >> 20} MiB: a valid request and blanks", body + blanks)


def _odd_numbers(value: Any) -> Iterator[Text]:
    numbers = (path for path in places(value) if type(get(value, path)) in (int, float))
    path = next(numbers, None)
    if path is None:
        return
    marked = dumps(replaced(value, path, _MARK))
    for name, token, promise in (
        ("NaN", b"NaN", "RFC 8259 section 6"),
        ("-Infinity", b"-Infinity", "RFC 8259 section 6"),
        ("a number beyond every double", b"1e400", ""),
        ("a whole number of 400 digits", b"9" * 400, ""),
    ):
        body = marked.replace(b'"\\u0001"', token, 1)
        yield Text(f"{name} at {json_path(path)}", body, promise, "json-nonfinite")
