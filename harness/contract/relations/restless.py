"""Members that are another each time by their nature: ids and times of the answer itself."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from harness.contract.contract import Contract
from harness.contract.judging.compare import Comparer, is_number
from harness.contract.judging.findings import Exchange
from harness.contract.judging.volatile import ANY, Path, read_paths, without
from harness.contract.text import json_path

_MOST = 200  # differences of two answers that are looked at
_UNIQUE = re.compile(
    r"^[A-Za-z]{0,12}[-_:]?("
    r"[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"  # a UUID
    r"|[0-9a-fA-F]{16,64}"  # a hash or a trace id
    r"|[0-9A-HJKMNP-TV-Z]{26})$"  # a ULID
)
_MOMENT = re.compile(r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
_ID = re.compile(
    r"^(id|uid|uuid|guid|nonce|etag)$"
    r"|(^|_)(request|trace|span|correlation|prediction|inference|response|session|transaction"
    r"|message|event|job|call|run)_?(id|uid|uuid|guid|no|number)$"
)
_WHEN = re.compile(r"(^|_)(timestamp|created|started|completed|finished|date|time|now|at)(_|$)")
_HOW_LONG = re.compile(
    r"(^|_)(latency|elapsed|took)(_|$)"
    r"|^(inference|processing|process|compute|prediction|predict|response|server|request|queue"
    r"|execution|model|total|run)_?(time|duration|seconds|ms|millis)(_\w+)?$"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_DAY = 86400.0
_SPELL = 300.0  # seconds that two clocks may be apart
_LARGEST = 1e30  # whole numbers beyond every double cannot be divided
_LOOKED_AT = 2000  # places of one answer where it may say what time it is


def restless(
    contract: Contract, groups: Sequence[Sequence[Exchange]], tolerance: float
) -> Iterator[str]:
    """JSON paths of what differs between answers to one request only because it has to.

    Nothing is excused that the contract declares as an output, and nothing that would leave an
    answer empty.
    """
    declared = {tensor.name for tensor in contract.form.outputs}
    paths = read_paths(contract.config.volatile)
    answers = [[e.parsed.value for e in group if e.comparable] for group in groups]
    seen: dict[Path, list[list[Any]]] = {}
    for group in answers:
        for parts, values in _changing([without(value, paths) for value in group], tolerance):
            seen.setdefault(pattern_of(parts), []).append(values)
        for value in group[:1]:
            for parts, item in _present(without(value, paths)):
                seen.setdefault(pattern_of(parts), []).append([item])
    for pattern, groups_of in seen.items():
        named = next((p for p in reversed(pattern) if isinstance(p, str) and p != ANY), "")
        if not any(_counts(contract, value, pattern) for group in answers for value in group):
            continue  # like an id beside the outputs: the protocol says that it is no prediction
        excused = named not in declared and _by_nature(named, groups_of)
        if excused and all(
            _leaves_something(value, pattern) for group in answers for value in group
        ):
            yield path_of(pattern)


def _counts(contract: Contract, value: Any, pattern: Path) -> bool:
    """Whether what stands there is part of what answers are compared by."""
    form = contract.form
    whole, less = form.prediction(value), form.prediction(without(value, [pattern]))
    return Comparer(0.0).difference(whole, less) is not None


def pattern_of(parts: Sequence[Any]) -> Path:
    """Where a difference is, whatever the index in a list."""
    return tuple(ANY if isinstance(part, int) else part for part in parts)


def path_of(pattern: Path) -> str:
    """A pattern as text, as `contract.volatile` takes it."""
    return "$" + "".join(ANY if part == ANY else json_path([part])[1:] for part in pattern)


def _changing(group: list[Any], tolerance: float) -> Iterator[tuple[tuple[Any, ...], list[Any]]]:
    """Each place that differs within a group, and what stood there in each of the answers."""
    places: dict[tuple[Any, ...], None] = {}
    for other in group[1:]:
        found = Comparer(tolerance).differences(group[0], other)
        places.update((item.parts, None) for item, _ in zip(found, range(_MOST), strict=False))
    for parts in places:
        yield parts, [_at(value, parts) for value in group]


def _present(value: Any) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Each place that says what time it is: in whole seconds it is another one only now and then,
    and always in the end."""
    waiting: list[tuple[tuple[Any, ...], Any]] = [((), value)]
    for _ in range(_LOOKED_AT):
        if not waiting:
            return
        parts, item = waiting.pop()
        if isinstance(item, dict):
            waiting += [((*parts, name), inner) for name, inner in item.items()]
        elif isinstance(item, list):
            waiting += [((*parts, index), inner) for index, inner in enumerate(item[:_MOST])]
        elif _is_present(item):
            yield parts, item


def _is_present(item: Any) -> bool:
    if is_number(item):
        return _is_now(item, _SPELL)
    if not isinstance(item, str) or not _MOMENT.match(item):
        return False
    try:
        moment = datetime.fromisoformat(item)
    except ValueError:
        return False
    readings = [moment] if moment.tzinfo else [moment.replace(tzinfo=UTC), moment.astimezone()]
    now = datetime.now(UTC)
    return any(abs((one - now).total_seconds()) < _SPELL for one in readings)


def _at(value: Any, parts: tuple[Any, ...]) -> Any:
    for part in parts:
        try:
            value = value[part]
        except (LookupError, TypeError):
            return None
    return value


def _by_nature(name: str, groups: Sequence[Sequence[Any]]) -> bool:
    """Whether a member of this name is an id or a time of its answer.

    A group holds its values in the answers to one request.
    """
    name = _CAMEL.sub("_", name).lower()
    values = [value for group in groups for value in group]
    if _ID.search(name) and all(isinstance(value, (str, int)) for value in values):
        return all(len({str(value) for value in group}) == len(group) > 2 for group in groups)
    if all(isinstance(value, str) for value in values):
        return all(_UNIQUE.match(value) or _MOMENT.match(value) for value in values)
    if not all(is_number(value) for value in values):
        return False
    if _HOW_LONG.search(name):
        return True
    return bool(_WHEN.search(name)) and all(_is_now(value) for value in values)


def _is_now(value: float, spell: float = _DAY) -> bool:
    """Whether it is a time of about now, in s, ms, us or ns since 1970."""
    if abs(value) > _LARGEST:
        return False
    now = time.time()
    return any(abs(value / unit - now) < spell for unit in (1, 1e3, 1e6, 1e9))


def _leaves_something(value: Any, pattern: Path) -> bool:
    return without(value, [pattern]) not in ({}, [], None)
