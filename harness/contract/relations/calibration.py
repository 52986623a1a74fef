"""How far numbers may lie apart: measured by asking the same again, and bounded by arithmetic."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

from harness.contract.contract import Contract
from harness.contract.judging.compare import Comparer
from harness.contract.judging.findings import Exchange
from harness.contract.judging.tensors import Broken
from harness.contract.judging.volatile import Path, hides, read_paths, without
from harness.contract.relations.asking import BUDGET, Asker
from harness.contract.relations.restless import restless
from harness.errors import ConfigError, GateError

AGAIN = 4  # repeats of one request, back to back
_REPEATED = 8  # requests that are repeated, and the two largest
_ANSWERED = 1000  # at most, of which these two are chosen
_MARGIN = 4  # times the noise is what counts as different
# What another order of the same additions does to a result: BLAS chooses its kernels by the size
# of the batch. Relative to 1 or to the largest number beside it. PyTorch compares its own kernels
# at 1e-5 for FP32, one layer at a time; a deep network adds up many. Above twice as much no
# arithmetic explains a difference: noise is a finding then, and no excuse.
_ROUNDING = {"FP16": 4e-3, "FP32": 1e-4, "FP64": 1e-9}
_BOUND = 2
_COARSEST = 1e-2  # steps of rounded numbers above this are no rounding
_DECIMALS = 6  # a service that rounds its answers rounds them to fewer
_ENOUGH = 16  # numbers that show to which step they are rounded
_LOOKED_AT = 2000


@dataclass(frozen=True, slots=True)
class Repeated:
    """One request: its first answer in this run, and those to the same asked again."""

    first: Exchange
    again: tuple[Exchange, ...]
    steady: bool  # asked back to back it has one answer, whatever it was before


@dataclass(frozen=True)
class Calibration:
    """What repeats say of a service, and the tolerance that follows from it."""

    repeated: tuple[Repeated, ...]
    datatype: str  # coarsest of the outputs
    noise: float  # largest difference between answers to one request that `bound` allows
    bound: float  # noise above it is a finding
    tolerance: float
    step: float  # of numbers that the service rounds, else 0
    volatile: tuple[str, ...]  # paths that are left out, declared or found
    found: tuple[str, ...]  # those of them that are not declared
    left_out: int = 0

    @cached_property
    def _paths(self) -> tuple[Path, ...]:
        return read_paths(self.volatile)

    def steady(self, answer: Any) -> Any:
        """An answer without what may differ each time."""
        return without(answer, self._paths)

    def comparer(self) -> Comparer:
        """For answers that may have been computed in another way, like in another batch."""
        return Comparer(self.tolerance, step=self.step)

    def explained(self) -> str:
        """How the tolerance was found, for a person to read."""
        count = sum(len(item.again) for item in self.repeated)
        lines = [
            f"{len(self.repeated)} requests were asked {count} times again, back to back: the "
            f"largest difference that is no finding is {self.noise:.3g} (noise).",
            f"Numbers are {self.datatype} and count as equal up to {self.tolerance:.3g}, relative "
            "above 1 and absolute below: the largest of contract.tolerance, what another order of "
            f"the same additions explains, and {_MARGIN} times the noise, and at most "
            f"{self.bound:.3g}. Everything else is compared exactly.",
        ]
        if self.step:
            lines.append(f"Numbers are rounded by the service: one step of {self.step:g} is equal.")
        if self.volatile:
            lines.append(f"Left out of every comparison: {', '.join(self.volatile)}.")
        return "\n".join(lines)


_DONE: WeakKeyDictionary[Contract, dict[str, Calibration]] = WeakKeyDictionary()


def calibrated(contract: Contract, base_url: str) -> Calibration:
    """The calibration of one service, made once.

    Raises GateError where no valid request was answered, CandidateNotReady where nobody listens.
    """
    done = _DONE.setdefault(contract, {})
    if base_url not in done:
        done[base_url] = _calibrate(contract, base_url)
    return done[base_url]


def known(contract: Contract, base_url: str, most: int) -> list[Exchange]:
    """Answers from before any harm was done, evenly chosen. Raises GateError for none."""
    found = [e for e in contract.survey(base_url).exchanges if e.comparable]
    if not found:
        raise GateError("no valid request was answered with 200: there is nothing to compare")
    step = max(1, len(found) / most)
    return [found[int(i * step)] for i in range(min(most, len(found)))]


def affordable(exchanges: Iterable[Exchange], times: int, most: int) -> int:
    """How many requests can be sent `times` each within the time of a relation, at least one."""
    taken = [e.answer.seconds for e in exchanges]
    mean = sum(taken) / max(1, len(taken))
    return max(1, min(most, int(BUDGET / max(1e-6, mean * times))))


def _chosen(contract: Contract, base_url: str) -> list[Exchange]:
    """Requests evenly chosen, and the largest: long texts and batches take ways of their own."""
    even = known(contract, base_url, _REPEATED)
    answered = known(contract, base_url, _ANSWERED)
    single = [e for e in answered if len(contract.form.split(e.case.value) or ()) < 2]
    largest = [max(group, key=_size, default=None) for group in (single, answered)]
    more = [e for e in largest if e is not None and all(e is not one for one in even)]
    candidates = [*even, *more[:1], *(e for e in more[1:] if e is not more[0])]
    return candidates[: affordable(candidates, AGAIN, len(candidates))]


def _size(exchange: Exchange) -> int:
    return len(exchange.case.prepared.body)


def _calibrate(contract: Contract, base_url: str) -> Calibration:
    chosen = _chosen(contract, base_url)
    with Asker(base_url) as asker:
        asked = [(first, _repeats(asker, first)) for first in chosen]
    datatype = _datatype(contract, chosen)
    rounding = _ROUNDING[datatype]
    bound = max(contract.tolerance, _BOUND * rounding)
    declared = tuple(contract.config.volatile)
    hidden = read_paths(declared)
    if all(hides(e.parsed.value, hidden) for e in chosen):
        raise ConfigError(
            f"contract.volatile = {list(declared)}: leaves nothing of any answer to compare"
        )
    found = tuple(restless(contract, [again for _, again in asked], bound))
    paths = read_paths((*declared, *found))
    repeated, noise = [], 0.0
    for first, again in asked:
        steady, apart = _steadiness(contract, again, bound, paths)
        repeated.append(Repeated(first, tuple(again), steady))
        noise = max(noise, apart)
    return Calibration(
        repeated=tuple(item for item in repeated if item.again),
        datatype=datatype,
        noise=noise,
        bound=bound,
        tolerance=min(bound, max(contract.tolerance, rounding, _MARGIN * noise)),
        step=_step(contract, chosen, paths),
        volatile=(*declared, *found),
        found=found,
        left_out=asker.left_out,
    )


def _repeats(asker: Asker, first: Exchange) -> list[Exchange]:
    asked = (asker.ask(first.case) for _ in range(AGAIN))
    return [exchange for exchange in asked if exchange is not None]


def _steadiness(
    contract: Contract, again: list[Exchange], bound: float, paths: tuple[Path, ...]
) -> tuple[bool, float]:
    """Whether all but the first of the repeats agree, and the largest difference allowed there.

    The first may still be coloured by what was asked before: that is the matter of history.
    """
    settled = again[1:] or again
    if not settled or not all(e.comparable for e in settled):
        return False, 0.0
    values = [contract.form.prediction(without(e.parsed.value, paths)) for e in settled]
    noise = 0.0
    for value in values[1:]:
        comparer = Comparer(bound)
        if comparer.difference(values[0], value) is not None:
            return False, noise
        noise = max(noise, comparer.largest)
    return True, noise


def _datatype(contract: Contract, exchanges: list[Exchange]) -> str:
    """The coarsest datatype of the outputs, declared or stated; FP32 where nothing says so."""
    names = {tensor.datatype for tensor in contract.form.outputs}
    for exchange in exchanges[:1]:
        carried = contract.form.carried(exchange.parsed.value)
        names |= set() if isinstance(carried, Broken) else {str(item.datatype) for item in carried}
    return next((name for name in _ROUNDING if name in names), "FP32")


def _step(contract: Contract, exchanges: list[Exchange], paths: tuple[Path, ...]) -> float:
    """The step to which the numbers of the answers are rounded, or 0 where they are not."""
    reals: set[float] = set()
    for exchange in exchanges:
        value = contract.form.prediction(without(exchange.parsed.value, paths))
        reals.update(item for item in _reals(value) if item != int(item))
    if len(reals) < _ENOUGH:
        return 0.0
    decimals = max(_decimals(item) for item in reals)
    step = 10.0**-decimals
    return step if decimals <= _DECIMALS and step <= _COARSEST else 0.0


def _decimals(real: float) -> int:
    mantissa, _, exponent = repr(real).partition("e")
    return len(mantissa.partition(".")[2]) - int(exponent or 0)


def _reals(value: Any) -> Iterator[float]:
    """The first finite reals in a value."""
    waiting, left = [value], _LOOKED_AT
    while waiting and left:
        item = waiting.pop()
        if isinstance(item, (dict, list)):
            waiting += list(item.values() if isinstance(item, dict) else item)[:left]
        elif isinstance(item, float) and abs(item) < 1e15:
            left -= 1
            yield item
