"""Rows through a loaded model, in batches; used only inside a child process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from harness.accuracy.backends.base import Answers, Array, Session, Unanswered, fit
from harness.accuracy.errors import ModelError


def outputs(session: Session, feeds: Mapping[str, Array], batch: int) -> dict[str, Array]:
    """Every output for some rows, first dimension the rows; `batch` rows at a time.

    `feeds` are columns by the name of the input; a model with one input takes the only column
    whatever its name. Raises ModelError where rows do not fit or get no answer.
    """
    bound = bind(session, feeds)
    pieces = [_run(session, bound, rows) for rows in _portions(session, bound, batch)]
    if len(pieces) == 1:
        return pieces[0]
    names = [name for name in pieces[0] if all(name in piece for piece in pieces)]
    return {name: _joined([piece[name] for piece in pieces]) for name in names}


def answers(
    session: Session, feeds: Mapping[str, Array], batch: int, output: str | None = None
) -> Answers:
    """The answers to some rows in the output that `choose` finds; `batch` rows at a time.

    Rows of a call that gets no answer are `missing`; of one that is refused, those that are refused
    alone. Raises ModelError where rows do not fit, and
    where answers differ in form.
    """
    bound = bind(session, feeds)
    missing = np.zeros(_count(bound), bool)
    problem, pieces = "", []
    waiting = list(_portions(session, bound, batch))[::-1]
    while waiting:
        rows = waiting.pop()
        try:
            found = _run(session, bound, rows, output)
        except Unanswered as unanswered:
            alone = _alone(rows, len(missing)) if unanswered.refused else []
            if len(alone) > 1:
                waiting += alone[::-1]
                continue
            problem = problem or str(unanswered)
            missing[rows] = True
        else:
            pieces.append(plain(found[choose(found, output)]))
    return Answers(_joined(pieces), missing, problem)


def choose(found: Mapping[str, Array], wanted: str | None = None) -> str:
    """Name of the output to compare: the only one, `wanted`, or the only one with many scores.

    Raises ModelError where that is not clear.
    """
    if len(found) == 1:
        return next(iter(found))
    shown = ", ".join(f"{name} {value.dtype}{value.shape[1:]}" for name, value in found.items())
    if wanted is not None:
        if wanted not in found:
            raise ModelError(f"has no output {wanted!r}; outputs: {shown}")
        return wanted
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
    if not slots:
        return dict(feeds)
    if len(slots) == len(feeds) == 1:
        return {slots[0].name: fit(next(iter(feeds.values())), slots[0])}
    names = [slot.name for slot in slots]
    if set(names) != set(feeds):
        raise ModelError(
            f"has the inputs {', '.join(names)}, but is given {', '.join(feeds)}; "
            "accuracy.inputs maps an input's name to a column"
        )
    return {slot.name: fit(feeds[slot.name], slot) for slot in slots}


def _count(bound: Mapping[str, Array]) -> int:
    return len(next(iter(bound.values())))


def _portions(session: Session, bound: Mapping[str, Array], batch: int) -> Iterator[slice]:
    """What goes in at once; the last one may end beyond the rows."""
    size = session.fixed_batch or min(batch, session.largest_batch or batch)
    for start in range(0, _count(bound), size):
        yield slice(start, start + size)


def _alone(rows: slice, count: int) -> list[slice]:
    return [slice(row, row + 1) for row in range(rows.start, min(rows.stop, count))]


def _run(
    session: Session, bound: Mapping[str, Array], rows: slice, output: str | None = None
) -> dict[str, Array]:
    """The outputs that have an answer for each row: one of another length is about no row.

    Raises ModelError where there is none, or `output` is not among them.
    """
    part = {name: values[rows] for name, values in bound.items()}
    wanted = _count(part)
    if session.fixed_batch and wanted < session.fixed_batch:
        size = session.fixed_batch
        part = {name: _padded(values, size) for name, values in part.items()}
    found, asked = session.run(part), _count(part)
    fitting = {name: value for name, value in found.items() if value.shape[:1] == (asked,)}
    lacking = [output] if output in found else list(found)
    if fitting.keys().isdisjoint(lacking):
        name = str(lacking[0])
        raise ModelError(
            f"output {name!r} has shape {found[name].shape} for {asked} rows, expected one answer "
            "for each row; does the model keep the rows in its first dimension?"
        )
    return {name: value[:wanted] for name, value in fitting.items()}


def _padded(values: Array, size: int) -> Array:
    return np.concatenate([values, np.repeat(values[-1:], size - len(values), axis=0)])


def _joined(pieces: list[Array]) -> Array:
    """Pieces of one form, one after another; an empty array where there are none."""
    if not pieces:
        return np.empty(0, np.float32)
    first = pieces[0]
    text = first.dtype.kind in "US"
    for piece in pieces:
        if piece.shape[1:] != first.shape[1:] or (piece.dtype.kind in "US") != text:
            raise ModelError(
                f"answered {first.dtype}{first.shape[1:]} a row, then "
                f"{piece.dtype}{piece.shape[1:]}: expected one form for all rows"
            )
    return np.concatenate(pieces) if len(pieces) > 1 else first


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
