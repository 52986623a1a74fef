"""Keyless signing hands sigstore our exact bytes, and says what is missing where it cannot."""

from __future__ import annotations

import base64
import builtins
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from harness.errors import GateError, ReportError
from harness.report import Report
from harness.report.signing import statements
from harness.report.signing.envelope import open_envelope
from harness.report.signing.keyless import sign_keyless
from harness.report.signing.keys import read_public

Saving = Callable[..., Path]


@pytest.fixture
def identity(monkeypatch: pytest.MonkeyPatch) -> None:
    """A CI system that vouches for this job: a token of its form, which sigstore does not check."""
    claims = {
        "iss": "https://ci.example.com",
        "sub": "job-4711",
        "aud": "sigstore",
        "iat": int(time.time()) - 10,
        "exp": int(time.time()) + 600,
    }
    parts = [json.dumps(part).encode() for part in ({"alg": "ES256", "typ": "JWT"}, claims)]
    coded = [base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (*parts, b"sig")]
    monkeypatch.setattr("sigstore.oidc.detect_credential", lambda: ".".join(coded))


@pytest.fixture
def authority(curve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sigstore's certificates and log, which are far away; its envelopes are its own."""
    from sigstore import dsse

    class Signer:
        """Signs as sigstore's does, without a certificate."""

        def sign_dsse(self, statement: dsse.Statement) -> dsse.Envelope:
            return dsse._sign(curve.raw, statement)

    class Context:
        """Of one identity."""

        @contextmanager
        def signer(self, token: object) -> Iterator[Signer]:
            assert getattr(token, "identity") == "job-4711"  # noqa: B009
            yield Signer()

    monkeypatch.setattr("sigstore.models.ClientTrustConfig.production", lambda: None)
    monkeypatch.setattr("sigstore.sign.SigningContext.from_trust_config", lambda _: Context())


@pytest.mark.usefixtures("identity", "authority")
def test_sigstore_signs_our_exact_bytes(failed: Report, saved: Saving, curve: Any) -> None:
    path = saved(failed)
    files = sign_keyless(path)
    assert [file.name for file in files] == [
        "report.sigstore.json",
        "report.test-result.sigstore.json",
        "report.vsa.sigstore.json",
    ]
    opened = open_envelope(files[0].read_bytes(), [read_public(curve.public)])
    assert opened.payload == statements.full(path.read_bytes())


@pytest.mark.usefixtures("identity", "authority")
def test_a_report_that_cannot_be_read_is_no_fault_of_sigstore(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"report\.json: no such file"):
        sign_keyless(tmp_path)


def test_without_an_identity_it_tells_where_one_comes_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sigstore.oidc.detect_credential", lambda: None)
    with pytest.raises(GateError, match="nobody vouches for this machine.*id-token: write"):
        sign_keyless(tmp_path)


def test_a_token_that_is_none_is_told_and_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sigstore.oidc.detect_credential", lambda: "secret")
    with pytest.raises(GateError, match="--keyless: sigstore: IdentityError") as refused:
        sign_keyless(tmp_path)
    assert "secret" not in str(refused.value)


@pytest.mark.usefixtures("identity")
def test_an_authority_that_is_not_reached_is_an_error_of_ours(
    failed: Report, saved: Saving, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise ConnectionError("no route to the trust root")

    monkeypatch.setattr("sigstore.models.ClientTrustConfig.production", away)
    with pytest.raises(GateError, match="sigstore: ConnectionError: no route to the trust root"):
        sign_keyless(saved(failed))


def test_without_sigstore_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.split(".")[0] == "sigstore":
            raise ModuleNotFoundError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(GateError, match=r"pip install 'releasegate\[sigstore\]'"):
        sign_keyless(tmp_path)
