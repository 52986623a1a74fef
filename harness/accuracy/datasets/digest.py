"""The identity of a data set: names and bytes of its files."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

_PIECE = 1 << 20


def content_digest(path: Path, files: Sequence[Path]) -> str:
    """`sha256:...` over the names, sizes and contents of `files`, which lie at or beside `path`.

    The same files under another folder have the same digest. Raises OSError.
    """
    digest = hashlib.sha256()
    root = path if path.is_dir() else path.parent
    for file in sorted(files):
        digest.update(f"{file.relative_to(root).as_posix()}\0{file.stat().st_size}\0".encode())
        _update(digest, file)
    return f"sha256:{digest.hexdigest()}"


def file_digest(file: Path) -> str:
    """`sha256:...` of one file's bytes. Raises OSError."""
    digest = hashlib.sha256()
    _update(digest, file)
    return f"sha256:{digest.hexdigest()}"


def _update(digest: hashlib._Hash, file: Path) -> None:
    with file.open("rb") as stream:
        while piece := stream.read(_PIECE):
            digest.update(piece)
