"""Numbers as a person reads them."""

from __future__ import annotations

import datetime as dt

from harness.model import JudgedMeasurement


def number(value: float) -> str:
    """`1,234`, `12.35`, `0.0002`: four significant digits, whole numbers from a thousand on."""
    size = abs(value)
    if size >= 1e12 or 0 < size < 1e-4:
        return f"{value:.3e}"
    return f"{value:,.0f}" if size >= 1000 else f"{value:.4g}"


def quantity(value: float | None, unit: str) -> str:
    """`312 ms`; a value that was not finite is named so."""
    shown = "not a number" if value is None else number(value)
    return f"{shown} {unit}" if unit else shown


def interval(row: JudgedMeasurement) -> str:
    """`290 to 340 ms`, or nothing where there is none."""
    if row.low is None and row.high is None:
        return ""
    if row.low is None:
        return f"at most {quantity(row.high, row.unit)}"
    if row.high is None:
        return f"at least {quantity(row.low, row.unit)}"
    return f"{number(row.low)} to {quantity(row.high, row.unit)}"


def seconds(value: float) -> str:
    """`40 ms`, `1.2 s`, `2 min 5 s`."""
    if value < 0.0005:
        return "0 ms"
    if value < 0.9995:
        return f"{value * 1000:.0f} ms"
    if value < 99.95:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s"


def span(value: dt.timedelta) -> str:
    """`14 days`, `36 h`, `2.5 min`, `40 s`: in the largest unit of which there are two."""
    size = abs(value.total_seconds())
    units = ((86_400, "days"), (3_600, "h"), (60, "min"))
    per, unit = next(((per, unit) for per, unit in units if size >= 2 * per), (1, "s"))
    return f"{value.total_seconds() / per:.3g} {unit}"


def moment(value: dt.datetime) -> str:
    """`2026-11-21 07:28:04 UTC`."""
    return value.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def percent(share: float) -> str:
    """`95 %` of 0.95."""
    return f"{share * 100:.4g} %"
