"""`@check`: what a check declares about itself, validated when its file is imported."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from harness.limits import Limit

if TYPE_CHECKING:
    from harness.config import Gate

Function = TypeVar("Function", bound=Callable[..., Any])

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_ATTRIBUTE = "__releasegate__"


@dataclass(frozen=True, slots=True)
class CheckSpec:
    """The declaration of one check."""

    title: str  # first line of the docstring
    version: int = 1  # raised when what is measured changes: reports compare only where equal
    limits: Mapping[str, Limit] = field(default_factory=dict)
    measures: tuple[str, ...] = ()  # measured without a default limit; a policy may set one
    advisory: bool = False
    applies: Callable[[Gate], str] | None = None  # "" it applies, else the reason why not
    labels: tuple[str, ...] = ()  # by which a limit may be on a part of what it measures


def check(
    *,
    limits: Mapping[str, str] | None = None,
    measures: tuple[str, ...] = (),
    version: int = 1,
    advisory: bool = False,
    applies: Callable[[Gate], str] | None = None,
    labels: tuple[str, ...] = (),
) -> Callable[[Function], Function]:
    """Declare a function of a `check_<family>.py` to be a check.

    The function is named `check_<property>`, its parameters are fixtures, its docstring's first
    line is its title, and it returns what it saw: Measurements, Findings, Evidence.

    `limits` are the defaults that a policy may override; `measures` names further measurements
    that a policy may limit. An `advisory` check is required only where a policy names its id.
    `applies` looks at the gate and returns why the check has nothing to look at, or "". With
    `labels=("name",)` a policy may limit `measurement{name=...}`, which then has to be returned.

    Raises ValueError for a declaration that cannot be right.
    """

    def declare(function: Function) -> Function:
        spec = _spec(function, limits or {}, measures, version, advisory, applies)
        setattr(function, _ATTRIBUTE, replace(spec, labels=tuple(labels)))
        return function

    return declare


def spec_of(function: object) -> CheckSpec | None:
    """The declaration of `function`, or None where it carries none."""
    found = getattr(function, _ATTRIBUTE, None)
    return found if isinstance(found, CheckSpec) else None


def _spec(
    function: Callable[..., Any],
    limits: Mapping[str, str],
    measures: tuple[str, ...],
    version: int,
    advisory: bool,
    applies: Callable[[Gate], str] | None,
) -> CheckSpec:
    name = getattr(function, "__name__", repr(function))
    title = (inspect.getdoc(function) or "").partition("\n")[0].strip()
    if not title:
        raise ValueError(f"{name} has no docstring: its first line is the title of the check")
    if version < 1:
        raise ValueError(f"{name}: version = {version!r}, expected a whole number from 1")
    for measure in (*limits, *measures):
        if not _NAME.fullmatch(measure):
            raise ValueError(f"{name}: measurement {measure!r}, expected lower_case letters")
    try:
        parsed = {measure: Limit.parse(text) for measure, text in limits.items()}
    except ValueError as problem:
        raise ValueError(f"{name}: {problem}") from None
    return CheckSpec(title, version, parsed, tuple(measures), advisory, applies)
