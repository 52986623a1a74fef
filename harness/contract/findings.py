"""An exchange, and what is found in it: the layer first, a curl line last, each defect once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from harness.contract.cases import Case
from harness.contract.curl import curl
from harness.contract.strictjson import Parsed, parse
from harness.contract.text import shown
from harness.contract.transport import Answer, Layer
from harness.model import Finding, Severity

_INDEX = re.compile(r"\[\d+\]")
_MOST = 20


@dataclass(frozen=True)
class Exchange:
    """A request and its answer."""

    case: Case
    answer: Answer
    base_url: str

    @cached_property
    def parsed(self) -> Parsed:
        """The body, read strictly."""
        return parse(self.answer.body)

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
    ) -> Finding:
        """A Finding on this exchange; `received` is what came back, where nothing is said."""
        return Finding(
            rule,
            f"{layer.value}: {message}",
            severity=severity,
            location=location,
            expected=expected,
            received=self.came_back() if received is None else received,
            reproduce=curl(self.case.prepared, self.base_url),
        )


def fold(findings: Iterable[Finding], *, by_location: bool = True) -> list[Finding]:
    """The same defect once, with how often it was seen; at most 20 defects, the gravest first.

    The same is what has rule, severity, layer and, where that is wanted, location in common,
    whatever the index in a list.
    """
    groups: dict[tuple[Any, ...], list[Finding]] = {}
    for item in findings:
        layer = item.message.partition(":")[0]
        place = _INDEX.sub("[*]", item.location) if by_location else ""
        key = (item.rule, item.severity, layer, place)
        groups.setdefault(key, []).append(item)
    folded = [_counted(group) for group in groups.values()]
    order = list(Severity)
    return sorted(folded, key=lambda item: order.index(item.severity))[:_MOST]


def _counted(group: list[Finding]) -> Finding:
    first, times = group[0], len(group)
    return first if times == 1 else replace(first, message=f"{first.message} ({times} times)")
