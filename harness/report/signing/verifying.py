"""Verifying a signed report: each thing that was asked, whether it holds, and the exit code."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from harness.errors import ReportError
from harness.model import Verdict
from harness.report import numbers
from harness.report.bounds import text
from harness.report.document import AHEAD, Report
from harness.report.escape import printable
from harness.report.reading import file_of
from harness.report.signing.envelope import MAX_BYTES, Opened, Part, SignatureError, open_envelope
from harness.report.signing.keys import PublicKey
from harness.report.signing.signing import FULL, beside
from harness.report.signing.statements import Statement, report_of
from harness.verdict import EXIT_CODES

_REFUTED = 1
_LONGEST = 500  # characters of a line: names in a report may have any length
_NAMES = ("signature", "key", "report", "subject", "policy", "policy digest", "verdict", "age")


class State(StrEnum):
    """What became of one question."""

    HOLDS = "ok"
    REFUTED = "no"
    OPEN = "--"  # not asked, or nothing to ask any more


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a verifier asks for; None and empty: not asked."""

    keys: Sequence[PublicKey]  # the signature of any of them will do
    digests: Collection[str] = ()  # `sha256:...` by which the image is known: one must be signed
    policy: str | None = None
    policy_digest: str | None = None
    max_age: dt.timedelta | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """One question, and what came of it in a sentence."""

    name: str
    state: State
    detail: str


@dataclass(frozen=True, slots=True)
class Verified:
    """Every question in one order, and the report where the signature holds."""

    answers: tuple[Answer, ...]
    report: Report | None = None

    @property
    def refuted(self) -> tuple[str, ...]:
        """The names of what does not hold; `verdict` where it is not pass."""
        return tuple(a.name for a in self.answers if a.state is State.REFUTED)

    @property
    def exit_code(self) -> int:
        """0 verified and pass, 1 refuted or fail, 3 verified error, 4 verified inconclusive."""
        if self.report is None or set(self.refuted) - {"verdict"}:
            return _REFUTED
        return EXIT_CODES[self.report.verdict]

    def lines(self) -> Iterator[str]:
        """For a terminal: a line for each question, and the conclusion."""
        for answer in self.answers:
            yield f"{answer.state:<3} {answer.name:<13}  {text(printable(answer.detail), _LONGEST)}"
        refuted = [name for name in self.refuted if name != "verdict"]
        if refuted or self.report is None:
            yield f"refuted: {', '.join(refuted)}"
        else:
            yield f"verified: {self.report.verdict}"


def verify_file(path: Path, wanted: Wanted, now: dt.datetime) -> Verified:
    """Verify an envelope `*.intoto.json`, or a report and the envelope beside it.

    A report has to be, byte for byte, the one that was signed. Raises ReportError where the
    file, or that of the envelope, cannot be read.
    """
    path = file_of(path)
    if path.name.endswith(FULL):
        return verify(_bytes(path), wanted, now)
    report = _bytes(path)
    return verify(_bytes(beside(path, FULL)), wanted, now, report)


def verify(
    envelope: bytes, wanted: Wanted, now: dt.datetime, report: bytes | None = None
) -> Verified:
    """Verify an envelope, and that it holds exactly the bytes of `report` where they are given.

    Never raises for what the envelope holds: that is what the answers say.
    """
    try:
        opened = open_envelope(envelope, wanted.keys)
    except SignatureError as problem:
        return Verified(_rest([Answer(problem.part, State.REFUTED, str(problem))]))
    signed = [
        Answer(Part.SIGNATURE, State.HOLDS, f"over {len(opened.payload)} bytes"),
        Answer(Part.KEY, State.HOLDS, opened.keyid),
    ]
    try:
        statement = _statement(opened, report)
    except ReportError as problem:
        return Verified(_rest([*signed, Answer("report", State.REFUTED, str(problem))]))
    found = statement.report
    answers = [
        *signed,
        Answer("report", State.HOLDS, f"{found.tool.name} {found.tool.version}"),
        _subject(statement, wanted.digests),
        _named("policy", found.policy.name, wanted.policy),
        _named("policy digest", found.policy.digest, wanted.policy_digest),
        _verdict(found),
        _age(found, wanted.max_age, now),
    ]
    return Verified(tuple(answers), found)


def _statement(opened: Opened, report: bytes | None) -> Statement:
    statement, content = report_of(opened)
    if report is not None and report != content:
        raise ReportError("the report beside the envelope is not the one that was signed")
    return statement


def _subject(statement: Statement, digests: Collection[str]) -> Answer:
    signed = ", ".join(statement.subjects)
    if not digests:
        return Answer("subject", State.OPEN, f"not asked; signed for {signed}")
    if set(digests) & set(statement.subjects):
        return Answer("subject", State.HOLDS, signed)
    asked = ", ".join(sorted(digests))
    return Answer("subject", State.REFUTED, f"signed for {signed}, asked for {asked}")


def _named(name: str, signed: str, asked: str | None) -> Answer:
    if asked is None:
        return Answer(name, State.OPEN, f"not asked; it was {signed}")
    if asked == signed:
        return Answer(name, State.HOLDS, signed)
    return Answer(name, State.REFUTED, f"it was {signed}, asked for {asked}")


def _verdict(report: Report) -> Answer:
    if report.verdict is Verdict.PASS:
        return Answer("verdict", State.HOLDS, "pass")
    reasons = "; ".join(report.reasons[:1]) or "no reason given"
    return Answer("verdict", State.REFUTED, f"{report.verdict}: {reasons}")


def _age(report: Report, max_age: dt.timedelta | None, now: dt.datetime) -> Answer:
    """A report of the future is refuted unasked, and so is a pass whose waiver has ended."""
    finished = f"finished at {report.finished_at.isoformat(timespec='seconds')}"
    age = now - report.finished_at
    ends = report.expires_on
    if age < -AHEAD:
        return Answer("age", State.REFUTED, f"{finished}, which is yet to come; is a clock wrong?")
    if ends is not None and now.astimezone(dt.UTC).date() > ends:
        return Answer("age", State.REFUTED, f"a waiver that it leans on ended on {ends}")
    if max_age is None:
        return Answer("age", State.OPEN, f"not asked; {finished}")
    if age > max_age:
        ago, most = numbers.span(age), numbers.span(max_age)
        return Answer("age", State.REFUTED, f"{finished}, {ago} ago, asked for at most {most}")
    return Answer("age", State.HOLDS, finished)


def _rest(answers: list[Answer]) -> tuple[Answer, ...]:
    """With what cannot be answered any more, in the one order."""
    known = {answer.name: answer for answer in answers}
    unknown = "not looked at: nothing here is proven"
    return tuple(known.get(name) or Answer(name, State.OPEN, unknown) for name in _NAMES)


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)  # one more than an envelope may have
    except FileNotFoundError:
        hint = "; `gate sign` writes it" if path.name.endswith(FULL) else ""
        raise ReportError(f"{path}: no such file{hint}") from None
    except OSError as problem:
        raise ReportError(f"{path}: cannot be read: {problem.strerror}") from None
