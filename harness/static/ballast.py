"""What an image carries that no request needs: history, tests, notebooks, caches, documents."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from harness.model import Finding, Measurement, Severity
from harness.static.paths import is_application

_MIB = 2**20


@dataclass(frozen=True, slots=True)
class _Kind:
    rule: str
    what: str
    severity: Severity
    pattern: re.Pattern[str]
    remedy: str


_ANYWHERE = (
    _Kind(
        "package-cache",
        "the download cache of a package installer",
        Severity.ERROR,
        re.compile(r"(?P<top>.*/\.cache/(pip|uv|pypoetry|pipenv)|/opt/\w*conda\w*/pkgs)/"),
        "pip install --no-cache-dir, or RUN --mount=type=cache",
    ),
    _Kind(
        "system-package-lists",
        "package lists and archives of the distribution",
        Severity.WARNING,
        re.compile(r"(?P<top>/var/lib/apt/lists|/var/cache/(apt|dnf|yum|apk))/(?!lock$)"),
        "rm -rf /var/lib/apt/lists/* in the RUN that installs",
    ),
)
_IGNORE = "name it in .dockerignore, or copy only what the service needs"
_OWN = (
    _Kind(
        "version-control",
        "the history of the source",
        Severity.ERROR,
        re.compile(r"(?P<top>.*/\.(git|hg|svn))/"),
        _IGNORE,
    ),
    _Kind(
        "tool-cache",
        "the cache of a development tool",
        Severity.ERROR,
        re.compile(
            r"(?P<top>.*/\.(pytest_cache|mypy_cache|ruff_cache|hypothesis|tox|nox|"
            r"ipynb_checkpoints))/"
        ),
        _IGNORE,
    ),
    _Kind("notebook", "a notebook", Severity.ERROR, re.compile(r"(?P<top>.*\.ipynb)$"), _IGNORE),
    _Kind(
        "tests",
        "tests",
        Severity.ERROR,
        re.compile(r"(?P<top>.*?/tests?)/.*|(?P<file>.*/(test_\w+|\w+_test|conftest)\.py)$"),
        _IGNORE,
    ),
    _Kind(
        "documents",
        "documents",
        Severity.WARNING,
        re.compile(r"(?P<top>.*?/docs?)/"),
        _IGNORE,
    ),
    _Kind(
        "workplace",
        "settings of an editor, of CI or of the gate",
        Severity.WARNING,
        re.compile(r"(?P<top>.*/\.(idea|vscode|github|gitlab|gate)/|.*/\.DS_Store$)"),
        _IGNORE,
    ),
)


@dataclass(slots=True)
class Ballast:
    """What was found so far: folder or file, by rule."""

    workdir: str
    _heaps: dict[tuple[str, str], list[int]] = field(default_factory=dict)

    def look(self, path: str, size: int) -> None:
        """Weigh one file of the image."""
        kinds = _ANYWHERE + (_OWN if is_application(path, self.workdir) else ())
        for kind in kinds:
            match = kind.pattern.match(path)
            if match is not None:
                groups = match.groupdict()
                top = groups.get("top") or groups.get("file") or path
                heap = self._heaps.setdefault((kind.rule, top.rstrip("/")), [0, 0])
                heap[0] += 1
                heap[1] += size
                return

    def observations(self) -> list[Measurement | Finding]:
        """`ballast_size` in MiB, and a finding for each heap, the heaviest first."""
        total = sum(size for _, size in self._heaps.values())
        heaps = sorted(self._heaps.items(), key=lambda heap: -heap[1][1])
        findings = [_finding(rule, top, *weights) for (rule, top), weights in heaps]
        return [Measurement("ballast_size", total / _MIB, "MiB"), *findings]


def _finding(rule: str, top: str, files: int, size: int) -> Finding:
    kind = next(one for one in _ANYWHERE + _OWN if one.rule == rule)
    count = "1 file" if files == 1 else f"{files} files"
    return Finding(
        rule,
        f"the image carries {kind.what}: {top}, {count}, {size / _MIB:.1f} MiB",
        severity=kind.severity,
        location=top,
        expected=kind.remedy,
    )
