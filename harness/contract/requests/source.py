"""What a corpus is made from: examples first, then boundaries, then generated requests."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NoReturn

from harness.contract.forms import Form
from harness.contract.generate import Drawer
from harness.contract.judging.tensors import judge, sizes
from harness.contract.mutants import STRICT, Terms, invalid_cases
from harness.contract.mutants.values import places
from harness.contract.requests import plans, tensors
from harness.contract.requests.cases import JSON_TYPE, Case, Claim, Example, dumps, prepared
from harness.contract.requests.corpus import Corpus, thaw
from harness.contract.requests.varied import varied
from harness.contract.schema.schemas import Schema
from harness.contract.text import shown
from harness.errors import ConfigError

if TYPE_CHECKING:
    from harness.contract.contract import Contract

SEED = 1
# About the sizes at which vectors, caches and queues change.
BATCHES = (2, 3, 7, 8, 9, 16, 17, 31, 32, 33)
DRAWN = 8  # instances of a request schema
_CELL = 8  # bytes that a cell of a tensor takes in a body, or somewhat less
_SMALL = 4096  # bytes of a request that is broken at each of its parts
_INVALID = 84
_INVALID_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Source:
    """What says what a valid request is."""

    path: str
    form: Form
    examples: tuple[Example, ...]
    request: Schema | None
    max_batch: int | None = None
    promised: bool = True  # False: inputs that the server names itself, without their ranges
    strict: bool = False  # what lenient readers forgive is forbidden too
    inputs_by: str = "contract.inputs"  # where the inputs stand

    @classmethod
    def of(cls, contract: Contract) -> Source:
        """What a contract says."""
        most = contract.config.max_batch
        shown = contract.examples
        request, promised = contract.request, contract.promised
        strict = contract.config.strict
        said = contract.said("inputs")
        form, path = contract.form, contract.predict_path
        return cls(path, form, shown, request, most, promised, strict, said)

    def build(self) -> Corpus:
        """The corpus; `valid` is empty where nothing says what a valid request is."""
        made = [*self._shown(), *tensors.cases(self), *self._varied(), *self._drawn()]
        first = {case.prepared.body: case for case in reversed(made)}
        valid = [case for case in made if first[case.prepared.body] is case]
        base = _smallest(valid)
        if base is None:
            return Corpus((), ())
        chunked = replace(base.prepared, chunked=True)
        sent = replace(base, name=f"{base.name}, chunked", prepared=chunked, claim=Claim.ALLOWED)
        told = replace(sent, example=None, promise="RFC 9112 section 7.1")
        return Corpus((*valid, told), tuple(self._invalid(valid)))

    def thawed(self, body: bytes, where: str) -> Corpus:
        """The corpus of a file, with its examples found again.

        Raises ConfigError for a malformed file, and for one whose claims the contract no longer
        makes: what was frozen under another promise would accuse an innocent service.
        """
        corpus = thaw(body, where)
        shown = {dumps(e.request): e for e in reversed(self.examples) if e.succeeds}
        for case in (*corpus.valid, *corpus.invalid):
            self._still_claimed(case, where)
        valid = (replace(case, example=shown.get(case.prepared.body)) for case in corpus.valid)
        return Corpus(tuple(valid), corpus.invalid)

    def _still_claimed(self, case: Case, where: str) -> None:
        if case.promise.startswith(STRICT) and not self.strict:
            self._contradicted(case, "is claimed invalid, and contract.strict is not set", where)
        ours = case.prepared.method == "POST" and case.prepared.path == self.path
        if not ours and case.claim in (Claim.VALID, Claim.ALLOWED):
            target = f"{case.prepared.method} {case.prepared.path}"
            said = f"goes to {shown(target, 60)}, and predictions to POST {self.path}"
            self._contradicted(case, said, where)
        ours = ours and case.prepared.headers.get("Content-Type") == JSON_TYPE
        if not ours or case.value is None or case.prepared.chunked:
            return
        if case.claim in (Claim.VALID, Claim.ALLOWED) and self.refutes(case.value):
            self._contradicted(case, "is claimed valid, and the contract forbids it", where)
        if case.claim is Claim.INVALID and not self.forbidden(case.value):
            said = "is claimed invalid, and the contract does not forbid it"
            self._contradicted(case, said, where)

    @staticmethod
    def _contradicted(case: Case, said: str, where: str) -> NoReturn:
        raise ConfigError(
            f"{where}: the request {case.name!r} {said}; the contract has changed since: "
            "write the file anew with `gate freeze`"
        )

    def refutes(self, value: Any) -> bool:
        """Whether the contract says that no client sends this request."""
        return bool(self._refused(value) or self._broken(value))

    def forbidden(self, value: Any) -> str:
        """Where the contract surely wants this request refused, or "".

        A number beyond the declared range of a tensor is none of it: the range says what clients
        send, and hardly a model server looks.
        """
        refused = self._refused(value)
        return refused or (self.inputs_by if self._broken(value) - {"tensor-range"} else "")

    def _refused(self, value: Any) -> str:
        if self.request is not None and not self.request.accepts(value):
            return f"contract.request: {self.request.name}"
        return f"protocol {self.form.preset.name}" if self.form.malformed(value) else ""

    def _broken(self, value: Any) -> set[str]:
        """Rules of the declared inputs that a well-formed request breaks."""
        inputs = self.form.inputs
        return {item.rule for item in judge(inputs, self.form.sent(value), {})} if inputs else set()

    def bound(self, rows: int) -> dict[str, int]:
        """Numbers for the words that stand for the rows."""
        if not self.form.has_batch:
            return {}
        return {str(item.shape[0]): rows for item in self.form.inputs}

    def batches(self) -> list[int]:
        """Sizes of batches that are allowed, the largest included."""
        if not self.form.has_batch:
            return []
        most = self.max_batch or BATCHES[-1]
        return sorted({*(size for size in BATCHES if size <= most), most} - {1})

    def planned(self, plan: plans.Plan, claim: Claim, name: str) -> Case | None:
        """The request of a plan; None where the contract forbids it all the same."""
        return self.asked(plans.filled(plan, self.form.inputs), plan.bound, claim, name)

    def case(self, name: str, claim: Claim, value: Any, example: Example | None = None) -> Case:
        """A case of a request that is there already."""
        bound: dict[str, int] = {}
        if self.form.inputs and not self.form.malformed(value):
            judge(self.form.inputs, self.form.sent(value), bound)
        return Case(name, prepared(self.path, dumps(value)), claim, value, example, bound)

    def asked(
        self, tensors: Mapping[str, Any], bound: Mapping[str, int], claim: Claim, name: str
    ) -> Case | None:
        """The request of nested lists by name; None where the contract forbids it."""
        value = self.form.request(tensors)
        if self.refutes(value):
            return None
        return Case(name, prepared(self.path, dumps(value)), claim, value, None, dict(bound))

    def bytes(self, rows: int) -> int:
        """About how many a body of so many rows has."""
        shapes = [sizes(item.shape, self.bound(rows)) for item in self.form.inputs]
        return sum(map(math.prod, shapes)) * _CELL

    def _shown(self) -> Iterator[Case]:
        for example in self.examples:
            if example.succeeds:
                name = f"example on line {example.line}"
                yield self.case(name, Claim.VALID, example.request, example)

    def _varied(self) -> Iterator[Case]:
        """Examples with other texts and numbers, where the schema says that these are valid."""
        if self.request is None:
            return
        for what, value in varied([e for e in self.examples if e.succeeds]):
            if not self.refutes(value):
                yield self.case(what, Claim.ALLOWED, value)

    def _drawn(self) -> Iterator[Case]:
        if self.request is None or self.form.inputs:
            return
        drawer = Drawer(self.request)
        for number, value in enumerate(drawer.boundaries(), 1):
            if not self.refutes(value):
                yield self.case(f"boundary of the schema {number}", Claim.ALLOWED, value)
        for number, value in enumerate(drawer.instances(DRAWN, SEED), 1):
            if not self.refutes(value):
                yield self.case(f"drawn from the schema {number}", Claim.ALLOWED, value)

    def _invalid(self, valid: Sequence[Case]) -> Iterator[Case]:
        yield from self._too_many()
        spent = count = 0
        seen = {case.prepared.body for case in valid}
        for case in invalid_cases(self._terms(), _bases(valid)):
            repeated = case.claim is Claim.INVALID and case.prepared.body in seen
            repeated = repeated and case.value is not None
            mutant = case.value is not None
            if repeated or (mutant and (spent > _INVALID_BYTES or count >= _INVALID)):
                continue
            seen.add(case.prepared.body)
            spent += len(case.prepared.body)
            count += 1
            yield case

    def _terms(self) -> Terms:
        strict, asked = self.strict, (self.path, self.form, self.forbidden, self.request)
        return Terms(*asked, strict, tensors.sample(self, 1), tensors.sample(self, 2))

    def _too_many(self) -> Iterator[Case]:
        """One row more than `contract.max_batch`: it may be refused, or served all the same."""
        if self.max_batch is None or not self.form.has_batch or not self.form.inputs:
            return
        size = self.max_batch + 1
        if self.bytes(size) <= tensors.VALID_BYTES:
            name = f"batch of {size}, one above the maximum"
            yield from tensors.batch(self, size, Claim.ODD, name)


def _bases(valid: Sequence[Case]) -> list[Any]:
    """Valid requests to be broken: the smallest first, and of small ones that with most parts."""
    small = [case.value for case in valid if len(case.prepared.body) <= _SMALL]
    richest = max(small, key=lambda value: len(list(places(value))), default=None)
    first = _smallest(valid)
    return [value for value in (first and first.value, richest) if value is not None]


def _smallest(cases: Sequence[Case]) -> Case | None:
    first = [case for case in cases if case.claim is Claim.VALID] or list(cases)
    return min(first[: tensors.SINGLES], key=lambda case: len(case.prepared.body), default=None)
