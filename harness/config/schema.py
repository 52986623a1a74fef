"""gate.toml as types: what may be written, its defaults, and one line of help for each key."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from harness.config.accuracy import AccuracyConfig
from harness.config.load import LoadConfig
from harness.config.section import Section
from harness.config.words import (
    Address,
    Budget,
    Duration,
    IsoDate,
    LimitText,
    Name,
    Port,
    Size,
)


class Build(Section):
    """Build the image from a context before it is tested."""

    context: str = "."
    """Folder with the Dockerfile."""
    dockerfile: str = "Dockerfile"
    """Its name, relative to the context."""
    args: dict[str, str] = {}
    """Build arguments."""


class Resources(Section):
    """What the candidate may use."""

    cpus: float = Field(default=1.0, gt=0)
    """Processor cores."""
    memory: Size = "1 GiB"
    """Memory; swap is not given."""
    pids: int = Field(default=256, gt=0)
    """Processes and threads."""


class Ready(Section):
    """When the candidate counts as started."""

    path: str | None = None
    """Path that answers 200 when ready; by default what the protocol says."""
    within: Duration = "60 s"
    """How long it may take, up to and including the first real inference."""


class Service(Section):
    """A sidecar on the candidate's private network, reached by its name."""

    image: str
    """Image reference."""
    port: Port
    """Port that it listens on."""
    environment: dict[str, str] = {}
    """Environment variables."""


class CandidateConfig(Section):
    """What is under test: exactly one of image, build, command, url."""

    name: Name
    """Name of the service."""
    image: str | None = None
    """Image reference of the engine."""
    build: Build | None = None
    """Build it first."""
    command: list[str] | None = Field(default=None, min_length=1)
    """Start it as a process; `{port}` becomes a free port, also set as PORT."""
    url: Address | None = None
    """Ask one that runs already."""
    port: Port = 8080
    """Port that it listens on inside its container."""
    source: str | None = None
    """Folder of its source, for the source checks."""
    lint: Literal["fatal", "project"] = "fatal"
    """"fatal": only what is wrong in any style; "project": the source's own linter settings."""
    payloads_in_logs: Literal["warn", "forbid"] = "warn"
    """"forbid": a request's content in the candidate's logs fails the gate."""
    environment: dict[str, str] = {}
    """Environment variables."""
    resources: Resources = Resources()
    """Limits on what it may use."""
    network: Literal["none", "open"] = "none"
    """"none": no way out of the container."""
    ready: Ready = Ready()
    """When it counts as started."""
    grace: Duration = "10 s"
    """How long it may take to end after SIGTERM."""
    starts: int = Field(default=1, ge=1, le=50)
    """How often it is started to time cold starts."""
    services: dict[Name, Service] = {}
    """Sidecars that it needs."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [
            key for key in ("image", "build", "command", "url") if getattr(self, key) is not None
        ]
        if len(given) != 1:
            raise ValueError(f"expected one of image, build, command, url, got {given or 'none'}")
        return self


class Baseline(Section):
    """The last accepted release."""

    image: str | None = None
    """Image that runs beside the candidate."""
    report: str | None = None
    """Or the report of its gate."""
    golden: str | None = None
    """Its contract and answers, written by `gate record`."""

    @model_validator(mode="after")
    def _said(self) -> Self:
        if self.image is not None and self.report is not None:
            raise ValueError("image and report exclude each other")
        if self.image is None and self.report is None and self.golden is None:
            raise ValueError("expected one of image, report, golden")
        return self


class Tensor(Section):
    """One named input or output of a tensor protocol."""

    name: str
    """Its name on the wire."""
    datatype: str = "FP32"
    """Datatype of the Open Inference Protocol, like FP32, INT64, BYTES."""
    shape: list[int | str] = Field(min_length=1)
    """Dimensions; a word stands for any number, "batch" for the rows."""
    range: Annotated[list[float], Field(min_length=2, max_length=2)] | None = None
    """Lowest and highest value."""
    sums_to: float | None = None
    """What each row sums to."""
    labels: list[str] = []
    """The only values that it may have (BYTES), or the names of its columns in order."""
    argmax_of: str | None = None
    """Output whose largest column this one names, by index or by its `labels`."""


class ContractConfig(Section):
    """What the endpoint promises."""

    protocol: str = "json"
    """A preset of contracts/presets."""
    dialect: str | None = None
    """Server that speaks the protocol in its own way, like "triton"; see docs/protocols.md."""
    path: str | None = None
    """Path of the predictions; required for protocol "json"."""
    model: str | None = None
    """The model's name in the protocol's paths; by default the candidate's name."""
    request: str | None = None
    """JSON Schema of a request."""
    response: str | None = None
    """JSON Schema of an answer."""
    examples: str | None = None
    """JSON Lines of {"request", "response", "status"}."""
    inputs: list[Tensor] = []
    """Input tensors."""
    outputs: list[Tensor] = []
    """Output tensors."""
    signature: str | None = None
    """File that declares inputs and outputs: MLmodel, .onnx, a SavedModel folder, metadata.json."""
    document: str | None = None
    """For protocol "openapi": file of the document, or the path at which the server has it."""
    max_batch: int | None = Field(default=None, ge=1)
    """Most rows that one request may carry."""
    tolerance: float = Field(default=1e-5, ge=0, lt=1)
    """Smallest difference between numbers that counts, relative and absolute."""
    volatile: list[str] = []
    """JSON paths of an answer that may differ each time, like "$.request_id"."""
    tolerate: list[str] = []
    """Rules of findings that are reported as warnings, like "json-nonfinite"."""
    strict: bool = False
    """Whether what lenient readers forgive is forbidden too: doubled names, "1" for a number."""
    corpus: str | None = None
    """Frozen requests, written by `gate freeze`; by default they are made anew, always the same."""
    explore: Budget = "10 s"
    """Most time for requests that no run has sent before; "0 s" for none."""
    seed: int = 1
    """Seed of those requests."""


class WaiverConfig(Section):
    """A failure that somebody accepted for a while."""

    check: str
    """Id of the check."""
    reason: Annotated[str, Field(min_length=3)]
    """Why, and where it is tracked."""
    expires: IsoDate
    """Last day on which it holds."""


class PolicyConfig(Section):
    """What counts."""

    extends: str | None = None
    """Policy whose values hold where this one is silent."""
    confidence: float | None = Field(default=None, ge=0.5, lt=1)
    """Of every interval; 0.95 by default."""
    required: Annotated[list[str], Field(min_length=1)] | None = None
    """Families and check ids; by default every family that this file configures."""
    limits: dict[str, LimitText] = {}
    """`family.measurement` -> limit."""
    waivers: list[WaiverConfig] = []
    """Accepted failures."""

    @model_validator(mode="after")
    def _waived_once(self) -> Self:
        names = [waiver.check for waiver in self.waivers]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"more than one waiver for {', '.join(twice)}")
        return self


class GateFile(Section):
    """A gate.toml."""

    version: Literal[1]
    """Version of this format."""
    candidate: CandidateConfig
    """What is under test."""
    baseline: Baseline | None = None
    """What it is compared with."""
    contract: ContractConfig = ContractConfig()
    """What it promises."""
    accuracy: AccuracyConfig | None = None
    """What it must know."""
    load: LoadConfig | None = None
    """What it must bear."""
    policy: PolicyConfig = PolicyConfig()
    """What counts."""
    policies: dict[Name, PolicyConfig] = {}
    """Named policies; each may extend another, or "policy"."""
