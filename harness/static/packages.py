"""What is installed inside an image, against what the candidate's source says of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from email.parser import HeaderParser

from packaging.markers import Marker, UndefinedEnvironmentName
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from harness.model import Finding, Measurement, Severity
from harness.static.declared import Declared, main_file
from harness.static.pinning import is_development
from harness.static.places import Places
from harness.static.requirements import Item

_FOLDER = re.compile(
    r"(?P<root>.*/(?:site|dist)-packages)/(?P<name>[^/]+?)-(?P<version>[^/-]+)"
    r"(?:-py[\d.]+[^/]*)?\.(?:dist-info/METADATA|egg-info(?:/PKG-INFO)?)$"
)
_PYTHON = re.compile(r"/python(\d+\.\d+)/")
_HEADERS = 16 * 1024  # bytes: name and version stand at the top, the description may be a book


@dataclass(frozen=True, slots=True)
class Installed:
    """One distribution of Python code inside the image."""

    name: str  # canonical
    version: str
    root: str  # the folder of packages that holds it


def read_metadata(path: str, content: bytes | None) -> Installed | None:
    """The distribution whose metadata file this is; None for any other file.

    Name and version come from the content; from the folder's name where it was not read.
    """
    match = _FOLDER.match(path)
    if match is None:
        return None
    name, version = match["name"], match["version"]
    if content:
        headers = HeaderParser().parsestr(content[:_HEADERS].decode("utf-8", "replace"))
        name = str(headers.get("Name") or name)
        version = str(headers.get("Version") or version)
    return Installed(canonicalize_name(name.strip()), version.strip(), match["root"])


def image_requirements(places: Places, declared: Declared) -> list[Item]:
    """The requirements that the image must meet: those of the requirements.txt nearest to the
    source and of what it includes; without one, those of every file that is not for developers.
    """
    main = main_file(places)
    if main is not None:
        shown = places.shown(main)
        return [item for item in declared.items if item.file == shown]
    return [item for item in declared.items if item.file and not is_development(item.file)]


def compare_packages(
    required: Sequence[Item], installed: Iterable[Installed]
) -> list[Measurement | Finding]:
    """Each requirement against what is there. Packages that nobody asked for are fine."""
    installed = list(installed)
    present: dict[str, list[Installed]] = {}
    for one in installed:
        present.setdefault(one.name, []).append(one)
    wanted = [item for item in required if item.name and _concerns(item, _environment(installed))]
    findings = [
        finding for item in wanted for finding in _compare(item, present.get(item.name, []))
    ]
    return [
        Measurement("packages", float(len(installed))),
        Measurement("packages_compared", float(len(wanted))),
        *findings,
    ]


def _compare(item: Item, found: Sequence[Installed]) -> list[Finding]:
    if not found:
        return [
            Finding(
                "package-missing",
                f"{item.name} is required and not installed in the image",
                location=item.location,
                expected=item.text,
                received="no package of that name",
            )
        ]
    right = [one for one in found if _allows(item, one.version)]
    versions = ", ".join(sorted({f"{one.version} in {one.root}" for one in found}))
    if not right:
        return [
            Finding(
                "package-version",
                f"{item.name} in the image is not the version that {item.file} requires",
                location=item.location,
                expected=item.text,
                received=versions,
            )
        ]
    if len({one.version for one in found}) > 1:
        return [
            Finding(
                "package-twice",
                f"{item.name} is installed in more than one version: which one is imported "
                "depends on the path",
                severity=Severity.WARNING,
                location=item.location,
                expected=item.text,
                received=versions,
            )
        ]
    return []


def _allows(item: Item, version: str) -> bool:
    if item.requirement is None:
        return True
    try:
        return item.requirement.specifier.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return any(one.version == version for one in item.requirement.specifier)


def _environment(installed: Sequence[Installed]) -> dict[str, str]:
    """What markers ask for, as far as an image tells without being run."""
    versions = [match[1] for one in installed if (match := _PYTHON.search(one.root + "/"))]
    common = max(set(versions), key=versions.count) if versions else "3.11"
    return {
        "python_version": common,
        "python_full_version": f"{common}.0",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "os_name": "posix",
        "extra": "",
    }


def _concerns(item: Item, environment: Mapping[str, str]) -> bool:
    """Whether the requirement's marker holds inside the image."""
    marker: Marker | None = None if item.requirement is None else item.requirement.marker
    if marker is None:
        return True
    try:
        return marker.evaluate(dict(environment))
    except UndefinedEnvironmentName:
        return True
