"""What strict reading of JSON costs, beside `json.loads`: a matrix, and a body as small as most.

    python -m benchmarks.strict_json [--rounds 41]

The two are timed in turn, round by round, so that a busy machine slows both; printed is the median
of the ratios of neighbours. To reach on the matrix: at most 1.3.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable

from harness.contract.wire.strictjson import parse

_LIMIT = 1.3  # of the matrix


def matrix(rows: int = 1000, columns: int = 10) -> bytes:
    """Numbers as a model answers them, all their digits written."""
    chance = random.Random(1)
    return json.dumps([[chance.random() for _ in range(columns)] for _ in range(rows)]).encode()


def small() -> bytes:
    """An answer of a service that classifies one text."""
    answer = {"positive": True, "score": 0.9876543, "label": "good", "model": "sentiment:1.4.0"}
    return json.dumps({"id": "6f1c", "result": answer, "took_ms": 12}).encode()


def seconds(work: Callable[[], object], times: int) -> float:
    """Of `times` calls together."""
    began = time.perf_counter()
    for _ in range(times):
        work()
    return time.perf_counter() - began


def compare(body: bytes, rounds: int, times: int) -> tuple[float, float, float]:
    """Microseconds of `json.loads` and of `parse`, medians, and the median ratio of neighbours."""
    plain, strict = [], []
    for _ in range(rounds):
        plain.append(seconds(lambda: json.loads(body), times) / times)
        strict.append(seconds(lambda: parse(body), times) / times)
    ratios = [s / p for s, p in zip(strict, plain, strict=True)]
    return (
        1e6 * statistics.median(plain),
        1e6 * statistics.median(strict),
        statistics.median(ratios),
    )


def main() -> None:
    """Print one line for each body."""
    given = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    given.add_argument("--rounds", type=int, default=41)
    rounds = given.parse_args().rounds
    for name, body, times in (("1000 x 10 floats", matrix(), 1), ("small object", small(), 500)):
        plain, strict, ratio = compare(body, rounds, times)
        limit = f" (to reach: at most {_LIMIT})" if times == 1 else ""
        print(
            f"{name}, {len(body)} bytes: json.loads {plain:.1f} us, strict {strict:.1f} us, "
            f"ratio {ratio:.2f}{limit}"
        )


if __name__ == "__main__":
    main()
