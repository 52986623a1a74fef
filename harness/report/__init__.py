"""The report: one document, read and written strictly, judged again, and shown in many forms."""

from harness.report.build import build
from harness.report.document import (
    SCHEMA_VERSION,
    GateUsed,
    PolicyUsed,
    Report,
    Scalar,
    Tool,
)
from harness.report.escape import block, printable
from harness.report.reading import parse, read
from harness.report.registry import Format, known_formats
from harness.report.rejudge import rejudge
from harness.report.sidebyside import SideBySide, compare
from harness.report.terminal import show, show_both
from harness.report.writing import to_json, write

__all__ = [
    "Format",
    "GateUsed",
    "PolicyUsed",
    "Report",
    "SCHEMA_VERSION",
    "Scalar",
    "SideBySide",
    "Tool",
    "block",
    "build",
    "compare",
    "known_formats",
    "parse",
    "printable",
    "read",
    "rejudge",
    "show",
    "show_both",
    "to_json",
    "write",
]
