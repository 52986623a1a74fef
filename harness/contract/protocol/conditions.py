"""Conditions on a JSON body: where a protocol says "ready" or "failed" in it and not by status."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from harness.contract.text import shown


@dataclass(frozen=True, slots=True)
class Condition:
    """A member of a body that has one of some values.

    `member` is an RFC 6901 pointer in which `*` stands for every item of a list, as in
    "/model_version_status/*/state". No `values`: any value but null, false and "".
    """

    member: str
    values: tuple[Any, ...] = ()
    says: str = ""  # pointer to the sentence that tells why

    def met(self, body: Any) -> bool:
        """Whether the member is there and has one of the values."""
        return any(self._fits(value) for value in found_at(body, self.member))

    def told(self, body: Any) -> str:
        """What the member says, and why: `status = 'failed': out of memory`; "" where not met."""
        if not self.met(body):
            return ""
        why = next((shown(value) for value in found_at(body, self.says) if value), "")
        return self.seen(body) + (f": {why}" if self.says and why else "")

    def seen(self, body: Any) -> str:
        """The member as it is: `status = 'STARTING'`."""
        name = self.member.rpartition("/")[2]
        values = [shown(value, 60) for value in found_at(body, self.member)]
        return f"{name} = {', '.join(values[:4])}" if values else f"no member {self.member}"

    def _fits(self, value: Any) -> bool:
        if not self.values:
            return value not in (None, False, "")
        return any(type(value) is type(wanted) and value == wanted for wanted in self.values)


def found_at(body: Any, pointer: str) -> Iterator[Any]:
    """Every value that the pointer leads to; none where the way ends."""
    places = [body]
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        places = [inner for place in places for inner in _step(place, name)]
    yield from places


def _step(place: Any, name: str) -> Iterator[Any]:
    if isinstance(place, list) and name == "*":
        yield from place
    elif isinstance(place, dict) and name in place:
        yield place[name]
