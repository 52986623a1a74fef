"""What every form can do: take a request apart into rows, and find each row's result again."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from harness.contract.judging.tensors import Broken, Carried
from harness.contract.protocol.presets import Preset

if TYPE_CHECKING:
    from harness.config.schema import Tensor


@dataclass(frozen=True, slots=True)
class Encoding:
    """The same request, written in another way that its protocol has."""

    name: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    promised: bool = False  # every server of the protocol reads it, like JSON in another order


class Form(ABC):
    """How one protocol writes tensors as JSON."""

    by_rows: ClassVar[bool] = False  # one result for each row is promised, declared or not

    def __init__(self, preset: Preset, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> None:
        self.preset = preset
        self.inputs = tuple(inputs)
        self.outputs = tuple(outputs)

    @property
    def adds_members(self) -> bool:
        """Whether servers add ids, times and versions to an answer."""
        return False

    @property
    @abstractmethod
    def has_batch(self) -> bool:
        """Whether one request may carry several rows."""

    @abstractmethod
    def malformed(self, request: Any) -> list[Broken]:
        """Why a request cannot be one of the protocol, whatever the model; [] where it can."""

    @abstractmethod
    def carried(self, answer: Any) -> list[Carried] | Broken:
        """The tensors of an answer, or why there are none to be found."""

    @abstractmethod
    def sent(self, request: Any) -> list[Carried]:
        """The tensors of a well-formed request."""

    @abstractmethod
    def request(self, tensors: Mapping[str, Any]) -> Any:
        """A request with these tensors: nested lists by name, the batch first."""

    @abstractmethod
    def split(self, request: Any) -> list[Any] | None:
        """The rows of a request, to be joined again; None where it has none."""

    @abstractmethod
    def join(self, rows: Sequence[Any]) -> Any:
        """A request with these rows."""

    @abstractmethod
    def results(self, answer: Any) -> list[Any] | None:
        """One result for each row of an answer; None where they cannot be told apart.

        Answers to the same request in another encoding have equal results.
        """

    def prediction(self, answer: Any) -> Any:
        """The part of an answer that must be equal for equal requests."""
        return answer

    def encodings(self, request: Any) -> Iterator[Encoding]:
        """The same request in the other encodings that the preset says the server reads.

        Where an encoding changes the shape of the answer, `results` still are the same.
        """
        yield from ()

    def by_columns(self, tensors: Mapping[str, Any]) -> Any:
        """A request with one list for each input, as long as it is; None where none is so made."""
        return None

    def asking_for(self, request: Any, outputs: Sequence[str]) -> Any:
        """The same request for these outputs alone; None where a request cannot say which."""
        return None

    def requested_outputs(self, request: Any) -> list[str]:
        """Names of the outputs that a request asks for; [] where it asks for all."""
        return []


def batched(tensors: Sequence[Tensor]) -> bool:
    """Whether every tensor's first dimension is a word, as in ["batch", 64]."""
    return bool(tensors) and all(isinstance(tensor.shape[0], str) for tensor in tensors)


def row_by_row(tensors: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Row i of every tensor beside each other; None where they differ in length."""
    lengths = {len(data) if isinstance(data, list) else -1 for data in tensors.values()}
    if len(lengths) != 1 or -1 in lengths:
        return None
    return [{name: data[i] for name, data in tensors.items()} for i in range(lengths.pop())]


def no_object(value: Any, where: str = "$") -> list[Broken]:
    """What is wrong with a value that should be an object."""
    if isinstance(value, dict):
        return []
    return [Broken("protocol", "no JSON object", where, "an object", type(value).__name__)]


def no_member(value: Any, key: str, where: str = "$") -> list[Broken]:
    """What is wrong with a value that should be an object with this member."""
    if not isinstance(value, dict):
        return no_object(value, where)
    if key in value:
        return []
    members = ", ".join(repr(name)[:40] for name in list(value)[:8]) or "none"
    return [Broken("protocol", f"member {key!r} is missing", f"{where}.{key}", key, members)]


def no_list(value: Any, key: str, filled: bool = False, where: str = "$") -> list[Broken]:
    """What is wrong with a value that should be an object with a list, `filled`: not empty."""
    broken = no_member(value, key, where)
    if broken:
        return broken
    if not isinstance(value[key], list) or (filled and not value[key]):
        kind = "an empty list" if value[key] == [] else type(value[key]).__name__
        return [Broken("protocol", f"member {key!r} is no list", f"{where}.{key}", "a list", kind)]
    return []
