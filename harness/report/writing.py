"""Writing a report and everything it is rendered to: whole files or none, finite numbers only."""

from __future__ import annotations

import json
import re
from pathlib import Path

from harness.errors import ReportError
from harness.files import write_whole
from harness.report import registry
from harness.report.document import Report
from harness.report.reading import MAX_BYTES

# Valid inside JSON strings, yet not fit for a terminal: a report may be shown with `cat`.
_UNFIT = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def write(report: Report, folder: str | Path) -> dict[str, Path]:
    """Write report.json and each rendered format into `folder`; format name -> its file.

    report.json comes first, so that a renderer that breaks costs a page and not the evidence.
    Raises ReportError where a file cannot be written or a format cannot be rendered.
    """
    folder = Path(folder)
    files = {"json": _save(folder / "report.json", to_json(report))}
    broken = []
    for each in registry.known_formats():
        try:
            text = each.render(report)
        except Exception as problem:  # of whoever added the format
            broken.append(f"{each.file}: {type(problem).__name__}: {problem}")
            continue
        files[each.name] = _save(folder / each.file, text)
    if broken:
        raise ReportError(f"{folder}: written, but not whole: {'; '.join(broken)}")
    return files


def to_json(report: Report) -> str:
    """The text of report.json: `schema_version` first, one order always, finite numbers only.

    Raises ReportError for content that JSON cannot hold.
    """
    try:
        text = json.dumps(
            report.model_dump(mode="json"), allow_nan=False, ensure_ascii=False, indent=2
        )
        size = len(text.encode("utf-8"))
    except (ValueError, TypeError, RecursionError) as problem:
        raise ReportError(f"report.json: {problem}") from None
    if size > MAX_BYTES:
        limit = MAX_BYTES // 1024**2
        raise ReportError(f"report.json: would be larger than {limit} MiB, which no reader takes")
    return _UNFIT.sub(lambda match: f"\\u{ord(match[0]):04x}", text) + "\n"


def _save(path: Path, text: str) -> Path:
    """Write whole or not at all: a reader never sees half of a verdict."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text.encode("utf-8"))
    except (OSError, UnicodeEncodeError) as problem:
        raise ReportError(f"{path}: cannot be written: {problem}") from None
    return path
