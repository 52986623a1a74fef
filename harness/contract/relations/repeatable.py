"""The same request gives the same answer, cold and warm."""

from __future__ import annotations

from harness.contract.contract import Contract
from harness.contract.judging.compare import Comparer, Difference
from harness.contract.judging.findings import Exchange
from harness.contract.judging.volatile import ANY, Path
from harness.contract.relations.calibration import Calibration, calibrated
from harness.contract.relations.relation import Relation
from harness.contract.relations.restless import path_of, pattern_of
from harness.contract.wire.transport import Layer
from harness.errors import GateError
from harness.model import Finding, Severity


def repeatable(contract: Contract, base_url: str) -> Relation:
    """Each request back to back several times, compared with itself and with its first answer.

    What counts is a difference above the bound that arithmetic explains: noise is what this
    measures, so noise cannot excuse it. Raises GateError where nothing can be compared,
    CandidateNotReady where the service is gone.
    """
    calibration = calibrated(contract, base_url)
    relation = Relation.of("not-repeatable", calibration)
    relation.comparer = Comparer(calibration.bound)
    relation.left_out = calibration.left_out
    patterns: set[Path] = set()
    for item in calibration.repeated:
        warm, *later = item.again
        since = "than at first" if item.steady else "when asked again"
        for earlier, now, when in [(item.first, warm, since)] + [
            (warm, again, "when asked again") for again in later
        ]:
            found = _again(contract, relation, earlier, now, when)
            patterns |= set() if found is None else {pattern_of(found.parts)}
    if not relation.compared:
        raise GateError("no request could be asked again in time: there is nothing to compare")
    relation.findings += _hints(contract, relation, patterns)
    relation.findings += _restless(calibration)
    return relation


def _again(
    contract: Contract, relation: Relation, earlier: Exchange, now: Exchange, when: str
) -> Difference | None:
    name = now.case.name
    if not earlier.comparable or not now.comparable:
        relation.compared += 1
        if earlier.comparable != now.comparable:
            message = f"{name} has an answer at one time and none at another ({when})"
            relation.lost(now, message, expected=earlier.came_back())
        return None
    found = relation.answers_differ(contract, earlier, now)
    if found is not None:
        relation.report(now, f"{name} has another answer {when}", found, "as before")
    return found


def _hints(contract: Contract, relation: Relation, patterns: set[Path]) -> list[Finding]:
    """Where all differences are in one member of an object, the key that says it may."""
    if len(patterns) != 1 or not relation.findings:
        return []
    pattern = next(iter(patterns))
    answer = relation.calibration.repeated[0].first.parsed.value
    whole = contract.form.prediction(answer) is answer
    if not whole or not pattern or pattern[-1] == ANY:
        return []
    where = path_of(pattern)
    message = f"all that differs is {where}: where that is meant, name it in contract.volatile"
    return [_volatile(message, where, Severity.INFO)]


def _restless(calibration: Calibration) -> list[Finding]:
    return [
        _volatile(
            f"{where} is another each time, as its name or values say: it is left out of every "
            "comparison; name it in contract.volatile where that is meant",
            where,
            Severity.WARNING,
        )
        for where in calibration.found
    ]


def _volatile(message: str, where: str, severity: Severity) -> Finding:
    quote = "'" if '"' in where else '"'
    return Finding(
        "volatile",
        f"{Layer.RESPONSE.value}: {message}",
        severity=severity,
        location=where,
        expected=f"[contract] volatile = [{quote}{where}{quote}]",
    )
