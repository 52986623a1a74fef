"""Whether a running candidate answers what its model file answers: the question and the record.

A static file gives the same bits for the same row in any company, and so must the service. Where
the file does not even agree with itself, like a dynamically quantized one among other rows, the
difference is held against that noise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.accuracy.backends.model import ModelSpec
from harness.accuracy.datasets import Source
from harness.accuracy.served.causes import Cause
from harness.accuracy.workers import Child

_TASK = "harness.accuracy.served.trial"
_START_WITHIN, _ANSWER_WITHIN = 300.0, 900.0  # seconds


@dataclass(frozen=True, slots=True)
class Question:
    """What is compared; travels to the child as JSON."""

    source: Source
    file: ModelSpec
    service: ModelSpec
    others: tuple[ModelSpec, ...] = ()  # models that the service may hold instead
    output: str | None = None
    tolerance: float = 0.0  # relative to the largest answer; beyond the noise
    seed: int = 1

    def fields(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "source": self.source.fields(),
            "file": self.file.fields(),
            "service": self.service.fields(),
            "others": [spec.fields() for spec in self.others],
            "output": self.output,
            "tolerance": self.tolerance,
            "seed": self.seed,
        }

    @staticmethod
    def of(fields: Mapping[str, Any]) -> Question:
        """Back from JSON."""
        made = {
            "source": Source.of(fields["source"]),
            "file": ModelSpec.of(fields["file"]),
            "service": ModelSpec.of(fields["service"]),
            "others": tuple(ModelSpec.of(spec) for spec in fields["others"]),
        }
        return Question(**{**fields, **made})


@dataclass(frozen=True, slots=True)
class Row:
    """One row on which the two differ."""

    row: int
    file: str
    service: str
    reproduce: str = ""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How the service's answers compare with its file's."""

    rows: int  # asked
    equal: int
    unanswered: int = 0
    unanswered_row: int | None = None
    problem: str = ""  # why that row has no answer, or why nothing can be compared
    form: str = ""  # how answers relate, where they are not the same thing
    noise: float = 0.0  # largest difference of the file from itself in other company
    unsteady: int = 0  # rows of the control that the service answered otherwise when asked again
    control: int = 0  # rows of the control
    largest: float = 0.0  # largest difference
    cause: Cause | None = None
    shown: tuple[Row, ...] = ()
    file_right: int | None = None  # rows, where labels are classes
    service_right: int | None = None
    runtime: str = ""
    seconds: float = field(default=0.0, compare=False)


def compare(question: Question) -> Agreement:
    """Ask both, in a child. Raises ModelError, DatasetError, WorkerDied."""
    with Child(_TASK, question.fields(), about=question.file.name) as child:
        child.start(_START_WITHIN)
        found, _ = child.ask({}, {}, _ANSWER_WITHIN)
    cause = None if found["cause"] is None else Cause(*found["cause"])
    shown = tuple(Row(**row) for row in found["shown"])
    return Agreement(**{**found, "cause": cause, "shown": shown})
