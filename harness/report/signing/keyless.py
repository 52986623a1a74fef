"""Signing without a key of one's own: sigstore's certificate for whom the CI system says we are."""

from __future__ import annotations

from pathlib import Path

from harness.errors import GateError
from harness.report.signing.signing import seal_report

SUFFIXES = ("sigstore.json", "test-result.sigstore.json", "vsa.sigstore.json")


def sign_keyless(path: Path, out: Path | None = None) -> list[Path]:
    """Sign the report at `path` as this CI job; the bundles written, the full one first.

    `report.json` gets `report.sigstore.json` and so on, as `sign_report` does with a key.
    Raises ReportError as that does, and GateError where sigstore is not installed, knows no
    identity here, or cannot be reached.
    """
    try:
        from sigstore import dsse, oidc
        from sigstore.models import ClientTrustConfig
        from sigstore.sign import SigningContext
    except ModuleNotFoundError:
        raise GateError(
            "--keyless: sigstore is not installed; pip install 'releasegate[sigstore]'"
        ) from None
    try:
        token = oidc.detect_credential()
        identity = None if token is None else oidc.IdentityToken(token)
        if identity is not None:
            context = SigningContext.from_trust_config(ClientTrustConfig.production())
    except Exception as problem:  # of a dozen kinds, by four libraries below it
        raise _failed(problem) from None
    if identity is None:
        raise GateError(
            "--keyless: nobody vouches for this machine; expected a CI job with an identity: "
            "`permissions: id-token: write` on GitHub, `id_tokens: SIGSTORE_ID_TOKEN` on GitLab"
        )

    def close(statement: bytes) -> bytes:
        try:
            return signer.sign_dsse(dsse.Statement(statement)).to_json().encode()
        except Exception as problem:  # as above
            raise _failed(problem) from None

    with context.signer(identity) as signer:
        return seal_report(path, close, SUFFIXES, out)


def _failed(problem: Exception) -> GateError:
    return GateError(f"--keyless: sigstore: {type(problem).__name__}: {str(problem)[:500]}")
