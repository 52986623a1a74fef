"""Hypothesis strategies for the requests of a contract: what the explore tier sends.

The same plans, schemas and mutations as in the gate tier, drawn by Hypothesis, so that what fails
is shrunk: a plan to one constant row, an instance to its simplest, a mutant to its first change.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from harness.contract.generate import Drawer, Impossible
from harness.contract.mutants.tensors import tensor_mutants
from harness.contract.mutants.values import changes, get, places, replaced
from harness.contract.requests import plans
from harness.contract.requests.cases import Case, Claim, dumps, prepared
from harness.contract.requests.chance import Chance
from harness.contract.requests.source import Source
from harness.contract.requests.varied import mapped, nudged
from harness.contract.text import json_path
from harness.contract.wire.strictjson import parse

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

    from harness.contract.contract import Contract

_SMALL = 64 * 1024  # bytes of a request that is mutated
_CHANGES = 3  # of one mutant


def valid_cases(contract: Contract) -> SearchStrategy[Case]:
    """Requests that the contract allows: plans of tensors, instances, examples with changes."""
    from hypothesis import strategies as st

    source = Source.of(contract)
    options: list[SearchStrategy[Case]] = []
    if source.form.inputs:
        options.append(_composed(lambda draw, chance: _planned(source, chance)))
    elif source.request is not None:
        drawer = Drawer(source.request)
        options.append(_composed(lambda draw, chance: _instance(source, drawer, chance)))
    if source.request is not None and any(e.succeeds for e in source.examples):
        options.append(_composed(lambda draw, chance: _near(source, draw, chance)))
    return st.one_of(options or [st.sampled_from(contract.corpus.valid)])


def invalid_cases(contract: Contract) -> SearchStrategy[Case]:
    """Requests that the contract forbids, and requests that it says nothing about."""
    from hypothesis import strategies as st

    source = Source.of(contract)
    corpus = contract.corpus
    small = [c for c in corpus.valid if c.value is not None and len(c.prepared.body) <= _SMALL]
    bases = small or list(corpus.valid[:1])
    return st.one_of(
        _composed(lambda draw, chance: _mutant(source, chance.pick(bases).value, chance)),
        _composed(lambda draw, chance: _garbled(source, chance.pick(bases), chance)),
    )


def _composed(make: Callable[[DrawFn, Chance], Case | None]) -> SearchStrategy[Case]:
    """A strategy of what `make` makes of the choices; where that is None, others are drawn."""
    from hypothesis import reject
    from hypothesis import strategies as st

    @st.composite
    def cases(draw: DrawFn) -> Case:
        case = make(draw, Chance.drawn(draw(st.randoms(use_true_random=False))))
        if case is None:
            reject()
        return case

    return cases()


def _planned(source: Source, chance: Chance) -> Case | None:
    rows = chance.pick([1, *source.batches()])
    plan = plans.draw(chance, source.form.inputs, source.bound(rows))
    return source.planned(plan, Claim.ALLOWED, f"generated: {plan}")


def _instance(source: Source, drawer: Drawer, chance: Chance) -> Case | None:
    try:
        value = drawer.draw(chance)
    except Impossible:
        return None
    if source.refutes(value):
        return None
    return source.case("an instance of the request schema", Claim.ALLOWED, value)


def _near(source: Source, draw: DrawFn, chance: Chance) -> Case | None:
    from hypothesis import strategies as st

    def change(item: Any) -> Any:
        if isinstance(item, str) and chance.flag():
            return draw(st.text())
        return nudged(item, chance)

    example = chance.pick([e for e in source.examples if e.succeeds])
    value = mapped(example.request, change)
    if source.refutes(value):
        return None
    return source.case(f"near the example on line {example.line}", Claim.ALLOWED, value)


def _mutant(source: Source, base: Any, chance: Chance) -> Case | None:
    """One to three changes; INVALID only where the contract surely forbids the outcome."""
    named = list(tensor_mutants(base, source.form.preset.request))
    if source.form.preset.form == "tensors" and named and chance.flag(30):
        what, value, surely = chance.pick(named)
    else:
        value, told, forgiven = base, [], False
        for _ in range(chance.between(1, _CHANGES)):
            path = chance.pick(list(places(value)))
            options = list(changes(get(value, path))) or [("null", None)]
            change, item = chance.pick(options)
            # A text that took a number's place may become true, which lenient readers take for 1.
            forgiven = forgiven or item is True
            value = replaced(value, path, item)
            told.append(f"{change} at {json_path(path)}")
        what, surely = ", ".join(told), source.strict or not forgiven
    where = source.forbidden(value) if surely else ""
    claim = Claim.INVALID if where else Claim.ODD
    return Case(what, prepared(source.path, dumps(value)), claim, value, promise=where)


def _garbled(source: Source, base: Case, chance: Chance) -> Case | None:
    """A body cut, or with some bytes replaced; INVALID where no lenient reader reads it either."""
    body = bytearray(base.prepared.body)
    if not body:
        return None
    if chance.flag():
        body = body[: chance.below(len(body))]
        what = f"{base.name}, cut after {len(body)} bytes"
    else:
        for _ in range(chance.between(1, 4)):
            body[chance.below(len(body))] = chance.below(256)
        what = f"{base.name}, with other bytes in it"
    parsed = parse(bytes(body))
    claim = Claim.ODD if parsed.readable else Claim.INVALID
    promise = "" if parsed.readable else "RFC 8259 section 2"
    return Case(what, prepared(source.path, bytes(body)), claim, parsed.value, promise=promise)
