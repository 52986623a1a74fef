"""POST /judge: a remote judge of Kayenta, which knows what the gate said of the canary's digest.

The digest comes in `canaryConfig.judge.judgeConfigurations`, or as `?digest=` in the judge's
address. There are no weights: what fails, fails the whole, and what cannot be told never passes.
"""

from __future__ import annotations

import math
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool

from harness.model import JudgedMeasurement, Outcome
from harness.report import parse
from harness.report.flat import measured, one_line
from harness.server.answering import Answer, Standing
from harness.server.asking import parameters
from harness.server.controllers.credentials import admit
from harness.server.controllers.kayenta import (
    Analysis,
    Classification,
    GroupScore,
    JudgeRequest,
    JudgeResult,
    MetricConfig,
    Number,
    Pair,
    Result,
    Score,
    Thresholds,
)
from harness.server.controllers.pairs import Allowed, Median, Paired, compare
from harness.server.documents import Line
from harness.server.errors import complaints
from harness.server.service import Service

JUDGE = "Releasegate-v1"
GROUP = "releasegate"
_CONFIDENCE = 0.95  # where there is no report whose policy has one
_WORST = 0.0
_ABSENT: Classification = "NodataFailMetric"


def router(service: Service) -> APIRouter:
    """The route of the remote judge; its token may come as bearer or basic credentials."""
    routes = APIRouter(tags=["kayenta"])

    @routes.post("/judge", responses=complaints(400, 401, 403, 413, 422, 429, 503))
    async def judged(
        request: Request,
        asked: JudgeRequest,
        digest: Annotated[str | None, Query(max_length=200)] = None,
        policy: Annotated[Line | None, Query()] = None,
    ) -> JudgeResult:
        """The gate's verdict on the experiment's digest, and every metric compared."""
        await admit(service, request, "read")
        parameters(request, "digest", "policy")
        subject = asked.config.judge.subject
        given = digest or subject.digest or ""  # none is answered "unknown", and so a fail
        answer = await service.ask(given, policy or subject.policy)
        return await run_in_threadpool(_judge, service, asked, answer)

    return routes


def _judge(service: Service, asked: JudgeRequest, answer: Answer) -> JudgeResult:
    gated, confidence = _gated(service, answer)
    of_gate = [_verdict_row(answer), *(_gate_row(name, row) for name, row in gated.items())]
    configs = {metric.name: metric for metric in asked.config.metrics}
    of_pairs = [_pair_row(pair, configs.get(pair.name), confidence) for pair in asked.pairs]
    results = [*of_gate, *of_pairs]
    decisive = [of_gate[0], *(row for row in of_pairs if not row.muted)]
    names = dict.fromkeys(name for row in results for name in row.groups)
    groups = [
        GroupScore(name=name, **_score(_in(name, results), asked.thresholds).model_dump())
        for name in names
    ]
    score = _score(decisive, asked.thresholds)
    return JudgeResult(judgeName=JUDGE, results=results, groupScores=groups, score=score)


def _in(group: str, results: list[Result]) -> list[Result]:
    """What decides a group: of the gate's own, its verdict alone, which knows of waivers."""
    rows = [row for row in results if group in row.groups and not row.muted]
    return rows[:1] if group == GROUP else rows


def _gated(service: Service, answer: Answer) -> tuple[dict[str, JudgedMeasurement], float]:
    """What a limit of the gate held, and the confidence of its intervals."""
    body = None if answer.entry is None else service.ledger.body(answer.entry.id)
    if body is None:
        return {}, _CONFIDENCE
    report = parse(body)
    rows = {name: row for name, row in measured(report).items() if row.limit is not None}
    return rows, report.policy.confidence


def _verdict_row(answer: Answer) -> Result:
    word: dict[Standing, Classification] = {
        Standing.PASS: "Pass",
        Standing.FAIL: "High",
        Standing.INCONCLUSIVE: "Nodata",
        Standing.RUNNING: "Nodata",
        Standing.ERROR: "Error",
    }
    return Result(
        name="releasegate_verdict",
        id="releasegate_verdict",
        tags={},
        classification=word.get(answer.verdict, "NodataFailMetric"),
        classificationReason=f"{answer.verdict}: {answer.body['reason']}",
        groups=[GROUP],
        experimentMetadata={},
        controlMetadata={},
        resultMetadata={"report_url": answer.body.get("report_url") or ""},
        critical=True,
        muted=False,
    )


def _gate_row(name: str, row: JudgedMeasurement) -> Result:
    upper = (row.limit or "").startswith("<")
    word: dict[Outcome | None, Classification] = {
        Outcome.PASSED: "Pass",
        Outcome.FAILED: "High" if upper else "Low",
        Outcome.ERRORED: "Error",
    }
    numbers = {"value": row.value, "low": row.low, "high": row.high, "n": row.n}
    return Result(
        name=name,
        id=f"releasegate_{name}",
        tags={"unit": row.unit},
        classification=word.get(row.outcome, "Nodata"),
        classificationReason=one_line(f"{row.value:g} {row.unit}, must be {row.limit}"),
        groups=[GROUP],
        experimentMetadata={"stats": {k: v for k, v in numbers.items() if v is not None}},
        controlMetadata={},
        resultMetadata={"limit": row.limit},
        critical=False,
        muted=False,
    )


def _pair_row(pair: Pair, config: MetricConfig | None, confidence: float) -> Result:
    analysis = config.analysis.canary if config is not None else Analysis()
    control, experiment = _numbers(pair.values.control), _numbers(pair.values.experiment)
    found = compare(control, experiment, _allowed(analysis), confidence)
    word = found.classification
    return Result(
        name=pair.name,
        id=pair.id,
        tags=pair.tags,
        classification=_ABSENT if word == "Nodata" and analysis.must_have_data else word,
        classificationReason=found.reason,
        groups=(config.groups if config is not None else []) or ["metrics"],
        experimentMetadata=_stats(found.experiment),
        controlMetadata=_stats(found.control),
        resultMetadata=_ratio(found),
        critical=analysis.critical,
        muted=analysis.muted,
    )


def _allowed(analysis: Analysis) -> Allowed:
    up, down = analysis.effect.increase or 1.0, analysis.effect.decrease or 1.0
    return Allowed(
        None if analysis.direction == "decrease" else up,
        None if analysis.direction == "increase" else down,
    )


def _numbers(values: list[Number]) -> list[float]:
    return [math.nan if value is None else float(value) for value in values]


def _stats(side: Median | None) -> dict[str, object]:
    if side is None:
        return {}
    stats = {"median": side.value, "low": side.low, "high": side.high, "count": side.n}
    return {"stats": stats}


def _ratio(found: Paired) -> dict[str, object]:
    if found.control is None or found.experiment is None or found.control.value <= 0:
        return {}
    ratio = found.experiment.value / found.control.value
    return {"ratio": ratio} if math.isfinite(ratio) else {}


def _score(rows: list[Result], thresholds: Thresholds) -> Score:
    """100 where all pass; nothing where one fails; between the thresholds where one is open."""
    bad = [row for row in rows if row.classification in ("High", "Low", "Error", _ABSENT)]
    open_ = [row for row in rows if row.classification == "Nodata"]
    between = (thresholds.marginal + thresholds.passing) / 2
    if not rows:
        return Score(score=_WORST, classification="Fail", classificationReason="nothing was judged")
    if bad or (open_ and between >= thresholds.passing):
        why = _why([*bad, *open_][0])
        return Score(score=_WORST, classification="Fail", classificationReason=why)
    if open_:
        return Score(score=between, classification="Marginal", classificationReason=_why(open_[0]))
    return Score(score=100.0, classification="Pass", classificationReason=f"{len(rows)} pass")


def _why(row: Result) -> str:
    return f"{row.name}: {row.classificationReason}"
