"""Recording golden answers: those of a service that keeps its contract, and gives them again."""

from __future__ import annotations

from dataclasses import dataclass

from harness.contract.accepted.golden import Golden, Recorded
from harness.contract.accepted.snapshot import Snapshot
from harness.contract.contract import Contract
from harness.contract.instruments.examine import examples
from harness.contract.judging.compare import Comparer
from harness.contract.judging.findings import Exchange, fold
from harness.contract.judging.volatile import Path, read_paths, without
from harness.contract.relations.asking import Asker
from harness.contract.relations.calibration import calibrated
from harness.model import Candidate, Finding, Severity

_AGAIN = 2  # times that each request is asked again, in rounds: what came between shall show
_SECONDS = 60.0  # for the rounds together
_MOST_BYTES = 16 * 1024 * 1024  # of requests and answers: the file is kept beside gate.toml


@dataclass(frozen=True, slots=True)
class Recording:
    """What came of it: golden answers, or why there are none."""

    golden: Golden | None
    findings: tuple[Finding, ...]  # what the contract forbids; with one, nothing is recorded
    warnings: tuple[Finding, ...] = ()


def record(contract: Contract, base_url: str, candidate: Candidate) -> Recording:
    """Ask every valid request three times and keep the answers that are stable.

    Raises GateError where no valid request was answered, CandidateNotReady where nobody listens.
    """
    survey = contract.survey(base_url)
    broken, warnings = _broken(contract, base_url)
    if broken:
        return Recording(None, broken, warnings)
    calibration = calibrated(contract, base_url)
    keeper = _Keeper(contract, calibration.comparer(), read_paths(calibration.volatile))
    known = {exchange.case.name for exchange in survey.exchanges}
    for case in contract.corpus.valid:
        if case.name not in known:
            keeper.left_out[case.name] = "not asked: the service was too slow"
    with Asker(base_url, _SECONDS) as asker:
        steady = keeper.steady(survey.exchanges, asker)
    answers = keeper.fitting(steady)
    if not answers:
        told = "no valid request has the same answer three times: nothing can be recorded"
        return Recording(None, (Finding("unstable", told),), warnings)
    snapshot = Snapshot.of(contract, calibration.volatile)
    corpus = f"sha256:{contract.corpus.sha256}"
    golden = Golden(candidate, snapshot, corpus, tuple(answers), dict(keeper.left_out))
    return Recording(golden, (), warnings)


def _broken(contract: Contract, base_url: str) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Errors, and what is only shown, of the answers to valid requests and examples."""
    survey = contract.survey(base_url)
    found = [
        finding
        for exchange in survey.exchanges
        for finding in contract.violations(exchange.answer, exchange.case, base_url)
    ]
    if contract.examples:
        found += examples(contract, base_url).findings
    folded = fold(found)
    grave = (Severity.ERROR, Severity.DOUBT)
    errors = tuple(finding for finding in folded if finding.severity in grave)
    return errors, tuple(finding for finding in folded if finding.severity not in grave)


class _Keeper:
    """Chooses what is worth keeping, and says why the rest is not."""

    def __init__(self, contract: Contract, comparer: Comparer, paths: tuple[Path, ...]) -> None:
        self._contract = contract
        self._comparer = comparer
        self._paths = paths
        self.left_out: dict[str, str] = {}

    def steady(self, exchanges: tuple[Exchange, ...], asker: Asker) -> list[Exchange]:
        """Those whose answer is the same in each further round."""
        left = [exchange for exchange in exchanges if self._comparable(exchange)]
        for _ in range(_AGAIN):
            left = [exchange for exchange in left if self._again(exchange, asker)]
        return left

    def fitting(self, exchanges: list[Exchange]) -> list[Recorded]:
        """As many as the file may hold, in their order."""
        kept, spent = [], 0
        for exchange in exchanges:
            size = len(exchange.case.prepared.body) + len(exchange.answer.body)
            if spent + size > _MOST_BYTES:
                self.left_out[exchange.case.name] = "too large for a golden file"
                continue
            spent += size
            kept.append(_recorded(exchange))
        return kept

    def _comparable(self, exchange: Exchange) -> bool:
        if not exchange.comparable:
            self.left_out[exchange.case.name] = f"answered {exchange.answer.status}"
        return exchange.comparable

    def _again(self, exchange: Exchange, asker: Asker) -> bool:
        name = exchange.case.name
        again = asker.ask(exchange.case)
        if again is None:
            self.left_out[name] = "not asked three times: the service was too slow"
        elif not again.comparable or self._differ(exchange, again):
            self.left_out[name] = "unstable: asked again, it had another answer"
        return name not in self.left_out

    def _differ(self, exchange: Exchange, again: Exchange) -> bool:
        values = [without(e.parsed.value, self._paths) for e in (exchange, again)]
        then, now = (self._contract.form.prediction(value) for value in values)
        return self._comparer.difference(then, now) is not None


def _recorded(exchange: Exchange) -> Recorded:
    answer = exchange.answer
    return Recorded(
        exchange.case.name,
        exchange.case.prepared,
        answer.status,
        answer.header("content-type") or "",
        answer.body,
    )
