"""What the gate says of candidate beside baseline."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from harness.judge import Judgement, judge
from harness.limits import Limit
from harness.load.errors import LoadError
from harness.load.paired.comparing import Compared
from harness.load.paired.pairing import Block, Pair
from harness.load.paired.regression import evidence
from harness.model import Finding, Outcome

LIMITS = {
    "latency_p50_ratio": Limit.parse("<= 1.05"),
    "latency_p90_ratio": Limit.parse("<= 1.15"),
}
BLOCK = Block(p50=0.002, p90=0.003, n=40, failed=0, spins=(0.002, 0.002))
DISTURBED = replace(BLOCK, steal=0.3)


def compared(pairs: list[Pair], dead: str = "") -> Compared:
    """A comparison that came to its end with these pairs."""
    return Compared(
        pairs=tuple(pairs),
        requests=40,
        confidence=0.98,
        seconds=4.2,
        ended_early=True,
        how="both resident",
        why="limits of 512 MiB each, 9000 MiB free",
        dead=dead,
    )


def pairs(factor: float, n: int = 20) -> list[Pair]:
    """Pairs whose candidate took so many times as long."""
    slower = replace(BLOCK, p50=BLOCK.p50 * factor, p90=BLOCK.p90 * factor)
    return [Pair(BLOCK, slower)] * n


def judged(seen: Compared, died: bool = False) -> Judgement:
    """Under the default limits."""
    return judge(LIMITS, evidence(seen, LIMITS, died))


def told(seen: Compared) -> str:
    """How it was done."""
    found = evidence(seen, LIMITS)
    return next(
        item.message for item in found if isinstance(item, Finding) and item.rule == "paired-run"
    )


@pytest.mark.parametrize(
    ("factor", "expected"),
    [(0.5, Outcome.PASSED), (1.0, Outcome.PASSED), (1.04, Outcome.PASSED), (1.1, Outcome.FAILED)],
)
def test_a_candidate_is_held_against_the_margin(factor: float, expected: Outcome) -> None:
    found = judged(compared(pairs(factor)))
    assert found.outcome is expected
    assert [row.name for row in found.measurements] == list(LIMITS)
    assert found.measurements[0].value == pytest.approx(factor)


def test_a_slower_tail_alone_fails_by_its_own_limit() -> None:
    slower = [Pair(BLOCK, replace(BLOCK, p90=BLOCK.p90 * 1.3))] * 20
    found = judged(compared(slower))
    assert found.outcome is Outcome.FAILED and "latency_p90_ratio" in found.reason


def test_an_interval_across_the_margin_is_inconclusive() -> None:
    mixed = pairs(1.0, 10) + pairs(1.1, 10)
    assert judged(compared(mixed)).outcome is Outcome.INCONCLUSIVE


def test_too_few_pairs_decide_nothing_though_they_agree() -> None:
    for factor in (1.0, 2.0):
        found = judged(compared(pairs(factor, 4)))
        assert found.outcome is Outcome.INCONCLUSIVE
        assert "4 pairs of blocks fitted into 4.2 s, at least 7 are needed" in found.reason


def test_no_pairs_at_all_pass_nothing() -> None:
    found = judged(compared([]))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.reason.startswith("0 pairs of blocks fitted into 4.2 s")


def test_a_candidate_without_answers_fails_and_a_baseline_without_is_an_error() -> None:
    assert judged(compared([], dead="the candidate")).outcome is Outcome.FAILED
    with pytest.raises(LoadError, match="the baseline gave no right answer"):
        judged(compared([], dead="the baseline"))


def test_a_candidate_that_fails_in_most_blocks_fails_and_is_no_number() -> None:
    dead = [Pair(BLOCK, replace(BLOCK, p50=math.inf, p90=math.inf, failed=40))] * 20
    found = judged(compared(dead))
    assert found.outcome is Outcome.FAILED
    assert "800 of 800 requests to the candidate got no right answer" in found.reason
    assert found.measurements == ()


def test_some_failures_of_the_candidate_are_shown_as_a_warning() -> None:
    some = pairs(1.0, 19) + [Pair(BLOCK, replace(BLOCK, failed=3))]
    found = judged(compared(some))
    assert found.outcome is Outcome.PASSED
    assert "3 of 800 requests to the candidate" in found.findings[0].message


def test_a_failing_baseline_makes_the_comparison_doubtful() -> None:
    broken = [Pair(replace(BLOCK, failed=5), BLOCK)] * 20
    for factor in (1.0, 2.0):
        slow = [Pair(pair.baseline, replace(BLOCK, p50=BLOCK.p50 * factor)) for pair in broken]
        found = judged(compared(slow))
        assert found.outcome is Outcome.INCONCLUSIVE
        assert "100 of 800 requests to the baseline" in found.reason


def test_a_candidate_that_ended_under_it_fails() -> None:
    found = judged(compared(pairs(1.0)), died=True)
    assert found.outcome is Outcome.FAILED
    assert "the candidate ended while it was compared" in found.reason


def test_the_report_says_how_the_two_shared_the_machine() -> None:
    text = told(compared(pairs(1.1)))
    assert "candidate and baseline were both resident (limits of 512 MiB each" in text
    assert "20 pairs of blocks of 40 requests in 4.2 s" in text and "ended early" in text
    assert "median of the baseline: 2 ms; median of the candidate: 2.2 ms" in text


def test_the_report_says_which_pairs_were_left_out_and_why() -> None:
    text = told(compared([*pairs(1.0), Pair(DISTURBED, BLOCK)]))
    assert "1 of 21 pairs doubtful and left out: the host withheld 30 %" in text
    text = told(compared([Pair(DISTURBED, BLOCK)] * 9))
    assert "9 of 9 pairs doubtful and kept, as most of them are" in text


def test_the_picture_has_a_dot_a_pair_in_per_cent_and_the_margin() -> None:
    found = judged(compared([*pairs(1.1), *pairs(1.0, 1)])).evidence[0]
    assert found.kind == "pairs"
    assert found.data["names"] == ["baseline", "candidate"] and found.data["unit"] == "%"
    assert found.data["values"] == pytest.approx([10.0] * 20 + [0.0])
    assert (found.data["value"], found.data["margin"]) == pytest.approx((10.0, 5.0))
    assert found.data["low"] <= found.data["value"] <= found.data["high"]


def test_what_is_infinite_is_left_out_of_the_picture() -> None:
    lost = Pair(BLOCK, replace(BLOCK, p50=math.inf, failed=40))
    found = judged(compared([*pairs(1.0), lost])).evidence[0]
    assert len(found.data["values"]) == 20
    assert all(math.isfinite(found.data[key]) for key in ("value", "low", "high"))
