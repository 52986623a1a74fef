"""An exchange, and what is found in it: the layer first, a curl line last, each defect once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any

from harness.contract.requests.cases import Case
from harness.contract.text import shown
from harness.contract.wire.curl import curl
from harness.contract.wire.reading import read
from harness.contract.wire.strictjson import Parsed
from harness.contract.wire.transport import Answer, Layer
from harness.model import Finding, Severity

_INDEX = re.compile(r"\[\d+\]")
_MOST = 20
_KINDS = 200  # defects of one severity that are told apart

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Exchange:
    """A request and its answer."""

    case: Case
    answer: Answer
    base_url: str

    @property
    def parsed(self) -> Parsed:
        """The body, read strictly; not at all where its values would not fit into memory."""
        return read(self.answer.body)

    @property
    def succeeded(self) -> bool:
        """Whether there is a complete 2xx answer."""
        return self.answer.error is None and 200 <= self.answer.status < 300

    @property
    def comparable(self) -> bool:
        """Whether there is a value to be compared with others."""
        return self.succeeded and self.parsed.readable

    def came_back(self) -> str:
        """The answer on one line: status, content type, and the beginning of its body."""
        answer = self.answer
        if answer.error is not None:
            return answer.error + (f", after status {answer.status}" if answer.status else "")
        kind = answer.header("content-type") or "no content type"
        return f"{answer.status}, {kind[:60]}, {shown(answer.body) or 'empty body'}"

    def finding(
        self,
        rule: str,
        layer: Layer,
        message: str,
        *,
        severity: Severity = Severity.ERROR,
        location: str = "",
        expected: str = "",
        received: str | None = None,
        promise: str = "",
    ) -> Finding:
        """A Finding on this exchange.

        `received` is what came back, where nothing is said. `promise` says where it stands that
        `expected` is due, like `RFC 9110 section 15.5`; what the case itself tests comes first,
        but for what is wrong with the answer alone.
        """
        tested = self.case.promise
        by = promise or tested if layer is Layer.RESPONSE else tested or promise
        return Finding(
            rule,
            f"{layer.value}: {message}",
            severity=severity,
            location=location,
            expected=f"{expected} (by {by})" if expected and by else expected,
            received=self.came_back() if received is None else received,
            reproduce=curl(self.case.prepared, self.base_url),
        )


def key_of(finding: Finding, *, by_location: bool = True) -> Key:
    """What two findings of the same defect have in common.

    Rule, severity, layer and, where that is wanted, location, whatever the index in a list.
    """
    layer = finding.message.partition(":")[0]
    place = _INDEX.sub("[*]", finding.location) if by_location else ""
    return finding.rule, finding.severity, layer, place


class Defects:
    """The same defect once, with how often it was seen, and of its requests the shortest.

    Only that is kept, whatever comes: an answer may be megabytes, and have a hundred findings.
    """

    def __init__(self, *, by_location: bool = True) -> None:
        self._by_location = by_location
        self._seen: dict[Severity, dict[Key, tuple[Finding, int]]] = {}

    def add(self, finding: Finding) -> Key | None:
        """Count one more finding; its key, or None where there are too many already."""
        key = key_of(finding, by_location=self._by_location)
        known = self._seen.setdefault(finding.severity, {})
        least, times = known.get(key, (finding, 0))
        if not times and len(known) >= _KINDS:
            return None
        shorter = len(finding.reproduce) < len(least.reproduce)
        known[key] = (finding if shorter else least, times + 1)
        return key

    def has(self, severity: Severity) -> bool:
        """Whether any was as grave as that."""
        return bool(self._seen.get(severity))

    @property
    def keys(self) -> set[Key]:
        """Of everything that is kept."""
        return {key for known in self._seen.values() for key in known}

    def told(self) -> list[Finding]:
        """At most 20 of them, the gravest first."""
        graded = (self._seen.get(severity, {}) for severity in Severity)
        return [_counted(*one) for known in graded for one in known.values()][:_MOST]


def fold(findings: Iterable[Finding], *, by_location: bool = True) -> list[Finding]:
    """The same defect once, with how often it was seen; at most 20 defects, the gravest first.

    Of several requests that show it the shortest is kept.
    """
    defects = Defects(by_location=by_location)
    for item in findings:
        defects.add(item)
    return defects.told()


def _counted(least: Finding, times: int) -> Finding:
    return least if times == 1 else replace(least, message=f"{least.message} ({times} times)")


def relax(findings: Iterable[Finding], tolerated: AbstractSet[str]) -> list[Finding]:
    """Errors by a tolerated rule become warnings: `contract.tolerate`, and a dialect's design."""
    return [
        replace(item, severity=Severity.WARNING)
        if item.rule in tolerated and item.severity is Severity.ERROR
        else item
        for item in findings
    ]
