"""Signed reports: envelopes over in-toto statements, made and verified with keys or keyless."""

from __future__ import annotations

import re

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def is_digest(text: str) -> bool:
    """Whether it is `sha256:` and 64 small hexadecimal digits."""
    return _DIGEST.fullmatch(text) is not None
