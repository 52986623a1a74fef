"""The picture of one measurement over many reports: nothing that broke is out of sight."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest

from harness.report import trend
from harness.report.trend import Link


class Step(NamedTuple):
    """A measurement of one report."""

    value: float
    low: float | None = None
    high: float | None = None
    limit: str | None = "<= 100 ms"
    outcome: str | None = "passed"


def drawn(steps: list[Step | None], unit: str = "ms") -> str:
    """The picture, with a link for each step."""
    links = [Link(f"/reports/{index}", f"report {index}") for index in range(len(steps))]
    return str(trend.draw("p99", unit, steps, links, ("1 May 2026", "9 May 2026")))


def test_it_says_aloud_what_it_shows() -> None:
    text = drawn([Step(50), None, Step(120, outcome="failed"), Step(80)])
    assert (
        'aria-label="p99 in 3 reports, between 50 and 120 ms, last 80 ms, limit &lt;= 100 ms"'
        in text
    )


def test_what_did_not_pass_has_the_shape_of_its_outcome_and_leads_to_its_report() -> None:
    text = drawn([Step(50), Step(120, outcome="failed"), Step(99, 80, 110, outcome="inconclusive")])
    assert re.findall(r'href="([^"]+)" tabindex="-1"><title>([^<]+)</title>', text) == [
        ("/reports/0", "report 0"),
        ("/reports/1", "report 1"),
        ("/reports/2", "report 2"),
    ]
    assert re.findall(r'class="shape (\w+)"', text) == ["failed", "inconclusive"]


def test_of_a_thousand_points_every_failure_is_in_sight() -> None:
    steps: list[Step | None] = [Step(50 + index % 7) for index in range(1000)]
    for index in range(0, 1000, 10):
        steps[index] = Step(150 + index % 3, outcome="failed")
    text = drawn(steps)
    (early,) = re.findall(r'class="early failed" d="([^"]+)"', text)
    assert early.count("h0") + text.count('class="shape failed"') == 100
    assert len(text) < 25_000


def test_a_spike_that_passed_stays_in_the_line_of_a_thousand_points() -> None:
    steps: list[Step | None] = [Step(50) for _ in range(1000)]
    steps[501] = Step(99)
    (line,) = re.findall(r'class="s0" d="M([^"]+)"', drawn(steps))
    heights = [float(point.split()[1]) for point in line.split("L")]
    assert min(heights) < max(heights) - 20


def test_each_limit_is_drawn_where_it_held() -> None:
    text = drawn([Step(50), Step(50), Step(50, limit="<= 80 ms"), Step(50, limit="<= 80 ms")])
    assert re.findall(r'class="bound" d="M(\d+) [\d.]+H(\d+)"', text) == [
        ("0", "667"),
        ("667", "1000"),
    ]


def test_a_limit_in_another_unit_is_at_the_same_place() -> None:
    bounds = [
        re.findall(r'class="bound" d="([^"]+)"', drawn([Step(50, limit=limit), Step(60)]))[0]
        for limit in ("<= 0.1 s", "<= 100 ms")
    ]
    assert bounds[0].split("H")[0] == bounds[1].split("H")[0]


def test_a_far_limit_does_not_flatten_the_line() -> None:
    text = drawn([Step(1, limit="<= 60 s"), Step(2, limit="<= 60 s")])
    assert "bound" not in text
    assert 'class="allowed"' in text


@pytest.mark.parametrize("limit", ["", "nonsense", "<= 3 MiB", None])
def test_a_limit_that_cannot_be_drawn_is_left_out(limit: str | None) -> None:
    assert "bound" not in drawn([Step(50, limit=limit)])


@pytest.mark.parametrize(
    "steps",
    [
        [Step(0.0)],
        [Step(1e308), Step(-1e308)],
        [Step(1e-300), Step(1e300)],
        [None, Step(5, 5, 5), None],
        [Step(-3, -4, None), Step(-1, None, 0)],
    ],
)
def test_any_finite_numbers_can_be_drawn(steps: list[Step | None]) -> None:
    assert "nan" not in drawn(steps) and "inf" not in drawn(steps)


def test_text_is_text() -> None:
    links = [Link('/"><script>', "<script>")]
    text = str(trend.draw("<b>", "ms", [Step(1)], links, ("<i>", "")))
    assert not re.search("<(script|b|i)>", text)
