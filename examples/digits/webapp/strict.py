"""JSON as RFC 8259 and RFC 7493 have it; Python's own reader takes more than that."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn


def parse(body: bytes) -> Any:
    """The value that `body` stands for.

    Raises ValueError with one sentence where it is not UTF-8, not JSON, nested too deep, holds
    NaN, Infinity or a number beyond every float, a name twice in one object, or half of a
    surrogate pair.
    """
    try:
        text = body.decode("utf-8")
        value = json.loads(
            text, parse_constant=_constant, parse_float=_finite, object_pairs_hook=_unique
        )
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("the body is not UTF-8") from None
    except UnicodeEncodeError:
        raise ValueError("the body holds half of a surrogate pair") from None
    except json.JSONDecodeError as problem:
        raise ValueError(f"the body is not JSON: {problem.msg} at {problem.pos}") from None
    except RecursionError:
        raise ValueError("the body is nested too deep") from None
    return value


def _constant(name: str) -> NoReturn:
    raise ValueError(f"the body is not JSON: it holds {name}")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("the body holds a number that is too large")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("the body holds an object with one name twice")
    return found
