"""Rows and requests with their texts or numbers changed, by the tensor that these belong to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.contract.requests.varied import mapped

if TYPE_CHECKING:
    from harness.config.schema import Tensor

Change = Callable[[Any, "Tensor | None"], Any]  # of one text or number


def changed(value: Any, inputs: Sequence[Tensor], change: Change) -> Any:
    """A row or request with every leaf changed; None where that leaves it as it is."""
    made = remade(value, inputs, change)
    return None if made == value else made


def remade(value: Any, inputs: Sequence[Tensor], change: Change) -> Any:
    """A row or request with every leaf changed, be it into an equal one, like 3 into 3.0."""
    by_name: Mapping[str, Tensor] = {tensor.name: tensor for tensor in inputs}
    if isinstance(value, dict) and value and value.keys() <= by_name.keys():
        return {name: _mapped(item, by_name[name], change) for name, item in value.items()}
    return _mapped(value, inputs[0] if len(inputs) == 1 else None, change)


def _mapped(value: Any, tensor: Tensor | None, change: Change) -> Any:
    return mapped(value, lambda leaf: change(leaf, tensor))


def is_text(item: Any) -> bool:
    """Words, and no name of a category: another category is another thing."""
    return isinstance(item, str) and len(item.split()) > 1


def lengthened(item: Any, length: int) -> Any:
    """A text said again and again; anything else as it is."""
    return (f"{item} " * (length // len(item) + 1))[:length].strip() if is_text(item) else item


def is_plain_number(item: Any) -> bool:
    """A number that is not a boolean."""
    return isinstance(item, (int, float)) and not isinstance(item, bool)
