"""Live traffic held against the limits of the gate, by the same rule: an interval, and a limit.

Counts come as so many of so many. Requests come in clusters, so both are divided by the
least inflation of a load run before the binomial interval is taken (`harness.binomial`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from harness.binomial import LEAST_INFLATION, clopper_pearson
from harness.judge import judge, number
from harness.limits import Limit
from harness.model import JudgedMeasurement, Measurement, Outcome
from harness.report import Report
from harness.server.controllers.promql import quoted
from harness.server.controllers.settings import LiveMeasurement, Source
from harness.server.controllers.sources import SourceError

_PERCENTILE = re.compile(r"_p([0-9]{1,2})(?:_([0-9]{1,4}))?$")
_ROUNDING = 1e-6  # of a count: sums of extrapolated increases need not add up to the last digit


@dataclass(frozen=True, slots=True)
class Planned:
    """One measurement that will be asked for."""

    name: str  # `load.error_rate`
    count: str  # PromQL, complete
    of: str
    limit: Limit | None  # on the share of the one in the other; None: see `problem`
    about: str  # what is counted, where the name does not say it
    gated: JudgedMeasurement | None  # what the gate measured
    problem: str = ""  # why it cannot be compared


@dataclass(frozen=True, slots=True)
class Compared:
    """One measurement of live traffic beside the gate's own."""

    planned: Planned
    outcome: Outcome
    reason: str
    live: JudgedMeasurement | None  # a share in per cent; None: there are no counts

    @property
    def worse(self) -> bool | None:
        """Whether live traffic is surely worse than what the gate saw; None: of another kind."""
        gated = self.planned.gated
        if self.live is None or gated is None or gated.unit != self.live.unit:
            return None
        top = gated.value if gated.high is None else gated.high
        if top is None or self.live.low is None:
            return None
        return self.live.low > top


def plan(report: Report, source: Source, subject: Mapping[str, str]) -> list[Planned]:
    """What to ask. `subject` has the variables `digest`, `hex` and `name`."""
    return [
        _planned(item, report, {**subject, "window": source.window}) for item in source.measurements
    ]


def _planned(item: LiveMeasurement, report: Report, subject: Mapping[str, str]) -> Planned:
    gated = _gated(report, item.name)
    text = item.limit or (gated.limit if gated is not None else None)
    limit, about, seconds, problem = _share_limit(item.name, text)
    words = {**subject, "limit_s": seconds}
    count, of = (_filled(query, words) for query in (item.count, item.of))
    return Planned(item.name, count, of, limit, about, gated, problem)


def _gated(report: Report, name: str) -> JudgedMeasurement | None:
    family, _, measurement = name.partition(".")
    found = [
        row
        for check in report.checks
        if check.family == family
        for row in check.measurements
        if row.name == measurement
    ]
    return next((row for row in found if row.limit is not None), found[0] if found else None)


def _share_limit(name: str, text: str | None) -> tuple[Limit | None, str, str, str]:
    """The limit on the share, what is counted, the limit in seconds, and what is wrong with it.

    A percentile that must be below a time is a share that may be above it: p99 <= 250 ms says
    that at most 1 % take longer than 250 ms.
    """
    if text is None:
        return None, "", "", "the gate held it against no limit, and the source gives none"
    limit = Limit.parse(text)
    if limit.dimension == "share":
        return limit, "", "", ""
    match = _PERCENTILE.search(name)
    if limit.dimension != "time" or match is None or limit.operator not in ("<", "<="):
        return None, "", "", f"a limit like {text!r} cannot be held against counts of requests"
    seconds = limit.in_unit("s")
    over = 100 - float(f"{match[1]}.{match[2] or 0}")
    about = f"requests slower than {number(seconds)} s"
    return Limit.parse(f"{limit.operator} {over:.6g} %"), about, f"{seconds:.12g}", ""


def _filled(template: str, words: Mapping[str, str]) -> str:
    return re.sub(
        r"\{(digest|hex|name|window|limit_s)\}",
        lambda match: quoted(words[match[1]]),
        template,
    )


def held(
    planned: Planned,
    count: float | SourceError | None,
    of: float | SourceError | None,
    confidence: float,
) -> Compared:
    """Judge the two counts of one measurement. No traffic is inconclusive, never a pass.

    No count beside traffic is inconclusive, too: a counter that nobody has increased yet is not
    exported by many clients, and one whose labels are misspelt looks the same.
    """
    if planned.limit is None:
        return Compared(planned, Outcome.ERRORED, planned.problem, None)
    for found in (count, of):
        if isinstance(found, SourceError):
            return Compared(planned, Outcome.ERRORED, str(found), None)
    if isinstance(of, SourceError) or of is None or of == 0:
        return Compared(planned, Outcome.INCONCLUSIVE, "no live traffic was counted", None)
    if isinstance(count, SourceError) or count is None:
        return Compared(planned, Outcome.INCONCLUSIVE, _ABSENT, None)
    if count > of * (1 + _ROUNDING):
        reason = f"{number(count)} of {number(of)} requests: the queries do not fit together"
        return Compared(planned, Outcome.ERRORED, reason, None)
    share = _share(planned, min(count, of), of, confidence)
    judged = judge({share.name: planned.limit}, [share])
    return Compared(planned, judged.outcome, judged.reason, judged.measurements[0])


_ABSENT = "there is no such series; add `or vector(0)` to its query where that means none"


def _share(planned: Planned, count: float, of: float, confidence: float) -> Measurement:
    low, high = clopper_pearson(count / LEAST_INFLATION, of / LEAST_INFLATION, confidence)
    value = count / of
    return Measurement(
        planned.name,
        100 * value,
        "%",
        low=100 * min(low, value),
        high=100 * max(high, value),
        n=max(1, math.floor(of)),
        about=planned.about,
    )
