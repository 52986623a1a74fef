"""Words of the pages."""

from __future__ import annotations

import datetime as dt

import pytest

from harness.server.pages.words import broken, day, since

NOW = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (dt.timedelta(seconds=59), "just now"),
        (dt.timedelta(minutes=1), "1 min ago"),
        (dt.timedelta(minutes=59, seconds=59), "59 min ago"),
        (dt.timedelta(hours=23), "23 h ago"),
        (dt.timedelta(days=90), "90 d ago"),
        (dt.timedelta(days=91), "22 Aug 2026"),
        (dt.timedelta(minutes=-5), "in a moment"),
        (dt.timedelta(days=-5), "26 Nov 2026"),
    ],
)
def test_a_moment_is_told_by_its_distance(before: dt.timedelta, said: str) -> None:
    assert since(NOW, NOW - before) == said


def test_a_day_is_that_of_utc() -> None:
    east = dt.timezone(dt.timedelta(hours=9))
    assert day(dt.datetime(2026, 11, 22, 3, 0, tzinfo=east)) == "21 Nov 2026"


def test_a_name_may_break_between_its_words_and_stays_text() -> None:
    assert broken("load.p99_ms<b>") == "load.<wbr>p99_<wbr>ms&lt;b&gt;"
