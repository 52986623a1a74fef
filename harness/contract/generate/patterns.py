"""Texts that match a regular expression, from the parsed expression.

The way of Hypothesis's `from_regex`: walk what Python's own parser makes of the expression, and
write one matching piece for each node. Look-around is not followed; the caller checks the result.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from typing import Any

from harness.contract.generate.conjunction import Impossible
from harness.contract.requests.chance import Chance

_REPEATS = 4  # beyond the least, of a repetition without an end
_LONGEST = 4096
_ANY = "aZ0 _-é"
_LETTERS = {
    "digit": "0123456789",
    "space": " \t\n",
    "word": "abcXYZ019_",
    "not_digit": "aZ _-é",
    "not_space": "aZ0_-é",
    "not_word": " -.!",
}
# ECMA-262 has classes by Unicode property, Python has not: a few letters stand for each.
_PROPERTIES = {"L": "a-zA-Z", "Lu": "A-Z", "Ll": "a-z", "N": "0-9", "Nd": "0-9", "P": "!-/"}
_NAMES = {"Letter": "L", "digit": "Nd", "Number": "N", "Punctuation": "P", "Alphabetic": "L"}
_PROPERTY = re.compile(r"\\p\{([^}]*)\}")
_GROUP = re.compile(r"\(\?<(?![=!])")  # (?<name>...), which Python writes (?P<name>...)
_CONTROL = re.compile(r"\\c([A-Za-z])")


def matching(chance: Chance, pattern: str, least: int = 0) -> str:
    """A text that `pattern` most likely finds a match in, of `least` characters if it can be.

    Raises Impossible for what is not understood.
    """
    try:
        # Python's parser of regular expressions has no public name.
        tree: Any = importlib.import_module("re._parser").parse(_in_python(pattern))
    except (re.error, RecursionError, OverflowError):
        raise Impossible from None
    writer = _Writer(chance, least)
    text = writer.sequence(tree)
    # A pattern may be found anywhere in a text, unless it is anchored.
    if not pattern.startswith("^") and chance.flag(20):
        text = f"a {text}"
    if not pattern.endswith("$") and (len(text) < least or chance.flag(20)):
        text += "z" * max(1, least - len(text))
    return text


def _in_python(pattern: str) -> str:
    def letters(match: re.Match[str]) -> str:
        name = match[1].rpartition("=")[2]
        known = _PROPERTIES.get(_NAMES.get(name, name))
        if known is None:
            raise Impossible
        inside = pattern.count("[", 0, match.start()) > pattern.count("]", 0, match.start())
        return known if inside else f"[{known}]"

    plain = _CONTROL.sub(lambda match: f"\\x{ord(match[1].upper()) - 64:02x}", pattern)
    return _GROUP.sub("(?P<", _PROPERTY.sub(letters, plain))


class _Writer:
    """Writes one piece of text for each node of a parsed expression."""

    def __init__(self, chance: Chance, least: int) -> None:
        self._chance = chance
        self._least = least
        self._groups: dict[int, str] = {}
        self._left = _LONGEST

    def sequence(self, nodes: Any) -> str:
        return "".join(self._piece(str(kind), value) for kind, value in nodes)

    def _piece(self, kind: str, value: Any) -> str:
        self._left -= 1
        if self._left < 0:
            raise Impossible
        write: Callable[[Any], str] | None = getattr(self, f"_{kind.lower()}", None)
        if write is None:
            raise Impossible
        return write(value)

    def _literal(self, value: int) -> str:
        return chr(value)

    def _not_literal(self, value: int) -> str:
        return self._chance.pick([c for c in _ANY if ord(c) != value])

    def _any(self, value: None) -> str:
        return self._chance.pick(_ANY)

    def _at(self, value: Any) -> str:
        return ""

    _assert_not = _at

    def _assert(self, value: Any) -> str:
        return ""

    def _branch(self, value: Any) -> str:
        return self.sequence(self._chance.pick(value[1]))

    def _subpattern(self, value: Any) -> str:
        text = self.sequence(value[3])
        if value[0] is not None:
            self._groups[value[0]] = text
        return text

    def _groupref(self, value: int) -> str:
        return self._groups.get(value, "")

    def _atomic_group(self, value: Any) -> str:
        return self.sequence(value)

    def _max_repeat(self, value: Any) -> str:
        least, most, inner = value
        open_ended = most > _LONGEST
        wanted = max(least, self._least) if open_ended else least
        last = wanted + _REPEATS if open_ended else min(most, wanted + 40)
        return "".join(self.sequence(inner) for _ in range(self._chance.between(wanted, last)))

    _min_repeat = _max_repeat
    _possessive_repeat = _max_repeat

    def _category(self, value: Any) -> str:
        name = str(value).lower().removeprefix("category_")
        return self._chance.pick(_LETTERS.get(name, _ANY))

    def _in(self, value: Any) -> str:
        kinds = [(str(kind), item) for kind, item in value]
        if kinds[0][0] == "NEGATE":
            refused = re.compile(_class_of(kinds[1:]))
            return self._chance.pick([c for c in _ANY + "\n!~" if not refused.match(c)])
        kind, item = self._chance.pick(kinds)
        if kind == "RANGE":
            return chr(self._chance.between(*item))
        return self._piece(kind, item)


def _class_of(kinds: list[tuple[str, Any]]) -> str:
    """The character class of parsed items, as an expression again."""
    parts = []
    for kind, item in kinds:
        if kind == "LITERAL":
            parts.append(re.escape(chr(item)))
        elif kind == "RANGE":
            parts.append(f"{re.escape(chr(item[0]))}-{re.escape(chr(item[1]))}")
        else:
            known = {"digit": r"\d", "space": r"\s", "word": r"\w"}
            name = str(item).lower().removeprefix("category_")
            letter = known[name.removeprefix("not_")]
            parts.append(letter.upper() if name.startswith("not_") else letter)
    return f"[{''.join(parts)}]"
