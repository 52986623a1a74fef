"""Realistic tensors a second: plans filled by NumPy, beside Hypothesis's own nested lists.

    python -m benchmarks.generation [--seconds 3]

A plan is drawn by Hypothesis and filled; what it then costs to write the request as JSON is shown
apart, as every generator has to pay it. Nested lists are what a JSON Schema of the same tensor
gives a generator that knows no tensors; where Hypothesis gives up on them, that is said.
"""

from __future__ import annotations

import argparse
import math
import time
import warnings
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import HypothesisException

from harness.config.schema import Tensor
from harness.contract.requests import plans
from harness.contract.requests.cases import dumps
from harness.contract.requests.chance import Chance

_SHAPES = ([4], [1000, 10], [3, 64, 64], [3, 224, 224])


class _Enough(KeyboardInterrupt):
    """The time is up; Hypothesis lets an interrupt through."""


def tensor(shape: list[int]) -> Tensor:
    """An input with this shape for one row, and a range as of pixels."""
    given_as = {"name": "x", "datatype": "FP32", "shape": ["batch", *shape], "range": [0, 255]}
    return Tensor.model_validate(given_as)


def planned(shape: list[int]) -> st.SearchStrategy[Any]:
    """Arrays from plans of one row."""
    declared = tensor(shape)

    def fill(source: Any) -> Any:
        plan = plans.draw(Chance.drawn(source), [declared], {"batch": 1})
        return plans.fill(plan, [declared])["x"]

    return st.randoms(use_true_random=False).map(fill)


def nested(shape: list[int]) -> st.SearchStrategy[Any]:
    """Lists of lists of floats of the same shape and range."""
    strategy: st.SearchStrategy[Any] = st.floats(0, 255, width=32)
    for size in reversed([1, *shape]):
        strategy = st.lists(strategy, min_size=size, max_size=size)
    return strategy


def rate(strategy: st.SearchStrategy[Any], seconds: float, use: Callable[[Any], Any]) -> float:
    """Examples a second that are drawn and used; 0 where none is drawn in the time."""
    count = 0
    began = time.perf_counter()

    @seed(1)
    @settings(
        max_examples=1_000_000,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(value: Any) -> None:
        nonlocal count
        use(value)
        count += 1
        if time.perf_counter() - began > seconds:
            raise _Enough

    try:
        collect()
    except (_Enough, HypothesisException):
        pass
    return count / (time.perf_counter() - began)


def filling(shape: list[int], seconds: float) -> float:
    """Plans a second that NumPy fills, without Hypothesis: what the gate tier pays."""
    declared = [tensor(shape)]
    chance = Chance.seeded(1)
    began = time.perf_counter()
    count = 0
    while time.perf_counter() - began < seconds:
        plans.fill(plans.draw(chance, declared, {"batch": 1}), declared)
        count += 1
    return count / (time.perf_counter() - began)


def main() -> None:
    """Print one line for each shape."""
    given_as = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    given_as.add_argument("--seconds", type=float, default=3.0, help="for each figure")
    seconds = given_as.parse_args().seconds
    warnings.simplefilter("ignore")
    for shape in _SHAPES:
        filled = filling(shape, seconds)
        drawn = rate(planned(shape), seconds, lambda array: None)
        written = rate(planned(shape), seconds, lambda array: dumps(array.tolist()))
        lists = rate(nested(shape), seconds, lambda value: None)
        beside = f"{lists:.1f} /s, ratio {drawn / lists:.0f}" if lists else "none in the time"
        print(
            f"{'x'.join(map(str, shape))} ({math.prod(shape)} cells): filled {filled:.0f} /s, "
            f"drawn and filled {drawn:.0f} /s, as JSON too {written:.0f} /s; "
            f"nested lists {beside}"
        )


if __name__ == "__main__":
    main()
