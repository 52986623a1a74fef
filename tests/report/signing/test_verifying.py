"""Verifying names what does not hold, and passes nothing that was not proven."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.config import Policy
from harness.errors import ReportError
from harness.model import CheckResult, Outcome, Waiver
from harness.report import Report, to_json
from harness.report.signing import statements
from harness.report.signing.envelope import seal
from harness.report.signing.keys import PrivateKey
from harness.report.signing.signing import sign_report
from harness.report.signing.verifying import Verified, Wanted, verify, verify_file

NOW = dt.datetime(2026, 11, 22, 7, 28, 51, tzinfo=dt.UTC)  # a day after the reports of the tests
CONFIG, MANIFEST, OTHER = ("sha256:" + pair * 32 for pair in ("9f", "c4", "00"))
READY = CheckResult("startup.ready", 1, "Starts", Outcome.PASSED)
FAILED = CheckResult("image.root_user", 1, "No root", Outcome.FAILED, "runs as root")
DOUBT = CheckResult("load.latency", 1, "Quick", Outcome.INCONCLUSIVE, "too few requests")
BROKEN = CheckResult("load.latency", 1, "Quick", Outcome.ERRORED, "no engine")

Saving = Callable[..., Path]
Making = Callable[..., Report]


def sealed(report: Report, key: PrivateKey) -> bytes:
    """The envelope of the full statement."""
    return seal(statements.full(to_json(report).encode()), key)


def ask(report: Report, key: PrivateKey, **wanted: Any) -> Verified:
    """Sign a report and verify it, a day later."""
    return verify(sealed(report, key), Wanted([key.public], **wanted), NOW)


def state(verified: Verified) -> dict[str, str]:
    """What became of each question."""
    return {answer.name: str(answer.state) for answer in verified.answers}


def test_everything_that_was_asked_is_answered(passed: Report, key: PrivateKey) -> None:
    asked = {
        "digests": [CONFIG],
        "policy": "policy",
        "policy_digest": passed.policy.digest,
        "max_age": dt.timedelta(days=14),
    }
    verified = ask(passed, key, **asked)
    assert state(verified) == {
        "signature": "ok",
        "key": "ok",
        "report": "ok",
        "subject": "ok",
        "policy": "ok",
        "policy digest": "ok",
        "verdict": "ok",
        "age": "ok",
    }
    assert (verified.exit_code, verified.refuted) == (0, ())
    assert list(verified.lines())[-1] == "verified: pass"


def test_what_was_not_asked_stays_open_and_is_shown(passed: Report, key: PrivateKey) -> None:
    verified = ask(passed, key)
    assert [name for name, one in state(verified).items() if one == "--"] == [
        "subject",
        "policy",
        "policy digest",
        "age",
    ]
    assert f"--  subject        not asked; signed for {CONFIG}" in list(verified.lines())
    assert verified.exit_code == 0


@pytest.mark.parametrize(
    ("name", "asked", "detail"),
    [
        ("subject", {"digests": [OTHER]}, f"signed for {CONFIG}, asked for {OTHER}"),
        ("subject", {"digests": [MANIFEST]}, f"signed for {CONFIG}, asked for {MANIFEST}"),
        ("policy", {"policy": "prd"}, "it was policy, asked for prd"),
        ("policy digest", {"policy_digest": OTHER}, f", asked for {OTHER}"),
        ("age", {"max_age": dt.timedelta(hours=12)}, "24 h ago, asked for at most 12 h"),
    ],
)
def test_only_what_does_not_hold_is_named(
    name: str, asked: dict[str, Any], detail: str, passed: Report, key: PrivateKey
) -> None:
    verified = ask(passed, key, **asked)
    assert verified.refuted == (name,)
    assert verified.exit_code == 1
    (answer,) = [one for one in verified.answers if one.name == name]
    assert detail in answer.detail
    assert list(verified.lines())[-1] == f"refuted: {name}"


@pytest.mark.parametrize("digest", [CONFIG, MANIFEST])
def test_a_pushed_image_is_known_by_either_digest(
    digest: str, pushed: Report, key: PrivateKey
) -> None:
    assert state(ask(pushed, key, digests=[OTHER, digest]))["subject"] == "ok"


@pytest.mark.parametrize(
    ("result", "code"),
    [
        (READY, 0),
        (FAILED, 1),
        (BROKEN, 3),
        (DOUBT, 4),
    ],
    ids=["pass", "fail", "error", "inconclusive"],
)
def test_the_exit_code_of_what_holds_is_the_verdicts(
    result: CheckResult, code: int, make: Making, key: PrivateKey
) -> None:
    verified = ask(make((result,), Policy("prd", 0.95, (result.family,))), key)
    assert verified.exit_code == code
    assert verified.refuted == (() if code == 0 else ("verdict",))
    assert verified.report is not None
    assert list(verified.lines())[-1] == f"verified: {verified.report.verdict}"


@pytest.mark.parametrize("result", [BROKEN, DOUBT], ids=["error", "inconclusive"])
def test_what_is_refuted_is_refuted_whatever_the_verdict(
    result: CheckResult, make: Making, key: PrivateKey
) -> None:
    report = make((result,), Policy("prd", 0.95, ("load",)))
    assert ask(report, key, digests=[OTHER]).exit_code == 1


def test_an_altered_envelope_refutes_the_signature_and_nothing_else_is_believed(
    passed: Report, key: PrivateKey
) -> None:
    document = json.loads(sealed(passed, key))
    payload = base64.b64decode(document["payload"]).replace(b"sentiment", b"sentience")
    document["payload"] = base64.b64encode(payload).decode()
    verified = verify(json.dumps(document).encode(), Wanted([key.public]), NOW)
    assert (verified.refuted, verified.exit_code, verified.report) == (("signature",), 1, None)
    assert set(state(verified).values()) == {"no", "--"}


def test_the_key_of_somebody_else_is_refuted_as_a_key(
    passed: Report, key: PrivateKey, stranger: PrivateKey
) -> None:
    verified = verify(sealed(passed, stranger), Wanted([key.public]), NOW)
    assert (verified.refuted, verified.exit_code, verified.report) == (("key",), 1, None)


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"payload":', b"[" * 100_000])
def test_what_is_no_envelope_is_refuted(content: bytes, key: PrivateKey) -> None:
    verified = verify(content, Wanted([key.public]), NOW)
    assert (verified.refuted, verified.exit_code) == (("signature",), 1)


def test_a_statement_that_does_not_hold_the_report_is_refuted(
    passed: Report, key: PrivateKey
) -> None:
    envelope = seal(statements.summary(passed, b"", ""), key)
    verified = verify(envelope, Wanted([key.public]), NOW)
    assert (verified.refuted, verified.exit_code, verified.report) == (("report",), 1, None)


def test_a_signed_report_whose_verdict_its_checks_do_not_give_is_refuted(
    failed: Report, key: PrivateKey
) -> None:
    payload = statements.full(to_json(failed).encode())
    forged = payload.replace(b'"verdict": "fail"', b'"verdict": "pass"')
    assert forged != payload
    verified = verify(seal(forged, key), Wanted([key.public]), NOW)
    assert (verified.refuted, verified.exit_code) == (("report",), 1)


@pytest.mark.parametrize(
    ("minutes", "refuted"), [(4, ()), (6, ("age",))], ids=["clocks differ", "of the future"]
)
def test_a_report_of_the_future_is_refuted_unasked(
    minutes: int, refuted: tuple[str, ...], passed: Report, key: PrivateKey
) -> None:
    now = passed.finished_at - dt.timedelta(minutes=minutes)
    verified = verify(sealed(passed, key), Wanted([key.public]), now)
    assert verified.refuted == refuted


@pytest.mark.parametrize(
    ("hours", "refuted"), [(0, ()), (24, ("age",))], ids=["on its last day", "a day later"]
)
def test_a_pass_ends_with_the_waiver_that_it_leans_on(
    hours: int, refuted: tuple[str, ...], make: Making, key: PrivateKey
) -> None:
    waiver = Waiver("image.root_user", "OPS-212", "2026-11-21")
    report = make((READY, FAILED), Policy("prd", 0.95, ("startup", "image"), {}, (waiver,)))
    now = dt.datetime(2026, 11, 21, 23, 0, tzinfo=dt.UTC) + dt.timedelta(hours=hours)
    verified = verify(sealed(report, key), Wanted([key.public]), now)
    assert verified.refuted == refuted


def test_a_waiver_that_nobody_needed_ends_nothing(make: Making, key: PrivateKey) -> None:
    waiver = Waiver("image.root_user", "OPS-212", "2026-11-21")
    report = make((READY,), Policy("prd", 0.95, ("startup",), {}, (waiver,)))
    assert ask(report, key).exit_code == 0


def test_a_report_is_verified_through_the_envelope_beside_it(
    passed: Report, saved: Saving, key: PrivateKey
) -> None:
    path = saved(passed)
    sign_report(path, key)
    for given in (path, path.parent, path.parent / "report.intoto.json"):
        assert verify_file(given, Wanted([key.public]), NOW).exit_code == 0


def test_a_report_that_was_changed_after_it_was_signed_is_refuted(
    passed: Report, saved: Saving, key: PrivateKey
) -> None:
    path = saved(passed)
    sign_report(path, key)
    path.write_bytes(path.read_bytes() + b"\n")
    verified = verify_file(path, Wanted([key.public]), NOW)
    assert (verified.refuted, verified.exit_code) == (("report",), 1)


def test_a_report_that_was_never_signed_says_how_it_is(
    passed: Report, saved: Saving, key: PrivateKey
) -> None:
    expected = r"report\.intoto\.json: no such file; `gate sign` writes it"
    with pytest.raises(ReportError, match=expected):
        verify_file(saved(passed), Wanted([key.public]), NOW)


def test_a_missing_report_is_named(tmp_path: Path, key: PrivateKey) -> None:
    with pytest.raises(ReportError, match=r"report\.json: no such file$"):
        verify_file(tmp_path / "report.json", Wanted([key.public]), NOW)


def test_what_a_report_says_acts_on_no_terminal(make: Making, key: PrivateKey) -> None:
    evil = replace(FAILED, reason="\x1b[2Jcleared\n::error::boom \u202egnp")
    policy = Policy("\x1b]0;title\x07prd", 0.95, ("image",))
    text = "\n".join(ask(make((evil,), policy), key).lines())
    assert "cleared" in text
    assert not {"\x1b", "\x07", "\u202e"} & set(text)
    assert not [line for line in text.splitlines() if line.startswith("::")]


def test_a_line_has_an_end(make: Making, key: PrivateKey) -> None:
    policy = Policy("p" * 10_000, 0.95, ("startup",))
    assert max(map(len, ask(make((READY,), policy), key).lines())) < 600
