"""Hypothesis as a searcher: it draws cases and shrinks those that fail, within a time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from harness.contract.requests.cases import Case
from harness.units import in_base

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from harness.config import Gate
    from harness.contract.contract import Contract

REQUESTS = 200  # cases drawn at most by one search; the shrinking comes on top
REPLAYS = 3  # times that a failure is asked for again


class TimeIsUp(KeyboardInterrupt):
    """Ends a search at once: Hypothesis lets an interrupt through, and nothing else."""


class Failure(Exception):
    """One defect; each kind is a class of its own, so that Hypothesis shrinks each apart."""


_KINDS: dict[str, type[Failure]] = {}


def failure(key: str, message: str) -> Failure:
    """The failure of one kind of defect."""
    return _KINDS.setdefault(key, type("Failure", (Failure,), {}))(message)


def hunt(
    look: Callable[[Case], Iterable[tuple[str, float]]],
    strategy: SearchStrategy[Case],
    number: int,
    most: int = REQUESTS,
) -> None:
    """Call `look` with cases until it raises TimeIsUp, or `most` were drawn.

    It raises Failure for what it has remembered as wrong, so that smaller cases of the same kind
    are tried, and returns labelled numbers that are worth driving up: Loescher and Sagonas,
    "Targeted property-based testing", ISSTA 2017. Every setting is said here: Hypothesis knows
    continuous integration when it sees it, and would draw other cases there.
    """
    from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings, target
    from hypothesis.errors import Flaky, Unsatisfiable

    @seed(number)
    @settings(
        max_examples=most,
        deadline=None,
        database=None,
        derandomize=False,
        phases=(Phase.generate, Phase.target, Phase.shrink),
        report_multiple_bugs=True,
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
        print_blob=False,
        backend="hypothesis",
    )
    @given(case=strategy)
    def test(case: Case) -> None:
        for label, value in look(case):
            target(value, label=label)

    try:
        test()
    except (TimeIsUp, Failure, Flaky, Unsatisfiable):
        pass  # the one who looks remembers, and asks again what may be flaky
    except BaseExceptionGroup as several:
        unknown = several.split((Failure, Flaky))[1]
        if unknown is not None:
            raise unknown from None


def explores(gate: Gate) -> bool:
    """Whether there is any time for requests that no run has sent before."""
    return in_base(gate.contract.explore, "time") > 0


def seed_of(contract: Contract) -> int:
    """From what the contract says and from `contract.seed`: the same on every machine."""
    text = f"{contract.corpus.sha256} {contract.config.seed}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
