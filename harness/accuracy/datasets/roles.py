"""Which column of a data set is what: inputs of the models, labels, slices, clusters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.config import AccuracyConfig

CLASSES, NUMBERS, ANY = "classes", "numbers", "any"
_NUMERIC = ("mae", "rmse", "r2", "quantile")


@dataclass(frozen=True, slots=True)
class Roles:
    """Columns by what they are for; travels to children as JSON."""

    inputs: Mapping[str, str]  # input of the models -> column; one input takes any name
    labels: str | None = None  # None: nothing but inputs is read, as of a calibration set
    slices: tuple[str, ...] = ()
    clusters: str | None = None
    kind: str = field(default=CLASSES)  # of labels: CLASSES, finite NUMBERS, or ANY of both

    @staticmethod
    def of(config: AccuracyConfig) -> Roles:
        """As `[accuracy]` says it; what a label must be follows from the metric."""
        kind = ANY if ":" in config.metric else CLASSES
        return Roles(
            inputs=_by_input(config.inputs),
            labels=config.labels,
            slices=tuple(config.slices),
            clusters=config.clusters,
            kind=NUMBERS if config.metric in _NUMERIC else kind,
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, each once; the first is the first input."""
        others = [self.labels, *self.slices, self.clusters]
        wanted = [*self.inputs.values(), *(name for name in others if name is not None)]
        return tuple(dict.fromkeys(wanted))

    def fields(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @staticmethod
    def from_fields(fields: Mapping[str, Any]) -> Roles:
        """Back from JSON."""
        return Roles(**{**fields, "slices": tuple(fields["slices"])})


def _by_input(inputs: str | Sequence[str] | Mapping[str, str]) -> dict[str, str]:
    if isinstance(inputs, Mapping):
        return dict(inputs)
    names = [inputs] if isinstance(inputs, str) else inputs
    return {name: name for name in names}
