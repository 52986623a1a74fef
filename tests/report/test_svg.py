"""Drawing cannot be broken out of, and scales hold every number."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.report.svg import Scale, anchored, percent, picture, tag

finite = st.floats(allow_nan=False, allow_infinity=False)


def test_text_is_escaped_and_stripped() -> None:
    assert tag("text", "<b>\x1b[31m\u202e&") == "<text>&lt;b&gt;&amp;</text>"


def test_an_attribute_cannot_end_its_quotes() -> None:
    assert tag("a", href='"><b') == '<a href="&#34;&gt;&lt;b"></a>'


def test_names_of_attributes_are_respelt() -> None:
    assert tag("g", class_="x", text_anchor="end", id=None) == '<g class="x" text-anchor="end"></g>'


def test_a_picture_is_read_aloud() -> None:
    assert 'role="img" aria-label="p99 3 ms"' in picture("p99 3 ms", 10)


@pytest.mark.parametrize(("share", "anchor"), [(0.0, "start"), (0.5, "middle"), (0.95, "end")])
def test_a_label_stays_inside_the_picture(share: float, anchor: str) -> None:
    assert anchored(share) == anchor


def test_a_place_outside_is_kept_inside() -> None:
    assert (percent(-1), percent(2)) == ("0.00%", "100.00%")


def test_zero_is_shown_where_it_is_near_and_not_where_it_is_far() -> None:
    assert Scale.around([1.0, 10.0], "ms").low == 0
    assert Scale.around([97.0, 99.0], "").low == pytest.approx(96.8)


def test_a_share_never_has_room_above_a_hundred_percent() -> None:
    assert Scale.around([97.0, 99.9], "%").high == 100
    assert Scale.around([0.05, 0.1], "%").high == pytest.approx(0.11)


@given(values=st.lists(finite, min_size=1, max_size=4))
def test_every_finite_number_has_its_place_and_order(values: list[float]) -> None:
    scale = Scale.around(values, "")
    places = [scale(value) for value in sorted(values)]
    assert places == sorted(places)
    assert all(0 <= place <= 1 for place in places)


def test_the_largest_numbers_do_not_overflow() -> None:
    largest = sys.float_info.max
    assert Scale(-largest, largest)(0.0) == 0.5


def test_a_logarithmic_scale_gives_each_decade_the_same_room() -> None:
    assert Scale(1, 10_000, logarithmic=True)(100) == pytest.approx(0.5)
