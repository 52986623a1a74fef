"""Rows through a loaded model, in batches; used only inside a child process."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from harness.accuracy.backends.base import Array, Session, fit
from harness.accuracy.errors import ModelError


def outputs(session: Session, feeds: Mapping[str, Array], batch: int) -> dict[str, Array]:
    """Every output for some rows, first dimension the rows; `batch` rows at a time.

    `feeds` are columns by the name of the input; a model with one input takes the only column
    whatever its name. Raises ModelError where rows do not fit.
    """
    bound = bind(session, feeds)
    rows = len(next(iter(bound.values())))
    size = session.fixed_batch or batch
    pieces = []
    for start in range(0, rows, size):
        end = start + size
        part = {name: values[start:end] for name, values in bound.items()}
        wanted = min(size, rows - start)
        if wanted < size and session.fixed_batch:
            part = {name: _padded(values, size) for name, values in part.items()}
        found = session.run(part)
        pieces.append({name: _rows(name, value, wanted) for name, value in found.items()})
    if len(pieces) == 1:
        return pieces[0]
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}


def choose(found: Mapping[str, Array], wanted: str | None = None) -> str:
    """Name of the output to compare: `wanted`, the only one, or the only one with many scores.

    Raises ModelError where that is not clear.
    """
    shown = ", ".join(f"{name} {value.dtype}{value.shape[1:]}" for name, value in found.items())
    if wanted is not None:
        if wanted not in found:
            raise ModelError(f"has no output {wanted!r}; outputs: {shown}")
        return wanted
    if len(found) == 1:
        return next(iter(found))
    scores = [name for name, value in found.items() if value.dtype.kind == "f" and value.ndim > 1]
    if len(scores) == 1:
        return scores[0]
    raise ModelError(
        f"has {len(found)} outputs ({shown}), expected one, or one with a score for each class; "
        "name it in accuracy.output"
    )


def plain(values: Array) -> Array:
    """An array that a frame can carry: text as text, exotic floats as float32."""
    if values.dtype.kind == "O":
        decoded = [_text(value) for value in values.ravel()]
        return np.asarray(decoded, dtype=str).reshape(values.shape)
    return values if values.dtype.kind in "biufUS" else values.astype(np.float32)


def bind(session: Session, feeds: Mapping[str, Array]) -> dict[str, Array]:
    """Columns to inputs: by name, or the only one to the only one."""
    slots = session.inputs
    if len(slots) == len(feeds) == 1:
        return {slots[0].name: fit(next(iter(feeds.values())), slots[0])}
    names = [slot.name for slot in slots]
    if set(names) != set(feeds):
        raise ModelError(f"has the inputs {', '.join(names)}, but is given {', '.join(feeds)}")
    return {slot.name: fit(feeds[slot.name], slot) for slot in slots}


def _padded(values: Array, size: int) -> Array:
    return np.concatenate([values, np.repeat(values[-1:], size - len(values), axis=0)])


def _rows(name: str, value: Array, wanted: int) -> Array:
    if value.ndim == 0 or len(value) < wanted:
        raise ModelError(f"output {name!r} has shape {value.shape}, expected {wanted} rows")
    return value[:wanted]


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
