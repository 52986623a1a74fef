"""report.html: one page that needs nothing else, for people. No script, nothing is fetched."""

from __future__ import annotations

import base64
import hashlib

from harness.report import page
from harness.report.document import Report

FILE = "report.html"


def render(report: Report) -> str:
    """The whole page. Every text in it is escaped, and stripped of what would act."""
    from markupsafe import Markup

    style = page.style()
    return (
        page.environment()
        .get_template("report.html.jinja")
        .render(page.told(report), style=Markup(style), policy=_policy(style))
    )


def _policy(style: str) -> str:
    """Content-Security-Policy: this style and nothing else, whatever slips into the page."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    allowed = f"style-src 'sha256-{digest}'"
    return f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"
