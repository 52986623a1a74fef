"""Statements say what the report says, in forms that others read, and no more than they can."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from google.protobuf import json_format
from in_toto_attestation.predicates.test_result.v0 import test_result_pb2
from in_toto_attestation.predicates.vsa.v1 import vsa_pb2
from in_toto_attestation.v1 import statement as theirs
from in_toto_attestation.v1 import statement_pb2

from harness.config import Policy
from harness.errors import ReportError
from harness.model import CheckResult, Declared, Outcome, Waiver
from harness.report import Report, to_json
from harness.report.signing import statements
from harness.report.signing.envelope import IN_TOTO, Opened
from harness.report.signing.statements import REPORT, SUMMARY, TEST_RESULT, report_of

CONFIG, MANIFEST = "9f" * 32, "c4" * 32
PASSED = CheckResult("startup.ready", 1, "Starts", Outcome.PASSED)
FAILED = CheckResult("image.root_user", 1, "No root", Outcome.FAILED, "runs as root")
DOUBTED = CheckResult("load.latency", 1, "Quick", Outcome.INCONCLUSIVE, "too few requests")
BROKEN = CheckResult("load.error_rate", 1, "Sound", Outcome.ERRORED, "no engine")
SKIPPED = CheckResult("behaviour.batch", 1, "Rows", Outcome.SKIPPED, "no batch")
ADVISORY = replace(DOUBTED, id="load.capacity", declared=Declared(advisory=True))
WAIVED = Waiver("image.root_user", "OPS-212", "2027-01-31")
ALL = Policy("prd", 0.95, ("startup", "image", "load"))

Making = Callable[..., Report]


def opened(payload: bytes) -> Opened:
    """As if a trusted key had signed it."""
    return Opened(payload, IN_TOTO, "")


def full(report: Report, **members: Any) -> bytes:
    """The full statement with other members; None leaves one out."""
    document = json.loads(statements.full(to_json(report).encode())) | members
    return json.dumps({k: v for k, v in document.items() if v is not None}).encode()


def test_a_report_comes_back_byte_for_byte(pushed: Report) -> None:
    content = to_json(pushed).encode()
    statement, back = report_of(opened(statements.full(content)))
    assert back == content
    assert statement.report == pushed


def test_a_report_in_another_spelling_comes_back_in_that_spelling(failed: Report) -> None:
    content = json.dumps(json.loads(to_json(failed)), indent=1).encode().replace(b"1.5,", b"1.50,")
    assert b"1.50," in content
    assert report_of(opened(statements.full(content)))[1] == content


def test_a_statement_of_another_writer_is_read(failed: Report) -> None:
    document = json.loads(full(failed))
    text = json.dumps(dict(reversed(document.items())), indent=2)
    assert report_of(opened(text.encode()))[0].report == failed


def test_the_subjects_are_the_manifest_and_the_configuration(pushed: Report) -> None:
    assert json.loads(full(pushed))["subject"] == [
        {"name": "registry.example.com:5000/ml/sentiment", "digest": {"sha256": MANIFEST}},
        {
            "name": "registry.example.com:5000/ml/sentiment (image configuration)",
            "digest": {"sha256": CONFIG},
        },
    ]


def test_before_a_push_the_subject_is_the_configuration(failed: Report) -> None:
    statement, _ = report_of(opened(full(failed)))
    assert statement.subjects == (f"sha256:{CONFIG}",)


@pytest.mark.parametrize("make_statement", ["full", "test_result", "summary"])
def test_a_report_without_a_digest_is_about_nothing(make_statement: str, failed: Report) -> None:
    report = failed.model_copy(update={"subject": replace(failed.subject, config_digest=None)})
    makers = {
        "full": lambda: statements.full(to_json(report).encode()),
        "test_result": lambda: statements.test_result(report),
        "summary": lambda: statements.summary(report, b"", ""),
    }
    with pytest.raises(ReportError, match="no digest, so that a statement would be about nothing"):
        makers[make_statement]()


@pytest.mark.parametrize("digest", ["", "sha256:", "9f" * 32, "sha256:" + "9F" * 32, "md5:00"])
def test_a_digest_of_another_form_is_refused(digest: str, failed: Report) -> None:
    subject = replace(failed.subject, config_digest=digest)
    with pytest.raises(ReportError, match="/subject/config_digest: .*64 hexadecimal digits"):
        statements.full(to_json(failed.model_copy(update={"subject": subject})).encode())


def test_only_a_report_becomes_a_full_statement() -> None:
    with pytest.raises(ReportError, match="/schema_version: not a report"):
        statements.full(b"{}")
    with pytest.raises(ReportError, match="not JSON"):
        statements.full(b'{"schema_version":"1.0"},"predicate":{"verdict":"pass"}')


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"_type": "https://in-toto.io/Statement/v0.1"}, "/_type: .*v0.1', expected"),
        ({"_type": None}, "/_type: 'None', expected"),
        ({"predicateType": TEST_RESULT}, "/predicateType: .*test-result.*holds the whole report"),
        ({"predicate": None}, "/predicate: missing"),
        ({"predicate": {}}, "/schema_version: not a report"),
        ({"predicate": [1]}, "/schema_version: not a report"),
        ({"subject": None}, "/subject: expected a list of 1 to 16"),
        ({"subject": []}, "/subject: expected a list of 1 to 16"),
        ({"subject": [{"digest": {"sha256": CONFIG}}] * 17}, "/subject: expected a list"),
        ({"subject": [{"name": "sentiment"}]}, "/subject/0/digest/sha256: 'None'"),
        ({"subject": [{"digest": {"sha512": CONFIG}}]}, "/subject/0/digest/sha256: 'None'"),
        ({"subject": ["sentiment"]}, "/subject/0/digest/sha256: 'None'"),
        ({"subject": [{"digest": {"sha256": MANIFEST}}]}, "names as its subject"),
        (
            {"subject": [{"digest": {"sha256": d}} for d in (CONFIG, MANIFEST)]},
            "/subject/1/digest/sha256: 'c4c4.*names as its subject",
        ),
    ],
)
def test_what_is_no_report_of_its_subject_is_refused(
    members: dict[str, Any], expected: str, failed: Report
) -> None:
    with pytest.raises(ReportError, match=expected):
        report_of(opened(full(failed, **members)))


def test_a_member_given_twice_is_refused(failed: Report) -> None:
    payload = full(failed)[:-1] + b',"predicate":{}}'
    with pytest.raises(ReportError, match="/predicate: the key 'predicate' is given twice"):
        report_of(opened(payload))


def test_another_type_of_payload_is_refused(failed: Report) -> None:
    with pytest.raises(ReportError, match="/payloadType: 'application/json'"):
        report_of(Opened(full(failed), "application/json", ""))


@pytest.mark.parametrize(
    ("results", "policy", "expected"),
    [
        ((PASSED, SKIPPED), ("startup",), ("PASSED", ["startup.ready"], [], [])),
        (
            (PASSED, FAILED),
            ("startup", "image"),
            ("WARNED", ["startup.ready"], ["image.root_user"], []),
        ),
        (
            (PASSED, ADVISORY),
            ("startup",),
            ("WARNED", ["startup.ready"], ["load.capacity"], []),
        ),
        (
            (PASSED, DOUBTED),
            ("startup", "load"),
            ("FAILED", ["startup.ready"], [], ["load.latency"]),
        ),
        (
            (PASSED, BROKEN),
            ("startup", "load"),
            ("FAILED", ["startup.ready"], [], ["load.error_rate"]),
        ),
        ((PASSED,), ("startup", "load"), ("FAILED", ["startup.ready"], [], [])),
        ((SKIPPED,), ("behaviour",), ("FAILED", [], [], [])),
    ],
    ids=["pass", "waived", "advisory", "inconclusive", "error", "absent", "nothing ran"],
)
def test_a_test_result_is_passed_only_where_the_gate_opens(
    results: tuple[CheckResult, ...],
    policy: tuple[str, ...],
    expected: tuple[str, list[str], list[str], list[str]],
    make: Making,
) -> None:
    report = make(results, Policy("prd", 0.95, policy, {}, (WAIVED,)))
    predicate = json.loads(statements.test_result(report))["predicate"]
    names = ("result", "passedTests", "warnedTests", "failedTests")
    assert tuple(predicate[name] for name in names) == expected


def test_a_test_result_names_the_gate_and_the_policy_by_digest(failed: Report) -> None:
    gate, policy = json.loads(statements.test_result(failed))["predicate"]["configuration"]
    assert gate == {"name": "gate.toml", "digest": {"sha256": "ab" * 32}}
    assert policy == {
        "name": "prd",
        "uri": "https://releasegate.dev/policy/prd",
        "digest": {"sha256": failed.policy.digest.removeprefix("sha256:")},
    }


def test_a_summary_says_all_that_its_specification_asks_for(pushed: Report) -> None:
    statement = json.loads(statements.summary(pushed, b"envelope", "report.intoto.json"))
    assert statement["predicateType"] == SUMMARY
    assert statement["predicate"] == {
        "verifier": {
            "id": "https://releasegate.dev/verifier/v1",
            "version": {"releasegate": pushed.tool.version},
        },
        "timeVerified": "2026-11-21T07:28:51.500000Z",
        "resourceUri": f"pkg:oci/sentiment@sha256%3A{MANIFEST}"
        "?repository_url=registry.example.com%3A5000/ml/sentiment",
        "policy": {
            "uri": "https://releasegate.dev/policy/prd",
            "digest": {"sha256": pushed.policy.digest.removeprefix("sha256:")},
        },
        "inputAttestations": [
            {
                "uri": "report.intoto.json",
                "digest": {"sha256": hashlib.sha256(b"envelope").hexdigest()},
            }
        ],
        "verificationResult": "FAILED",
        "verifiedLevels": ["FAILED"],
        "slsaVersion": "1.2",
    }


def test_a_pass_reaches_a_level_of_our_own(passed: Report) -> None:
    predicate = json.loads(statements.summary(passed, b"", ""))["predicate"]
    assert predicate["verificationResult"] == "PASSED"
    assert predicate["verifiedLevels"] == ["RELEASEGATE_PASSED"]


@pytest.mark.parametrize(
    ("result", "verdict"), [(DOUBTED, "inconclusive"), (BROKEN, "error")], ids=["doubt", "error"]
)
def test_there_is_no_summary_of_what_is_neither_pass_nor_fail(
    result: CheckResult, verdict: str, make: Making
) -> None:
    with pytest.raises(ReportError, match=f"/verdict: {verdict}, but a summary says pass or fail"):
        statements.summary(make((PASSED, result), Policy("prd", 0.95, ("load",))), b"", "")


def test_before_a_push_the_resource_is_an_image_id(failed: Report) -> None:
    expected = f"pkg:docker/sentiment@sha256%3A{CONFIG}?repository_url=sentiment"
    assert statements.resource(failed.subject) == expected


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("sentiment", "sentiment"),
        ("sentiment:1.4.0", "sentiment"),
        ("127.0.0.1:5000/sentiment", "127.0.0.1:5000/sentiment"),
        ("127.0.0.1:5000/sentiment:1.4.0", "127.0.0.1:5000/sentiment"),
        (f"example.com/a/b:1@sha256:{CONFIG}", "example.com/a/b"),
        (f"example.com/a/b@sha256:{CONFIG}", "example.com/a/b"),
    ],
)
def test_a_repository_is_a_reference_without_tag_and_digest(reference: str, expected: str) -> None:
    assert statements.repository_of(reference) == expected


def test_names_that_hold_traps_stay_inside_their_strings(traps: Report) -> None:
    predicate = json.loads(statements.test_result(traps))["predicate"]
    assert predicate["failedTests"] == [traps.checks[0].id]
    assert "<script>" in predicate["failedTests"][0]


def everything(report: Report) -> dict[str, bytes]:
    """The three statements by their type."""
    return {
        REPORT: statements.full(to_json(report).encode()),
        TEST_RESULT: statements.test_result(report),
        SUMMARY: statements.summary(report, b"envelope", "report.intoto.json"),
    }


@pytest.mark.parametrize("kind", [REPORT, TEST_RESULT, SUMMARY])
def test_in_totos_own_reader_takes_every_statement(kind: str, pushed: Report) -> None:
    message = json_format.Parse(everything(pushed)[kind], statement_pb2.Statement())
    statement = theirs.Statement.copy_from_pb(message)
    statement.validate()
    assert statement.pb.predicate_type == kind
    assert [subject.digest["sha256"] for subject in statement.pb.subject] == [MANIFEST, CONFIG]


@pytest.mark.parametrize("kind", [REPORT, TEST_RESULT, SUMMARY])
def test_sigstores_reader_takes_every_statement(kind: str, pushed: Report) -> None:
    from sigstore.dsse import Statement
    from sigstore.hashes import Hashed
    from sigstore_models.common.v1 import HashAlgorithm

    statement = Statement(everything(pushed)[kind])
    for digest, there in ((MANIFEST, True), (CONFIG, True), ("00" * 32, False)):
        asked = Hashed(algorithm=HashAlgorithm.SHA2_256, digest=bytes.fromhex(digest))
        assert statement._matches_digest(asked) is there


def test_in_totos_own_message_takes_the_test_result(pushed: Report) -> None:
    predicate = json.loads(everything(pushed)[TEST_RESULT])["predicate"]
    message = json_format.ParseDict(predicate, test_result_pb2.TestResult())
    assert message.result == "FAILED"
    assert list(message.warned_tests) == ["image.root_user"]
    assert list(message.failed_tests) == ["contract.response", "load.latency"]


def test_in_totos_own_message_takes_the_summary(pushed: Report) -> None:
    predicate = json.loads(everything(pushed)[SUMMARY])["predicate"]
    # Their message is older than SLSA 1.1 here, and takes one level where every version has a list.
    del predicate["verifier"]["version"], predicate["verifiedLevels"]
    message = json_format.ParseDict(predicate, vsa_pb2.VerificationSummary())
    assert message.verification_result == "FAILED"
    assert message.policy.digest["sha256"] == pushed.policy.digest.removeprefix("sha256:")
    assert message.time_verified.ToJsonString() == "2026-11-21T07:28:51.500Z"
