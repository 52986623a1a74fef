"""What an image's configuration says: its user, its ports, and secrets that were left in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.model import Finding, Measurement, Severity
from harness.static.secrets import Secret, find_in_environment, find_secrets

_ASSIGNMENT = re.compile(r"(?<![\w$])([A-Za-z_]\w{0,60})=([^\s\"']+|\"[^\"]*\"|'[^']*')")
_REMEDY = "a secret given at run time, or RUN --mount=type=secret while building"


def user(config: Mapping[str, Any], accounts: Mapping[str, int]) -> list[Measurement | Finding]:
    """Who the image runs as: `user_id`, and a finding where that is root or nobody known.

    `accounts` maps the names of the image's /etc/passwd to user ids.
    """
    given = str(config.get("User") or "")
    name = given.partition(":")[0]
    number = int(name) if name.isdecimal() else accounts.get(name or "root", None)
    if name in ("", "root") and number is None:
        number = 0  # an image without /etc/passwd still starts as root
    if number is None:
        return [
            Finding(
                "user-unknown",
                f"the image runs as {name!r}, whom its /etc/passwd does not know",
                location="USER",
                expected="a user that the Dockerfile creates, or a number",
                received=given,
            )
        ]
    seen: list[Measurement | Finding] = [Measurement("user_id", float(number))]
    if number == 0:
        seen.append(
            Finding(
                "root-user",
                "the image runs as root" + ("" if given else ": it names no user"),
                location="USER",
                expected="a user without rights, as in USER 10001:10001",
                received=given or "nothing",
            )
        )
    return seen


def ports(config: Mapping[str, Any], port: int) -> list[Measurement | Finding]:
    """`exposed_ports`, and a finding where the port that the gate asks is not among them."""
    exposed = sorted(str(one) for one in config.get("ExposedPorts") or {})
    seen: list[Measurement | Finding] = [Measurement("exposed_ports", float(len(exposed)))]
    if not exposed:
        seen.append(
            Finding(
                "port-not-exposed",
                f"the image exposes no port; the gate asks it on {port}",
                severity=Severity.WARNING,
                location="EXPOSE",
                expected=f"EXPOSE {port}",
            )
        )
    elif not {f"{port}/tcp", str(port)}.intersection(exposed):
        seen.append(
            Finding(
                "port-other",
                f"the image does not expose the port that the gate asks it on, {port}",
                location="EXPOSE",
                expected=f"{port}/tcp",
                received=", ".join(exposed),
            )
        )
    return seen


def configured_secrets(config: Mapping[str, Any], history: Sequence[str]) -> list[Finding]:
    """Secrets in ENV, labels, the command and the history; each is named once."""
    found: dict[tuple[str, str], Finding] = {}
    for place, secret in _places(config, history):
        found.setdefault((secret.rule, secret.shown), secret_finding(place, secret))
    return list(found.values())


def secret_finding(place: str, secret: Secret) -> Finding:
    """A finding that shows as much of a secret as may be shown."""
    return Finding(
        secret.rule,
        f"the image holds a secret ({secret.rule}) in {place}",
        location=place,
        expected=_REMEDY,
        received=secret.shown,
    )


def _places(config: Mapping[str, Any], history: Sequence[str]) -> Iterator[tuple[str, Secret]]:
    pairs = (str(entry).partition("=") for entry in config.get("Env") or ())
    for name, secret in find_in_environment({name: value for name, _, value in pairs}):
        yield f"ENV {name}", secret
    labels = {str(key): str(value) for key, value in (config.get("Labels") or {}).items()}
    for name, secret in find_in_environment(labels):
        yield f"LABEL {name}", secret
    for key in ("Entrypoint", "Cmd", "Healthcheck"):
        for secret in find_secrets(json.dumps(config.get(key) or "").encode()):
            yield key.upper(), secret
    for number, step in enumerate(history, 1):
        for secret in find_secrets(step.encode()):
            yield f"history step {number} (newest first)", secret
        assigned = {match[1]: match[2].strip("\"'") for match in _ASSIGNMENT.finditer(step)}
        for name, secret in find_in_environment(assigned):
            yield f"history step {number} (newest first), {name}", secret
