"""What every page is made of: the templates, the style, and what a page of one report is told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.report import numbers, summary, view
from harness.report.document import Report
from harness.report.escape import visible

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES = Path(__file__).resolve().parent / "templates"


def environment(*more: Path) -> Environment:
    """Templates of the report, and those in the folders `more`, which come first.

    Every text is escaped, and stripped of what would act; an unknown name raises.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader([*more, _TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_harmless,
    )


def style() -> str:
    """The style sheet of a report, whose tokens every other page shares."""
    return (_TEMPLATES / "report.css").read_text(encoding="utf-8")


def told(report: Report) -> dict[str, Any]:
    """What `masthead.jinja` and `contents.jinja` show of a report."""
    return {
        "report": report,
        "sentence": summary.sentence(report),
        "tally": summary.tally(report.checks),
        "reasons": view.reasons(report),
        "families": view.families(report),
        "facts": view.facts(report),
        "details": view.details(report),
        "finished": numbers.moment(report.finished_at),
    }


def _harmless(value: object) -> object:
    """Applied to every value that a template prints, before it is escaped."""
    from markupsafe import Markup

    if isinstance(value, Markup):
        return value
    return visible(value) if isinstance(value, str) else value
