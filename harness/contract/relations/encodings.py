"""The same request in another encoding of its protocol, or of JSON, has the same answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from harness.contract.contract import Contract
from harness.contract.forms import Encoding, Form
from harness.contract.forms.spelled import spelled, spellings
from harness.contract.judging.compare import Difference
from harness.contract.judging.findings import Exchange
from harness.contract.judging.tensors import REALS
from harness.contract.relations.asking import Asker
from harness.contract.relations.calibration import affordable, calibrated, known
from harness.contract.relations.change import is_plain_number, remade
from harness.contract.relations.relation import Relation
from harness.contract.requests.cases import Case, Claim, dumps
from harness.contract.wire.transport import Layer, Prepared
from harness.model import Severity

if TYPE_CHECKING:
    from harness.config.schema import Tensor

_ASKED = 6  # requests, in every encoding that there is
_TIMES = 12  # requests that are sent for each of them, about
_SPELLED = 65536  # bytes: larger requests are not written in other spellings of JSON
_EXACT = 2**53  # whole numbers above it are not all doubles
_NOT_SPOKEN = 501


@dataclass(slots=True)
class _Look:
    """What is needed to ask, and what was seen."""

    contract: Contract
    relation: Relation
    asker: Asker
    silent: set[str] = field(default_factory=set)  # encodings that were refused: once is enough


def encodings(contract: Contract, base_url: str) -> Relation:
    """A few requests in every encoding that the protocol has, held to the answer of the first.

    An encoding that the service refuses is counted as refused. Raises GateError where nothing was
    answered at all, CandidateNotReady where the service is gone.
    """
    relation = Relation.of("encodings", calibrated(contract, base_url))
    candidates = [*_square(contract, base_url), *known(contract, base_url, _ASKED)]
    chosen = candidates[: affordable(candidates, _TIMES, _ASKED + 1)]
    with Asker(base_url) as asker:
        look = _Look(contract, relation, asker)
        form = _extended(look)
        for first in chosen:
            for encoding in _encodings(form, first):
                if encoding.name not in look.silent:
                    _one(look, first, encoding)
        relation.left_out = asker.left_out
    for name in sorted(look.silent):
        relation.notes.append(f"encoding {name!r} is not served")
    return relation


def _square(contract: Contract, base_url: str) -> list[Exchange]:
    """One request with as many rows as columns: there, rows and columns are easily mixed up."""
    shapes = (tensor.shape for tensor in contract.form.inputs)
    widths = {shape[1] for shape in shapes if len(shape) > 1 and shape[1] != 1}
    answered = contract.survey(base_url).exchanges
    found = (e for e in answered if e.comparable and _rows(contract.form, e) in widths)
    return list(islice(found, 1))


def _rows(form: Form, exchange: Exchange) -> int:
    return len(form.split(exchange.case.value) or ())


def _extended(look: _Look) -> Form:
    """The form, with the encodings that the server itself says it has beyond its protocol."""
    form, preset = look.contract.form, look.contract.preset
    missing = set(preset.extended.values()) - set(preset.encodings)
    if not preset.extensions or not missing:
        return form
    asked = look.asker.ask(Case("its extensions", Prepared("GET", preset.extensions), Claim.ODD))
    value = asked.parsed.value if asked is not None and asked.comparable else None
    listed = value.get("extensions") if isinstance(value, dict) else None
    named = listed if isinstance(listed, list) else []
    more = [name for key, name in preset.extended.items() if key in named and name in missing]
    served = replace(preset, encodings=(*preset.encodings, *more))
    return type(form)(served, form.inputs, form.outputs) if more else form


def _encodings(form: Form, first: Exchange) -> Iterator[Encoding]:
    value = first.case.value
    yield from form.encodings(value)
    if value is None or len(first.case.prepared.body) > _SPELLED:
        return
    yield from spellings(value)
    for name, change in (("numbers like 3.0", _fraction), ("numbers without .0", _whole)):
        body = dumps(_renumbered(form, value, change))
        if body != dumps(value):
            yield spelled(name, body)


def _renumbered(form: Form, value: Any, change: Any) -> Any:
    """A request whose numbers are written in another way, where nothing else is lost by that."""
    rows = form.split(value)
    if rows is None:
        return remade(value, form.inputs, change)
    made = form.join([remade(row, form.inputs, change) for row in rows]) if rows else value
    return made if made == value else value


def _fraction(item: Any, tensor: Tensor | None) -> Any:
    exact = type(item) is int and abs(item) <= _EXACT
    return float(item) if exact and _is_real(tensor) else item


def _whole(item: Any, tensor: Tensor | None) -> Any:
    """Not -0.0: as a whole number it has no sign."""
    plain = is_plain_number(item) and item != 0 and abs(item) <= _EXACT
    return int(item) if plain and _is_real(tensor) and item == int(item) else item


def _is_real(tensor: Tensor | None) -> bool:
    return tensor is not None and tensor.datatype in REALS


def _one(look: _Look, first: Exchange, encoding: Encoding) -> None:
    relation = look.relation
    name = f"{first.case.name} as {encoding.name}"
    method, path = first.case.prepared.method, first.case.prepared.path
    request = Prepared(method, path, encoding.headers, encoding.body)
    again = look.asker.ask(Case(name, request, first.case.claim, first.case.value))
    if again is None:
        return
    if again.answer.error is None and again.answer.status in look.contract.preset.busy:
        relation.refused += 1
    elif again.answer.error is None and _refused(again.answer.status):
        relation.refused += 1
        if encoding.promised:  # the next request may show why
            _unanswered(look, first, again, encoding)
        else:
            look.silent.add(encoding.name)
    elif not again.comparable:
        relation.compared += 1
        look.silent.add(encoding.name)
        _unanswered(look, first, again, encoding)
    else:
        difference = _difference(look.contract, relation, first, again)
        if difference is not None and _settled(look, first):
            message = f"{name} has another answer than the same request as it is"
            relation.report(again, message, difference, "as JSON")
            relation.where.append(encoding.name)


def _refused(status: int) -> bool:
    return 400 <= status < 500 or status == _NOT_SPOKEN


def _settled(look: _Look, first: Exchange) -> bool:
    """Whether the request as it is still has its answer: else its encoding is not to blame."""
    plain = look.asker.ask(first.case)
    if plain is None or not plain.comparable:
        return False
    fresh = Relation.of(look.relation.rule, look.relation.calibration)
    return fresh.answers_differ(look.contract, first, plain) is None


def _unanswered(look: _Look, first: Exchange, again: Exchange, encoding: Encoding) -> None:
    """No answer to what is answered otherwise.

    An error only where every server has to read it and this one breaks: nothing promises that all
    encodings are served, and who refuses in good order harms nobody.
    """
    broken = encoding.promised and not _refused(again.answer.status)
    sure = broken and _settled(look, first)
    message = f"{again.case.name} has no answer, where the same request as JSON has one"
    found = again.finding(
        look.relation.rule,
        again.answer.layer if not again.succeeded else Layer.RESPONSE,
        message,
        severity=Severity.ERROR if sure else Severity.WARNING,
        expected=f"{first.came_back()}" + ("" if encoding.promised else ", or a 4xx"),
    )
    look.relation.findings.append(found)


def _difference(
    contract: Contract, relation: Relation, first: Exchange, again: Exchange
) -> Difference | None:
    """Row by row where rows can be told apart: another encoding may shape the answer otherwise."""
    values = [relation.calibration.steady(e.parsed.value) for e in (first, again)]
    expected, received = (contract.form.results(value) for value in values)
    if expected is None or received is None:
        return relation.answers_differ(contract, first, again)
    if len(expected) != len(received):
        relation.compared += 1
        return Difference("$", f"{len(expected)} results", f"{len(received)} results")
    return _row_by_row(relation, expected, received)


def _row_by_row(
    relation: Relation, expected: Sequence[Any], received: Sequence[Any]
) -> Difference | None:
    for place, pair in enumerate(zip(expected, received, strict=True)):
        found = relation.differ(*pair)
        if found is not None:
            return replace(found, path=f"$[{place}]{found.path[1:]}")
    return None
