"""A frozen corpus: the same bytes again, and every mistake in it with its line."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from harness.contract.requests.cases import Case, Claim, prepared
from harness.contract.requests.corpus import Corpus, freeze, thaw
from harness.contract.wire.transport import Prepared
from harness.errors import ConfigError

HEAD = '{"format": "releasegate-corpus", "version": 1}\n'
CORPUS = Corpus(
    (
        Case("a", prepared("/p", b'{"x":[1.0]}'), Claim.VALID, {"x": [1.0]}, bound={"batch": 1}),
        Case("b", Prepared("POST", "/p", {}, b"[]", chunked=True), Claim.ALLOWED, []),
    ),
    (
        Case("c", prepared("/p", b'"\xff'), Claim.INVALID, promise="RFC 8259 section 8.1"),
        Case("d", prepared("/p", b"[" * 100_000), Claim.ODD),
    ),
)


def line(**changes: Any) -> str:
    given = {"name": "a", "claim": "VALID", "method": "POST", "path": "/p", "headers": {}}
    return json.dumps(given | {"body": base64.b64encode(b"[]").decode()} | changes)


def test_what_is_thawed_is_what_was_frozen() -> None:
    thawed = thaw(freeze(CORPUS))
    assert thawed == CORPUS
    assert thawed.sha256 == CORPUS.sha256


def test_a_long_body_is_kept_short() -> None:
    assert len(freeze(CORPUS)) < 2000


@pytest.mark.parametrize(
    "sent",
    [
        Prepared("POST", "/p", {}, b"1"),
        Prepared("PUT", "/p", {}, b"[]"),
        Prepared("POST", "/q", {}, b"[]"),
        Prepared("POST", "/p", {"A": "b"}, b"[]"),
        Prepared("POST", "/p", {}, b"[]", chunked=True),
    ],
)
def test_the_digest_is_of_exactly_what_is_sent(sent: Prepared) -> None:
    first = Corpus((Case("a", Prepared("POST", "/p", {}, b"[]"), Claim.VALID),), ())
    renamed = Corpus((Case("b", first.valid[0].prepared, Claim.ALLOWED),), ())
    assert first.sha256 == renamed.sha256
    assert first.sha256 != Corpus((Case("a", sent, Claim.VALID),), ()).sha256


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "f:1: not JSON"),
        ("{}\n", 'f:1: expected {"format": "releasegate-corpus"'),
        (HEAD, "f: no request in it"),
        (HEAD + "\n{", "f:3: not JSON"),
        (HEAD + "[]", "f:2: []: expected a JSON object"),
        (HEAD + line(claim="MAYBE"), 'f:2: claim = "MAYBE": expected one of VALID, ALLOWED'),
        (HEAD + line(body="?"), "f:2: body: not base64"),
        (HEAD + line(deflated=True), "f:2: body: not base64"),
        (HEAD + line(body=None), "f:2: body = null: expected str"),
        (HEAD + line(path="p"), "f:2: POST p: expected a method and a path"),
        (HEAD + line(path="/p q"), "f:2: "),
        (HEAD + line(method="GET /"), "f:2: "),
        (HEAD + line(headers={"A": "b\r\nC: d"}), "f:2: method, path and headers have to be plain"),
        (HEAD + line(headers={"A": 1}), "f:2: method, path and headers have to be plain"),
        (HEAD + line(bound={"batch": "2"}), 'f:2: bound.batch = "2": expected a number'),
        (HEAD + line(chunked=1), "f:2: chunked = 1: expected bool"),
        (HEAD + line(extra=1), 'f:2: unknown member "extra"'),
        (HEAD + '{"name": "a", "name": "b"}', "f:2: two members named"),
    ],
)
def test_a_malformed_file_is_refused_with_its_line(text: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        thaw(text.encode(), "f")
    assert str(caught.value).startswith(expected)
