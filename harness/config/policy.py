"""Policies: named, extending one another, resolved to one that has an answer for everything."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from harness.config.schema import GateFile, PolicyConfig
from harness.errors import ConfigError
from harness.limits import Limit
from harness.model import Waiver
from harness.suggest import did_you_mean

DEFAULT = "policy"
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Policy:
    """What is required, within which limits, with which exceptions."""

    name: str
    confidence: float
    required: tuple[str, ...]
    limits: Mapping[str, str] = field(default_factory=dict)  # `family.measurement` -> text
    waivers: tuple[Waiver, ...] = ()

    @property
    def digest(self) -> str:
        """`sha256:...` over everything that can change a verdict."""
        text = json.dumps(asdict(self), sort_keys=True, default=str)
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()

    def limits_of(self, family: str, declared: Mapping[str, Limit]) -> dict[str, Limit]:
        """The limits in force for a check of `family` that declared those."""
        own = {
            key.partition(".")[2]: Limit.parse(text)
            for key, text in self.limits.items()
            if key.partition(".")[0] == family
        }
        return {**declared, **own}


def resolve(file: GateFile, name: str | None) -> Policy:
    """The policy `name`, with what it extends. Raises ConfigError for one that does not exist."""
    chain = _chain(file, name or DEFAULT)
    confidence = next((p.confidence for p in chain if p.confidence is not None), CONFIDENCE)
    required = next((p.required for p in chain if p.required is not None), default_required(file))
    limits: dict[str, str] = {}
    waivers: dict[str, Waiver] = {}
    for policy in reversed(chain):
        limits.update(policy.limits)
        waivers.update({w.check: Waiver(w.check, w.reason, w.expires) for w in policy.waivers})
    return Policy(name or DEFAULT, confidence, tuple(required), limits, tuple(waivers.values()))


def default_required(file: GateFile) -> list[str]:
    """Every family that the file configures; the image where there is one."""
    candidate = file.candidate
    named = ["startup", "contract", "behaviour"]
    named += ["image"] if candidate.image or candidate.build else []
    named += ["source"] if candidate.source else []
    named += ["accuracy"] if file.accuracy else []
    named += ["load"] if file.load else []
    named += [] if candidate.url else ["shutdown"]
    return named


def _chain(file: GateFile, name: str) -> list[PolicyConfig]:
    """The policy and its ancestors, nearest first."""
    chain: list[PolicyConfig] = []
    seen: list[str] = []
    step: str | None = name
    while step is not None:
        if step in seen:
            raise ConfigError(f"policies.{name}.extends: circle {' -> '.join([*seen, step])}")
        seen.append(step)
        policy = _named(file, step, seen[-2] if len(seen) > 1 else None)
        chain.append(policy)
        step = policy.extends
    return chain


def _named(file: GateFile, name: str, extended_by: str | None) -> PolicyConfig:
    if name == DEFAULT:
        return file.policy
    if name in file.policies:
        return file.policies[name]
    known = [DEFAULT, *file.policies]
    where = f"policies.{extended_by}.extends" if extended_by else "--policy"
    raise ConfigError(
        f"{where}: no policy {name!r}, expected one of {', '.join(known)}"
        f"{did_you_mean(name, known)}"
    )
