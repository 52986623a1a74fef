"""Signing a report: the envelopes that lie beside it, each whole, none of an earlier report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from harness.errors import ReportError
from harness.files import write_whole
from harness.model import Verdict
from harness.report.reading import contents, file_of, parse
from harness.report.signing import statements
from harness.report.signing.envelope import seal
from harness.report.signing.keys import PrivateKey

FULL, TEST_RESULT, SUMMARY = "intoto.json", "test-result.intoto.json", "vsa.intoto.json"


def sign_report(path: Path, key: PrivateKey, out: Path | None = None) -> list[Path]:
    """Sign the report at `path`, or the one in that folder; the files written, the full one first.

    `report.json` gets `report.intoto.json`, `report.test-result.intoto.json` and, where its
    verdict is pass or fail, `report.vsa.intoto.json`, in the folder `out` or beside it.
    Raises ReportError for a report that cannot be read, names no image, or cannot be written to.
    """
    return seal_report(
        path, lambda statement: seal(statement, key), (FULL, TEST_RESULT, SUMMARY), out
    )


def beside(path: Path, suffix: str, out: Path | None = None) -> Path:
    """`report.json` -> `report.<suffix>`, in the folder `out` or beside it."""
    return (out or path.parent) / f"{path.name.removesuffix('.json')}.{suffix}"


def seal_report(
    path: Path, close: Callable[[bytes], bytes], suffixes: tuple[str, str, str], out: Path | None
) -> list[Path]:
    """Write what `close` makes of each statement: the full one, the test result, the summary.

    Raises ReportError.
    """
    path = file_of(path)
    content = contents(path)
    files = [beside(path, suffix, out) for suffix in suffixes]
    try:
        report = parse(content)
        whole = close(statements.full(content))
        sealed = [whole, close(statements.test_result(report))]
        if report.verdict in (Verdict.PASS, Verdict.FAIL):
            sealed.append(close(statements.summary(report, whole, files[0].name)))
    except ReportError as problem:
        raise ReportError(f"{path}: {problem}") from None
    _replace(files, sealed)
    return files[: len(sealed)]


def _replace(files: list[Path], sealed: list[bytes]) -> None:
    """The old envelopes go first: at no moment does one stand beside those of another report."""
    try:
        files[0].parent.mkdir(parents=True, exist_ok=True)
        for file in files:
            file.unlink(missing_ok=True)
        for file, content in zip(files, sealed, strict=False):
            write_whole(file, content)
    except OSError as problem:
        raise ReportError(f"{files[0].parent}: cannot be written: {problem.strerror}") from None
