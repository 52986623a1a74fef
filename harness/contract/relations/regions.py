"""Regions of the input in which a service may answer without looking, each as a change of a row."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from harness.contract.relations.change import Change, is_plain_number, is_text, lengthened
from harness.contract.requests.varied import mapped

if TYPE_CHECKING:
    from harness.config.schema import Tensor

_LENGTHS = (300, 700, 1500, 1990, 5000)  # characters
_SEED = 1


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the input, and how a request is moved into it."""

    name: str
    change: Callable[[Sequence[str]], Change]  # given the texts of requests that mean the same
    promised: bool = True  # the contract says that a request of it is served like any other
    keeps_meaning: bool = True  # a request that is moved there still says the same

    @property
    def kind(self) -> str:
        """What it has in common with others that differ only in size."""
        return re.sub(r"[\d.]+", "N", self.name)


def regions() -> Iterator[Region]:
    """Long texts, other letters, ends of ranges, and numbers far beyond those that are known."""
    for length in _LENGTHS:
        yield Region(f"texts of {length} characters", partial(_continued, length))
    yield Region("texts with letters beyond ASCII", partial(_whatever, _ending_in(" – é 🙂")))
    yield Region("texts with a line break", partial(_whatever, _ending_in("\n")))
    ends = partial(_whatever, _to_the_ends())
    yield Region("rows at the ends of their ranges", ends, keeps_meaning=False)
    yield from scales((30.0, 1000.0))


def scales(factors: Sequence[float] = (0.01, 30.0, 1000.0)) -> Iterator[Region]:
    """Numbers of other magnitudes, where no range is declared."""
    for factor in factors:
        times = _times(factor)
        name = f"numbers {factor:g} times as large"
        yield Region(name, partial(_whatever, times), promised=False, keeps_meaning=False)


def _whatever(change: Change, texts: Sequence[str]) -> Change:
    return change


def _continued(length: int, texts: Sequence[str]) -> Change:
    """A text followed by others with its answer: longer, and still saying the same."""

    def change(item: Any, tensor: Tensor | None) -> Any:
        if not is_text(item) or len(item) >= length:
            return item
        after = [*texts, item]
        turn = after.index(item)
        return lengthened(" ".join([item, *after[turn + 1 :], *after[:turn]]), length)

    return change


def _ending_in(more: str) -> Change:
    def change(item: Any, tensor: Tensor | None) -> Any:
        return f"{item}{more}" if is_text(item) else item

    return change


def _to_the_ends() -> Change:
    chance = random.Random(_SEED)

    def change(item: Any, tensor: Tensor | None) -> Any:
        if tensor is None or tensor.range is None or not is_plain_number(item):
            return item
        end = chance.choice(tensor.range)
        return end if isinstance(item, float) else int(end)

    return change


def _times(factor: float) -> Change:
    def change(item: Any, tensor: Tensor | None) -> Any:
        bounded = tensor is not None and tensor.range is not None
        return round(item * factor, 6) if isinstance(item, float) and not bounded else item

    return change


def texts_in(value: Any) -> list[str]:
    """The texts of a request."""
    found: list[str] = []

    def see(item: Any) -> Any:
        found.extend([item] if is_text(item) else [])
        return item

    mapped(value, see)
    return found
