"""Where the things lie that the source checks read: source folder, build context, Dockerfile."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.config import Gate
from harness.errors import ConfigError

_DOCKERFILES = ("Dockerfile", "Containerfile")
# Folders that are tools' own: what lies in them was not written by the candidate's authors.
_FOREIGN = frozenset(
    ".git .hg .svn .venv venv .tox .nox .gate .eggs build dist node_modules site-packages "
    "__pycache__".split()
)
_MOST_FILES = 20_000
_MOST_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Places:
    """What a gate says about the candidate's source. Every path is absolute."""

    root: Path  # folder of gate.toml
    source: Path | None  # candidate.source
    context: Path | None  # build context: as configured, else the Dockerfile's folder
    dockerfile: Path | None
    build_args: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, gate: Gate) -> Places:
        """Find them. Nothing is read."""
        given, build = gate.candidate.source, gate.candidate.build
        source = None if given is None else gate.find(given)
        if build is not None:
            context = gate.find(build.context)
            file = context / build.dockerfile
            args = tuple(build.args.items())
            return cls(gate.root, source, context, file if file.is_file() else None, args)
        found = None if source is None else _dockerfile(source, gate.root)
        return cls(gate.root, source, None if found is None else found.parent, found)

    @property
    def folders(self) -> tuple[Path, ...]:
        """Source folder and build context, without repetition."""
        return tuple(dict.fromkeys(place for place in (self.source, self.context) if place))

    def shown(self, path: Path) -> str:
        """`path` as a person in the folder of gate.toml would write it."""
        return Path(os.path.relpath(path, self.root)).as_posix()

    def holds(self, path: Path) -> bool:
        """Whether `path`, links resolved, lies within the project. Others are never read."""
        real = path.resolve()
        return any(real.is_relative_to(top.resolve()) for top in (self.root, *self.folders))

    def read(self, path: Path) -> str:
        """Text of a file of the project, at most 1 MiB, undecodable bytes replaced.

        Raises ConfigError for a file that is outside, too large, or cannot be read.
        """
        if not self.holds(path):
            raise ConfigError(f"{path}: lies outside the project at {self.root}, it is not read")
        try:
            with path.open("rb") as stream:
                content = stream.read(_MOST_BYTES + 1)
        except OSError as problem:
            raise ConfigError(f"{self.shown(path)}: cannot be read: {problem.strerror}") from None
        if len(content) > _MOST_BYTES:
            raise ConfigError(f"{self.shown(path)}: larger than 1 MiB, expected a text file")
        return content.decode("utf-8", "replace")


def own_files(folder: Path, pattern: str) -> Iterator[Path]:
    """Files below `folder` whose names match; no links, no tools' and no environment's.

    Raises ConfigError where there are more than 20,000 files: that is hardly a source folder.
    """
    seen = 0
    pending = [folder]
    while pending:
        here = pending.pop()
        for entry in here.iterdir():
            if entry.is_symlink():
                continue
            if entry.is_dir():
                if not _foreign(entry):
                    pending.append(entry)
                continue
            seen += 1
            if seen > _MOST_FILES:
                raise ConfigError(
                    f"{folder}: more than {_MOST_FILES} files, expected a source folder; "
                    "name the folder of the service itself in candidate.source"
                )
            if entry.match(pattern) and entry.is_file():
                yield entry


def _foreign(folder: Path) -> bool:
    name = folder.name
    if name in _FOREIGN or name.endswith(".egg-info"):
        return True
    return (folder / "pyvenv.cfg").is_file()


def _dockerfile(source: Path, root: Path) -> Path | None:
    """In the source folder, else in its parent where that still belongs to the project."""
    parents = [source.parent] if source != root and source.parent.is_relative_to(root) else []
    candidates = [folder / name for folder in (source, *parents) for name in _DOCKERFILES]
    return next((file for file in candidates if file.is_file()), None)
