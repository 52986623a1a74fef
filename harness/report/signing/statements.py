"""In-toto statements about a report: all of it, its tests, its verdict; and a report back again."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from harness.errors import ReportError
from harness.model import Candidate, CheckResult, Outcome, Verdict
from harness.report.document import Report
from harness.report.reading import parse, strict
from harness.report.signing import is_digest
from harness.report.signing.envelope import IN_TOTO, Opened

STATEMENT = "https://in-toto.io/Statement/v1"
REPORT = "https://releasegate.dev/gate-report/v1"
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
SUMMARY = "https://slsa.dev/verification_summary/v1"
VERIFIER = "https://releasegate.dev/verifier/v1"
POLICIES = "https://releasegate.dev/policy"
LEVEL = "RELEASEGATE_PASSED"  # the level that a candidate reaches which passed its policy
_TAG = re.compile(r":[A-Za-z0-9_][A-Za-z0-9_.-]*\Z")
_SPACE = re.compile(r"[ \t\n\r]*")
_MAX_SUBJECTS = 16


@dataclass(frozen=True, slots=True)
class Statement:
    """What a signed statement says of which artifacts."""

    subjects: tuple[str, ...]  # `sha256:...` each, at least one, all of them the report's own
    report: Report


def full(content: bytes) -> bytes:
    """The statement that holds the whole report, byte for byte as it was written.

    Raises ReportError for bytes that are no report, and for a report that names no image.
    """
    head = {
        "_type": STATEMENT,
        "subject": _subjects(parse(content).subject),
        "predicateType": REPORT,
    }
    return json.dumps(head, separators=(",", ":")).encode()[:-1] + b',"predicate":' + content + b"}"


def test_result(report: Report) -> bytes:
    """The statement of which checks passed. Only a report that passed is PASSED or WARNED.

    A check is warned about where the gate opens in spite of it: it is waived, or not required.
    What is inconclusive or errored has failed, as far as this form can say.
    Raises ReportError for a report that names no image.
    """
    passed = [r.id for r in report.checks if r.outcome is Outcome.PASSED]
    others = [r for r in report.checks if r.outcome not in (Outcome.PASSED, Outcome.SKIPPED)]
    warned = [r.id for r in others if _excused(report, r)]
    failed = [r.id for r in others if not _excused(report, r)]
    opens = report.verdict is Verdict.PASS and not failed
    gate = PurePath(report.gate.path or "gate.toml").name
    predicate = {
        "result": ("WARNED" if warned else "PASSED") if opens else "FAILED",
        "configuration": [
            {"name": gate, "digest": _digest(report.gate.digest, "/gate/digest")},
            {"name": report.policy.name, **_policy(report)},
        ],
        "passedTests": passed,
        "warnedTests": warned,
        "failedTests": failed,
    }
    return _statement(report, TEST_RESULT, predicate)


def summary(report: Report, attestation: bytes, uri: str) -> bytes:
    """SLSA's summary of the verdict, and the digest of the envelope `attestation` behind it.

    `uri` tells where that envelope lies. Raises ReportError for a report whose verdict is neither
    pass nor fail, which this form cannot say, and for one that names no image.
    """
    if report.verdict not in (Verdict.PASS, Verdict.FAIL):
        raise ReportError(f"/verdict: {report.verdict}, but a summary says pass or fail only")
    passed = report.verdict is Verdict.PASS
    predicate = {
        "verifier": {"id": VERIFIER, "version": {report.tool.name: report.tool.version}},
        "timeVerified": _utc(report.finished_at),
        "resourceUri": resource(report.subject),
        "policy": _policy(report),
        "inputAttestations": [
            {"uri": uri, "digest": {"sha256": hashlib.sha256(attestation).hexdigest()}}
        ],
        "verificationResult": "PASSED" if passed else "FAILED",
        "verifiedLevels": [LEVEL if passed else "FAILED"],
        "slsaVersion": "1.2",
    }
    return _statement(report, SUMMARY, predicate)


def report_of(opened: Opened) -> tuple[Statement, bytes]:
    """What the full statement says, and the exact bytes of the report in it.

    Raises ReportError for another statement, and for one whose subjects are not the report's.
    """
    if opened.payload_type != IN_TOTO:
        raise ReportError(f"/payloadType: {opened.payload_type[:80]!r}, expected {IN_TOTO!r}")
    raw = strict(opened.payload)
    kind = raw.get("_type") if isinstance(raw, dict) else None
    if kind != STATEMENT:
        raise ReportError(f"/_type: {str(kind)[:80]!r}, expected {STATEMENT!r}")
    if raw.get("predicateType") != REPORT:
        raise ReportError(
            f"/predicateType: {str(raw.get('predicateType'))[:80]!r}, expected {REPORT!r}: "
            "the statement that holds the whole report"
        )
    if "predicate" not in raw:
        raise ReportError("/predicate: missing, expected a report")
    content = _member(opened.payload.decode("utf-8"), "predicate").encode()
    report = parse(content)
    return Statement(_named(raw.get("subject"), report), report), content


def resource(subject: Candidate) -> str:
    """The package URL of an image: by its manifest where that is known, else by its image id."""
    repository = repository_of(subject.reference)
    name = quote(repository.rpartition("/")[2].lower(), safe="")
    pushed = subject.manifest_digest
    kind, digest = ("oci", pushed) if pushed else ("docker", subject.config_digest or "")
    return (
        f"pkg:{kind}/{name}@{quote(digest, safe='')}?repository_url={quote(repository, safe='/')}"
    )


def repository_of(reference: str) -> str:
    """`registry.example.com/fraud` of `registry.example.com/fraud:1.4@sha256:...`."""
    return _TAG.sub("", reference.partition("@")[0])


def _subjects(subject: Candidate) -> list[dict[str, Any]]:
    """The manifest where the image was pushed, and its configuration, which every image has."""
    repository = repository_of(subject.reference)
    digests = {
        repository: (subject.manifest_digest, "/subject/manifest_digest"),
        f"{repository} (image configuration)": (subject.config_digest, "/subject/config_digest"),
    }
    named = [
        {"name": name, "digest": _digest(digest, where)}
        for name, (digest, where) in digests.items()
        if digest is not None
    ]
    if not named:
        raise ReportError(
            "/subject: no digest, so that a statement would be about nothing: only a report of "
            "an image can be signed; run the gate with `--image`"
        )
    return named


def _statement(report: Report, kind: str, predicate: dict[str, Any]) -> bytes:
    document = {
        "_type": STATEMENT,
        "subject": _subjects(report.subject),
        "predicateType": kind,
        "predicate": predicate,
    }
    return json.dumps(document, allow_nan=False, separators=(",", ":")).encode()


def _policy(report: Report) -> dict[str, Any]:
    uri = f"{POLICIES}/{quote(report.policy.name, safe='')}"
    return {"uri": uri, "digest": _digest(report.policy.digest, "/policy/digest")}


def _digest(text: str, where: str) -> dict[str, str]:
    if not is_digest(text):
        raise ReportError(f"{where}: {text[:80]!r}, expected `sha256:` and 64 hexadecimal digits")
    return {"sha256": text.removeprefix("sha256:")}


def _utc(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def _excused(report: Report, result: CheckResult) -> bool:
    return not result.required or report.waiver_of(result) is not None


def _named(raw: Any, report: Report) -> tuple[str, ...]:
    """The digests that the statement is about."""
    if not isinstance(raw, list) or not 0 < len(raw) <= _MAX_SUBJECTS:
        raise ReportError(f"/subject: expected a list of 1 to {_MAX_SUBJECTS}")
    own = {report.subject.manifest_digest, report.subject.config_digest}
    found = []
    for index, one in enumerate(raw):
        digests = one.get("digest") if isinstance(one, dict) else None
        digest = digests.get("sha256") if isinstance(digests, dict) else None
        if not isinstance(digest, str) or f"sha256:{digest}" not in own:
            raise ReportError(
                f"/subject/{index}/digest/sha256: {str(digest)[:64]!r}, "
                "expected a digest that the report in the statement names as its subject"
            )
        found.append(f"sha256:{digest}")
    return tuple(found)


def _member(text: str, name: str) -> str:
    """The text of a member of the object in `text`, which has been found to be strict JSON."""
    decoder = json.JSONDecoder()
    at = _after_space(text, 0)
    while True:
        key, at = decoder.raw_decode(text, _after_space(text, at + 1))
        start = _after_space(text, at) + 1
        _, at = decoder.raw_decode(text, _after_space(text, start))
        at = _after_space(text, at)
        if key == name:
            return text[start:at]


def _after_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at
