"""Legends only where there is something to tell apart."""

from __future__ import annotations

from harness.report.charts.parts import ends, legend, stacked


def test_one_series_needs_no_legend() -> None:
    assert legend(["only"], "legend") == ""


def test_two_series_are_told_apart_by_their_colours() -> None:
    assert legend(["a", "b"], "legend") == (
        '<p class="legend"><span><i class="s0"></i>a</span><span><i class="s1"></i>b</span></p>'
    )


def test_the_last_label_ends_at_the_edge() -> None:
    assert 'text-anchor="end"' in ends("0", "9", 12)[1]


def test_labels_that_would_touch_go_into_the_first_line_that_is_free() -> None:
    assert stacked([0.1, 0.15, 0.2, 0.5]) == [0, 1, 2, 0]
