"""What a candidate's logs should not hold: tracebacks at start, secrets, its clients' data."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping

from harness.model import Finding, Severity
from harness.static.secrets import find_secrets, is_secret, masked

_TRACEBACK = "Traceback (most recent call last):"
_RAISED = re.compile(r"^(?P<kind>[A-Za-z_][\w.]*)(:\s?(?P<text>.*))?$")
_SHORTEST = 9  # letters: shorter values stand in logs by chance
_MOST = 10


def tracebacks(logs: str) -> list[Finding]:
    """A finding for each Python traceback in the text, at most 10; what it raised is named."""
    lines = logs.splitlines()
    found: list[Finding] = []
    for index, line in enumerate(lines):
        if _TRACEBACK in line and len(found) < _MOST:
            found.append(
                Finding(
                    "traceback-at-start",
                    "the candidate wrote a traceback while it started: "
                    + _raised(lines[index + 1 :]),
                    location=f"logs:{index + 1}",
                    expected="a start without exceptions, or one that ends",
                )
            )
    return found


def log_secrets(logs: str, environment: Mapping[str, str]) -> list[Finding]:
    """Secrets in the text: of a known form, or given to the candidate in its environment."""
    known = {one.shown: one for one in find_secrets(logs.encode())}
    findings = [
        Finding(
            one.rule,
            f"the logs hold a secret ({one.rule})",
            location=f"logs:{one.line}",
            received=one.shown,
        )
        for one in known.values()
    ]
    for name, value in environment.items():
        if is_secret(name, value) and value in logs:
            findings.append(
                Finding(
                    "environment-secret",
                    f"the logs hold the value of {name}, which was given as a secret",
                    location=f"logs:{_line(logs, value)}",
                    received=masked(value),
                )
            )
    return findings


def leaked_payloads(logs: str, bodies: Iterable[bytes], forbidden: bool) -> list[Finding]:
    """A finding where what was sent to the candidate stands in its logs: whole, or a text in it.

    Only texts with a space are looked for: names of tensors and types are nobody's data.
    """
    for body in bodies:
        for part in _parts(body):
            if part in logs:
                return [
                    Finding(
                        "payload-in-logs",
                        "the content of a request stands in the candidate's logs",
                        severity=Severity.ERROR if forbidden else Severity.WARNING,
                        location=f"logs:{_line(logs, part)}",
                        expected="logs that tell which request was answered, not what was in it",
                        received=part if len(part) <= 60 else part[:57] + "...",
                    )
                ]
    return []


def _line(text: str, part: str) -> int:
    return text.count("\n", 0, text.index(part)) + 1


def _raised(lines: list[str]) -> str:
    """`ValueError: no model`: the first line after the frames."""
    for line in lines:
        if line and not line[0].isspace():
            match = _RAISED.match(line.strip())
            return line.strip()[:200] if match else "its end is not to be seen"
    return "its end is not to be seen"


def _parts(body: bytes) -> Iterator[str]:
    text = body.decode("utf-8", "replace").strip()
    if len(text) >= _SHORTEST:
        yield text
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return
    pending = [document]
    while pending:
        here = pending.pop()
        if isinstance(here, str) and len(here) >= _SHORTEST and " " in here.strip():
            yield here
        elif isinstance(here, list):
            pending.extend(here)
        elif isinstance(here, dict):
            pending.extend(here.values())
