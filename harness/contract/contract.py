"""The contract of one gate: what the endpoint promises, and every request to hold it to that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from harness.contract.forms import Form
from harness.contract.instruments.survey import Survey, survey
from harness.contract.judging.answers import Rules
from harness.contract.judging.findings import Exchange
from harness.contract.protocol.presets import Preset
from harness.contract.protocol.served import Wire
from harness.contract.requests.cases import Case, Claim, Example
from harness.contract.requests.corpus import Corpus
from harness.contract.requests.fresh import fresh
from harness.contract.requests.source import Source
from harness.contract.schema.schemas import Schema
from harness.contract.wire.transport import Answer, Layer, Prepared, send
from harness.model import Finding

if TYPE_CHECKING:
    from pathlib import Path

    from harness.config import Gate
    from harness.config.accuracy import Served
    from harness.config.schema import ContractConfig

PROBE_TIMEOUT = 30.0  # seconds: the first inference of a process may load its model
_PROBES = 5

# A service that is not there, or not any more, is no matter of taste.
NEVER_TOLERATED = frozenset({"no-answer", "died", "unhealthy"})


@dataclass(frozen=True, eq=False)
class Contract:
    """What an endpoint promises. Build it with `Contract.load`, complete it with `learn`."""

    config: ContractConfig
    root: Path  # folder that the paths in `config` start from
    model: str  # its name in the protocol's paths
    preset: Preset
    form: Form
    request: Schema | None
    response: Schema | None
    examples: tuple[Example, ...]
    ready_path: str | None
    predict_path: str
    template: Served | None  # of [accuracy.served]
    learned: str = ""  # where the tensors stand that nobody declared, like `GET /v2/models/m`
    _surveys: dict[str, Survey] = field(default_factory=dict, repr=False)

    @classmethod
    def load(cls, gate: Gate) -> Contract:
        """The contract that a gate describes, checked against itself; nothing is started.

        Raises ConfigError: an unknown protocol, a schema that is none, an example that breaks its
        own schema, nothing to infer with and nobody to ask.
        """
        from harness.contract.loading import load

        return load(gate)

    def learn(self, base_url: str) -> Contract:
        """The contract, completed by what the running server says of itself, where that is needed.

        Raises GateError where the server does not say yet what a request without which nothing
        can be tried looks like, ConfigError where it never will.
        """
        from harness.contract.learning import learn

        return learn(self, base_url)

    @property
    def complete(self) -> bool:
        """Whether `learn` has nothing to ask."""
        from harness.contract.learning import asks

        return not asks(self)

    @property
    def protocol(self) -> str:
        """Name of the preset."""
        return self.preset.name

    @property
    def has_batch(self) -> bool:
        """Whether one request may carry several rows."""
        return self.form.has_batch

    @property
    def tolerance(self) -> float:
        """Smallest difference between numbers that counts, relative and absolute."""
        return self.config.tolerance

    @property
    def promised(self) -> bool:
        """Whether the user declared the inputs: what was only learned leaves ranges open."""
        return bool(self.config.inputs)

    @property
    def tolerated(self) -> frozenset[str]:
        """Rules whose findings are warnings: the user's, and those of the dialect's design."""
        return self.preset.tolerated | (frozenset(self.config.tolerate) - NEVER_TOLERATED)

    @property
    def rules(self) -> Rules:
        """What answers are held against."""
        where = self.said("outputs")
        return Rules(self.form, self.response, self.tolerance, self.tolerated, where)

    def said(self, side: str) -> str:
        """Where the `inputs` or the `outputs` stand: in gate.toml, elsewhere, or some in each."""
        declared, known = getattr(self.config, side), getattr(self.form, side)
        places = [f"contract.{side}"] if declared else []
        places += [self.learned] if len(known) > len(declared) else []
        return " and ".join(places)

    @cached_property
    def wire(self) -> Wire:
        """How rows of a data set travel."""
        return Wire(self.predict_path, self.form, self.template)

    @cached_property
    def corpus(self) -> Corpus:
        """Every request that the contract checks send: of the frozen file, else made anew."""
        source = Source.of(self)
        if self.config.corpus is None:
            return source.build()
        path = self.root / self.config.corpus
        return source.thawed(path.read_bytes(), str(path))

    def requests(self) -> tuple[Prepared, ...]:
        """Valid requests for load: those that are promised an answer, else single rows allowed."""
        valid = self.corpus.valid
        promised = [case for case in valid if case.claim is Claim.VALID]
        single = [case for case in valid if len(self.form.split(case.value) or ()) < 2]
        return tuple(case.prepared for case in promised or single or valid)

    def fresh(self, rows: int | None = None, seed: int = 1) -> Iterator[Case]:
        """Different valid requests of so many rows, for load; few or none where nothing says how.

        Without `rows`, as many as the examples have, else one.
        """
        return fresh(Source.of(self), rows, seed)

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
        layer = exchange.answer.layer
        sent = exchange.case.prepared
        made_up = layer is Layer.PARSING and exchange.case.claim is not Claim.VALID
        hint = "; made-up requests do not fit: give contract.examples" if made_up else ""
        return f"{layer.value}: {sent.method} {sent.path}: {exchange.came_back()}{hint}"

    def encode(self, rows: Any) -> Prepared:
        """The request that predicts `rows`, an array or a list with the rows first.

        Raises ConfigError where the contract does not say how, ValueError for too many rows.
        """
        return self.wire.encode(rows)

    def decode(self, body: bytes, output: str | None = None) -> list[Any]:
        """The predictions in the body of an answer, one for each row. Raises ValueError.

        Of several outputs that of the name `output`, else the one that was declared first.
        """
        return self.wire.decode(body, output)

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
            self._surveys[base_url] = survey(self.corpus.valid, base_url)
        return self._surveys[base_url]
