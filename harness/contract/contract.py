"""The contract of one gate: what the endpoint promises, and every request to hold it to that."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from harness.contract import tensors
from harness.contract.answers import Rules
from harness.contract.cases import Case, Claim, Example, read_examples
from harness.contract.corpus import Corpus, Source
from harness.contract.findings import Exchange
from harness.contract.forms import FORMS, Form
from harness.contract.presets import Preset, preset
from harness.contract.schemas import Schema
from harness.contract.served import Wire
from harness.contract.transport import Answer, Client, Layer, Prepared, send
from harness.errors import ConfigError
from harness.model import Finding

if TYPE_CHECKING:
    from pathlib import Path

    from harness.config import Gate
    from harness.config.schema import ContractConfig

PROBE_TIMEOUT = 30.0  # seconds: the first inference of a process may load its model
_PROBES = 5
_SURVEY = 60.0  # seconds for the valid requests all together
_HELD = 64 * 1024 * 1024  # bytes of answers that are kept for comparison
_HANGS = 2  # requests without an answer, after which no more are sent


@dataclass(frozen=True)
class Survey:
    """Every valid request once, in order, before anything was sent that could do harm."""

    exchanges: tuple[Exchange, ...]
    unsent: int = 0  # requests that were left out: the service hung, or its answers were too large


@dataclass(frozen=True, eq=False)
class Contract:
    """What an endpoint promises. Build it with `Contract.load`."""

    config: ContractConfig
    root: Path  # folder that the paths in `config` start from
    preset: Preset
    form: Form
    request: Schema | None
    response: Schema | None
    examples: tuple[Example, ...]
    tolerance: float
    ready_path: str | None
    predict_path: str
    wire: Wire
    _surveys: dict[str, Survey] = field(default_factory=dict, repr=False)

    @classmethod
    def load(cls, gate: Gate) -> Contract:
        """The contract that a gate describes, checked against itself; nothing is started.

        Raises ConfigError: an unknown protocol, a schema that is none, an example that breaks its
        own schema, nothing to infer with.
        """
        said = gate.contract
        found = preset(said.protocol)
        tensors.check_declared(said.inputs, "inputs")
        tensors.check_declared(said.outputs, "outputs")
        form = FORMS[found.form](found, said.inputs, said.outputs)
        model = said.model or gate.candidate.name
        path = "/" + (said.path or found.predict_path(model)).removeprefix("/")
        served = gate.accuracy.served if gate.accuracy is not None else None
        contract = cls(
            config=said,
            root=gate.root,
            preset=found,
            form=form,
            request=_schema(gate, said.request),
            response=_schema(gate, said.response),
            examples=read_examples(gate.find(said.examples)) if said.examples else (),
            tolerance=said.tolerance,
            ready_path=gate.candidate.ready.path or found.ready_path(model),
            predict_path=path,
            wire=Wire(path, form, served),
        )
        contract._check_examples(said.examples or "")
        if not contract.corpus.valid:
            raise ConfigError(
                f"{gate.path}: contract: nothing to infer with; give examples = "
                '"examples.jsonl" with lines of {"request": ..., "response": ...}, a request '
                "schema that a request can be drawn from, or [[contract.inputs]]"
            )
        return contract

    @property
    def protocol(self) -> str:
        """Name of the preset."""
        return self.preset.name

    @property
    def has_batch(self) -> bool:
        """Whether one request may carry several rows."""
        return self.form.has_batch

    @property
    def rules(self) -> Rules:
        """What answers are held against."""
        return Rules(self.form, self.response, self.tolerance)

    @cached_property
    def corpus(self) -> Corpus:
        """Every request that the contract checks send."""
        return Source(self.predict_path, self.form, self.examples, self.request).build()

    def requests(self) -> tuple[Prepared, ...]:
        """Valid requests for load: those that are promised an answer, else those allowed one."""
        promised = [case for case in self.corpus.valid if case.claim is Claim.VALID]
        return tuple(case.prepared for case in promised or self.corpus.valid)

    def probe(self, base_url: str) -> str:
        """Make one real inference: "" where there was one, else why not.

        Any 200 counts; whether it keeps the contract is for the contract checks to say.
        """
        for case in self.corpus.valid[:_PROBES]:
            exchange = self.exchange(case, base_url, PROBE_TIMEOUT)
            if exchange.succeeded:
                return ""
            if case.claim is Claim.VALID or exchange.answer.layer is not Layer.PARSING:
                break  # only a request that is merely allowed may be refused
        layer = exchange.answer.layer.value
        sent = exchange.case.prepared
        return f"{layer}: {sent.method} {sent.path}: {exchange.came_back()}"

    def encode(self, rows: Any) -> Prepared:
        """The request that predicts `rows`, an array or a list with the rows first.

        Raises ConfigError where the contract does not say how, ValueError for too many rows.
        """
        return self.wire.encode(rows)

    def decode(self, body: bytes) -> list[Any]:
        """The predictions in the body of an answer, one for each row. Raises ValueError."""
        return self.wire.decode(body)

    @property
    def row_at_a_time(self) -> bool:
        """Whether `encode` takes exactly one row."""
        return self.wire.row_at_a_time

    def violations(
        self, response: Answer, case: Case | None = None, base_url: str = ""
    ) -> list[Finding]:
        """Everything that is wrong with the answer to a valid request.

        Transport, status, strict JSON, schema and tensors; with the `case` that it answers also
        what relates the two, like the number of rows.
        """
        if case is None:
            case = Case("a request", Prepared("POST", self.predict_path), Claim.VALID)
        return self.rules.judge(Exchange(case, response, base_url))

    def exchange(self, case: Case, base_url: str, timeout: float = PROBE_TIMEOUT) -> Exchange:
        """Send one case over its own connection."""
        return Exchange(case, send(base_url, case.prepared, timeout), base_url)

    def survey(self, base_url: str) -> Survey:
        """The answers to all valid requests, asked for once and then remembered.

        They are what later answers are compared with, so nothing harmful may be sent before.
        """
        if base_url not in self._surveys:
            self._surveys[base_url] = self._ask_all(base_url)
        return self._surveys[base_url]

    def _ask_all(self, base_url: str) -> Survey:
        cases = self.corpus.valid
        exchanges: list[Exchange] = []
        ends = time.monotonic() + _SURVEY
        held = hangs = 0
        with Client(base_url) as client:
            for case in cases:
                if held > _HELD or hangs >= _HANGS or time.monotonic() > ends:
                    break
                answer = client.send(case.prepared)
                held += len(answer.body)
                hangs += answer.error is not None
                exchanges.append(Exchange(case, answer, base_url))
        return Survey(tuple(exchanges), len(cases) - len(exchanges))

    def _check_examples(self, where: str) -> None:
        """An example must obey the schemas and tensor rules that stand beside it."""
        for example in self.examples:
            at = f"contract.examples: {where}:{example.line}"
            if not example.succeeds:
                continue
            for name, schema, value, given in (
                ("request", self.request, example.request, True),
                ("response", self.response, example.response, example.has_response),
            ):
                broken = schema.violations(value) if schema is not None and given else []
                if broken:
                    raise ConfigError(
                        f"{at}: its {name} breaks contract.{name} at {broken[0].path}: "
                        f"{broken[0].message}"
                    )
            rule = next(iter(self.form.malformed(example.request)), None)
            if rule is not None:
                raise ConfigError(
                    f"{at}: its request is none of protocol {self.protocol!r}: {rule.message}"
                )


def _schema(gate: Gate, name: str | None) -> Schema | None:
    return None if name is None else Schema.read(gate.find(name), name)


def batched(gate: Gate) -> bool:
    """Whether the gate's contract has a batch, found without reading its files.

    Raises ConfigError for an unknown protocol.
    """
    said = gate.contract
    found = preset(said.protocol)
    return FORMS[found.form](found, said.inputs, said.outputs).has_batch
