"""expr-lang as far as analysis conditions use it: `result`, members, comparisons, `??`, calls."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<text>\"[^\"]*\"|'[^']*')"
    r"|(?P<name>[A-Za-z_]\w*)|(?P<sign>\?\.|\?\?|&&|\|\||==|!=|<=|>=|[-<>!().,\[\]]))"
)
_WORDS = {"true": True, "false": False, "nil": None}


class ExprError(Exception):
    """The condition cannot be compiled, raised, or is no bool: Argo's Error."""


def holds(condition: str, result: Any) -> bool:
    """Whether the condition is true of `result`. Raises ExprError."""
    parser = _Parser(condition, result)
    value = parser.either()
    parser.end()
    if not isinstance(value, bool):
        raise ExprError(f"expected a bool, got {value!r}")
    return value


def _number(value: Any) -> float:
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError as problem:
            raise ExprError(str(problem)) from None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ExprError(f"{value!r} is no number")
    return float(value)


_CALLS: dict[str, Callable[..., Any]] = {
    "asFloat": _number,
    "asInt": lambda value: int(_number(value)),
    "isNaN": lambda value: math.isnan(_number(value)),
    "isInf": lambda value: math.isinf(_number(value)),
    "isNil": lambda value: value is None,
    "default": lambda value, other: other if value is None else value,
}


class _Parser:
    """Reads and computes at once; the side that a short circuit leaves out is only read."""

    def __init__(self, text: str, result: Any) -> None:
        self._tokens: list[tuple[str, str]] = []
        at = 0
        while text[at:].strip():
            match = _TOKEN.match(text, at)
            if match is None:
                raise ExprError(f"unexpected {text[at:]!r}")
            at = match.end()
            self._tokens.append((str(match.lastgroup), match[str(match.lastgroup)]))
        self._at, self._result, self._idle = 0, result, 0

    def end(self) -> None:
        """Nothing may be left."""
        if self._at != len(self._tokens):
            raise ExprError(f"unexpected {self._tokens[self._at][1]!r}")

    def either(self) -> Any:
        """`a || b`."""
        value = self._both()
        while self._took("||"):
            value = self._bool(value) | self._unless(self._bool(value), self._both)
        return value

    def _both(self) -> Any:
        value = self._compared()
        while self._took("&&"):
            value = self._bool(value) & self._unless(not self._bool(value), self._compared)
        return value

    def _unless(self, idle: bool, read: Callable[[], Any]) -> bool:
        self._idle += idle
        value = read()
        self._idle -= idle
        return False if idle else self._bool(value)

    def _bool(self, value: Any) -> bool:
        if self._idle:
            return False
        if not isinstance(value, bool):
            raise ExprError(f"{value!r} is no bool")
        return value

    def _compared(self) -> Any:
        value = self._else()
        for sign in ("==", "!=", "<=", ">=", "<", ">"):
            if self._took(sign):
                return self._compare(sign, value, self._else())
        return value

    def _compare(self, sign: str, left: Any, right: Any) -> bool:
        if self._idle:
            return False
        if sign in ("==", "!="):
            same = isinstance(left, bool) == isinstance(right, bool) and left == right
            return same if sign == "==" else not same
        if isinstance(left, str) or isinstance(right, str):
            if not (isinstance(left, str) and isinstance(right, str)):
                raise ExprError(f"{left!r} {sign} {right!r}: of two types")
            low, high = (left > right) - (left < right), 0
        else:
            low, high = int(_number(left) > _number(right)), int(_number(left) < _number(right))
        order = low - high
        return {"<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}[sign]

    def _else(self) -> Any:
        value = self._unary()
        while self._took("??"):
            other = self._unary()
            value = other if value is None else value
        return value

    def _unary(self) -> Any:
        if self._took("!"):
            return not self._bool(self._unary())
        if self._took("-"):
            return -_number(self._unary())
        return self._member(self._atom())

    def _member(self, value: Any) -> Any:
        while True:
            maybe = self._took("?.")
            if not maybe and not self._took("."):
                return value
            name = self._next("name")
            if value is None and maybe:
                continue
            if not isinstance(value, dict):
                if self._idle:
                    continue
                raise ExprError(f"cannot fetch {name} from {value!r}")
            value = value.get(name)

    def _atom(self) -> Any:
        if self._took("("):
            value = self.either()
            self._must(")")
            return value
        kind, text = self._peek()
        self._at += 1
        if kind == "number":
            return float(text)
        if kind == "text":
            return text[1:-1]
        if kind == "name" and self._took("("):
            return self._call(text)
        if kind == "name" and (text == "result" or text in _WORDS):
            return self._result if text == "result" else _WORDS[text]
        raise ExprError(f"unknown {text!r}")

    def _call(self, name: str) -> Any:
        given = []
        while not self._took(")"):
            given.append(self.either())
            self._took(",")
        if name not in _CALLS:
            raise ExprError(f"unknown function {name!r}")
        return None if self._idle else _CALLS[name](*given)

    def _peek(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise ExprError("ends too soon")
        return self._tokens[self._at]

    def _took(self, sign: str) -> bool:
        found = self._at < len(self._tokens) and self._tokens[self._at] == ("sign", sign)
        self._at += found
        return found

    def _must(self, sign: str) -> None:
        if not self._took(sign):
            raise ExprError(f"expected {sign!r}")

    def _next(self, kind: str) -> str:
        found, text = self._peek()
        if found != kind:
            raise ExprError(f"expected a {kind}, got {text!r}")
        self._at += 1
        return text
