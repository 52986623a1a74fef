"""Lines keep their peaks."""

from __future__ import annotations

from harness.report.charts.lines import MOST, line
from harness.report.svg import Scale


def test_a_spike_of_one_point_stays_in_a_thinned_line() -> None:
    xs = [float(x) for x in range(50_000)]
    ys: list[float | None] = [1.0] * 50_000
    ys[31_117] = 100.0
    drawn = str(line(xs, ys, Scale(0, 50_000), Scale(0, 100), "s0"))
    assert drawn.count("L") < MOST and " 0.00L" in drawn


def test_a_gap_in_a_thinned_line_stays_a_gap() -> None:
    xs = [float(x) for x in range(5_000)]
    ys: list[float | None] = [None if 1_000 <= x < 2_000 else 1.0 for x in range(5_000)]
    assert str(line(xs, ys, Scale(0, 5_000), Scale(0, 2), "s0")).count("M") == 2
