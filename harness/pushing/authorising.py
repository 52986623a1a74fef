"""Who we are to a registry: credentials of docker's configuration, basic or for a bearer token."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

from harness.contract.wire.transport import Prepared, send
from harness.errors import ReportError
from harness.pushing import RegistryError
from harness.pushing.reference import Reference, is_loopback, origin
from harness.report.reading import strict

_PATIENCE = 20.0  # seconds for one token
_MAX_TOKEN = 64 * 1024  # bytes of the answer that holds it
_CHALLENGE = re.compile(r"(?i)\s*(basic|bearer)\b")
_PARAMETER = re.compile(r'(?i)\b(realm|service)="([^"\\]{1,2000})"')
_PLAIN = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Login:
    """What docker's configuration knows of us at one registry."""

    user: str = ""
    password: str = ""
    identity: str = ""  # a refresh token, in place of the password

    @classmethod
    def of(cls, registry: str) -> Login | None:
        """As `docker login` left it, credential helpers included; None where it left none.

        Raises RegistryError where the configuration cannot be read.
        """
        import docker.auth
        from docker.errors import DockerException

        try:
            known = docker.auth.load_config()
            found = cast(dict[str, Any] | None, docker.auth.resolve_authconfig(known, registry))
        except (DockerException, ValueError, OSError) as problem:
            raise RegistryError(
                f"docker's configuration: credentials of {registry}: {problem}"
            ) from None
        if not found:
            return None
        words = {key.lower(): str(value or "") for key, value in found.items()}
        login = cls(
            words.get("username", ""), words.get("password", ""), words.get("identitytoken", "")
        )
        return login if login.identity or login.user else None

    @property
    def basic(self) -> str:
        """The value of a header `Authorization`."""
        pair = base64.b64encode(f"{self.user}:{self.password}".encode()).decode("ascii")
        return f"Basic {pair}"


class Authoriser:
    """Answers the challenges of one registry, and keeps what was granted."""

    def __init__(self, reference: Reference) -> None:
        """Nothing is read or asked before the registry wants it."""
        self._reference = reference
        self._header = ""

    def headers(self) -> dict[str, str]:
        """What goes with the next request to the registry."""
        return {"Authorization": self._header} if self._header else {}

    def meet(self, challenge: str) -> None:
        """Get what the registry's `WWW-Authenticate` asks for. Raises RegistryError."""
        kind = _CHALLENGE.match(challenge)
        if kind is None:
            raise RegistryError(
                f"registry {self._reference.registry}: asks for {challenge[:80]!r}, expected basic "
                "or bearer authentication"
            )
        login = Login.of(self._reference.registry)
        if kind[1].lower() == "basic":
            if login is None or not login.user:
                raise RegistryError(
                    f"registry {self._reference.registry}: wants a name and a password; "
                    f"`docker login {self._reference.registry}` first"
                )
            self._header = login.basic
        else:
            self._header = f"Bearer {self._token(_parameters(challenge), login)}"

    def _token(self, asked: dict[str, str], login: Login | None) -> str:
        """A token for pulling from and pushing to our repository, whatever else was asked for."""
        realm = asked.get("realm", "")
        what = f"registry {self._reference.registry}: token from {realm[:200]!r}"
        at = origin(realm) if _PLAIN.fullmatch(realm) else None
        near = is_loopback(self._reference.registry)  # what is far does not send us around at home
        if at is None or not (at[0] == "https" or (near and is_loopback(at[1]))):
            raise RegistryError(f"{what}: expected an address with https")
        parts = urlsplit(realm)
        answer = send(
            f"{parts.scheme}://{parts.netloc}",
            self._request(parts.path, parts.query, asked.get("service", ""), login),
            _PATIENCE,
            _MAX_TOKEN,
        )
        if answer.error is not None or answer.status != 200:
            hint = f"; `docker login {self._reference.registry}` first"
            raise RegistryError(f"{what}: {answer.error or f'answered {answer.status}{hint}'}")
        try:
            held = strict(answer.body)
        except ReportError as problem:
            raise RegistryError(f"{what}: {problem}") from None
        held = held if isinstance(held, dict) else {}
        token = held.get("token") or held.get("access_token")
        if not isinstance(token, str) or not _PLAIN.fullmatch(token):
            raise RegistryError(f"{what}: the answer holds no token")
        return token

    def _request(self, path: str, query: str, service: str, login: Login | None) -> Prepared:
        scope = f"repository:{self._reference.repository}:pull,push"
        wanted = {"service": service, "scope": scope}
        if login is not None and login.identity:
            grant = {"grant_type": "refresh_token", "refresh_token": login.identity}
            form = urlencode({**wanted, **grant, "client_id": "releasegate"}).encode()
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            return Prepared("POST", path or "/", kind, form)
        headers = {"Authorization": login.basic} if login is not None else {}
        full = "&".join(part for part in (query, urlencode(wanted)) if part)
        return Prepared("GET", f"{path or '/'}?{full}", headers)


def _parameters(challenge: str) -> dict[str, str]:
    return {name.lower(): value for name, value in _PARAMETER.findall(challenge)}
