"""What a contract promised at one moment, as plain data that can be written down and compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.config.schema import Tensor
    from harness.contract.contract import Contract


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A contract without the means to ask by it."""

    protocol: str
    dialect: str | None
    path: str  # of the predictions
    request: Any  # JSON Schema, or None
    response: Any
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    max_batch: int | None = None
    volatile: tuple[str, ...] = ()  # JSON paths of answers that may differ each time

    @classmethod
    def of(cls, contract: Contract, volatile: Sequence[str] = ()) -> Snapshot:
        """What `contract` says now; `volatile` adds to its paths those that were found."""
        said = contract.config
        return cls(
            protocol=contract.protocol,
            dialect=said.dialect,
            path=contract.predict_path,
            request=None if contract.request is None else contract.request.document,
            response=None if contract.response is None else contract.response.document,
            inputs=contract.form.inputs,
            outputs=contract.form.outputs,
            max_batch=said.max_batch,
            volatile=tuple(dict.fromkeys([*said.volatile, *volatile])),
        )

    def to_json(self) -> dict[str, Any]:
        """As JSON, the schemas inlined."""
        return {
            "protocol": self.protocol,
            "dialect": self.dialect,
            "path": self.path,
            "max_batch": self.max_batch,
            "volatile": list(self.volatile),
            "inputs": [_dumped(tensor) for tensor in self.inputs],
            "outputs": [_dumped(tensor) for tensor in self.outputs],
            "request": self.request,
            "response": self.response,
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Snapshot:
        """What `to_json` made; members that a later version added are passed over.

        Raises KeyError, TypeError, ValueError where it is none.
        """
        dialect, volatile, most = raw["dialect"], raw["volatile"], raw["max_batch"]
        texts = [raw["protocol"], raw["path"], *volatile, *([] if dialect is None else [dialect])]
        if not all(isinstance(text, str) for text in texts):
            raise TypeError("protocol, path, dialect and volatile are texts")
        if most is not None and (not isinstance(most, int) or isinstance(most, bool)):
            raise TypeError("max_batch is a whole number")
        for side in ("request", "response"):
            if not isinstance(raw[side], (dict, bool, type(None))):
                raise TypeError(f"{side} is a JSON Schema")
        return cls(
            protocol=raw["protocol"],
            dialect=dialect,
            path=raw["path"],
            request=raw["request"],
            response=raw["response"],
            inputs=tuple(_tensor(item) for item in raw["inputs"]),
            outputs=tuple(_tensor(item) for item in raw["outputs"]),
            max_batch=most,
            volatile=tuple(volatile),
        )


def _dumped(tensor: Tensor) -> dict[str, Any]:
    return tensor.model_dump(mode="json", exclude_defaults=True)


def _tensor(raw: Mapping[str, Any]) -> Tensor:
    from harness.config.schema import Tensor

    known = {name: raw[name] for name in Tensor.model_fields if name in raw}
    return Tensor.model_validate(known)
