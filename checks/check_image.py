"""Image: what the candidate's image holds, read without running anything in it."""

from __future__ import annotations

from harness import Finding, Measurement, check
from harness.config import Gate
from harness.runtime import Image
from harness.static import (
    Places,
    collect,
    compare_packages,
    configured_secrets,
    image_requirements,
    ports,
    scan,
    secret_finding,
    user,
)

_MIB = 2**20


def _has_image(gate: Gate) -> str:
    if gate.candidate.url is not None:
        return "the candidate is given by candidate.url: there is no image to look into"
    if gate.candidate.command is not None:
        return "the candidate is given by candidate.command: there is no image to look into"
    return ""


def _has_requirements(gate: Gate) -> str:
    if reason := _has_image(gate):
        return reason
    places = Places.of(gate)
    if not places.folders:
        return "the gate names no candidate.source and no candidate.build to compare with"
    if not image_requirements(places, collect(places)):
        return "no requirements file says what the image should hold"
    return ""


@check(limits={"size": "<= 2 GiB"}, applies=_has_image)
def check_size(image: Image) -> list[Measurement]:
    """The image is small enough to be pulled quickly."""
    return [Measurement("size", image.size_bytes / _MIB, "MiB")]


@check(measures=("user_id",), applies=_has_image)
def check_root_user(image: Image) -> list[Measurement | Finding]:
    """The image does not run as root."""
    return user(image.config, scan(image).accounts)


@check(measures=("exposed_ports",), applies=_has_image)
def check_exposed_port(gate: Gate, image: Image) -> list[Measurement | Finding]:
    """The image exposes the port on which it is asked."""
    return ports(image.config, gate.candidate.port)


@check(measures=("files_searched",), applies=_has_image)
def check_secrets(image: Image) -> list[Measurement | Finding]:
    """Neither the image's configuration nor its files hold keys or tokens."""
    found = scan(image)
    return [
        Measurement("files_searched", float(found.searched)),
        *configured_secrets(image.config, image.history),
        *(secret_finding(f"{path}:{secret.line}", secret) for path, secret in found.secrets),
    ]


@check(limits={"ballast_size": "<= 10 MiB"}, applies=_has_image)
def check_ballast(image: Image) -> list[Measurement | Finding]:
    """The image carries no tests, notebooks, caches or history of its source."""
    return scan(image).ballast.observations()


@check(measures=("packages", "packages_compared"), applies=_has_requirements)
def check_packages(gate: Gate, image: Image) -> list[Measurement | Finding]:
    """The packages inside the image are those that its requirements pin."""
    places = Places.of(gate)
    required = image_requirements(places, collect(places))
    return compare_packages(required, scan(image).installed)
