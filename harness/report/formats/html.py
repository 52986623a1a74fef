"""report.html: one page that needs nothing else, for people. No script, nothing is fetched."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from harness.report import numbers, summary, view
from harness.report.document import Report
from harness.report.escape import visible

FILE = "report.html"

_TEMPLATES = Path(__file__).resolve().parents[1] / "templates"


def render(report: Report) -> str:
    """The whole page. Every text in it is escaped, and stripped of what would act."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_harmless,
    )
    style = (_TEMPLATES / "report.css").read_text(encoding="utf-8")
    return environment.get_template("report.html.jinja").render(
        report=report,
        sentence=summary.sentence(report),
        tally=summary.tally(report.checks),
        tally_text=summary.tally_text(report.checks),
        reasons=view.reasons(report),
        families=view.families(report),
        facts=view.facts(report),
        details=view.details(report),
        finished=numbers.moment(report.finished_at),
        style=Markup(style),
        policy=_policy(style),
    )


def _harmless(value: object) -> object:
    """Applied to every value that the template prints, before it is escaped."""
    from markupsafe import Markup

    if isinstance(value, Markup):
        return value
    return visible(value) if isinstance(value, str) else value


def _policy(style: str) -> str:
    """Content-Security-Policy: this style and nothing else, whatever slips into the page."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    allowed = f"style-src 'sha256-{digest}'"
    return f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"
