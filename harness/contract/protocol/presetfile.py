"""The data file of a preset: its tables, what each may hold, and dialects laid over them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from harness.contract.protocol.conditions import Condition
from harness.contract.protocol.presets import Preset

_TEXT, _TEXTS, _NUMBERS = str, [str], [int]
_TABLES: dict[str, dict[str, Any]] = {
    "live": {"path": _TEXT},
    "ready": {"path": _TEXT, "not_ready": _NUMBERS, "member": _TEXT, "values": [object]},
    "metadata": {"path": _TEXT, "tensors": bool},
    "predict": {"path": _TEXT, "port": int, "methods": _TEXTS, "busy": _NUMBERS},
    "errors": {"members": _TEXTS, "types": _TEXTS},
    "answers": {"types": _TEXTS, "members": _TEXTS},
    "extensions": {"path": _TEXT, "encodings": dict},
    "failed": {"member": _TEXT, "values": [object], "says": _TEXT},
}
_KEYS: dict[str, Any] = {
    "title": _TEXT,
    "server": _TEXT,
    "source": _TEXT,
    "proven": _TEXT,
    "form": _TEXT,
    "request": _TEXT,
    "answer": _TEXT,
    "alternatives": _TEXTS,
    "encodings": _TEXTS,
    "id": _TEXT,
    "bare": bool,
}
_NEEDED = ("title", "form", "predict", "errors")


def read(name: str, text: str, dialect: str | None = None) -> Preset:
    """A preset from the text of its file. Raises ValueError, KeyError or TypeError."""
    return build(name, tomllib.loads(text), dialect)


def build(name: str, raw: Mapping[str, Any], dialect: str | None = None) -> Preset:
    """A preset from its tables. Raises ValueError, KeyError or TypeError."""
    for spoken, table in raw.get("dialects", {}).items():
        _check(table, f"dialects.{spoken}.")
    said = {key: value for key, value in raw.items() if key != "dialects"}
    if dialect is not None:
        said = _laid_over(said, raw["dialects"][dialect])
    _check(said, "")
    missing = [key for key in _NEEDED if key not in said]
    if missing:
        raise ValueError(f"{missing[0]} is missing")
    return _preset(name, dialect or "", said)


def _preset(name: str, dialect: str, said: Mapping[str, Any]) -> Preset:
    from harness.contract.forms import FORMS  # forms are written for presets

    if said["form"] not in FORMS:
        raise ValueError(f"form = {said['form']!r}, expected one of {', '.join(FORMS)}")
    table = {key: said.get(key, {}) for key in _TABLES}
    texts = {key: said[key] for key in _KEYS if key in said and _KEYS[key] != _TEXTS}
    return Preset(
        **texts,
        name=name,
        dialect=dialect,
        live=table["live"].get("path", ""),
        ready=table["ready"].get("path", ""),
        metadata=table["metadata"].get("path", ""),
        described=table["metadata"].get("tensors", True),
        predict=table["predict"]["path"],
        port=table["predict"].get("port"),
        methods=tuple(table["predict"].get("methods", ("POST",))),
        busy=frozenset((429, 503, *table["predict"].get("busy", ()))),
        alternatives=tuple(said.get("alternatives", ())),
        encodings=tuple(said.get("encodings", ())),
        extensions=table["extensions"].get("path", ""),
        extended=dict(table["extensions"].get("encodings", {})),
        not_ready=frozenset(table["ready"].get("not_ready", ())),
        ready_when=_condition(table["ready"]),
        error_members=tuple(table["errors"]["members"]),
        error_types=frozenset(table["errors"].get("types", ())),
        answer_types=frozenset(table["answers"].get("types", ())),
        answer_members=tuple(table["answers"].get("members", ())),
        failure=_condition(table["failed"]),
        reasons=dict(said.get("tolerated", {})),
    )


def _condition(table: Mapping[str, Any]) -> Condition | None:
    if "member" not in table:
        return None
    return Condition(table["member"], tuple(table.get("values", ())), table.get("says", ""))


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Keys of `above` instead of those of `below`; tables key by key."""
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(below.get(key), dict)
        merged[key] = {**below[key], **value} if both else value
    return merged


def _check(raw: Mapping[str, Any], where: str) -> None:
    for key, value in raw.items():
        if key in _TABLES and isinstance(value, dict):
            for inner, item in value.items():
                _check_kind(f"{where}{key}.{inner}", item, _TABLES[key].get(inner))
        elif key == "tolerated" and isinstance(value, dict):
            for rule, reason in value.items():
                _check_kind(f"{where}tolerated.{rule}", reason, str)
        else:
            _check_kind(where + key, value, _KEYS.get(key))


def _check_kind(key: str, value: Any, kind: Any) -> None:
    if kind is None:
        known = ", ".join(sorted({*_KEYS, *_TABLES, "tolerated", "dialects"}))
        raise ValueError(f"unknown key {key}; known: {known}")
    inner = kind[0] if isinstance(kind, list) else None
    fits = isinstance(value, list if inner else kind)
    if not fits or (inner and not all(isinstance(item, inner) for item in value)):
        wanted = f"a list of {inner.__name__}" if inner else kind.__name__
        raise ValueError(f"{key} = {value!r}, expected {wanted}")
