"""The words that gate.toml's values are made of: quantities, limits, dates, names, addresses."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from harness import units
from harness.limits import Limit

_NAME = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?")


def _quantity(expected: str, *, zero: bool = False) -> AfterValidator:
    def validate(text: str) -> str:
        value, _ = units.parse_quantity(text, expected)
        if value < 0 or (value == 0 and not zero):
            raise ValueError(
                f"{text!r} must be greater than zero, like {units.example(expected)!r}"
            )
        return text.strip()

    return AfterValidator(validate)


def _limit(text: str) -> str:
    return Limit.parse(text).text


def _date(value: object) -> object:
    return value.isoformat() if isinstance(value, dt.date) else value


def _iso_date(text: str) -> str:
    try:
        return dt.date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError(f"{text!r} is not a date, expected one like 2027-01-31") from None


def _http(text: str) -> str:
    if not re.match(r"https?://[^/\s]", text):
        raise ValueError(f"{text!r} is no address, expected one like 'http://127.0.0.1:5000'")
    return text.rstrip("/")


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError(f"{text!r} may hold lower-case letters, digits, '.', '_' and '-' only")
    return text


Duration = Annotated[str, _quantity("time"), Field(examples=["30 s"])]
Budget = Annotated[str, _quantity("time", zero=True), Field(examples=["10 s"])]  # "0 s" is none
Size = Annotated[str, _quantity("size"), Field(examples=["512 MiB"])]
Rate = Annotated[str, _quantity("rate"), Field(examples=["200 /s"])]
LimitText = Annotated[str, AfterValidator(_limit), Field(examples=["<= 100 ms"])]
IsoDate = Annotated[str, BeforeValidator(_date), AfterValidator(_iso_date)]
Name = Annotated[str, AfterValidator(_name)]
Port = Annotated[int, Field(ge=1, le=65535)]
Address = Annotated[str, AfterValidator(_http)]
