"""Units of quantities and limits: parsed once, converted before anything is compared."""

from __future__ import annotations

import math
import re

_FACTORS: dict[str, tuple[str, float]] = {
    "us": ("time", 1e-6),
    "ms": ("time", 1e-3),
    "s": ("time", 1.0),
    "min": ("time", 60.0),
    "h": ("time", 3600.0),
    "d": ("time", 86400.0),
    "%": ("share", 0.01),
    "pp": ("percentage points", 1.0),
    "B": ("size", 1.0),
    "kB": ("size", 1e3),
    "MB": ("size", 1e6),
    "GB": ("size", 1e9),
    "KiB": ("size", 1024.0),
    "MiB": ("size", 1024.0**2),
    "GiB": ("size", 1024.0**3),
    "/s": ("rate", 1.0),
    "/min": ("rate", 1 / 60),
    "dB": ("level", 1.0),
    "": ("number", 1.0),
}
_QUANTITY = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(\S*)\s*")


def units() -> tuple[str, ...]:
    """Every unit that may be written, in the order of their dimensions."""
    return tuple(unit for unit in _FACTORS if unit)


def dimension(unit: str) -> str:
    """The dimension of `unit`: only quantities of one dimension can be compared.

    Raises ValueError for a unit that does not exist.
    """
    return _lookup(unit)[0]


def to_base(value: float, unit: str) -> float:
    """`value` in the base unit of its dimension: seconds, bytes, fractions, per second."""
    return value * _lookup(unit)[1]


def parse_quantity(text: str, expected: str | None = None) -> tuple[float, str]:
    """`"512 MiB"` -> (512.0, "MiB"). `expected` names the dimension that is wanted.

    Raises ValueError with what was expected.
    """
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a number with a unit, like {example(expected)!r}")
    value, unit = float(match[1]), match[2]
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is not a finite number")
    found = dimension(unit)
    if expected is not None and found != expected:
        raise ValueError(f"{text!r} is a {found}, expected a {expected} like {example(expected)!r}")
    return value, unit


def in_base(text: str, expected: str) -> float:
    """`"512 MiB"` -> 536870912.0: a quantity of that dimension in seconds, bytes, per second.

    Raises ValueError with what was expected.
    """
    return to_base(*parse_quantity(text, expected))


def example(expected: str | None) -> str:
    """A quantity of that dimension, for messages."""
    return {"time": "30 s", "size": "512 MiB", "rate": "200 /s", "share": "1 %"}.get(
        expected or "", "100 ms"
    )


def _lookup(unit: str) -> tuple[str, float]:
    try:
        return _FACTORS[unit]
    except KeyError:
        raise ValueError(f"unknown unit {unit!r}: one of {', '.join(units())}") from None
