"""Words of the pages: how long ago a moment was, and where a long name may be broken."""

from __future__ import annotations

import datetime as dt
import re

from markupsafe import Markup, escape

from harness.report.escape import visible

_STEPS = ((60, "min"), (3_600, "h"), (86_400, "d"))


def since(now: dt.datetime, then: dt.datetime) -> str:
    """`just now`, `5 min ago`, `3 h ago`, `12 d ago`, and from three months on the day itself."""
    seconds = (now - then).total_seconds()
    if seconds < 0:
        return "in a moment" if seconds > -600 else day(then)
    if seconds < 60:
        return "just now"
    if seconds > 90 * 86_400:
        return day(then)
    size, unit = max(step for step in _STEPS if step[0] <= seconds)
    return f"{seconds // size:.0f} {unit} ago"


def day(then: dt.datetime) -> str:
    """`21 Nov 2026`, in UTC."""
    return f"{then.astimezone(dt.UTC):%-d %b %Y}"


def broken(name: str) -> Markup:
    """A name such as `load.latency_p99`, which a narrow column breaks between its words."""
    return Markup(re.sub(r"([._])", r"\1<wbr>", str(escape(visible(name)))))
