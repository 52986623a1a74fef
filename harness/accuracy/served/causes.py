"""Why a service answers otherwise than its file: causes are tried out until one gives its answers.

A cause is not guessed from how answers look. Its change is made to the rows or to the file's
answers, and counts as fitting only where it brings forth what the service said, row by row.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from harness.accuracy.backends.quantization import Affine
from harness.accuracy.errors import ModelError
from harness.accuracy.served import inputs, outputs
from harness.accuracy.served.forms import Mask, same
from harness.accuracy.workers import Array

Ask = Callable[[Mapping[str, Array]], Array]  # inputs -> what the service must answer, (n, k)
_FITS = 0.9  # of the rows that differ, and of all: what a cause must bring forth
_PROBE = 64  # rows on which causes in the inputs are tried
_FEWEST = 8
_FINE = 1e-4  # of the largest answer: two answers that are the same for a cause
_GRID = 33  # scales or shifts that are tried before the best is refined
_STEPS = 24  # of the refinement
_GOLDEN = (math.sqrt(5) - 1) / 2


class Cause(NamedTuple):
    """What fits, and how well."""

    rule: str  # short and stable, like "label-order"
    text: str  # completes "the service ..."
    fits: int = 0  # rows whose answer it brings forth
    of: int = 0  # rows on which it was tried


@dataclass(frozen=True, slots=True)
class Case:
    """Rows that were asked twice. All arrays have the rows first, answers have shape (n, k)."""

    rows: Mapping[str, Array]
    file: Array  # what the service must have answered
    service: Array  # what it answered
    differs: Mask
    portion: int  # rows in a request; 1 where their order cannot matter
    seconds: float  # for one row through the file
    edges: Mapping[str, Affine]
    output: Affine | None  # of the output, where it is quantized and compared as it is


def cause_of(case: Case, ask: Ask, others: Mapping[str, Ask], within: float) -> Cause:
    """The cause that fits best; "unknown" where none does.

    `ask` runs the file, `others` further models by name; at most about `within` seconds are spent.
    """
    deadline = time.monotonic() + within
    numeric = case.file.dtype.kind in "biuf" and case.service.dtype.kind in "biuf"
    found = _of_nan(case, ask) or (_of_answers(case) if numeric else None)
    if found is not None:
        return found
    probe = _Probe(case, within)
    candidates = [_of_models(probe, others), *_of_inputs(probe, ask, deadline)]
    best = max((c for c in candidates if c is not None), key=lambda c: c.fits, default=None)
    return best or _unknown(case, numeric)


def _of_answers(case: Case) -> Cause | None:
    """Causes behind the model, which cost nothing to try; the first that fits every row wins."""
    best: Cause | None = None
    whole = case.file.dtype.kind in "iu" and case.service.dtype.kind in "iu"
    if whole and case.file.shape[1] == 1:
        renamed = outputs.relabelled(case.file, case.service)
        tried = iter([] if renamed is None else [renamed])
    else:
        digits = outputs.last_digits(case.file, case.service)
        if digits.all() and not _rounded(case):
            text = "differs in its last digits alone: another release of the runtime or another CPU"
            return Cause("last-digits", text, len(digits), len(digits))
        tried = outputs.fits(case.file, case.service, case.output, case.portion)
    for fit in tried:
        slack = fit.slack or _slack(case)
        good = _close(fit.answers, case.service, slack)
        if _is_good(good, case.differs) and (best is None or good.sum() > best.fits):
            best = Cause(fit.rule, fit.text, int(good.sum()), len(good))
            if best.fits == best.of:
                break
    return best


def _rounded(case: Case) -> bool:
    """Whether decimals that were cut explain last digits better than arithmetic does."""
    for fit in outputs.fits(case.file, case.service, None, 1):
        if fit.rule != "output-rounding":
            return False
        if _close(fit.answers, case.service, fit.slack).all():
            return True
    return False


def _of_nan(case: Case, ask: Ask) -> Cause | None:
    """Where rows with NaN differ and no others, it is what stands for NaN."""
    holed = np.zeros(len(case.differs), bool)
    for rows in case.rows.values():
        if rows.dtype.kind == "f":
            holed |= ~np.isfinite(rows.reshape(len(rows), -1)).all(axis=1)
    if not holed.any() or (case.differs & ~holed).any():
        return None
    for name, rows in case.rows.items():
        for guess in inputs.fillings(rows) if rows.dtype.kind == "f" else ():
            made = _asked(ask, {**case.rows, name: guess.change(rows)})
            good = None if made is None else _close(made, case.service, _slack(case))
            if good is not None and _is_good(good, case.differs):
                return Cause(guess.rule, guess.text, int(good.sum()), len(good))
    return Cause("nan-handling", "treats NaN otherwise than the file; all other rows agree")


class _Probe:
    """Some of the rows, those that differ first: as many as the time allows."""

    def __init__(self, case: Case, within: float) -> None:
        tries = 120
        size = int(within / max(tries * case.seconds, 1e-9))
        size = max(_FEWEST, min(_PROBE, size))
        apart, equal = np.flatnonzero(case.differs), np.flatnonzero(~case.differs)
        beside = equal[: max(size // 4, size - len(apart))]
        index = np.sort(np.concatenate([apart[: size - len(beside)], beside]))
        self.rows = {name: rows[index] for name, rows in case.rows.items()}
        self.service, self.differs = case.service[index], case.differs[index]
        self.slack = _slack(case)
        self.edges = case.edges

    def judged(self, ask: Ask, rows: Mapping[str, Array]) -> Mask | None:
        """Which answers of the service those rows bring forth, where they fit well enough."""
        made = _asked(ask, rows)
        if made is None:
            return None
        good = _close(made, self.service, self.slack)
        return good if _is_good(good, self.differs) else None


def _of_models(probe: _Probe, others: Mapping[str, Ask]) -> Cause | None:
    for name, ask in others.items():
        good = probe.judged(ask, probe.rows)
        if good is not None:
            return Cause("other-model", f"serves {name}", int(good.sum()), len(good))
    return None


def _of_inputs(probe: _Probe, ask: Ask, deadline: float) -> Iterator[Cause]:
    """Causes before the model; ends with the first that fits every row."""
    for name, rows in probe.rows.items():
        where = f" (input {name!r})" if len(probe.rows) > 1 else ""
        edge = probe.edges.get(name) or (
            next(iter(probe.edges.values()), None) if len(probe.rows) == 1 else None
        )
        for guess in inputs.guesses(rows, edge):
            if time.monotonic() > deadline:
                return
            good = probe.judged(ask, {**probe.rows, name: guess.change(rows)})
            if good is not None:
                yield Cause(guess.rule, guess.text + where, int(good.sum()), len(good))
                if good.all():
                    return
        if rows.dtype.kind in "biuf":
            yield from _measured(probe, ask, name, where, deadline)


def _measured(probe: _Probe, ask: Ask, name: str, where: str, deadline: float) -> Iterator[Cause]:
    """A scale or a shift that nobody would have on a list."""
    if probe.service.dtype.kind not in "biuf":
        return
    rows = probe.rows[name]
    widest = float(np.abs(rows.astype(np.float64)).max(initial=0.0)) or 1.0
    scales = 2.0 ** np.linspace(-8, 8, _GRID)
    shifts = widest * np.linspace(-1, 1, _GRID)
    for rule, verb, change, grid in (
        ("scale", "scales inputs by about {:.4g}", inputs.scaled, scales),
        ("shift", "shifts inputs by about {:+.4g}", inputs.shifted, shifts),
    ):

        def apart(by: float, change: Callable[[Array, float], Array] = change) -> float:
            made = _asked(ask, {**probe.rows, name: change(rows, by)})
            if made is None or time.monotonic() > deadline:
                return math.inf
            return float(np.abs(made.astype(np.float64) - probe.service).mean())

        by = _least(apart, grid)
        made = _asked(ask, {**probe.rows, name: change(rows, by)})
        if made is None:
            continue
        good = _close(made, probe.service, 100 * probe.slack)  # the minimum is found roughly
        before = _asked(ask, probe.rows)
        worse = before is not None and apart(by) < 0.1 * float(
            np.abs(before.astype(np.float64) - probe.service).mean()
        )
        if worse and _is_good(good, probe.differs):
            yield Cause(rule, verb.format(by) + where, int(good.sum()), len(good))


def _least(cost: Callable[[float], float], grid: Array) -> float:
    """Where the cost is least: the best of a grid, refined by golden section."""
    costs = [cost(float(by)) for by in grid]
    best = int(np.argmin(costs))
    low, high = float(grid[max(0, best - 1)]), float(grid[min(len(grid) - 1, best + 1)])
    for _ in range(_STEPS):
        a, b = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        low, high = (low, b) if cost(a) <= cost(b) else (a, high)
    return (low + high) / 2


def _unknown(case: Case, numeric: bool) -> Cause:
    text = "does something that none of the usual causes brings forth"
    if numeric and case.file.size > 2 and len(case.file) > 2:
        x, y = case.file.astype(np.float64).ravel(), case.service.astype(np.float64).ravel()
        known = np.isfinite(x) & np.isfinite(y)
        if known.sum() > 2 and x[known].std() > 0 and y[known].std() > 0:
            alike = float(np.corrcoef(x[known], y[known])[0, 1])
            text += f"; its answers follow the file's with a correlation of {alike:.3f}"
            near = "another quantization, resize or runtime" if alike > 0.9 else "another model"
            text += f": most likely {near}"
    return Cause("unknown", text)


def _asked(ask: Ask, rows: Mapping[str, Array]) -> Array | None:
    """What the model answers, or None where it does not take such rows."""
    try:
        with np.errstate(all="ignore"):
            return ask(rows)
    except ModelError:
        return None


def _close(made: Array, service: Array, slack: float) -> Mask:
    if made.shape != service.shape:
        return np.zeros(len(service), bool)
    if made.dtype.kind == "f" or service.dtype.kind == "f":
        made = made.astype(np.float64)
        service = service.astype(np.float64)
    return same(made, service, slack)


def _is_good(good: Mask, differs: Mask) -> bool:
    return bool(good.mean() >= _FITS and good[differs].mean() >= _FITS)


def _slack(case: Case) -> float:
    """Fine enough to tell a cause from the file itself: a fraction of how far the two are apart."""
    if case.file.dtype.kind != "f" and case.service.dtype.kind != "f":
        return 0.0
    a, b = case.file.astype(np.float64), case.service.astype(np.float64)
    apart = np.abs(a - b)[case.differs]
    apart = np.where(np.isfinite(apart), apart, 0).max(axis=1)
    largest = float(np.abs(np.where(np.isfinite(a), a, 0)).max(initial=0.0))
    return min(_FINE * largest, 0.05 * float(np.median(apart)))
