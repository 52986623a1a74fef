"""Failures that do not look like one: an error under status 200, a crash under a 4xx."""

from __future__ import annotations

from typing import Any

from harness.contract.judging.leaks import CLASS, TRACE, leaks
from harness.contract.text import shown

# A body of nothing but these, of which at least one of the first line says that it is an error.
_SAYS = ("error", "errors", "error_message", "error_code", "exception", "traceback", "stack_trace")
_BESIDE = (
    "code",
    "detail",
    "details",
    "message",
    "ok",
    "path",
    "reason",
    "request_id",
    "status",
    "status_code",
    "success",
    "timestamp",
    "trace_id",
    "type",
)
_FAILED = ("error", "failed", "failure", "fail", "exception")


def error_under_200(value: Any) -> str:
    """What a body says that is nothing but an error, whatever its status; "" where it is none.

    A member `error` that is a number is a result: the residual of a regression, for one.
    """
    if not isinstance(value, dict) or not value or value.keys() - {*_SAYS, *_BESIDE}:
        return ""
    told = [name for name in _SAYS if name in value and _is_said(value[name])]
    if value.keys() == {"detail"} and _is_said(value["detail"]):
        told.append("detail")  # as FastAPI says it
    state = value.get("status")
    if isinstance(state, str) and state.lower() in _FAILED:
        told.append("status")
    told += [name for name in ("success", "ok") if value.get(name) is False]
    return f"{told[0]} = {shown(value[told[0]], 80)}" if told else ""


def _is_said(item: Any) -> bool:
    return isinstance(item, (str, list, dict)) and bool(item)


def crash_under_4xx(body: bytes, sent: str) -> str:
    """The trace or the exception class that says that a refusal is a crash; "" where it is none."""
    for leak in leaks(body, sent):
        if leak.kind in (TRACE, CLASS):
            return f"{leak.kind.name}: {shown(leak.text, 80)}"
    return ""
