"""One pass over an image for all that the image checks want to know."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from harness.static.ballast import Ballast
from harness.static.packages import Installed, read_metadata
from harness.static.paths import is_packaged, is_system
from harness.static.secrets import Secret, find_assigned, find_secrets

if TYPE_CHECKING:
    from harness.runtime import Image, ImageFile

CONTENT_UP_TO = 256 * 1024  # bytes: keys, tokens and settings are short
_SETTINGS = frozenset(
    ".cfg .conf .config .env .ini .json .properties .toml .yaml .yml .sh .netrc .pypirc".split()
)
_CODE = frozenset(".py .js .ts .rb .r".split())
_KEYS = frozenset(".pem .key .p8".split())
_NAMED = frozenset({".env", ".netrc", ".pypirc", ".npmrc", "credentials", ".pgpass"})
_TESTS = re.compile(r"/(tests?|testing|testdata|examples?|dummyserver)/")
# Made by the distribution when it was installed, and the same for nobody to trust.
_SNAKE_OIL = "/etc/ssl/private/ssl-cert-snakeoil.key"
_MOST = 100


@dataclass(slots=True)
class ImageScan:
    """What one pass over an image found."""

    ballast: Ballast
    files: int = 0
    searched: int = 0  # files whose content was searched for secrets
    secrets: list[tuple[str, Secret]] = field(default_factory=list)  # path, what
    installed: list[Installed] = field(default_factory=list)
    accounts: dict[str, int] = field(default_factory=dict)  # /etc/passwd: name -> user id

    def look(self, file: ImageFile) -> None:
        """Take note of one file."""
        self.files += 1
        self.ballast.look(file.path, file.size)
        package = read_metadata(file.path, file.content)
        if package is not None:
            self.installed.append(package)
        if file.content is None:
            return
        if file.path == "/etc/passwd":
            self.accounts = _accounts(file.content)
        if is_searched(file.path):
            self.searched += 1
            self._search(file.path, file.content)

    def _search(self, path: str, content: bytes) -> None:
        found = find_secrets(content)
        suffix = PurePosixPath(path).suffix.lower()
        if not is_packaged(path):
            if suffix in _SETTINGS or PurePosixPath(path).name in _NAMED:
                found += find_assigned(content, code=False)
            elif suffix in _CODE:
                found += find_assigned(content, code=True)
        room = _MOST - len(self.secrets)
        self.secrets += [(path, one) for one in found[:room]]


class _Held:
    """The scans of this process, so that an image is read once for all checks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._scans: dict[str, ImageScan] = {}

    def get(self, image: Image) -> ImageScan:
        with self._lock:
            if image.config_digest not in self._scans:
                self._scans[image.config_digest] = read(image)
            return self._scans[image.config_digest]


_held = _Held()


def scan(image: Image) -> ImageScan:
    """The scan of `image`, made at the first call for its digest.

    Raises what `image.files` raises where the image cannot be read.
    """
    return _held.get(image)


def read(image: Image) -> ImageScan:
    """Read every file of `image` once. Nothing in it is run or unpacked to disk."""
    found = ImageScan(Ballast(str(image.config.get("WorkingDir") or "/")))
    for file in image.files(CONTENT_UP_TO):
        found.look(file)
    return found


def is_searched(path: str) -> bool:
    """Whether a file's content is searched for secrets.

    Not what a distribution ships; of installed packages only settings and keys outside of their
    tests: what was published before is no secret of the candidate, and the rest may be its own.
    """
    if is_system(path) or path == _SNAKE_OIL:
        return False
    if not is_packaged(path):
        return True
    suffix = PurePosixPath(path).suffix.lower()
    listed = suffix in _SETTINGS or suffix in _KEYS or PurePosixPath(path).name in _NAMED
    return listed and _TESTS.search(path) is None


def _accounts(content: bytes) -> dict[str, int]:
    found: dict[str, int] = {}
    for line in content.decode("utf-8", "replace").splitlines():
        fields = line.split(":")
        if len(fields) >= 3 and fields[2].isdecimal():
            found[fields[0]] = int(fields[2])
    return found
