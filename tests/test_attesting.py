"""`gate sign` and `gate verify`, as they are called: output and exit codes."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from harness.attesting import span
from harness.cli import main
from harness.config import Policy
from harness.errors import ConfigError
from harness.model import Candidate, CheckResult, Outcome
from harness.report import build, to_json
from harness.testing import Reply, serve
from harness.verdict import decide

DIGEST, OTHER = "sha256:" + "9f" * 32, "sha256:" + "00" * 32
READY = CheckResult("startup.ready", 1, "Starts", Outcome.PASSED)
DOUBT = CheckResult("startup.ready", 1, "Starts", Outcome.INCONCLUSIVE, "too slow to say")


@pytest.fixture
def keys(tmp_path: Path) -> tuple[str, str]:
    """Paths of a private key and of its public one."""
    key = Ed25519PrivateKey.from_private_bytes(b"releasegate signs in its tests. ")
    private, public = tmp_path / "gate.pem", tmp_path / "gate.pub"
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    spki = PublicFormat.SubjectPublicKeyInfo
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, spki))
    return str(private), str(public)


def write_report(path: Path, result: CheckResult = READY) -> None:
    """A report of a run that has ended just now."""
    policy = Policy("prd", 0.95, ("startup",))
    now = dt.datetime.now(dt.UTC)
    report = build(
        decide((result,), policy.required, policy.waivers, now.date(), policy.limits),
        candidate=Candidate("sentiment", "sentiment:1.4.0", DIGEST, None, "linux/amd64"),
        policy=policy,
        gate_digest="sha256:" + "ab" * 32,
        gate_path="gate.toml",
        environment={},
        logs="",
        started_at=now.isoformat(),
        finished_at=now.isoformat(),
    )
    path.write_text(to_json(report), encoding="utf-8")


@pytest.fixture
def report(tmp_path: Path, keys: tuple[str, str]) -> str:
    """The folder of a signed report that passed."""
    write_report(tmp_path / "report.json")
    assert main(["sign", str(tmp_path), "--key", keys[0]]) == 0
    return str(tmp_path)


@pytest.fixture
def engine_with_image(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An engine that knows one image, under the name `sentiment:1.4.0`."""
    described = {"Id": DIGEST, "RepoDigests": ["registry.example.com/sentiment@" + OTHER]}

    def answer(method: str, path: str, body: bytes) -> Reply:
        known = path == "/images/sentiment:1.4.0/json"
        return Reply(json.dumps(described if known else {}).encode(), 200 if known else 404)

    with serve(answer) as server:
        monkeypatch.setenv("DOCKER_HOST", server.base_url.replace("http://", "tcp://"))
        yield


def test_signing_names_the_files_that_it_wrote(
    report: str, keys: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sign", report, "--key", keys[0]]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"wrote {report}/report.intoto.json",
        f"wrote {report}/report.test-result.intoto.json",
        f"wrote {report}/report.vsa.intoto.json",
    ]


def test_a_signed_report_that_passed_is_verified(report: str, keys: tuple[str, str]) -> None:
    asked = ["--digest", DIGEST, "--policy", "prd", "--max-age", "14d"]
    assert main(["verify", report, "--key", keys[1], *asked]) == 0


def test_what_does_not_hold_is_exit_code_1_and_named(
    report: str, keys: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", report, "--key", keys[1], "--digest", OTHER, "--policy", "stg"]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "refuted: subject, policy"


def test_the_image_may_be_given_by_its_reference_and_digest(
    report: str, keys: tuple[str, str]
) -> None:
    for digest, code in ((DIGEST, 0), (OTHER, 1)):
        image = f"registry.example.com/sentiment@{digest}"
        assert main(["verify", report, "--key", keys[1], "--image", image]) == code


@pytest.mark.usefixtures("engine_with_image")
def test_the_image_may_be_given_by_the_name_that_the_engine_knows(
    report: str, keys: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", report, "--key", keys[1], "--image", "sentiment:1.4.0"]) == 0
    assert main(["verify", report, "--key", keys[1], "--image", "sentiment:2"]) == 3
    assert "image 'sentiment:2': not on this machine" in capsys.readouterr().err


def test_an_inconclusive_report_that_holds_is_exit_code_4(
    tmp_path: Path, keys: tuple[str, str]
) -> None:
    write_report(tmp_path / "report.json", DOUBT)
    assert main(["sign", str(tmp_path), "--key", keys[0]]) == 0
    assert main(["verify", str(tmp_path), "--key", keys[1]]) == 4


def test_a_report_that_was_edited_is_refuted(report: str, keys: tuple[str, str]) -> None:
    path = Path(report, "report.json")
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(content), encoding="utf-8")
    assert main(["verify", report, "--key", keys[1]]) == 1


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (["--digest", "9f" * 32], "--digest: '9f9f"),
        (["--digest", "sha256:9F"], "--digest: 'sha256:9F', expected `sha256:` and 64"),
        (["--image", "sentiment@sha1:00"], "--image: 'sha1:00', expected `sha256:` and 64"),
        (["--policy-digest", "prd"], "--policy-digest: 'prd', expected `sha256:` and 64"),
        (["--max-age", "soon"], "--max-age: 'soon' is not a number with a unit"),
        (["--max-age", "14"], "--max-age: '14' is a number, expected a time"),
    ],
)
def test_a_question_that_makes_no_sense_is_exit_code_2(
    asked: list[str],
    expected: str,
    report: str,
    keys: tuple[str, str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["verify", report, "--key", keys[1], *asked]) == 2
    assert expected in capsys.readouterr().err


def test_what_is_not_there_is_exit_code_2(
    tmp_path: Path, keys: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sign", str(tmp_path), "--key", keys[0]]) == 2
    assert main(["verify", str(tmp_path), "--key", keys[1]]) == 2
    assert main(["verify", str(tmp_path), "--key", str(tmp_path / "none.pub")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 3


def test_one_key_or_none_is_wanted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for wrong in ([], ["--key", "gate.pem", "--keyless"]):
        with pytest.raises(SystemExit) as ended:
            main(["sign", str(tmp_path), *wrong])
        assert ended.value.code == 2


@pytest.mark.parametrize(
    ("text", "hours"), [("14d", 336), ("14 d", 336), ("36h", 36), ("90 min", 1.5)]
)
def test_a_time_is_a_number_and_a_unit(text: str, hours: float) -> None:
    assert span(text, "--max-age") == dt.timedelta(hours=hours)


@pytest.mark.parametrize("text", ["0d", "-1d", "1e300d", "nan d", "", "14 MiB"])
def test_what_is_no_time_to_wait_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="^--max-age: .*14d or 36h"):
        span(text, "--max-age")
