"""The corpus: the requests of one contract, examples first, the same ones in every run."""

from __future__ import annotations

import copy
import hashlib
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from harness.contract.cases import Case, Claim, Example, dumps, prepared
from harness.contract.forms import Form
from harness.contract.generate import TEXTS, Drawer, edges, tensor
from harness.contract.mutants import invalid_cases
from harness.contract.schemas import Schema
from harness.contract.tensors import judge, sizes

SEED = 1
SINGLES = 8  # generated requests of one row
BATCHES = (2, 3, 7, 8, 9, 16, 17)  # about the sizes at which vectors, caches and queues change
DRAWN = 8  # instances of a request schema
_VARIED = 2  # examples whose texts are replaced
_ELEMENTS = 400_000  # numbers in the generated tensors of one request
_INVALID = 60
_INVALID_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Corpus:
    """Every request that the contract checks send."""

    valid: tuple[Case, ...]
    invalid: tuple[Case, ...]

    @property
    def sha256(self) -> str:
        """Of all bodies in order: two runs with the same value sent the same."""
        digest = hashlib.sha256()
        for case in (*self.valid, *self.invalid):
            digest.update(case.prepared.body + b"\0" + case.name.encode() + b"\0")
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Source:
    """What a corpus is made from."""

    path: str
    form: Form
    examples: tuple[Example, ...]
    request: Schema | None

    def build(self) -> Corpus:
        """The corpus; `valid` is empty where nothing says what a valid request is."""
        valid = [*self._shown(), *self._tensors(), *self._varied(), *self._drawn()]
        first = {case.prepared.body: case for case in reversed(valid)}
        kept = [case for case in valid if first[case.prepared.body] is case]
        return Corpus(tuple(kept), tuple(self._invalid(kept)))

    def refutes(self, value: Any) -> bool:
        """Whether the contract surely forbids this request."""
        if self.request is not None and not self.request.accepts(value):
            return True
        if self.form.malformed(value):
            return True
        return bool(self.form.inputs and judge(self.form.inputs, self.form.sent(value), {}))

    def _shown(self) -> Iterator[Case]:
        for example in self.examples:
            if example.succeeds:
                name = f"example on line {example.line}"
                yield self._case(name, Claim.VALID, example.request, example)

    def _tensors(self) -> Iterator[Case]:
        """From declared inputs: rows alone, edges, and batches of sizes where servers stumble."""
        inputs = self.form.inputs
        if not inputs:
            return
        chance = random.Random(SEED)
        for number in range(SINGLES):
            yield from self._drawn_tensors(f"generated row {number + 1}", 1, chance, Claim.VALID)
        shapes = [sizes(item.shape, self._bound(1)) for item in inputs]
        extremes = [edges(item, shape) for item, shape in zip(inputs, shapes, strict=True)]
        for number, values in enumerate(zip(*extremes, strict=False)):
            request = self.form.request(dict(zip(self._names(), values, strict=True)))
            if not self.refutes(request):
                name = f"edge of the range {number + 1}"
                yield self._case(name, Claim.VALID, request, bound=self._bound(1))
        for size in BATCHES if self.form.has_batch else ():
            yield from self._drawn_tensors(f"batch of {size}", size, chance, Claim.ALLOWED)

    def _drawn_tensors(
        self, name: str, rows: int, chance: random.Random, claim: Claim
    ) -> Iterator[Case]:
        bound = self._bound(rows)
        shapes = [sizes(item.shape, bound) for item in self.form.inputs]
        if rows > 2 and sum(map(math.prod, shapes)) > _ELEMENTS:
            return  # a row is as large as an image: a few of them are enough
        pairs = zip(self.form.inputs, shapes, strict=True)
        request = self.form.request({t.name: tensor(t, shape, chance) for t, shape in pairs})
        if not self.refutes(request):
            yield self._case(name, claim, request, bound=bound)

    def _varied(self) -> Iterator[Case]:
        """Examples with other texts in them, where the request schema says that these are valid."""
        if self.request is None:
            return
        shown = [example for example in self.examples if example.succeeds][:_VARIED]
        for text in TEXTS:
            for example in shown:
                value = _with_text(copy.deepcopy(example.request), text)
                if value != example.request and not self.refutes(value):
                    name = f"example on line {example.line} with the text {text[:20]!r}"
                    yield self._case(name, Claim.ALLOWED, value)

    def _drawn(self) -> Iterator[Case]:
        if self.request is None or self.form.inputs:
            return
        for number, value in enumerate(Drawer(self.request, SEED).instances(DRAWN), 1):
            if not self.refutes(value):
                yield self._case(f"drawn from the schema {number}", Claim.ALLOWED, value)

    def _invalid(self, valid: Sequence[Case]) -> Iterator[Case]:
        if not valid:
            return
        base = min(valid[:SINGLES], key=lambda case: len(case.prepared.body))
        spent = count = 0
        seen = {case.prepared.body for case in valid}
        for case in invalid_cases(self.path, base.value, self.refutes):
            repeated = case.claim is Claim.INVALID and case.prepared.body in seen
            mutant = case.value is not None
            if repeated or (mutant and (spent > _INVALID_BYTES or count >= _INVALID)):
                continue
            seen.add(case.prepared.body)
            spent += len(case.prepared.body)
            count += 1
            yield case

    def _case(
        self,
        name: str,
        claim: Claim,
        value: Any,
        example: Example | None = None,
        bound: dict[str, int] | None = None,
    ) -> Case:
        if bound is None:
            bound = {}
            if self.form.inputs and not self.form.malformed(value):
                judge(self.form.inputs, self.form.sent(value), bound)
        return Case(name, prepared(self.path, dumps(value)), claim, value, example, bound)

    def _names(self) -> list[str]:
        return [item.name for item in self.form.inputs]

    def _bound(self, rows: int) -> dict[str, int]:
        if not self.form.has_batch:
            return {}
        return {str(item.shape[0]): rows for item in self.form.inputs}


def _with_text(value: Any, text: str) -> Any:
    if isinstance(value, str):
        return text
    if isinstance(value, list):
        return [_with_text(item, text) for item in value]
    if isinstance(value, dict):
        return {name: _with_text(item, text) for name, item in value.items()}
    return value
