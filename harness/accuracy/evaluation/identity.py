"""What a model file is: the digest of all that it consists of."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from harness.accuracy.datasets.digest import content_digest, file_digest

_PIECE = 1 << 20
# An ONNX graph names the files of its large tensors in entries of key "location" (field 1) and the
# path (field 2), as protobuf writes them. They are looked for and not parsed: see `_beside`.
_LOCATION = re.compile(rb"\x0a\x08location\x12(?:([\x01-\x7f])|([\x80-\xff])([\x01-\x0f]))", re.S)
_LONGEST = 4_096  # bytes of such an entry


def fingerprint(path: Path) -> tuple[str, int]:
    """`sha256:...` over a file, or over names and contents of several, and the bytes hashed.

    Several are those of a folder, or an ONNX file and the files that hold its tensors.
    """
    files = files_of(path)
    several = path.is_dir() or len(files) > 1
    digest = content_digest(path, files) if several else file_digest(path)
    return digest, sum(file.stat().st_size for file in files)


def files_of(path: Path) -> list[Path]:
    """Every file that the model at `path` consists of; links are followed, into folders as well."""
    if path.is_dir():
        return sorted(_below(path))
    beside = _beside(path) if path.suffix.lower() == ".onnx" else ()
    return sorted({path, *(path.parent / name for name in beside)})


def _below(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder, followlinks=True):
        above = {os.path.realpath(parent) for parent in Path(place).parents}
        if os.path.realpath(place) in above:  # a link to a folder that it lies in
            folders.clear()
            continue
        yield from (file for name in names if (file := Path(place, name)).is_file())


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE):
            yield piece


def _beside(path: Path) -> set[str]:
    """Files with tensors of an ONNX file, relative to its folder; a file of that name is there.

    The file is untrusted and is not parsed here. Bytes that look like an entry by chance and name
    a file that is there make the identity stricter than it had to be, and nothing worse.
    """
    found, kept = set[str](), b""
    for piece in _pieces(path):
        window = kept + piece
        for entry in _LOCATION.finditer(window):
            short, low, high = entry.groups()
            length = short[0] if short else (low[0] & 0x7F) | (high[0] << 7)
            name = window[entry.end() : entry.end() + length].decode("utf-8", "replace")
            found.add(name)
        kept = window[-_LONGEST:]
    return {os.path.normpath(name) for name in found if _inside(path.parent, name)}


def _inside(folder: Path, name: str) -> bool:
    """By its name: what lies there may be a link to elsewhere, as in a store of models."""
    plain = os.path.normpath(name)
    if "\0" in name or os.path.isabs(plain) or plain.split(os.sep)[0] == os.pardir:
        return False
    return (folder / plain).is_file()
