"""The table [canary] of server.toml: where live counts come from, and how they are asked for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from harness.config.section import Section
from harness.config.words import Address, Duration, LimitText, Name

VARIABLES = ("digest", "hex", "name", "window", "limit_s")
_WORD = re.compile(r"\{([a-z_]+)\}")
_MEASUREMENT = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")


def _template(text: str) -> str:
    unknown = [word for word in _WORD.findall(text) if word not in VARIABLES]
    if unknown:
        raise ValueError(f"{{{unknown[0]}}} is no variable; known: {', '.join(VARIABLES)}")
    if not text.strip():
        raise ValueError("an empty query, expected PromQL")
    return text


def _measurement(text: str) -> str:
    if not _MEASUREMENT.fullmatch(text):
        raise ValueError(f"{text!r} is no measurement, expected one like 'load.error_rate'")
    return text


Template = Annotated[str, AfterValidator(_template), Field(max_length=4096)]
Measured = Annotated[str, AfterValidator(_measurement)]


class LiveMeasurement(Section):
    """One measurement of the gate, taken again of live traffic as so many of so many."""

    name: Measured
    """What the gate measured: `load.error_rate`, or a percentile like `load.latency_p99`."""
    count: Template
    """PromQL that counts what it is a share of: failed requests, or those over `{limit_s}`."""
    of: Template
    """PromQL that counts all requests."""
    limit: LimitText | None = None
    """By default the limit that the gate held this digest against."""


class Source(Section):
    """A Prometheus, or whatever speaks its query API."""

    url: Address
    """Its base address; `/api/v1/query` is added."""
    token_file: str | None = None
    """File with a bearer token."""
    timeout: Duration = "5 s"
    """For one query, from the connection to the last byte."""
    window: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,4}(s|m|h|d)$")] = "5m"
    """Put in the place of `{window}`: how far back live traffic counts."""
    measurements: Annotated[list[LiveMeasurement], Field(min_length=1, max_length=32)]
    """What is compared with the gate's own."""

    @model_validator(mode="after")
    def _once(self) -> Self:
        names = [item.name for item in self.measurements]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"{twice[0]!r} is given twice")
        return self


class CanarySettings(Section):
    """Live comparison of a canary with what the gate measured."""

    sources: dict[Name, Source] = {}
    """By the name that `?prometheus=` gives."""

    def placed(self, folder: Path) -> Self:
        """The same with paths that do not depend on the current folder."""
        sources = {
            name: source.model_copy(update={"token_file": str(folder / source.token_file)})
            for name, source in self.sources.items()
            if source.token_file is not None
        }
        return self.model_copy(update={"sources": {**self.sources, **sources}})
