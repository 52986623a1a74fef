"""One requirement: read, and judged by how exactly it is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import (
    InvalidWheelFilename,
    canonicalize_name,
    parse_wheel_filename,
)

_COMMENT = re.compile(r"(^|\s+)#.*$")
_HASH = re.compile(r"\s--hash[= ]\S+")
_OPTION = re.compile(r"\s--[a-z]")
_LINK = re.compile(r"(git|hg|svn|bzr)\+|https?://|file:")
_COMMIT = re.compile(r"@[0-9a-f]{40}(?=$|[#?])")
_DIGEST = re.compile(r"#.*\b(sha256|sha384|sha512)=")
_ARCHIVES = (".whl", ".tar.gz", ".zip")
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Item:
    """One requirement, where it stands and how exactly it is written."""

    text: str
    location: str  # `file:line`
    file: str = ""  # the file that was read first, relative to gate.toml; "": a command line
    name: str = ""  # canonical; "" where it cannot be known
    requirement: Requirement | None = None  # None for paths, links and what cannot be read
    pinned: bool = False
    broken: str = ""  # why it is not a requirement at all
    unknown: str = ""  # why it cannot be judged from here


def read_item(text: str, location: str, file: str) -> Item:
    """A requirement in the notation of PEP 508 with pip's options, or a link."""
    hashed = _HASH.search(text) is not None
    bare = _HASH.sub("", text).strip()
    shown = bare[:_SHOWN]
    if _LINK.match(bare):
        return Item(shown, location, file, wheel_name(bare), pinned=hashed or _fixed(bare))
    if "$" in bare:
        return Item(shown, location, file, unknown="holds a variable whose value is not known")
    try:
        one = Requirement(_OPTION.split(bare, maxsplit=1)[0])
    except InvalidRequirement as problem:
        return Item(shown, location, file, broken=str(problem).partition("\n")[0])
    pinned = hashed or exact_version(one) is not None or (one.url is not None and _fixed(one.url))
    return Item(shown, location, file, canonicalize_name(one.name), one, pinned)


def exact_version(requirement: Requirement) -> str | None:
    """The one version that a requirement allows, or None."""
    for one in requirement.specifier:
        if one.operator == "===" or (one.operator == "==" and not one.version.endswith(".*")):
            return one.version
    return None


def constrained(item: Item, by: Requirement | None) -> Item:
    """`item` as pip sees it when a constraints file names an exact version of it."""
    if item.pinned or item.requirement is None or by is None or exact_version(by) is None:
        return item
    one = Requirement(str(item.requirement))
    one.specifier &= by.specifier
    return Item(item.text, item.location, item.file, item.name, one, pinned=True)


def wheel_name(link: str) -> str:
    """Canonical name of the distribution in a wheel's file name, or ""."""
    file = link.partition("#")[0].partition("?")[0].rpartition("/")[2]
    try:
        return parse_wheel_filename(file)[0]
    except InvalidWheelFilename:
        return ""


def is_path(word: str) -> bool:
    """Whether pip would take `word` for a file or a folder."""
    if "://" in word or " @ " in word:
        return False
    return word == "." or word.startswith(("./", "../", "/", ".[")) or word.endswith(_ARCHIVES)


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines of a requirements file with their numbers: continuations joined, comments left out."""
    start, held = 1, ""
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        start = start if held else number
        if line.endswith("\\") and not line.lstrip().startswith("#"):
            held += line[:-1] + " "
            continue
        whole = _COMMENT.sub("", held + line).strip()
        held = ""
        if whole:
            yield start, whole
    if held.strip():
        yield start, held.strip()


def _fixed(link: str) -> bool:
    """Whether a link always leads to the same content: a commit, a hash, or a versioned wheel."""
    if re.match(r"(git|hg)\+", link):
        return _COMMIT.search(link) is not None
    return _DIGEST.search(link) is not None or bool(wheel_name(link))
