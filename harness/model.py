"""The records that everything else passes around: small, frozen, and free of behaviour."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from enum import StrEnum
from typing import Any

LEFT_OUT = "left out of this run"


class Outcome(StrEnum):
    """What became of one check."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    ERRORED = "errored"
    SKIPPED = "skipped"


class Verdict(StrEnum):
    """What the gate says. Only PASS opens it."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"


class Severity(StrEnum):
    """How much a finding weighs: an ERROR fails its check, a DOUBT keeps it from passing."""

    ERROR = "error"
    DOUBT = "doubt"  # the measurement itself cannot be trusted: the check is inconclusive
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Measurement:
    """One number that a check saw."""

    name: str  # unique within the family of the check: a policy limits it as `family.name`
    value: float  # in `unit`; a value that is not finite can never pass
    unit: str = ""  # one of `harness.units`; empty for a plain number
    _: KW_ONLY
    low: float | None = None  # confidence interval in `unit`, at the policy's confidence
    high: float | None = None
    n: int | None = None  # how many samples stand behind the value
    about: str = ""  # what the value is of, where the name does not say it: `class 7`
    more: int | None = None  # samples that would decide; by default as intervals narrow with n


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or worth knowing, that is not a number."""

    rule: str  # short and stable, for searching and waiving: `F821`, `response-schema`
    message: str  # one sentence
    _: KW_ONLY
    severity: Severity = Severity.ERROR
    location: str = ""  # `file:line`, a JSON path like `$.positive`, or a path inside the image
    expected: str = ""
    received: str = ""
    reproduce: str = ""  # a command line, ready to paste


@dataclass(frozen=True, slots=True)
class Evidence:
    """An attachment that a page can draw: see `harness/report/charts` for the kinds."""

    kind: str  # "histogram", "timeline", "text"... one module each
    title: str
    data: dict[str, Any]  # JSON only; shape by kind


Observation = Measurement | Finding | Evidence


@dataclass(frozen=True, slots=True)
class JudgedMeasurement:
    """A measurement beside the limit that it was held against."""

    name: str
    value: float | None  # None where the check returned a number that is not finite
    unit: str = ""
    low: float | None = None
    high: float | None = None
    n: int | None = None
    limit: str | None = None  # as written; None: for information
    outcome: Outcome | None = None  # None: for information
    about: str = ""  # what the value is of
    more: int | None = None  # samples that would decide under this limit, where the check knew


@dataclass(frozen=True, slots=True)
class Declared:
    """What a check says of itself, kept in the report so that it can be judged again."""

    limits: dict[str, str] = field(default_factory=dict)  # measurement -> its default limit
    measures: tuple[str, ...] = ()  # measurements without a default limit
    advisory: bool = False  # not required by naming its family, only by naming its id
    applies: bool = True  # False: this gate does not configure what the check looks at


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check, judged."""

    id: str  # `family.property`, with pytest's parameter suffix where there is one
    version: int
    title: str  # first line of the check's docstring
    outcome: Outcome
    reason: str = ""  # one line; never empty unless passed
    required: bool = False
    measurements: tuple[JudgedMeasurement, ...] = ()
    findings: tuple[Finding, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    duration_s: float = 0.0
    declared: Declared = field(default_factory=Declared)

    @property
    def family(self) -> str:
        """`load` of `load.latency`."""
        return self.id.split(".", 1)[0]

    @property
    def left_out(self) -> bool:
        """Whether the command line, and nothing else, kept it from running."""
        return self.outcome is Outcome.SKIPPED and self.reason == LEFT_OUT


@dataclass(frozen=True, slots=True)
class Waiver:
    """A failure that somebody accepted for a while."""

    check: str
    reason: str
    expires: str  # ISO date; the last day on which it holds


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is under test."""

    name: str
    reference: str  # as the user wrote it: an image reference, a command line or a URL
    config_digest: str | None = None  # `sha256:...` of the image configuration
    manifest_digest: str | None = None  # known once it was pushed
    platform: str | None = None  # `linux/amd64`


@dataclass(frozen=True, slots=True)
class Exit:
    """How an endpoint ended."""

    code: int | None  # None: it had to be killed or its code cannot be known
    seconds: float  # from the signal to the end
    killed: bool = False  # it did not end within the grace period
    oom_killed: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    """Resources of a running endpoint at one moment; None is "not measured", never zero."""

    at: float  # `time.monotonic()` seconds
    cpu_s: float | None = None  # total since the start
    memory_bytes: int | None = None  # working set: usage less inactive page cache
    memory_limit_bytes: int | None = None
    memory_peak_bytes: int | None = None  # most since the start, page cache included
    cache_bytes: int | None = None  # the inactive page cache that `memory_bytes` leaves out
    memory_stalled_s: float | None = None  # some task waited for memory, in all since the start
    periods: int | None = None  # CPU quota periods
    throttled_periods: int | None = None
    threads: int | None = None
    fds: int | None = None  # open file descriptors of all its processes
    oom_kills: int | None = None  # by the kernel since the start, of whichever of its processes
    restarts: int | None = None  # processes whose place another one took, since the first look


@dataclass(frozen=True, slots=True)
class Startup:
    """What happened when the candidate was started. Not ready is a fact, not an exception."""

    ready: bool
    seconds: float  # from start to the first real inference, or to giving up
    said_ready: float | None = None  # seconds from start until the ready path said so
    early: tuple[str, ...] = ()  # why inferences failed after it had said so
    first: float | None = None  # seconds that the first real inference took
    reason: str = ""  # why it is not ready, one line
    hint: str = ""
    logs: str = ""  # bounded
    exit_code: int | None = None
    oom_killed: bool = False
