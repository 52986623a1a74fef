"""What a path inside an image belongs to: the candidate, a published package, the distribution."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

# What a distribution brings. /usr/local and /usr/src are left to whoever builds on it.
_SYSTEM = re.compile(
    r"/(bin|boot|dev|lib|lib32|lib64|libx32|media|proc|run|sbin|sys)/"
    r"|/usr/(?!local/|src/)|/usr/local/(include|share)/|/var/(lib/(dpkg|apt|pam|systemd)|cache)/"
)
# Published by others, and installed as it was published.
_PACKAGED = re.compile(
    r"/(site-packages|dist-packages|node_modules)/"
    r"|/lib/python\d[\d.]*/|/(conda|miniconda\d?|anaconda\d?|mambaforge)/(lib|pkgs|share|include)/"
)
# Homes and settings are not folders of an application, but nobody else fills them either.
_GENERAL = re.compile(r"/(etc|root|home|tmp|var|usr)/")


def is_system(path: str) -> bool:
    """Whether the distribution put it there."""
    return _SYSTEM.match(path) is not None


def is_packaged(path: str) -> bool:
    """Whether it belongs to an installed package or to the interpreter."""
    return _PACKAGED.search(path) is not None


def is_application(path: str, workdir: str) -> bool:
    """Whether it lies in a folder of the candidate's own: its WORKDIR, or one like /app, /srv."""
    if is_packaged(path):
        return False
    top = PurePosixPath(workdir or "/").as_posix().rstrip("/")
    if top and path.startswith(top + "/"):
        return True
    return not is_system(path) and _GENERAL.match(path) is None and path.count("/") > 1
