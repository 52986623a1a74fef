"""All that is sent to be refused, or at least not to crash on, with what may be claimed of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from harness.contract.forms import Form
from harness.contract.mutants.inputs import input_mutants, uneven
from harness.contract.mutants.keywords import keyword_mutants
from harness.contract.mutants.tensors import tensor_mutants
from harness.contract.mutants.texts import broken, odd
from harness.contract.mutants.values import mutants
from harness.contract.requests.cases import JSON_TYPE, Case, Claim, dumps, prepared
from harness.contract.schema.schemas import Schema
from harness.contract.wire.transport import Prepared

STRICT = "contract.strict"  # the promise of what only `strict` forbids begins so
_KEYWORDS = 32  # requests that break a keyword of the schema
# RFC 9110 section 8.3 lets a server guess where there is no type, and RFC 8259 section 11 has it
# pass over a charset; JSON that calls itself something else is only forgiven.
_TYPES = (
    ("content type text/plain", "text/plain", STRICT),
    ("no content type", "", ""),
    ("content type application/xml", "application/xml", STRICT),
    ("charset utf-16", f"{JSON_TYPE}; charset=utf-16", ""),
)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a contract says of requests.

    `forbidden` says where it forbids one, "" where it does not. What is not surely forbidden is
    claimed ODD: only a crash counts against the server.
    """

    path: str
    form: Form
    forbidden: Callable[[Any], str]
    schema: Schema | None = None
    strict: bool = False  # what lenient readers forgive is forbidden too
    row: Mapping[str, Any] = field(default_factory=dict)  # a valid row of the inputs, by name
    rows: Mapping[str, Any] = field(default_factory=dict)  # two, that have to be as many in each

    def claimed(self, name: str, value: Any, promise: str = "") -> Iterator[Case]:
        """A request claimed INVALID; nothing where the contract does not forbid it."""
        where = self.forbidden(value)
        if where:
            sent = prepared(self.path, dumps(value))
            told = f"{promise}, {where}" if promise else where
            yield Case(name, sent, Claim.INVALID, value, promise=told)

    def odd(self, name: str, sent: Prepared, strictly: str = "") -> Case:
        """A request that `strictly` says is forbidden to strict readers, if they do."""
        if self.strict and strictly:
            return Case(name, sent, Claim.INVALID, promise=strictly)
        return Case(name, sent, Claim.ODD)


def invalid_cases(terms: Terms, values: Sequence[Any]) -> Iterator[Case]:
    """Requests that the contract forbids, and requests that it says nothing about.

    `values` are valid requests. All of them are used to break the schema, as not each has every
    member; the first is the smallest, and from it the others are made.
    """
    value = values[0]
    for text in broken(value):
        yield Case(text.name, prepared(terms.path, text.body), Claim.INVALID, promise=text.promise)
    yield from _tensors(terms, value)
    yield from _inputs(terms)
    yield from _two_kinds(terms, value)
    yield from _keywords(terms, values)
    for name, mutant in mutants(value):
        yield from terms.claimed(name, mutant)
    for text in odd(value):
        tolerated = text.rule in terms.form.preset.tolerated
        strictly = "" if tolerated or not text.promise else f"{STRICT}, {text.promise}"
        yield terms.odd(text.name, prepared(terms.path, text.body), strictly)
    yield from _odd_headers(terms, dumps(value))


def _tensors(terms: Terms, value: Any) -> Iterator[Case]:
    if terms.form.preset.form != "tensors":
        return
    for name, mutant, surely in tensor_mutants(value, terms.form.preset.request):
        where = terms.forbidden(mutant) if surely else ""
        claim = Claim.INVALID if where else Claim.ODD
        yield Case(name, prepared(terms.path, dumps(mutant)), claim, mutant, promise=where)


def _inputs(terms: Terms) -> Iterator[Case]:
    for name, mutant, strict in input_mutants(terms.form, terms.row) if terms.row else ():
        if terms.strict or not strict:
            yield from terms.claimed(name, mutant, STRICT if strict else "")
    for name, mutant in uneven(terms.form, terms.rows) if terms.rows else ():
        yield from terms.claimed(name, mutant)


def _two_kinds(terms: Terms, value: Any) -> Iterator[Case]:
    """The same input twice, in two ways of which the protocol has one at a time."""
    seen = {frozenset(value)} if isinstance(value, dict) else set()
    for other in terms.form.encodings(value) if seen else ():
        if other.headers.get("Content-Type") != JSON_TYPE:
            continue
        written = json.loads(other.body)
        both = {**value, **written}
        if frozenset(both) not in seen and both != written and terms.form.malformed(both):
            seen.add(frozenset(both))
            yield from terms.claimed(f"{' and '.join(both)} in one request", both)


def _keywords(terms: Terms, values: Sequence[Any]) -> Iterator[Case]:
    if terms.schema is None:
        return
    made = (
        case
        for value in values
        for name, mutant, strict in keyword_mutants(terms.schema, value)
        if terms.strict or not strict
        for case in terms.claimed(name, mutant, STRICT if strict else "")
    )
    first = {case.prepared.body: case for case in reversed(list(islice(made, 4 * _KEYWORDS)))}
    yield from list(reversed(first.values()))[:_KEYWORDS]


def _odd_headers(terms: Terms, body: bytes) -> Iterator[Case]:
    for name, kind, strictly in _TYPES:
        headers = {"Content-Type": kind} if kind else {}
        yield terms.odd(name, Prepared("POST", terms.path, headers, body), strictly)
    wanted = {"Content-Type": JSON_TYPE, "Accept": "text/csv"}
    yield terms.odd("Accept: text/csv", Prepared("POST", terms.path, wanted, body))
    yield terms.odd("method HEAD", Prepared("HEAD", terms.path))
