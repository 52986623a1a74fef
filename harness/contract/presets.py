"""Protocol presets: data files that say where a server is ready, predicts, and how it speaks."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from harness.errors import ConfigError
from harness.paths import contracts
from harness.suggest import did_you_mean

FORMS = ("object", "rows", "tensors")
_TABLES = {
    "ready": {"path"},
    "predict": {"path"},
    "errors": {"members"},
    "tolerated": {"nonfinite"},
}
_KEYS = {"title", "form", "request", "answer", "alternatives", *_TABLES}


@dataclass(frozen=True, slots=True)
class Preset:
    """One protocol, as its data file describes it. Paths may hold `{model}`."""

    name: str
    title: str
    form: str  # "object", "rows" or "tensors": see harness/contract/forms.py
    ready: str  # path, or ""
    predict: str  # path, or "": the gate says it
    request: str = ""  # member of a request that holds the rows or tensors
    answer: str = ""  # member of an answer that holds them
    alternatives: tuple[str, ...] = ()  # other members that make a request valid
    error_members: tuple[str, ...] = ()  # one of them is in every error body
    tolerates_nonfinite: bool = False  # NaN and Infinity tokens are by design

    def ready_path(self, model: str) -> str | None:
        """Path that answers 200 when `model` is ready, or None."""
        return _fill(self.ready, model) or None

    def predict_path(self, model: str) -> str:
        """Path of the predictions of `model`, or ""."""
        return _fill(self.predict, model)


def known() -> list[str]:
    """Names of all presets."""
    return sorted(path.stem for path in (contracts() / "presets").glob("*.toml"))


def preset(name: str) -> Preset:
    """The preset of that name. Raises ConfigError with the known ones."""
    names = known()
    if name not in names:
        raise ConfigError(
            f"contract.protocol = {name!r}: unknown protocol{did_you_mean(name, names)}"
            f"; known: {', '.join(names)}"
        )
    path = contracts() / "presets" / f"{name}.toml"
    try:
        return read(name, path.read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        raise ConfigError(f"{path}: not a preset: {problem}") from None


def read(name: str, text: str) -> Preset:
    """A preset from the text of its file. Raises ValueError, KeyError or TypeError."""
    raw: dict[str, Any] = tomllib.loads(text)
    unknown = raw.keys() - _KEYS
    for table, keys in _TABLES.items():
        unknown |= raw.get(table, {}).keys() - keys
    if unknown:
        raise ValueError(f"unknown keys {sorted(unknown)}")
    if raw["form"] not in FORMS:
        raise ValueError(f"form = {raw['form']!r}, expected one of {', '.join(FORMS)}")
    return Preset(
        name=name,
        title=str(raw["title"]),
        form=raw["form"],
        ready=raw["ready"]["path"],
        predict=raw["predict"]["path"],
        request=raw.get("request", ""),
        answer=raw.get("answer", ""),
        alternatives=tuple(raw.get("alternatives", ())),
        error_members=tuple(raw["errors"]["members"]),
        tolerates_nonfinite=bool(raw.get("tolerated", {}).get("nonfinite", False)),
    )


def _fill(path: str, model: str) -> str:
    return path.replace("{model}", quote(model, safe=""))
