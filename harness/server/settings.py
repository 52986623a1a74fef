"""server.toml: what `gate serve` keeps, whom it lets in, and how long a pass holds."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from harness.config.messages import explain
from harness.config.policy import DEFAULT
from harness.config.section import Section
from harness.config.words import Address, Duration, Port, Rate, Size
from harness.errors import ConfigError
from harness.server.controllers.settings import CanarySettings
from harness.units import in_base

Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
NAME = "server.toml"


class Pinned(Section):
    """What a policy's reports must have been judged under."""

    digests: list[Digest]
    """Digests of the policy that count; a report under another is as good as none."""


class Rates(Section):
    """How often one token, or one address without a token, may ask; a second's worth at once."""

    read: Rate = "5000 /s"
    """Questions and pages, a token."""
    write: Rate = "50 /s"
    """Reports, announcements and promotions, a token."""
    stranger: Rate = "50 /s"
    """Whatever comes without a token, or with one that is none, an address."""


class Settings(Section):
    """The whole of server.toml."""

    ledger: str = "ledger.sqlite"
    """A file of SQLite, or `postgresql://user:password@host/name`."""
    host: str = "127.0.0.1"
    """Address to listen on; `0.0.0.0` for all of them."""
    port: Port = 8080
    """Port to listen on."""
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    """Processes that answer."""
    url: Address | None = None
    """Where others find the service: links in answers begin with it."""
    read: Literal["token", "open"] = "token"
    """Whether reading needs a token. Health is open always, writing never."""
    policy: str = DEFAULT
    """Policy of a question that names none."""
    max_age: Duration = "30 d"
    """How long a pass holds."""
    environments: list[str] = []
    """Policies as environments, in the order in which a digest passes through them."""
    policies: dict[str, Pinned] = {}
    """Policies whose content is pinned."""
    trusted_keys: list[str] = []
    """Public keys (PEM files): a report that one of them signed needs no token."""
    report_bytes: Size = "16 MiB"
    """A larger report is refused."""
    rates: Rates = Rates()
    """How often one may ask."""
    canary: CanarySettings = CanarySettings()
    """Live comparison of canaries."""

    @property
    def max_age_s(self) -> float:
        """Seconds that a pass holds."""
        return in_base(self.max_age, "time")

    @property
    def max_report_bytes(self) -> int:
        """Bytes of the largest report that is taken."""
        return int(in_base(self.report_bytes, "size"))


def load_settings(path: str | None, given: Mapping[str, Any] | None = None) -> Settings:
    """Read a server.toml; what the command line has `given` (no None) replaces its keys.

    Without a path it is ./server.toml where there is one, else the defaults. Relative paths
    start from the file. Raises ConfigError with file, key path, received and expected.
    """
    file = Path(path or NAME)
    raw = _read(file) if path is not None or file.exists() else {}
    folder = file.resolve().parent
    raw |= {key: value for key, value in (given or {}).items() if value is not None}
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as problem:
        raise ConfigError(explain(file, problem, Settings)) from None
    keys = [_found(file, folder, key) for key in settings.trusted_keys]
    here = folder if "ledger" not in (given or {}) else Path.cwd()
    return settings.model_copy(
        update={
            "trusted_keys": keys,
            "ledger": _placed(settings.ledger, here),
            "canary": settings.canary.placed(folder),
        }
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file, expected the settings of `gate serve`") from None
    except OSError as problem:
        raise ConfigError(f"{path}: cannot be read: {problem.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise ConfigError(f"{path}: not TOML: {problem}") from None


def _found(file: Path, folder: Path, key: str) -> str:
    path = folder / key
    if not path.is_file():
        raise ConfigError(f"{file}: trusted_keys = {key!r}: no such file, expected a public key")
    return str(path)


def _placed(ledger: str, folder: Path) -> str:
    """A bare path as one that does not depend on the current folder."""
    return ledger if "://" in ledger else str(folder / ledger)
