"""Two JSON Schemas compared: which requests are refused now, which answers nobody expected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from harness.contract.compatible import unions
from harness.contract.compatible.changes import Change, Kind, Side, at, breaks, change, place
from harness.contract.compatible.flat import (
    Node,
    Opaque,
    canonical,
    expanded,
    flat,
    origin,
    types,
)
from harness.contract.compatible.keywords import Step, allowed, constraints
from harness.model import Severity

_MOST_PAIRS = 4000
_UNIONS = ("anyOf", "oneOf")


def compare(side: Side, old: Any, new: Any) -> list[Change]:
    """Every change from the `old` schema document to the `new` one, as clients of `old` see it.

    What cannot be compared is a change of its own, a doubt; equal documents have none.
    """
    if canonical(old) == canonical(new):
        return []
    walk = _Walk(side)
    top = Node(old, "#", old), Node(new, "#", new)
    try:
        walk.pair(*top)
    except RecursionError:
        walk.unknown(*top, "it is nested too deep")
    return walk.changes


@dataclass(slots=True)
class _Walk:
    """Walks two schemas side by side; a pair that is met again inside itself is taken to hold."""

    side: Side
    changes: list[Change] = field(default_factory=list)
    seen: set[tuple[str, str, str]] = field(default_factory=set)
    pairs: list[int] = field(default_factory=lambda: [0])  # shared with trials

    def pair(self, old: Node, new: Node) -> None:
        """Compare two schemas and everything below them."""
        self.pairs[0] += 1
        try:
            if self.pairs[0] > _MOST_PAIRS:
                raise Opaque("there is too much of it")
            if expanded(old) == expanded(new):
                return
            key = (old.pointer, new.pointer, canonical([old.schema, new.schema]))
            if key not in self.seen:
                self.seen.add(key)
                self._flats(old, flat(old), new, flat(new))
        except Opaque as problem:
            self.unknown(old, new, str(problem))

    def holds(self, old: Node, new: Node) -> bool:
        """Whether the newer schema serves clients of the older one; nothing is noted."""
        trial = replace(self, changes=[], seen=set(self.seen))
        trial.pair(old, new)
        return not breaks(trial.changes)

    def unknown(self, old: Node, new: Node, why: str) -> None:
        """Note that two schemas cannot be compared."""
        both = (old.pointer, old.schema), (new.pointer, new.schema)
        what = f"the schema at {new.pointer} cannot be compared: {why}"
        self.changes.append(change(self.side, "schema", Kind.UNKNOWN, what, *both))

    def _flats(self, old: Node, a: dict[str, Any], new: Node, b: dict[str, Any]) -> None:
        if any(key in schema for key in _UNIONS for schema in (a, b)):
            rest = unions.same(old, a, new, b)
            if rest is None:
                self.changes += unions.compare(self, (old, a), (new, b))
                return
            a, b = rest
        step = allowed(a, b)
        if step is not None:
            self._note(old, new, step)
            if not types(a) & types(b):
                return
        for step in constraints(old, a, new, b):
            self._note(old, new, step)
        shared = types(a) & types(b)
        if "object" in shared:
            self._members(old, a, new, b)
        if "array" in shared:
            self._items(old, a, new, b)

    def _note(self, old: Node, new: Node, step: Step) -> None:
        before = origin(old, step.keyword), step.old
        now = origin(new, step.keyword), step.new
        found = change(self.side, step.aspect, step.kind, step.what, before, now)
        if step.aspect == "enum" and self.side is Side.RESPONSE and step.kind is not Kind.CHANGED:
            # A reader that knows the rest goes on; that a value is new, or never comes again, is
            # worth its attention. Values that came and went at once are renamed.
            effect = "clients have to know" if step.kind is Kind.WIDENED else "clients wait in vain"
            message = f"{self.side}: {step.what}: {effect}"
            found = replace(found, severity=Severity.WARNING, message=message)
        self.changes.append(found)

    def _members(self, old: Node, a: dict[str, Any], new: Node, b: dict[str, Any]) -> None:
        self._additional(old, a, new, b)
        mine, theirs = _names(a), _names(b)
        for name in [*mine, *(name for name in theirs if name not in mine)]:
            there = _member(old, a, name), _member(new, b, name)
            if name not in theirs:
                self._removed(name, *there, closed=_closed(b))
            elif name not in mine:
                self._added(name, *there, required=name in b.get("required", ()), closed=_closed(a))
            else:
                self._required(name, *there, a, b)
                self.pair(*there)

    def _removed(self, name: str, old: Node, new: Node, *, closed: bool) -> None:
        severity, effect = Severity.ERROR, "clients that read it find nothing"
        if self.side is Side.REQUEST:
            severity = Severity.ERROR if closed else Severity.WARNING
            effect = "is refused" if closed else "is ignored at best"
            effect = f"what clients send there {effect}"
        self._member_change(name, "removed", severity, effect, old, new)

    def _added(self, name: str, old: Node, new: Node, *, required: bool, closed: bool) -> None:
        if self.side is Side.RESPONSE:
            effect = "additive"
            if closed:
                effect += ", though the older schema was closed: who validates by it has to know"
            self._member_change(name, "added", Severity.INFO, effect, old, new)
        elif required:
            effect = "requests without it, which clients send today, are refused"
            self._member_change(name, "added", Severity.ERROR, effect, old, new, "required-")
        else:
            self._member_change(name, "added", Severity.INFO, "additive", old, new)

    def _required(
        self, name: str, old: Node, new: Node, a: Mapping[str, Any], b: Mapping[str, Any]
    ) -> None:
        was, now = (name in schema.get("required", ()) for schema in (a, b))
        if was == now:
            return
        # A request must not be made to say more, an answer must not say less.
        breaks = now if self.side is Side.REQUEST else was
        effect = "clients are served as before"
        if breaks and self.side is Side.REQUEST:
            effect = "requests without it, which clients send today, are refused"
        elif breaks:
            effect = "clients that rely on it find nothing"
        verb = "became-required" if now else "became-optional"
        severity = Severity.ERROR if breaks else Severity.INFO
        self._member_change(name, verb, severity, effect, old, new)

    def _member_change(
        self,
        name: str,
        verb: str,
        severity: Severity,
        effect: str,
        old: Node,
        new: Node,
        prefix: str = "",
    ) -> None:
        rule = f"{self.side}-{prefix}property-{verb}"
        what = f"{prefix.replace('-', ' ')}field {name!r} {verb.replace('became-', 'became ')}"
        what = what if verb.startswith("became") else what.replace(verb, f"was {verb}")
        there = at(old.pointer, old.schema), at(new.pointer, new.schema)
        where = place(self.side, (new.pointer, None))
        self.changes.append(Change(rule, severity, f"{self.side}: {what}: {effect}", *there, where))

    def _additional(self, old: Node, a: dict[str, Any], new: Node, b: dict[str, Any]) -> None:
        before, now = (schema.get("additionalProperties", True) for schema in (a, b))
        there = (
            (origin(old, "additionalProperties"), before),
            (
                origin(new, "additionalProperties"),
                now,
            ),
        )
        if (before is False) != (now is False):
            kind = Kind.NARROWED if now is False else Kind.WIDENED
            what = f"further fields are {'forbidden' if now is False else 'allowed'}"
            found = change(self.side, "additional-properties", kind, what, *there)
            if self.side is Side.RESPONSE:
                found = replace(found, severity=Severity.INFO)  # readers ignore what they know not
            self.changes.append(found)
        elif before is not False:
            self.pair(*(node.put(value) for node, value in ((old, before), (new, now))))
        patterns = [
            expanded(node.put({"patternProperties": schema.get("patternProperties", {})}))
            for node, schema in ((old, a), (new, b))
        ]
        if patterns[0] != patterns[1]:
            both = (
                (old.pointer, a.get("patternProperties")),
                (new.pointer, b.get("patternProperties")),
            )
            what = "patternProperties has changed"
            self.changes.append(change(self.side, "schema", Kind.UNKNOWN, what, *both))

    def _items(self, old: Node, a: dict[str, Any], new: Node, b: dict[str, Any]) -> None:
        most = max(len(a.get("prefixItems", ())), len(b.get("prefixItems", ())))
        for index in range(most + 1):
            self.pair(_item(old, a, index), _item(new, b, index))


def _names(schema: Mapping[str, Any]) -> list[str]:
    named = list(schema.get("properties", {}))
    return named + [name for name in schema.get("required", ()) if name not in named]


def _member(node: Node, schema: Mapping[str, Any], name: str) -> Node:
    """The schema of a member; where it has none of its own, that of all further ones."""
    named = schema.get("properties", {})
    if name in named:
        return Node(node.root, origin(node, "properties", name), named[name])
    pointer = origin(node, "properties")
    return Node(node.root, pointer, None if name not in schema.get("required", ()) else True)


def _item(node: Node, schema: Mapping[str, Any], index: int) -> Node:
    tuple_ = schema.get("prefixItems", ())
    if index < len(tuple_):
        return Node(node.root, origin(node, "prefixItems", index), tuple_[index])
    return Node(node.root, origin(node, "items"), schema.get("items", True))


def _closed(schema: Mapping[str, Any]) -> bool:
    return False in (schema.get("additionalProperties"), schema.get("unevaluatedProperties"))
