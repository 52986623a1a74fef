"""Answers of the candidate beside those of an accepted release: recorded ones, or a running one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from harness.contract.accepted.golden import Golden
from harness.contract.contract import Contract
from harness.contract.judging.compare import Comparer, Difference, Missing, is_number, tied
from harness.contract.judging.decisions import decided_otherwise
from harness.contract.judging.envelope import judge_transport
from harness.contract.judging.findings import Exchange, fold, relax
from harness.contract.judging.volatile import Path, read_paths, without
from harness.contract.relations.asking import Asker
from harness.contract.relations.calibration import Calibration, calibrated
from harness.contract.text import shown
from harness.contract.wire.transport import Layer
from harness.errors import CandidateNotReady, ConfigError, GateError
from harness.model import Finding, Severity

_SECONDS = 60.0  # that replaying may take behind a slow service
_MOST = 200  # differences of one pair of answers that are looked at


@dataclass(slots=True)
class Replay:
    """How many answers were compared with an accepted release's, and how they differ."""

    release: str  # `golden` or `baseline`: the first part of the rules of its findings
    promise: str  # whose answers they are
    contract: Contract
    comparer: Comparer
    paths: tuple[Path, ...]  # what may differ each time
    compared: int = 0
    changed: int = 0  # answers with any difference that counts
    flipped: int = 0  # those of them whose label, text, flag or whole number is another one
    ties: int = 0  # other labels, between classes whose scores are as good as equal
    findings: list[Finding] = field(default_factory=list)

    @property
    def largest(self) -> float:
        """Largest numeric difference met, relative above 1 and absolute below."""
        return self.comparer.largest

    def share(self, count: int) -> float:
        """`count` of the answers that were compared, in %."""
        return 100.0 * count / self.compared

    def told(self) -> list[Finding]:
        """Each defect once; what `contract.tolerate` names is a warning."""
        return fold(relax(self.findings, self.contract.tolerated))

    def compare(self, then: Exchange, now: Exchange) -> None:
        """Compare one answer of the release with the candidate's."""
        self.compared += 1
        if not now.comparable or now.answer.status != then.answer.status:
            self.changed += 1
            self.flipped += 1
            self._lost(then, now)
            return
        if then.answer.body == now.answer.body:
            return
        values = [without(e.parsed.value, self.paths) for e in (then, now)]
        shape = list(self._shape(values, now))
        self.findings += shape
        broken = any(finding.severity is Severity.ERROR for finding in shape)
        found = self._differences(values)
        if found and not broken and self._tied(values):
            self.ties += 1
        else:
            self._count(values, now, found, broken=broken)

    def _lost(self, then: Exchange, now: Exchange) -> None:
        name, answer = now.case.name, now.answer
        if answer.error is not None:
            self.findings += judge_transport(now)
            return
        layer = answer.layer if not now.succeeded else Layer.RESPONSE
        message = f"{name}: {self.release} answered {then.answer.status}, this is another answer"
        rule, expected = f"{self.release}-status", then.came_back()
        self.findings.append(
            now.finding(rule, layer, message, expected=expected, promise=self.promise)
        )

    def _shape(self, values: Sequence[Any], now: Exchange) -> Iterator[Finding]:
        """Members that came or went, and values of another type: a client's code meets these."""
        every = Comparer(float("inf")).differences(*map(self._by_name, values))
        for found in islice((d for d in every if _added(d) or _structural(d)), _MOST):
            if _added(found):
                yield self._found(now, "added", Severity.INFO, "has a member more", found)
            elif isinstance(found.received, Missing):
                yield self._found(now, "removed", Severity.ERROR, "has a member less", found)
            elif _other_type(found):
                yield self._found(now, "type", Severity.ERROR, "has a value of another type", found)

    def _differences(self, values: Sequence[Any]) -> list[Difference]:
        """Where the model says something else; members that came are no difference."""
        every = self.comparer.differences(*map(self._said, values))
        return list(islice((d for d in every if not _added(d)), _MOST))

    def _count(
        self, values: Sequence[Any], now: Exchange, found: list[Difference], *, broken: bool
    ) -> None:
        """How much of what the model says may change is for the policy to limit."""
        told = [d for d in found if not _structural(d)]
        exact = [d for d in told if not _rounded(d)]
        flipped = bool(exact) or (bool(told) and self._decides_otherwise(values))
        self.changed += bool(found) or broken
        self.flipped += flipped or broken
        for first in (exact or told)[:1]:
            what = "names another class or value" if flipped else "has another number"
            self.findings.append(self._found(now, "changed", Severity.WARNING, what, first))

    def _decides_otherwise(self, values: Sequence[Any]) -> bool:
        then, now = values
        return decided_otherwise(self.contract.form, then, now, self.comparer.tolerance)

    def _said(self, value: Any) -> Any:
        """The prediction of an answer, where it stands in it."""
        found = self.contract.form.prediction(value)
        return self._by_name(value if found is value else {self.contract.preset.answer: found})

    def _by_name(self, value: Any) -> Any:
        """Named tensors have no order: one more is one more, not another list."""
        key = self.contract.preset.answer
        tensors = value.get(key) if isinstance(value, dict) else None
        if self.contract.preset.form != "tensors" or not isinstance(tensors, list):
            return value
        names = [item.get("name") if isinstance(item, dict) else None for item in tensors]
        if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
            return value
        return {**value, key: dict(zip(names, tensors, strict=True))}

    def _tied(self, values: Sequence[Any]) -> bool:
        """Whether each row that differs does so between classes of as good as equal scores."""
        rows = [self.contract.form.results(value) for value in values]
        pairs: list[tuple[Any, Any]] = [(values[0], values[1])]
        if rows[0] and rows[1] and len(rows[0]) == len(rows[1]):
            pairs = list(zip(rows[0], rows[1], strict=True))
        apart = [pair for pair in pairs if self.comparer.difference(*pair) is not None]
        return bool(apart) and all(tied(a, b, self.comparer.tolerance) for a, b in apart)

    def _found(
        self, now: Exchange, what: str, severity: Severity, message: str, found: Difference
    ) -> Finding:
        return now.finding(
            f"{self.release}-{what}",
            Layer.INFERENCE if what == "changed" else Layer.RESPONSE,
            f"{now.case.name}: the answer {message} than the {self.release} answer",
            severity=severity,
            location=found.path,
            expected=_text(found.expected),
            received=_text(found.received),
            promise=self.promise,
        )


def replay(contract: Contract, golden: Golden, base_url: str) -> Replay:
    """Send every recorded request, byte for byte, and compare the answers.

    Raises CandidateNotReady where nobody listens any more.
    """
    known = [_calibration(contract, base_url)]
    found = _begin("golden", golden.name, contract, known, golden.contract.volatile)
    with Asker(base_url, _SECONDS) as asker:
        for item in golden.answers:
            now = asker.ask(item.case)
            if now is not None:
                found.compare(Exchange(now.case, item.answer, base_url), now)
        found.findings += _unasked("golden", asker.left_out)
    return found


def beside(contract: Contract, base_url: str, baseline_url: str) -> Replay:
    """Compare the answers to every valid request with those of the release that runs beside.

    Raises GateError where the baseline answered nothing that could be compared.
    """
    known = [_calibration(contract, url) for url in (base_url, baseline_url)]
    found = _begin("baseline", "the release beside it", contract, known, ())
    surveys = [contract.survey(url) for url in (baseline_url, base_url)]
    by_name = {exchange.case.name: exchange for exchange in surveys[1].exchanges}
    left_out = surveys[0].unsent
    for then in surveys[0].exchanges:
        now = by_name.get(then.case.name)
        if now is None:
            left_out += 1
        elif then.comparable:
            found.compare(then, now)
    if not found.compared:
        raise GateError("the baseline answered no valid request with 200: nothing to compare with")
    found.findings += _unasked("baseline", left_out)
    return found


def _calibration(contract: Contract, base_url: str) -> Calibration | None:
    """The service's own noise; None where it answers nothing, which is told answer by answer."""
    try:
        return calibrated(contract, base_url)
    except (CandidateNotReady, ConfigError):
        raise
    except GateError:
        return None


def _begin(
    release: str,
    promise: str,
    contract: Contract,
    known: Iterable[Calibration | None],
    volatile: Sequence[str],
) -> Replay:
    calibrations = [item for item in known if item is not None]
    coarsest = max(calibrations, key=lambda item: item.tolerance, default=None)
    comparer = Comparer(contract.tolerance) if coarsest is None else coarsest.comparer()
    found = [path for item in calibrations for path in item.volatile]
    paths = read_paths(list(dict.fromkeys([*contract.config.volatile, *volatile, *found])))
    return Replay(release, promise, contract, comparer, paths)


def _unasked(release: str, count: int) -> Iterator[Finding]:
    if count:
        message = f"{Layer.INFERENCE}: {count} answers of {release} were not compared: too slow"
        yield Finding(f"{release}-coverage", message, severity=Severity.DOUBT)


def _added(found: Difference) -> bool:
    return isinstance(found.expected, Missing)


def _structural(found: Difference) -> bool:
    return isinstance(found.received, Missing) or _other_type(found)


def _other_type(found: Difference) -> bool:
    """null may stand for any value; everything else has one type, and all numbers share theirs."""
    kinds = [_kind(value) for value in (found.expected, found.received)]
    return None not in (found.expected, found.received) and kinds[0] != kinds[1]


def _kind(value: Any) -> str:
    return "number" if is_number(value) else type(value).__name__


def _rounded(found: Difference) -> bool:
    """Whether both are numbers, and one of them is no whole one: not a label, count or id."""
    pair = (found.expected, found.received)
    return all(is_number(value) for value in pair) and not all(isinstance(v, int) for v in pair)


def _text(value: Any) -> str:
    return repr(value) if isinstance(value, Missing) else shown(value)
