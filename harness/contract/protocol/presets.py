"""Protocol presets: where a server is ready, where it predicts, how it speaks, what it may do."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from harness.contract.protocol.conditions import Condition
from harness.contract.text import shown
from harness.contract.wire.strictjson import parse
from harness.errors import ConfigError
from harness.paths import contracts
from harness.suggest import did_you_mean


@dataclass(frozen=True, slots=True)
class Preset:
    """One protocol, as one dialect speaks it. Paths may hold `{model}`; "" is no such path."""

    name: str
    title: str
    form: str  # a module of harness/contract/forms
    dialect: str = ""  # "" is the protocol as its own document has it
    server: str = ""  # which server and version it describes, "" for a document alone
    source: str = ""  # where that stands
    proven: str = "transcripts"  # or the folder of tests/servers that runs the real server
    live: str = ""
    ready: str = ""
    metadata: str = ""
    described: bool = True  # whether the inputs and outputs stand there
    predict: str = ""
    port: int | None = None  # where the protocol or its server fixes one
    methods: tuple[str, ...] = ("POST",)  # that the path of the predictions serves
    busy: frozenset[int] = frozenset((429, 503))  # statuses of a server that has enough to do
    request: str = ""  # member of a request that holds rows, tensors or members
    answer: str = ""  # member of an answer that holds them
    alternatives: tuple[str, ...] = ()  # other members that make a request valid
    bare: bool = False  # the only output may stand there without its name
    encodings: tuple[str, ...] = ()  # other ways to write the same request
    id: str = ""  # member that a request may have, and whose value its answer repeats
    extensions: str = ""  # path where the server names what it has beyond the protocol
    extended: Mapping[str, str] = field(default_factory=dict)  # extension -> encoding
    not_ready: frozenset[int] = frozenset()  # statuses that say "not yet"
    ready_when: Condition | None = None  # what a 200 of the ready path must say beside
    error_members: tuple[str, ...] = ()  # one of them is in every error body; (): any JSON
    error_types: frozenset[str] = frozenset()  # content types of errors besides JSON, "" is none
    answer_types: frozenset[str] = frozenset()  # the same, of the JSON of an answer
    answer_members: tuple[str, ...] = ()  # texts that every answer has beside its results
    failure: Condition | None = None  # what a 200 says that is none
    reasons: Mapping[str, str] = field(default_factory=dict)  # tolerated rule -> why

    @property
    def tolerated(self) -> frozenset[str]:
        """Rules of findings that are this dialect's design: reported as warnings."""
        return frozenset(self.reasons)

    @property
    def full_name(self) -> str:
        """`open-inference-v2 (triton)`."""
        return f"{self.name} ({self.dialect})" if self.dialect else self.name

    def live_path(self, model: str) -> str | None:
        """Path that answers 200 while the process lives, or None."""
        return _fill(self.live, model) or None

    def ready_path(self, model: str) -> str | None:
        """Path that tells whether `model` is ready (see `unready`), or None."""
        return _fill(self.ready, model) or None

    def metadata_path(self, model: str) -> str | None:
        """Path of the description of inputs and outputs, or None."""
        return _fill(self.metadata, model) or None

    def predict_path(self, model: str) -> str:
        """Path of the predictions of `model`, or "": the gate says it."""
        return _fill(self.predict, model)

    def unready(self, status: int, body: bytes) -> str:
        """Why an answer of the ready path does not say "ready"; "" where it does."""
        if status != 200:
            known = ", which says: not ready yet" if status in self.not_ready else ""
            return f"answered {status}{known}, expected 200"
        if self.ready_when is None:
            return ""
        parsed = parse(body)
        if parsed.readable and self.ready_when.met(parsed.value):
            return ""
        wanted = " or ".join(shown(value) for value in self.ready_when.values)
        said = self.ready_when.seen(parsed.value) if parsed.readable else "a body that is no JSON"
        return f"answered 200 with {said}, expected {wanted}"

    def failed(self, answer: Any) -> str:
        """What the body of a 200 says of a failure, like Cog's status "failed"; else ""."""
        told = self.failure.told(answer) if self.failure is not None else ""
        if told or not isinstance(answer, dict) or not self.answer or self.answer in answer:
            return told
        errors = (name for name in self.error_members if answer.get(name))
        return next((f"{name} = {shown(answer[name])}" for name in errors), "")


def known() -> list[str]:
    """Names of all presets."""
    return sorted(path.stem for path in (contracts() / "presets").glob("*.toml"))


def dialects(name: str) -> list[str]:
    """Names of the dialects of a preset. Raises ConfigError where there is no such preset."""
    return sorted(_raw(name).get("dialects", {}))


def preset(name: str, dialect: str | None = None) -> Preset:
    """The preset of that name, in that dialect. Raises ConfigError with the known ones."""
    raw = _raw(name)
    spoken = sorted(raw.get("dialects", {}))
    if dialect is not None and dialect not in spoken:
        raise ConfigError(
            f"contract.dialect = {dialect!r}: protocol {name!r} has no such dialect"
            f"{did_you_mean(dialect, spoken)}; known: {', '.join(spoken) or 'none'}"
        )
    from harness.contract.protocol.presetfile import build

    try:
        return build(name, raw, dialect)
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise ConfigError(f"contracts/presets/{name}.toml: not a preset: {problem}") from None


def _raw(name: str) -> dict[str, Any]:
    names = known()
    if name not in names:
        raise ConfigError(
            f"contract.protocol = {name!r}: unknown protocol{did_you_mean(name, names)}"
            f"; known: {', '.join(names)}"
        )
    path = contracts() / "presets" / f"{name}.toml"
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise ConfigError(f"{path}: not a preset: {problem}") from None


def _fill(path: str, model: str) -> str:
    return path.replace("{model}", quote(model, safe=""))
