"""Bodies that are no JSON are none for any reader; odd ones are read by some."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.contract.mutants.texts import broken, odd
from harness.contract.wire.strictjson import parse

VALUES = [{"text": "good", "n": 1}, [[1.5]], 42, "x", "", True, None, {}, []]


@pytest.mark.parametrize("value", VALUES)
def test_what_is_broken_is_refused_by_lenient_readers_too(value: Any) -> None:
    for text in broken(value):
        assert text.promise.startswith("RFC 8259")
        assert not parse(text.body).readable, text.name
        with pytest.raises(ValueError):
            json.loads(text.body)


@pytest.mark.parametrize("value", VALUES)
def test_what_strict_readers_refuse_has_its_section_and_its_rule(value: Any) -> None:
    for text in odd(value):
        if text.promise:
            assert text.promise.startswith(("RFC 8259 section", "RFC 7493 section"))
            assert text.rule in {problem.rule for problem in parse(text.body).problems}


def test_what_is_written_in_no_standard_is_promised_nothing() -> None:
    open_ = {text.name for text in odd({"n": 1}) if not text.promise}
    assert open_ == {
        *("100000 nested arrays", "a byte order mark before the JSON"),
        *("a number beyond every double at $.n", "a whole number of 400 digits at $.n"),
        "a body of 2 MiB: a valid request and blanks",
    }


def test_odd_bodies_are_of_these_sorts() -> None:
    bodies = {text.name: text.body for text in odd({"t": "x", "n": 1})}
    assert bodies["NaN at $.n"] == b'{"t":"x","n":NaN}'
    assert bodies["a number beyond every double at $.n"] == b'{"t":"x","n":1e400}'
    assert bodies["half of a surrogate pair at $.t"] == b'{"t":"\\ud800","n":1}'
    assert bodies["two members named 't'"] == b'{"t":"x","t":"x","n":1}'
    assert len(bodies["a body of 2 MiB: a valid request and blanks"]) == 2 * 1024 * 1024
    assert bodies["100000 nested arrays"].count(b"[") == 100_000
