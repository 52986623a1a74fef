"""`gate sign` and `gate verify`: reports made into signed statements, and those held to account."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from pathlib import Path

from harness.errors import ConfigError
from harness.report import printable
from harness.report.signing import is_digest
from harness.units import in_base


def sign(report: Path, key: Path | None, out: Path | None) -> int:
    """Sign with the private key, or as this CI job where there is none; the exit code.

    Raises ReportError, ConfigError for the key, GateError of sigstore.
    """
    if key is None:
        from harness.report.signing.keyless import sign_keyless

        files = sign_keyless(report, out)
    else:
        from harness.report.signing.keys import read_private
        from harness.report.signing.signing import sign_report

        files = sign_report(report, read_private(key), out)
    for file in files:
        print(f"wrote {printable(str(file))}")
    return 0


def verify(
    path: Path,
    keys: Sequence[Path],
    *,
    image: str | None,
    digest: str | None,
    policy: str | None,
    policy_digest: str | None,
    max_age: str | None,
) -> int:
    """Print an answer to each question that was asked; the exit code.

    Raises ConfigError for a question that makes no sense, ReportError for a file that cannot be
    read, EngineError where `image` is a name and no engine here knows it.
    """
    from harness.report.signing.keys import read_public
    from harness.report.signing.verifying import Wanted, verify_file

    wanted = Wanted(
        [read_public(key) for key in keys],
        _digests(image, digest),
        policy,
        _digest(policy_digest, "--policy-digest"),
        span(max_age, "--max-age"),
    )
    verified = verify_file(path, wanted, dt.datetime.now(dt.UTC))
    for line in verified.lines():
        print(line)
    return verified.exit_code


def span(text: str | None, option: str) -> dt.timedelta | None:
    """`14d` as a time. Raises ConfigError, which names the option."""
    if text is None:
        return None
    try:
        found = dt.timedelta(seconds=in_base(text, "time"))
    except ValueError as problem:
        raise ConfigError(f"{option}: {problem}; expected a time like 14d or 36h") from None
    except OverflowError:
        raise ConfigError(f"{option}: {text!r} is too long, expected one like 14d or 36h") from None
    if found <= dt.timedelta():
        raise ConfigError(f"{option}: {text!r} is no time at all, expected one like 14d or 36h")
    return found


def _digests(image: str | None, digest: str | None) -> Collection[str]:
    if digest is not None:
        return (str(_digest(digest, "--digest")),)
    if image is None:
        return ()
    _, at, named = image.partition("@")
    if at:
        return (str(_digest(named, "--image")),)
    from harness.runtime import image_digests

    return image_digests(image)


def _digest(text: str | None, option: str) -> str | None:
    if text is not None and not is_digest(text):
        raise ConfigError(f"{option}: {text!r}, expected `sha256:` and 64 hexadecimal digits")
    return text
