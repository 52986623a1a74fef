"""Names of measurements in limits: any percentile, and a part: `latency_p95{name=predict}`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_LABELLED = re.compile(r"([^{}]*)\{\s*([a-z_]+)\s*=\s*(.*?)\s*\}")
_PERCENTILE = re.compile(r"(.+_p)(\d{1,2}(?:_\d+)?)")


def split(measurement: str) -> tuple[str, Mapping[str, str]]:
    """`latency_p95` and `{"name": "predict"}` of `latency_p95{name=predict}`; one label at most.

    Raises ValueError for braces that hold no label.
    """
    match = _LABELLED.fullmatch(measurement)
    if match is not None and match[3]:
        return match[1], {match[2]: match[3]}
    base, brace, _ = measurement.partition("{")
    if brace or "}" in measurement:
        raise ValueError(
            f"{measurement!r} names no part of a measurement: expected one like "
            f"{base.rstrip('}') + '{name=predict}'!r}"
        )
    return measurement, {}


def declared_as(measurement: str, declared: Iterable[str]) -> str | None:
    """The declared measurement that stands for this one; None where there is none.

    The label is left aside, and who declares one percentile (`latency_p99`) declares them all.
    """
    try:
        base, _ = split(measurement)
    except ValueError:
        return None
    names = tuple(declared)
    if base in names:
        return base
    stem = _stem(base)
    return next((name for name in names if stem and _stem(name) == stem), None)


def _stem(name: str) -> str:
    """`latency_p` of `latency_p99_9`; empty for what is no percentile between 0 and 100."""
    match = _PERCENTILE.fullmatch(name)
    return match[1] if match is not None and match[2].strip("0_") else ""
