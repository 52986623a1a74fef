"""From pytest's items to checks: ids, limits, order; every mistake found before a start."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

from harness import labels, paths
from harness.config import Gate
from harness.declare import CheckSpec, spec_of
from harness.errors import ConfigError
from harness.limits import Limit
from harness.model import CheckResult, Declared, Outcome
from harness.suggest import did_you_mean

_FILE = re.compile(r"check_([a-z][a-z0-9]*(?:_[a-z0-9]+)*)")
# Source checks run while the candidate starts, image checks after the image was read in the
# background, load on a machine that is quiet again, and what ends the candidate last. Families of
# third parties come before load.
_FIRST = ("source", "startup", "contract", "behaviour", "accuracy", "image")
_LAST = ("load", "observability", "shutdown")


@dataclass(frozen=True, slots=True)
class Collected:
    """One check of this run."""

    id: str
    path: Path
    spec: CheckSpec
    limits: dict[str, Limit]  # in force: the policy's over the declared
    idle: str  # why it does not apply to this gate; "" where it does

    @property
    def family(self) -> str:
        """`load` of `load.latency`."""
        return self.id.partition(".")[0]

    @property
    def declared(self) -> Declared:
        """What goes into the report, so that it can be judged again."""
        texts = {name: limit.text for name, limit in self.spec.limits.items()}
        return Declared(texts, self.spec.measures, self.spec.advisory, not self.idle)

    def result(self, outcome: Outcome, reason: str, seconds: float = 0.0) -> CheckResult:
        """A result without evidence: of a check that did not come to an end, or not to a start."""
        return CheckResult(
            self.id,
            self.spec.version,
            self.spec.title,
            outcome,
            reason=" ".join(reason.split()) or "no reason given",
            duration_s=round(seconds, 3),
            declared=self.declared,
        )


def collect(gate: Gate, path: Path, function: object, name: str, original: str) -> Collected:
    """The check that pytest found as `name` in `path`; `original` is it without parameters.

    Raises ConfigError where it is not a check.
    """
    where = f"{path}::{name}"
    family = _FILE.fullmatch(path.stem)
    spec = spec_of(function)
    if spec is None:
        raise ConfigError(
            f"{where}: not a check: expected the decorator @check(...) of harness; "
            "a helper function must not be named check_..."
        )
    if family is None or not original.startswith("check_"):
        raise ConfigError(
            f"{where}: expected a function check_<property> in a file check_<family>.py"
        )
    own = {*spec.limits, *spec.measures}
    try:
        idle = spec.applies(gate) if spec.applies else ""
    except Exception as problem:  # of whoever wrote the check
        raise ConfigError(f"{where}: applies: {type(problem).__name__}: {problem}") from None
    limits = gate.policy.limits_of(family[1], spec.limits)
    return Collected(
        id=f"{family[1]}.{original.removeprefix('check_')}{name.removeprefix(original)}",
        path=path,
        spec=spec,
        limits={name: limit for name, limit in limits.items() if labels.declared_as(name, own)},
        idle=str(idle or ""),
    )


def installed_packs() -> list[str]:
    """Files and folders of the entry points `releasegate.checks`, found without importing them.

    Raises ConfigError where there is no such module.
    """
    return [_pack(entry) for entry in metadata.entry_points(group="releasegate.checks")]


def _pack(entry: metadata.EntryPoint) -> str:
    try:
        spec = util.find_spec(entry.module)
    except (ImportError, ValueError):
        spec = None
    if spec is None or spec.origin is None:
        raise ConfigError(
            f"entry point releasegate.checks {entry.name!r}: no module {entry.value!r}"
        )
    origin = Path(spec.origin)
    return str(origin.parent if origin.name == "__init__.py" else origin)


def rank(family: str) -> int:
    """Where the family stands in the order of a run."""
    if family in _FIRST:
        return _FIRST.index(family)
    return len(_FIRST) + (1 + _LAST.index(family) if family in _LAST else 0)


def turn(item: Collected, gate: Gate) -> float:
    """When the check runs: as its family's rank, an advisory one after all that are required.

    Accuracy through the running candidate is measured before the contract's abuse of it begins.
    """
    if item.family == "accuracy" and gate.accuracy_is_served:
        return rank("startup") + 0.5
    return max(rank(item.family), len(_FIRST)) if item.spec.advisory else rank(item.family)


def validate(gate: Gate, checks: Sequence[Collected]) -> None:
    """Hold the policy against the checks that exist. Raises ConfigError."""
    ids = [item.id for item in checks]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise ConfigError(f"more than one check is named {', '.join(twice)}")
    _refuse_stand_ins(gate, checks)
    families = {item.family for item in checks} | shipped_families()
    for name in gate.policy.required:
        _known(gate, "required", name, families, ids)
    for waiver in gate.policy.waivers:
        _known(gate, "waivers.check", waiver.check, set(), ids, families)
    for key, text in gate.policy.limits.items():
        _limit(gate, key, Limit.parse(text), families, checks)


def refuse_idle_baseline(gate: Gate, fixtures: Iterable[str]) -> None:
    """A baseline that nothing compares with would be a promise that nobody keeps.

    `fixtures` are those that the checks of this run ask for: `golden` reads the file, `baseline`
    and `turns` run the image, and so does `comparison` where that is the reference. Of a report,
    only a fixture `baseline` of the user's own can make use. Raises ConfigError.
    """
    said, asked = gate.file.baseline, set(fixtures)
    if gate.accuracy_beside_baseline and "comparison" in asked:
        asked.add("baseline")
    used_by = {"image": {"baseline", "turns"}, "report": {"baseline"}, "golden": {"golden"}}
    for key, users in used_by.items() if said is not None else ():
        if getattr(said, key) is not None and not users & asked:
            raise ConfigError(
                f"{gate.path}: baseline.{key} is set, but no check of this run compares with it; "
                "remove it"
            )


def _refuse_stand_ins(gate: Gate, checks: Sequence[Collected]) -> None:
    """Checks may be added to a shipped family, but must not answer in the place of its own."""
    for family in {item.family for item in checks} & shipped_families():
        own = paths.checks() / f"check_{family}.py"
        present = [item.path for item in checks if item.family == family]
        asked = any(name.partition(".")[0] == family for name in gate.policy.required)
        if asked and not any(path.samefile(own) for path in present):
            raise ConfigError(
                f"{present[0]}: adds to the family {family!r}, whose own checks are not part of "
                f"this run; give {own} as well"
            )


def shipped_families() -> set[str]:
    """The families of the checks that travel with Releasegate."""
    return {path.stem.removeprefix("check_") for path in paths.checks().glob("check_*.py")}


def _known(
    gate: Gate,
    key: str,
    name: str,
    groups: set[str],
    ids: Sequence[str],
    unseen: Iterable[str] = (),
) -> None:
    """Refuse a name that no check has, unless its whole family was left out of this run."""
    bare = {item.partition("[")[0] for item in ids}
    family = name.partition(".")[0]
    seen = {item.partition(".")[0] for item in ids}
    left_out = "." in name and family in (groups | set(unseen)) and family not in seen
    if name in groups or name in ids or name in bare or left_out:
        return
    known = [*sorted(groups), *sorted(bare)]
    raise ConfigError(
        f"{gate.path}: policy {gate.policy.name!r}: {key}: no check {name!r}"
        f"{did_you_mean(name, known)}; known: {', '.join(known)}"
    )


def _limit(
    gate: Gate, key: str, limit: Limit, families: set[str], checks: Sequence[Collected]
) -> None:
    family, _, name = key.partition(".")
    where = f"{gate.path}: policy {gate.policy.name!r}: limits.{key!r}"
    try:
        _, given = labels.split(name)
    except ValueError as problem:
        raise ConfigError(f"{where}: {problem}") from None
    own = [item for item in checks if item.family == family]
    if not own and family in families:
        return
    measuring = [item for item in own if labels.declared_as(name, _measured_by(item))]
    if not measuring:
        known = {f"{item.family}.{measure}" for item in checks for measure in _measured_by(item)}
        raise ConfigError(
            f"{where}: no such measurement{did_you_mean(key.partition('{')[0], known)}; "
            f"known: {', '.join(sorted(known))}"
        )
    _labels(where, given, measuring)
    for item in own:
        declared = item.spec.limits.get(labels.declared_as(name, item.spec.limits) or "")
        if declared is not None:
            _alike(where, limit, declared)


def _measured_by(item: Collected) -> tuple[str, ...]:
    return (*item.spec.limits, *item.spec.measures)


def _labels(where: str, given: Iterable[str], measuring: Sequence[Collected]) -> None:
    """Refuse labels that no check can tell apart: nobody would ever measure that part."""
    known = sorted({label for item in measuring for label in item.spec.labels})
    for label in given:
        if label not in known:
            told = f"known: {', '.join(known)}" if known else "it is only measured as a whole"
            raise ConfigError(f"{where}: no label {label!r}{did_you_mean(label, known)}; {told}")


def _alike(where: str, limit: Limit, declared: Limit) -> None:
    if declared.dimension != limit.dimension:
        raise ConfigError(
            f"{where} = {limit.text!r} is a {limit.dimension}, "
            f"expected a {declared.dimension} like {declared.text!r}"
        )
    if limit.opposes(declared):
        raise ConfigError(
            f"{where} = {limit.text!r} bounds it from the wrong side: "
            f"expected one like {declared.text!r}"
        )
