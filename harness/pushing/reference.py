"""Image references as people write them, taken apart: registry, repository, tag, digest."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from harness.errors import ConfigError

_HUB, _HUB_API = "docker.io", "registry-1.docker.io"
_HOST = re.compile(r"(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_PATH = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_LONGEST = 255  # characters of a repository, as registries take them


@dataclass(frozen=True, slots=True)
class Reference:
    """A place in a registry."""

    registry: str  # `registry.example.com:5000`; Docker Hub is `docker.io`
    repository: str  # `team/fraud`
    tag: str  # `1.4.0`

    def __str__(self) -> str:
        return f"{self.name}:{self.tag}"

    @property
    def name(self) -> str:
        """Registry and repository, without a tag."""
        return f"{self.registry}/{self.repository}"

    @property
    def base_url(self) -> str:
        """Where its registry listens: plain HTTP on this machine, HTTPS everywhere else."""
        if is_loopback(self.registry):
            return f"http://{self.registry}"
        return f"https://{_HUB_API if self.registry == _HUB else self.registry}"


def parse_target(text: str) -> Reference:
    """Where an image goes: `registry.example.com/team/fraud:1.4.0`.

    Raises ConfigError for one without a tag, with a digest, or that is no reference.
    """
    name, at, _ = text.partition("@")
    if at:
        raise ConfigError(
            f"TARGET {text!r}: a digest is what the registry answers, expected a tag like "
            f"'{name or 'fraud'}:1.4.0'"
        )
    rest, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:  # the colon of a port
        raise ConfigError(f"TARGET {text!r}: has no tag, expected one like '{name}:1.4.0'")
    registry, repository = _split(rest)
    parts = repository.split("/")
    sound = len(repository) <= _LONGEST and all(_PATH.fullmatch(part) for part in parts)
    if not (sound and _HOST.fullmatch(registry) and _TAG.fullmatch(tag)):
        raise ConfigError(
            f"TARGET {text!r}: not a reference, expected one like "
            "'registry.example.com/team/fraud:1.4.0'"
        )
    return Reference(registry, repository, tag)


def is_loopback(host: str) -> bool:
    """Whether `host`, `host:port`, `::1` or `[::1]:port` is this machine and no other."""
    with_port = re.fullmatch(r"([^:]*|\[.*\]):[0-9]+", host)
    name = with_port[1] if with_port else host
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def origin(url: str) -> tuple[str, str, int] | None:
    """Scheme, host and port of an HTTP URL that names no user; None where it is none."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    except (ValueError, KeyError):
        return None
    return (parts.scheme, parts.hostname, port) if parts.hostname and not parts.username else None


def _split(name: str) -> tuple[str, str]:
    """Registry and repository, by the rule of docker's own client."""
    first, slash, rest = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return ("docker.io" if first == "index.docker.io" else first), rest
    return _HUB, name if slash else f"library/{name}"
